"""What a record is made of: words in order, with no word on how they are drawn.

The file for the chart (HTML), the page to file (PDF) and the data (JSON) are three drawings of the
same blocks, so that none can say what another does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from decision.ui.components.markup import table, text


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; its `lead` stands out."""

    text: str
    lead: str = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """A list; each line is (what stands out, the rest)."""

    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose first column names its rows."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Icons:
    """So many of 100 discs filled; `alternative` is the sentence that says it."""

    filled: int
    alternative: str


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks below a heading of their own, inside a section."""

    title: str
    blocks: tuple[Words | Lines | Grid | Facts | Icons, ...]


Block = Words | Lines | Grid | Facts | Icons
Blocks = tuple[Block | Part, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """`id` says what it is, whatever language its title is in."""

    id: str
    title: str
    blocks: Blocks


def said(words: str, lead: str = "") -> tuple[Block, ...]:
    """A paragraph; nothing where nothing is said."""
    return (Words(words, lead),) if words or lead else ()


def listed(lines: Iterable[str]) -> tuple[Block, ...]:
    """A list of plain lines; nothing where there are none."""
    return led(("", line) for line in lines)


def led(lines: Iterable[tuple[str, str]]) -> tuple[Block, ...]:
    """A list whose lines begin with what stands out."""
    found = tuple(lines)
    return (Lines(found),) if found else ()


def facts(rows: Sequence[tuple[str, str]]) -> tuple[Block, ...]:
    """Names and values; what is empty is left out."""
    return (Facts(tuple(row for row in rows if row[1])),)


def grid(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> tuple[Block, ...]:
    return (Grid(head, tuple(rows)),)


def part(title: str, *blocks: Block) -> tuple[Part, ...]:
    """Nothing where it would be empty."""
    return (Part(title, blocks),) if blocks else ()


def section(kind: str, title: str, *blocks: Block | Part) -> tuple[Section, ...]:
    """Nothing where it would be empty."""
    return (Section(kind, title, blocks),) if blocks else ()


def html_of(block: Section | Block | Part) -> str:
    """As elements without a style of their own. Icons are left to their sentence."""
    match block:
        case Section(_, title, blocks):
            return f"<section><h2>{text(title)}</h2>{joined(blocks)}</section>"
        case Part(title, blocks):
            return f"<h3>{text(title)}</h3>{joined(blocks)}"
        case Words(words, lead):
            return f"<p>{_led(lead, words)}</p>"
        case Lines(lines):
            return f"<ul>{''.join(f'<li>{_led(*line)}</li>' for line in lines)}</ul>"
        case Grid(head, rows):
            return table(head, rows)
        case Facts(rows):
            body = "".join(
                f'<tr><th scope="row">{text(name)}</th><td>{text(value)}</td></tr>'
                for name, value in rows
            )
            return f"<table><tbody>{body}</tbody></table>"
        case Icons():
            return ""


def joined(blocks: Iterable[Section | Block | Part]) -> str:
    """The same of several."""
    return "".join(html_of(block) for block in blocks)


def _led(lead: str, words: str) -> str:
    return f"<strong>{text(lead)}</strong> {text(words)}".rstrip() if lead else text(words)


def data_of(block: Section | Block | Part) -> dict[str, object]:
    """As plain data, to be drawn elsewhere."""
    match block:
        case Section(kind, title, blocks):
            return {"id": kind, "title": title, "blocks": [data_of(b) for b in blocks]}
        case Part(title, blocks):
            return {"kind": "part", "title": title, "blocks": [data_of(b) for b in blocks]}
        case Words(words, lead):
            return {"kind": "words", "lead": lead, "text": words}
        case Lines(lines):
            return {"kind": "lines", "lines": [{"lead": a, "text": b} for a, b in lines]}
        case Grid(head, rows):
            return {"kind": "grid", "head": list(head), "rows": [list(row) for row in rows]}
        case Facts(rows):
            return {"kind": "facts", "rows": [list(row) for row in rows]}
        case Icons(filled, alternative):
            return {"kind": "icons", "filled": filled, "alternative": alternative}
