"""The bytes of a file to a table of named columns, whatever it was written as."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from models.cohort import Floats
from models.expression.errors import (
    CompressionError,
    EmptyFileError,
    HeaderError,
    ParquetError,
    TooLargeError,
)

LARGEST = 200_000_000
"""Bytes after decompression: 60,000 genes of some 400 samples as text."""
MOST_CELLS = 4_000_000
"""Of a text table while somebody waits: 60,000 genes of some 60 samples. Each is held for a moment,
and takes many times its bytes.
"""
MOST_PARTS = 20_000
"""Of one gzip file. The usual writers make one, or one for each 64 kB."""
_SLICE = 65_536
MOST_ROWS = 400_000
"""Lines: a table of all transcripts and probe sets of a genome is shorter."""
PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
CSV, TSV = "text/csv", "text/tab-separated-values"


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of one file. `cells` and `numbers` fetch one column by its position.

    first_line : of the file, where the first row of data stands; 0 where a file has no lines
    """

    header: tuple[str, ...] = field(repr=False)
    rows: int
    first_line: int
    cells: Callable[[int], Sequence[str]] = field(repr=False)
    numbers: Callable[[int], Floats] = field(repr=False)


def read_table(content: bytes, content_type: str, most_cells: int = MOST_CELLS) -> Table:
    """The table of a TSV, a CSV or a Parquet file; text may be compressed with gzip, and has at
    most so many cells.

    Raises
    ------
    FileError, TableError
    """
    if not content:
        raise EmptyFileError("The file is empty.", "Send it again.")
    plain = _inflated(content) if content.startswith(_GZIP) else content
    if not plain.strip():
        raise EmptyFileError("The file holds nothing but blanks.", "Send it again.")
    if plain.startswith(PARQUET) or "parquet" in content_type:
        if not plain.startswith(PARQUET):
            raise ParquetError(
                "The file is declared as Parquet and is none.", "Declare its type, or convert it."
            )
        from models.expression.parquet import parquet_table  # most files are text

        table = parquet_table(plain)
    else:
        from models.expression.text import text_table

        table = text_table(plain, "," if content_type == CSV else "\t", most_cells)
    if table.rows == 0:
        raise EmptyFileError("The file has column names and no row.", "Export it again.")
    if table.rows > MOST_ROWS:
        raise TooLargeError(
            f"The file has more than {MOST_ROWS:,} rows.", "Send one row per gene, not per read."
        )
    seen = [name for name in table.header if name]
    if len(set(seen)) != len(seen):
        raise HeaderError("Two columns have the same name.", "Name each column once.")
    return table


def _inflated(content: bytes) -> bytes:
    """gzip content, refused where it grows beyond all bounds, has more parts than anybody writes,
    or is cut off. It is fed in slices: whatever follows a part is copied at its end.
    """
    found: list[bytes] = []
    size, parts, machine = 0, 0, zlib.decompressobj(wbits=31)
    begun = False
    for start in range(0, len(content), _SLICE):
        left = content[start : start + _SLICE]
        while left:
            if not begun:
                left = left.lstrip(b"\0") if parts else left  # some writers pad with zeros
                if not left:
                    break
                begun = True
            try:
                piece = machine.decompress(left, LARGEST + 1 - size)
            except zlib.error:
                raise CompressionError(
                    "The compressed file is damaged.", "Compress it again with gzip."
                ) from None
            found.append(piece)
            size += len(piece)
            left = machine.unused_data
            if machine.eof:
                parts, begun, machine = parts + 1, False, zlib.decompressobj(wbits=31)
            if size > LARGEST or parts > MOST_PARTS:
                raise TooLargeError(
                    f"The file has more than {LARGEST // 1_000_000} MB after decompression, or is "
                    f"made of more than {MOST_PARTS:,} parts.",
                    "Send the sample of this patient alone, compressed in one go.",
                )
    if begun:
        raise CompressionError("The compressed file is cut off.", "Send it again in full.")
    return b"".join(found)
