"""Text tables: UTF-8, tabs or commas as declared, one line of column names."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from itertools import islice
from operator import itemgetter

import numpy as np

from models.cohort import Floats
from models.expression.errors import (
    DelimiterError,
    EncodingError,
    FormulaError,
    HeaderError,
    NotANumberError,
    NotFiniteError,
    NotTextError,
    RaggedRowError,
    TooLargeError,
)
from models.expression.tables import LARGEST, Table

_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons", "|": "vertical bars"}
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", ".", "-"})
_INFINITE = frozenset({"inf", "+inf", "-inf", "infinity", "-infinity"})
_LARGEST_WIDE = 50_000_000
_LATIN = bytes(range(0xC4))
"""In UTF-8 nothing up to U+00FF has a byte beyond these, and of all else each letter has one."""


def text_table(content: bytes, delimiter: str, most_cells: int) -> Table:
    """A table of lines, with at most so many cells. Lines above that begin with `#` are remarks.

    Raises
    ------
    FileError, TableError
    """
    if _ends(content) > most_cells:  # each takes many times its one byte, once it is a line
        raise _too_many(most_cells)
    lines = _decoded(content).splitlines()
    remarks = 0
    while remarks < len(lines) and lines[remarks].startswith("#"):
        remarks += 1
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) <= remarks:
        raise HeaderError("The file holds remarks and no table.", "Export the table itself.")
    if content.count(delimiter.encode()) + len(lines) > most_cells:
        raise _too_many(most_cells)
    below = lines[remarks + 1] if len(lines) > remarks + 1 else ""
    _check_delimiter(lines[remarks], below, delimiter)
    try:
        reader = csv.reader(islice(lines, remarks, None), delimiter=delimiter, strict=True)
        header, *rows = list(reader)
    except csv.Error:
        raise RaggedRowError(
            "A quotation mark is not closed, or a cell is longer than any gene's name.",
            "Export the table again, without quotation marks.",
        ) from None
    first = remarks + 2
    if rows and len(rows[0]) == len(header) + 1:
        header = ["", *header]  # as R writes tables with names of rows
    width = len(header)
    if any(len(row) != width for row in rows):
        line = next(n for n, row in enumerate(rows, start=first) if len(row) != width)
        raise RaggedRowError(
            f"Line {line} has another number of cells than the header's {width}.",
            "Export the table again, and whole.",
        )
    names = tuple(name.strip() for name in header)
    if any(name.startswith(("=", "+", "@")) for name in names):
        raise FormulaError(
            "The name of a column begins like a formula of a spreadsheet.",
            "Export the table from its source, not through a spreadsheet.",
        )
    return Table(names, len(rows), first, _cells(rows), _numbers(rows, first))


def _ends(content: bytes) -> int:
    """How many lines there are at most: everything that ends one is counted."""
    single = len(content) - len(content.translate(None, b"\n\r\v\f\x1c\x1d\x1e"))
    return single + sum(content.count(e) for e in (b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9"))


def _too_many(most_cells: int) -> TooLargeError:
    return TooLargeError(
        f"The table has more than {most_cells:,} cells.", "Send the sample of this patient alone."
    )


def _decoded(content: bytes) -> str:
    wide = len(content) > _LARGEST_WIDE and bool(content.translate(None, _LATIN))
    if wide:  # one such letter makes every letter of a text take up to four bytes
        raise TooLargeError(
            f"The file has more than {_LARGEST_WIDE // 1_000_000} MB and letters beyond Latin.",
            "Leave out remarks and columns of words, or send the sample of this patient alone.",
        )
    if len(content) > LARGEST:
        raise TooLargeError(
            f"The file has more than {LARGEST // 1_000_000} MB.",
            "Send the sample of this patient alone.",
        )
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise EncodingError("The text is encoded as UTF-16.", "Save it as UTF-8.")
    if b"\0" in content[:10_000] or b"\0" in content:
        raise NotTextError(
            "The file is no text, though its declared type is.",
            "Export a table as text or Parquet, not a spreadsheet or an archive.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        head = content[:1_000]
        if sum(byte < 9 or 13 < byte < 32 or byte > 126 for byte in head) * 5 > len(head):
            raise NotTextError(
                "The file is no text, though its declared type is.",
                "Export a table as text or Parquet, not a spreadsheet or an archive.",
            ) from None
        raise EncodingError(f"Line {line} is not UTF-8.", "Save the file as UTF-8.") from None


def _check_delimiter(header: str, below: str, declared: str) -> None:
    other = next((d for d in _NAMES if d in header), "")
    if declared in header or (not other and declared in below):
        return  # R leaves the name of the rows out of the header
    if other:
        raise DelimiterError(
            f"The columns are separated by {_NAMES[other]}, and the declared type says "
            f"{_NAMES[declared]}.",
            "Declare text/csv for commas and text/tab-separated-values for tabs; nothing else is "
            "read.",
        )
    raise DelimiterError(
        "The first line has one column only.", f"Separate the columns by {_NAMES[declared]}."
    )


def _cells(rows: list[list[str]]) -> Callable[[int], Sequence[str]]:
    return lambda column: [cell.strip() for cell in map(itemgetter(column), rows)]


def _numbers(rows: list[list[str]], first: int) -> Callable[[int], Floats]:
    def read(column: int) -> Floats:
        cells = list(map(itemgetter(column), rows))
        if "_" in "".join(cells):  # 1_000 is a number to a programmer only
            raise _not_a_number([cell.replace("_", "?") for cell in cells], first)
        try:
            values = np.array(cells, dtype=np.float64)
        except ValueError:
            raise _not_a_number(cells, first) from None
        if not np.isfinite(values).all():
            line = int(np.argmax(~np.isfinite(values))) + first
            raise _not_finite(line)
        return values

    return read


def _not_finite(line: int) -> NotFiniteError:
    return NotFiniteError(
        f"The value in line {line} is missing, NaN or infinite.",
        "Leave out the rows of genes that were not measured.",
    )


def _not_a_number(cells: list[str], first: int) -> NotANumberError | NotFiniteError | FormulaError:
    for line, cell in enumerate(cells, start=first):
        written = cell.strip()
        if written.lower() in _MISSING | _INFINITE:
            return _not_finite(line)
        if written.startswith(("=", "@")):
            return FormulaError(
                f"The value in line {line} is a formula of a spreadsheet.",
                "Export the table from its source, not through a spreadsheet.",
            )
        try:
            float(written)
        except ValueError:
            if "," in written:
                return NotANumberError(
                    f"The value in line {line} is written with a comma.",
                    "Write decimals with a point, and thousands without a mark.",
                )
            break
    return NotANumberError(
        f"The value in line {line} is not a number.", "Export the table again, numbers as numbers."
    )
