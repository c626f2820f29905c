"""All checks of a cohort table in one pass, and the cohort where nothing stands against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.cohort import Floats, Ints
from models.table import arms, cells, outcomes, people, structure, timing, values
from models.table.cells import Days, Parsed
from models.table.problems import Problem, Problems, Severity
from models.table.raw import RawTable, read_raw
from models.table.schema import ENTRY, LAST_FREE, PERSON, SITE, START, TIME, Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table without errors. Row i is row i + 2 of the file.

    features : feature id -> (n,), NaN unknown · arm : (n,) index of the treatment, in the
    decision's order; all 0 for a prognosis · outcome : (n,) 1, 0 or NaN
    person : (n,) numbers, one for each person · site : (n,) index into `sites` · start : (n,) dates
    time, last_free, entry : (n,) years, for a prognosis
    """

    schema: Schema
    features: dict[str, Floats]
    arm: Ints
    outcome: Floats
    person: Ints
    site: Ints
    sites: tuple[str, ...]
    start: Days
    time: Floats
    last_free: Floats
    entry: Floats

    @property
    def n(self) -> int:
        return len(self.person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is wrong with a table; `table` is None while there is an error."""

    name: str
    rows: int
    problems: tuple[Problem, ...]
    courses: dict[str, int]
    table: Table | None

    def count(self, severity: Severity) -> int:
        """How many problems of that severity there are."""
        return sum(p.severity is severity for p in self.problems)

    def words(self) -> dict[str, Any]:
        """The report as JSON says it."""
        return {
            "table": self.name,
            "rows": self.rows,
            "courses": self.courses,
            "usable": self.table is not None,
            "errors": self.count(Severity.ERROR),
            "warnings": self.count(Severity.WARNING),
            "problems": [p.words() for p in self.problems],
        }


def check_file(path: Path, schema: Schema, today: date) -> Report:
    """The table of a file.

    Raises
    ------
    models.table.raw.TableFileError
        Where the file is no table at all.
    """
    problems = Problems()
    return check(read_raw(path, problems), schema, today, problems)


def check(raw: RawTable, schema: Schema, today: date, problems: Problems | None = None) -> Report:
    """Every problem of a table in one pass: no check waits for another to be satisfied."""
    noted = Problems() if problems is None else problems
    structure.known_columns(raw, schema, noted)
    parsed = cells.parse(raw, schema, noted)
    cells.flags_and_counts(parsed, noted)
    values.units(parsed, noted)
    values.ranges(parsed, noted)
    values.silent(parsed, noted)
    structure.same_content(parsed, noted)
    timing.days_make_sense(parsed, today, noted)
    people.people(raw, parsed, noted)
    outcome = outcomes.outcome_of(parsed, noted)
    outcomes.leaks(parsed, outcome, noted)
    outcomes.outcome_counts(parsed, outcome, noted)
    arm = np.zeros(parsed.rows, dtype=np.int64)
    courses: dict[str, int] = {}
    if not schema.timed:
        arm = arms.arms_of(parsed, noted)
        arms.compared(parsed, arm, outcome, noted)
        courses = {t.id: int((arm == i).sum()) for i, t in enumerate(schema.spec.treatments)}
    found = noted.in_order()
    broken = any(p.severity is Severity.ERROR for p in found)
    return Report(
        name=raw.name,
        rows=raw.rows,
        problems=found,
        courses=courses,
        table=None if broken else _table(parsed, arm, outcome),
    )


def _table(parsed: Parsed, arm: Ints, outcome: Floats) -> Table:
    sites, site = _numbered(parsed.label(SITE))
    _, person = _numbered(parsed.label(PERSON))
    time = parsed.number(TIME)
    free, entry = parsed.number(LAST_FREE), parsed.number(ENTRY)
    return Table(
        schema=parsed.schema,
        features={f: parsed.number(f) for f in parsed.schema.features},
        arm=arm,
        outcome=outcome,
        person=person,
        site=site,
        sites=sites,
        start=parsed.day(START),
        time=time,
        last_free=np.where(np.isnan(free), time, free),
        entry=np.nan_to_num(entry),
    )


def _numbered(labels: list[str]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    names = sorted(set(labels))
    number = {name: i for i, name in enumerate(names)}
    return tuple(names), np.array([number[label] for label in labels], dtype=np.int64)
