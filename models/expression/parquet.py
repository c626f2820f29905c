"""Parquet tables, read by the Arrow library that the page's own framework brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.cohort import Floats
from models.expression.errors import (
    FormulaError,
    HeaderError,
    NotANumberError,
    NotFiniteError,
    ParquetError,
    TooLargeError,
)
from models.expression.tables import LARGEST, MOST_ROWS, Table

LONGEST_CELL = 200
"""Letters; no gene's name is as long."""


def parquet_table(content: bytes) -> Table:
    """A table of a Parquet file held in memory. Columns are read one by one, when asked for.

    Raises
    ------
    FileError, TableError
    """
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        described = file.metadata
        size = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
        names = tuple(str(field.name) for field in file.schema_arrow)
        written = [n for n, field in zip(names, file.schema_arrow, strict=True) if _text(field)]
        if (
            written
        ):  # as text they would take their length for every row, in place of for every word
            file = pq.ParquetFile(pa.BufferReader(content), read_dictionary=written)
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise _damaged() from None
    if size > LARGEST:
        raise TooLargeError(
            f"The file has more than {LARGEST // 1_000_000} MB after decompression.",
            "Send the sample of this patient alone.",
        )
    if described.num_rows > MOST_ROWS:
        raise TooLargeError(
            f"The file has more than {MOST_ROWS:,} rows.", "Send one row per gene, not per read."
        )
    if any(pa.types.is_nested(field.type) for field in file.schema_arrow):
        raise ParquetError("A column holds lists or structures.", "Write plain columns.")
    if any(_bytes(field) for field in file.schema_arrow):
        raise ParquetError("A column holds bytes in place of text.", "Write text as text.")
    if not _consistent(described):
        raise _damaged()
    if any(name.startswith(("=", "+", "@")) for name in names):
        raise FormulaError(
            "The name of a column begins like a formula of a spreadsheet.",
            "Export the table from its source, not through a spreadsheet.",
        )
    if len(set(names)) != len(names):
        raise HeaderError("Two columns have the same name.", "Name each column once.")
    return Table(names, int(described.num_rows), 0, _cells(file, names), _numbers(file, names))


def _text(field: pa.Field) -> bool:
    kind = field.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _bytes(field: pa.Field) -> bool:
    kind = field.type
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
    )


def _consistent(described: pq.FileMetaData) -> bool:
    """Whether every part says as many rows as the whole does: what is read follows the parts, and a
    few bytes can stand for a thousand million rows of one value.
    """
    groups = [described.row_group(i) for i in range(described.num_row_groups)]
    return sum(g.num_rows for g in groups) == described.num_rows and all(
        g.num_rows >= 0 and g.column(i).num_values == g.num_rows
        for g in groups
        for i in range(g.num_columns)
    )


def _damaged() -> ParquetError:
    return ParquetError("The Parquet file is damaged or cut off.", "Send it again in full.")


def _column(file: pq.ParquetFile, name: str) -> pa.ChunkedArray:
    try:
        found = file.read(columns=[name]).column(0)
        found.validate(full=True)  # text that is not UTF-8 shows only here
    except (pa.ArrowException, OSError, IndexError):
        raise _damaged() from None
    if len(found) != file.metadata.num_rows:
        raise _damaged()
    for chunk in found.chunks:
        if pa.types.is_dictionary(chunk.type) and _longest(chunk.dictionary) > LONGEST_CELL:
            raise ParquetError(
                "A cell is longer than any gene's name.", "Export the table again, plain."
            )
    return found.cast(pa.large_string()) if pa.types.is_dictionary(found.type) else found


def _longest(words: pa.Array) -> int:
    kind = words.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return 0
    return int(pc.max(pc.binary_length(words)).as_py() or 0)


def _cells(file: pq.ParquetFile, names: tuple[str, ...]) -> Callable[[int], Sequence[str]]:
    def read(column: int) -> Sequence[str]:
        return [
            "" if v is None else str(v).strip() for v in _column(file, names[column]).to_pylist()
        ]

    return read


def _numbers(file: pq.ParquetFile, names: tuple[str, ...]) -> Callable[[int], Floats]:
    def read(column: int) -> Floats:
        found = _column(file, names[column])
        if not (pa.types.is_integer(found.type) or pa.types.is_floating(found.type)):
            raise NotANumberError(
                f"Column {column + 1} does not hold numbers.", "Write numbers as numbers."
            )
        values = np.asarray(found.to_numpy(), dtype=np.float64)
        if not np.isfinite(values).all():
            row = int(np.argmax(~np.isfinite(values))) + 1
            raise NotFiniteError(
                f"The value in row {row} is missing, NaN or infinite.",
                "Leave out the rows of genes that were not measured.",
            )
        return values

    return read
