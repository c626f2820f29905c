"""A notice as a CDS Hooks card: plain text in, GitHub Markdown out, nothing empty, one link."""

from __future__ import annotations

import re

from decision.clinical.codes import LOCAL
from decision.clinical.notice import Notice
from fhir.fields import Json

LONGEST_SUMMARY = 139
"""The specification asks for fewer than 140 characters."""
SOURCE = "Treatment response decision support"
LINK = "Open estimates, reasons and cautions"
OVERRIDE_SYSTEM = f"{LOCAL}:override-reason"
_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&$^])")
_BLOCK = re.compile(r"^(\d{1,9})([.)])|^([-+=:])")
_LINKED = re.compile(r"(?i)(www(?=\.)|:(?=//)|@)")
"""What GitHub would make a link of by itself; some renderers do so even where it is escaped."""
_JOINER = "\u2060"


def card(notice: Notice, uuid: str, launch_url: str) -> Json:
    """The one card of a call.

    `info` whatever it says, STOP too: `warning` and `critical` let a client interrupt, most
    interruptions are clicked away unread, and a STOP is already the first word of the summary.
    """
    found: Json = {
        "uuid": uuid,
        "summary": shorten(_line(notice.summary)),
        "indicator": "info",
        "source": {"label": SOURCE},
        "links": [{"label": LINK, "url": launch_url, "type": "smart", "appContext": uuid}],
    }
    if points := [line for point in notice.points if (line := escape(point))]:
        found["detail"] = "\n".join(f"- {line}" for line in points)
    if reasons := [
        {"code": code, "system": OVERRIDE_SYSTEM, "display": _line(label)}
        for code, label in notice.reasons
        if code and _line(label)
    ]:
        found["overrideReasons"] = reasons
    return found


def shorten(words: str) -> str:
    """No longer than a summary may be; what was cut off is seen to be."""
    kept = words[: LONGEST_SUMMARY - 1].rstrip()
    return words if len(words) <= LONGEST_SUMMARY else f"{kept}…"


def escape(words: str) -> str:
    """Text that Markdown shows as it is, on one line: no markup, no HTML, no link made of it."""
    line = _MARKUP.sub(r"\\\1", _line(words))
    line = _BLOCK.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", line)
    return _LINKED.sub(rf"\1{_JOINER}", line)


def _line(words: str) -> str:
    """One line of what can be printed."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())
