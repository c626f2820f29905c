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


def read_table(content: bytes, content_type: str) -> Table:
    """The table of a TSV, a CSV or a Parquet file; text may be compressed with gzip.

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

        table = text_table(plain, "," if content_type == CSV else "\t")
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
    """gzip content, refused where it grows beyond all bounds or is cut off."""
    parts: list[bytes] = []
    size, left = 0, content
    while left:
        machine = zlib.decompressobj(wbits=31)
        try:
            part = machine.decompress(left, LARGEST + 1 - size)
        except zlib.error:
            raise CompressionError(
                "The compressed file is damaged.", "Compress it again with gzip."
            ) from None
        size += len(part)
        if size > LARGEST:
            raise TooLargeError(
                f"The file has more than {LARGEST // 1_000_000} MB after decompression.",
                "Send the sample of this patient alone.",
            )
        if not machine.eof:
            raise CompressionError("The compressed file is cut off.", "Send it again in full.")
        parts.append(part)
        left = machine.unused_data.lstrip(b"\0")  # some writers pad with zeros
    return b"".join(parts)
