"""Parquet tables, read by the Arrow library that the page's own framework brings."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
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
from models.expression.tables import LARGEST, Table


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
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise _damaged() from None
    if size > LARGEST:
        raise TooLargeError(
            f"The file has more than {LARGEST // 1_000_000} MB after decompression.",
            "Send the sample of this patient alone.",
        )
    if any(pa.types.is_nested(field.type) for field in file.schema_arrow):
        raise ParquetError("A column holds lists or structures.", "Write plain columns.")
    if any(name.startswith(("=", "+", "@")) for name in names):
        raise FormulaError(
            "The name of a column begins like a formula of a spreadsheet.",
            "Export the table from its source, not through a spreadsheet.",
        )
    if len(set(names)) != len(names):
        raise HeaderError("Two columns have the same name.", "Name each column once.")
    return Table(names, int(described.num_rows), 0, _cells(file, names), _numbers(file, names))


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
    return found


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
