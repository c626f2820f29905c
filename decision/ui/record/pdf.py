"""The page to file: PDF/A-2b for keeping, PDF/UA-1 for those who listen to it, drawn by Typst.

A record goes in as data and is never read as markup. The fonts are our own, so the page is the same
on every machine, also on one without any.
"""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from decision.ui.record.exported import Json
from decision.ui.record.glyphs import breakable, drawable, printable

if TYPE_CHECKING:
    import typst

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
DRAWN = (
    *("language", "title", "subject", "simulated", "banner", "note", "taken"),
    *("patient", "sections", "trace"),
)
"""What of a record stands on the page; the rest is for machines."""
LABELS = {
    "entry": "Audit entry {entry}.",
    "page": "Page {page} of {pages}",
}
_WITHOUT_TIME = 0
"""The file has no clock of its own: the same record makes the same bytes."""


class Press:
    """Makes pages; holds the fonts, which take longest to read, and no patient. It is set up for
    the first page, for many a visit ends without one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._compiler: typst.Compiler | None = None
        self._ours: frozenset[int] = frozenset()

    def _ready(self) -> typst.Compiler:
        if self._compiler is not None:
            return self._compiler
        import typst  # 80 MB that a process without records does without

        self._ours = drawable((FONTS / "DejaVuSansCondensed.ttf").read_bytes())
        self._ours &= drawable((FONTS / "DejaVuSansCondensed-Bold.ttf").read_bytes())
        self._compiler = typst.Compiler(
            HERE / "record.typ", root=HERE, font_paths=[FONTS], ignore_system_fonts=True
        )
        return self._compiler

    def pdf(self, record: Json) -> bytes:
        """The page of one record."""
        drawn = {name: record[name] for name in DRAWN}
        with self._lock:
            compiler = self._ready()
            told = _every(drawn | {"labels": LABELS}, self._ours)
            made = compiler.compile(
                format="pdf",
                sys_inputs={"record": json.dumps(told)},
                pdf_standards=["a-2b", "ua-1"],
                timestamp=_WITHOUT_TIME,
            )
        if not isinstance(made, bytes):
            raise TypeError("a record is one file")
        return made


def _every(value: object, ours: frozenset[int]) -> object:
    """The same data with every text printable."""
    if isinstance(value, str):
        return breakable(printable(value, ours))
    if isinstance(value, dict):
        return {name: _every(inner, ours) for name, inner in value.items()}
    if isinstance(value, list):
        return [_every(inner, ours) for inner in value]
    return value
