"""Run as a process of its own for one page: a record as JSON comes in, its PDF goes out.

Typst keeps what it has laid out for the next time, which would be the words of earlier patients,
and some 300 MB of them. A process that ends keeps nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

import typst

HERE = Path(__file__).parent


def main() -> None:
    made = typst.compile(
        HERE / "record.typ",
        root=HERE,
        font_paths=[HERE / "fonts"],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"record": sys.stdin.buffer.read().decode("utf-8")},
        pdf_standards=["a-2b", "ua-1"],
        timestamp=0,  # the file has no clock of its own: the same record makes the same bytes
    )
    if not isinstance(made, bytes):
        raise TypeError("a record is one file")
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
