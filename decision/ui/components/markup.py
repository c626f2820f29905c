"""HTML from text. Every string from a record passes through `text` before it reaches a page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable


def text(words: str) -> str:
    """Escaped; a name such as `<b>` is shown as it is written and does nothing."""
    return html.escape(words, quote=True)


_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
_WOVEN = re.compile(r"(?<=[:@])(?=\S)|(?<=[<>=~-])(?=[<>=~-])|(?<=\bwww)(?=\.)", re.IGNORECASE)
"""Between these the page puts signs together: shortcodes, icons, arrows, addresses."""


def plain_label(words: str) -> str:
    """Words of a record as a label of Streamlit's, which would read them as Markdown.

    A backslash takes a mark its meaning. Shortcodes, arrows and bare addresses are found after
    that, so a word joiner, which has no width, keeps their parts apart.
    """
    flat = " ".join(words.split())
    return _MARKS.sub(r"\\\1", _WOVEN.sub("\u2060", flat))


def paragraph(words: str, style: str = "") -> str:
    return f'<p class="{style}">{text(words)}</p>' if words else ""


def items(lines: Iterable[str], style: str = "") -> str:
    """A list of plain lines; nothing at all when there are none."""
    inner = "".join(f"<li>{text(line)}</li>" for line in lines)
    return f'<ul class="{style}">{inner}</ul>' if inner else ""


def details(summary: str, inner: str) -> str:
    """A panel that opens in place, by mouse or keyboard, without asking the server."""
    return f"<details><summary>{text(summary)}</summary>{inner}</details>"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], style: str = "") -> str:
    """A table whose cells carry their column's name, so that narrow screens can stack them."""
    top = "".join(f'<th scope="col">{text(name)}</th>' for name in head)
    body = "".join(
        "<tr>"
        + f'<th scope="row">{text(row[0])}</th>'
        + "".join(
            f'<td data-label="{text(name)}">{text(cell)}</td>'
            for name, cell in zip(head[1:], row[1:], strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f'<table class="{style}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
