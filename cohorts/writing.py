"""Courses to a cohort table: CSV or Parquet, by the columns of its schema, to the last bit."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from cohorts.courses import Course
from decision.clinical.features import FeatureVector
from models.table.schema import (
    LATER,
    PERSON,
    SITE,
    START,
    STOPPED,
    TREATMENT,
    VISIT,
    Schema,
)

Cell = str | float | None


def columns_of(schema: Schema) -> tuple[str, ...]:
    """The columns that are written: who, when, what, the predictors, and the outcome's parts."""
    row = (PERSON, SITE, START, TREATMENT)
    return (*row, *schema.features, *schema.components, VISIT, STOPPED)


def row_of(person: str, site: str, course: Course) -> dict[str, Cell]:
    """One course as one row; what is not known is not there."""
    return {
        PERSON: person,
        SITE: site,
        START: course.start.isoformat(),
        TREATMENT: course.treatment,
        **cells_of(course.features),
        **{LATER + c: v for c, v in course.components.items()},
        VISIT: course.visit.isoformat() if course.visit else None,
        STOPPED: course.stopped.isoformat() if course.stopped else None,
    }


def cells_of(features: FeatureVector) -> dict[str, Cell]:
    """The predictors that were found."""
    return {name: value for name, value in features.values.items()}


def write_table(path: Path, schema: Schema, rows: Iterable[Mapping[str, Cell]]) -> int:
    """Write the table beside its place and move it there once whole; the number of rows."""
    part = path.with_name(path.name + ".part")
    columns = columns_of(schema)
    if path.suffix.lower() in (".parquet", ".pq"):
        count = _parquet(part, columns, rows)
    else:
        count = _csv(part, columns, rows)
    part.replace(path)
    return count


def _csv(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, Cell]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([_text(row.get(c)) for c in columns])
            count += 1
    return count


def _text(cell: Cell) -> str:
    """The shortest writing that reads back as the same number."""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return cell or ""


_BATCH = 10_000


def _parquet(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, Cell]]) -> int:
    import pyarrow
    from pyarrow import parquet

    texts = {PERSON, SITE, START, TREATMENT, VISIT, STOPPED}
    schema = pyarrow.schema(
        [(c, pyarrow.string() if c in texts else pyarrow.float64()) for c in columns]
    )
    count = 0
    with parquet.ParquetWriter(path, schema) as writer:
        for batch in _batches(rows):
            count += len(batch)
            table = {c: [row.get(c) for row in batch] for c in columns}
            writer.write_table(pyarrow.table(table, schema=schema))
    return count


def _batches(rows: Iterable[Mapping[str, Cell]]) -> Iterator[list[Mapping[str, Cell]]]:
    batch: list[Mapping[str, Cell]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
