"""Tables of cited facts with a date: which rows stand on a day, and how well each was checked.

Every row has an id, a source, an edition, a status, the day it takes effect and, where there is
one, the row that replaces it. A row that nobody has verified is off until a site switches it on.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType


class TableError(ValueError):
    """A table that cannot be used; the message names the file, the row and the column."""


class Standing(StrEnum):
    """How a cited fact was checked. Anything but `VERIFIED` is said wherever it is shown."""

    VERIFIED = "verified"
    ABSTRACT = "abstract only"
    SECONDARY = "secondary"
    UNVERIFIED = "unverified"
    COMPUTED = "computed"
    DESIGN = "design assumption"


CHECKED = frozenset(Standing) - {Standing.UNVERIFIED}
"""What may be used unless a caller asks for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRow:
    """One fact. `cells` are the columns that its own table adds to the common ones."""

    id: str
    source: str
    edition: str
    status: Standing
    effective_from: date
    superseded_by: str
    note: str
    jurisdiction: str
    where: str
    cells: Mapping[str, str]

    def text(self, column: str) -> str:
        """The cell of that column; TableError where the table has no such column."""
        try:
            return self.cells[column]
        except KeyError:
            raise TableError(f"{self.where}: column {column!r} is missing") from None

    def number(self, column: str) -> float:
        """The cell as a number; TableError where it is none."""
        value = self.number_or_none(column)
        if value is None:
            raise TableError(f"{self.where}: column {column!r} is empty; a number is needed")
        return value

    def number_or_none(self, column: str) -> float | None:
        """The cell as a number, None where it is empty."""
        written = self.text(column)
        try:
            return float(written) if written else None
        except ValueError:
            raise TableError(f"{self.where}: column {column!r} holds no number") from None


@dataclass(frozen=True, kw_only=True)
class DatedTable:
    """All rows of one file in their order; `version` changes with any cell of any row."""

    name: str
    version: str
    rows: tuple[DatedRow, ...]

    @cached_property
    def by_id(self) -> Mapping[str, DatedRow]:
        """The rows by id."""
        return MappingProxyType({row.id: row for row in self.rows})

    def __getitem__(self, row_id: str) -> DatedRow:
        if row_id not in self.by_id:
            raise TableError(f"{self.name}: no row {row_id!r}")
        return self.by_id[row_id]

    def in_force(
        self,
        on: date,
        jurisdiction: str,
        *,
        accepted: Collection[Standing] = CHECKED,
        switched_on: Collection[str] = (),
    ) -> tuple[DatedRow, ...]:
        """The jurisdiction's rows that stand on that day: accepted by status or switched on by id,
        begun, and not replaced by another that stands. Of an unknown jurisdiction there are none.
        """
        begun = {
            row.id: row
            for row in self.rows
            if row.jurisdiction == jurisdiction
            and row.effective_from <= on
            and (row.status in accepted or row.id in switched_on)
        }
        return tuple(row for row in begun.values() if row.superseded_by not in begun)


_COMMON = ("id", "source", "edition", "status", "effective_from", "superseded_by", "note")


def read_dated(path: Path, *, jurisdictions: bool = False) -> DatedTable:
    """Read a CSV of dated rows; with `jurisdictions`, each row must name its own.

    Raises TableError naming file, line and column for an empty source, status or date, an id given
    twice, or a successor that the file does not have.
    """
    rows: list[DatedRow] = []
    with path.open(newline="", encoding="utf-8") as handle:
        lines = list(csv.DictReader(handle))
    for number, line in enumerate(lines, start=2):
        where = f"{path.name}:{number}"
        if None in line or None in line.values():
            raise TableError(f"{where}: not as many cells as there are columns")
        needed = ("id", "source", "status", "effective_from", *(["jurisdiction"] * jurisdictions))
        for column in needed:
            if not line.get(column, "").strip():
                raise TableError(f"{where}: column {column!r} is empty; every row needs it")
        try:
            status, begins = Standing(line["status"]), date.fromisoformat(line["effective_from"])
        except ValueError as error:
            raise TableError(f"{where}: {error}") from None
        rows.append(
            DatedRow(
                id=line["id"],
                source=line["source"],
                edition=line["edition"],
                status=status,
                effective_from=begins,
                superseded_by=line["superseded_by"],
                note=line["note"],
                jurisdiction=line.get("jurisdiction", ""),
                where=where,
                cells=MappingProxyType({k: v for k, v in line.items() if k not in _COMMON}),
            )
        )
    ids = Counter(row.id for row in rows)
    if twice := [name for name, count in ids.items() if count > 1]:
        raise TableError(f"{path.name}: given twice: {', '.join(twice)}")
    for row in rows:
        if row.superseded_by and row.superseded_by not in ids:
            raise TableError(f"{row.where}: successor {row.superseded_by!r} is not in the file")
    digest = hashlib.sha256(json.dumps(lines, sort_keys=True).encode()).hexdigest()
    return DatedTable(name=path.name, version=digest[:12], rows=tuple(rows))
