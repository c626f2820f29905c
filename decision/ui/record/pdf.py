"""The page to file: PDF/A-2b for keeping, PDF/UA-1 for those who listen to it, drawn by Typst.

A record goes in as data and is never read as markup. The fonts are our own, so the page is the same
on every machine, also on one without any.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from decision.clinical.errors import DecisionSupportError
from decision.ui.record.exported import Json
from decision.ui.record.glyphs import breakable, drawable, printable

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
LONGEST = 30.0
"""Seconds after which a page is given up."""
AT_ONCE = 2
"""Pages that are made at the same time; whoever comes later waits, no longer than one page may."""
DRAWN = (
    *("language", "title", "subject", "simulated", "banner", "note", "taken"),
    *("patient", "sections", "trace"),
)
"""What of a record stands on the page; the rest is for machines."""
LABELS = {
    "entry": "Audit entry {entry}.",
    "page": "Page {page} of {pages}",
}


_AGAIN = "Take the record as data, or try again."


class PageError(DecisionSupportError):
    """The page could not be made. Says nothing of what should have stood on it."""


class Press:
    """Makes pages, each in a process of its own; holds no patient."""

    def __init__(self) -> None:
        self._ours: frozenset[int] = frozenset()
        self._free = BoundedSemaphore(AT_ONCE)

    def pdf(self, record: Json) -> bytes:
        """The page of one record; `PageError` where none could be made."""
        drawn = {name: record[name] for name in DRAWN}
        told = json.dumps(_every(drawn | {"labels": LABELS}, self._characters()))
        if not self._free.acquire(timeout=LONGEST):
            raise PageError("no page was made (too many are being made)", _AGAIN)
        try:
            made = subprocess.run(  # noqa: S603  our own program, nothing of a record named
                [sys.executable, "-I", str(HERE / "press.py")],
                input=told.encode(),
                capture_output=True,
                check=False,
                timeout=LONGEST,
                env={},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise PageError(f"no page was made ({type(error).__name__})", _AGAIN) from None
        finally:
            self._free.release()
        if made.returncode or not made.stdout.startswith(b"%PDF-"):
            raise PageError(f"no page was made (status {made.returncode})", _AGAIN)
        return made.stdout

    def _characters(self) -> frozenset[int]:
        """What both our fonts can draw, read when the first page is asked for."""
        if not self._ours:
            regular = drawable((FONTS / "DejaVuSansCondensed.ttf").read_bytes())
            bold = drawable((FONTS / "DejaVuSansCondensed-Bold.ttf").read_bytes())
            self._ours = regular & bold
        return self._ours


def _every(value: object, ours: frozenset[int]) -> object:
    """The same data with every text printable."""
    if isinstance(value, str):
        return breakable(printable(value, ours))
    if isinstance(value, dict):
        return {name: _every(inner, ours) for name, inner in value.items()}
    if isinstance(value, list):
        return [_every(inner, ours) for inner in value]
    return value
