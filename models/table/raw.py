"""CSV or Parquet to named columns of text: nothing is interpreted here, so nothing is guessed."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from models.cohort import CohortError
from models.table.problems import Found, Problems

_DELIMITERS = ",;\t|"
PARQUET = frozenset({".parquet", ".pq"})


class TableFileError(CohortError):
    """A file that is no table at all; the message names it and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawTable:
    """Cells as text, "" where empty, by column. Row i of a column is row i + 2 of the file."""

    name: str
    rows: int
    columns: dict[str, list[str]]


def read_raw(path: Path, problems: Problems) -> RawTable:
    """The cells of a file whose name says what it is: `.csv`, `.tsv`, `.txt` or `.parquet`.

    Raises
    ------
    TableFileError
        Where nothing can be read: not there, not UTF-8, not Parquet.
    """
    if path.suffix.lower() in PARQUET:
        return _parquet(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise TableFileError(
            f"{path.name}: cannot be read ({type(error).__name__}); check path and permissions"
        ) from None
    except UnicodeDecodeError as error:
        raise TableFileError(
            f"{path.name}: not UTF-8 from byte {error.start + 1}; save it as CSV UTF-8"
        ) from None
    return read_text(text, path.name, problems)


def read_text(text: str, name: str, problems: Problems) -> RawTable:
    """A CSV whose delimiter is a comma, semicolon, tab or bar: the one its header has most of."""
    header = next(iter(text.splitlines()), "")
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        lines = [
            r
            for r in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
            if r
        ]
    except csv.Error as error:
        raise TableFileError(
            f"{name}: not CSV ({error}); export it again with quotes around cells that hold quotes"
        ) from None
    if len(lines) < 2:
        problems.add(
            Found.EMPTY_TABLE,
            "",
            "It has no row below the header.",
            "Export one row for each treatment course below a header of column names.",
        )
    names = [cell.strip() for cell in lines[0]] if lines else []
    body = lines[1:]
    width = len(names)
    ragged = [i for i, row in enumerate(body) if len(row) != width]
    if ragged:
        problems.add(
            Found.RAGGED_ROW,
            "",
            f"Not {width} cells, as many as there are columns; the rows cannot be trusted.",
            "Export again; put quotes around cells that hold the delimiter.",
            ragged,
        )
    columns: dict[str, list[str]] = {}
    for j, column in enumerate(names):
        if column in columns or not column:
            continue
        columns[column] = [row[j].strip() if j < len(row) else "" for row in body]
    for column, count in Counter(names).items():
        if count > 1 and column:
            problems.add(
                Found.REPEATED_COLUMN,
                column,
                f"{count} columns have this name; the first is read.",
                "Keep one of them.",
            )
    return RawTable(name=name, rows=len(body), columns=columns)


def _parquet(path: Path) -> RawTable:
    # Loaded here: a CSV needs none of it.
    from pyarrow import ArrowException, parquet

    try:
        table = parquet.read_table(path)
    except (OSError, ArrowException) as error:
        raise TableFileError(
            f"{path.name}: cannot be read as Parquet ({type(error).__name__}); write it again"
        ) from None
    columns = {
        name: [_cell(value) for value in table.column(i).to_pylist()]
        for i, name in enumerate(table.column_names)
    }
    return RawTable(name=path.name, rows=table.num_rows, columns=columns)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, datetime):
        day_only = value == datetime(value.year, value.month, value.day, tzinfo=value.tzinfo)
        return value.date().isoformat() if day_only else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    # repr keeps every bit of a float, and 1.0 reads back as 1
    return repr(value) if isinstance(value, float) else str(value).strip()
