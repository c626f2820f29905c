"""Cohort tables for tests: one without a fault, and ways to put one in."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta
from functools import cache

import numpy as np

from decision import catalog
from models.simulate import ra
from models.table.check import Report, check
from models.table.problems import Problems
from models.table.raw import read_text
from models.table.schema import Schema, schema_of

TODAY = date(2026, 11, 22)
RA = "ra_biologic_response"
COMPONENTS = ("tender_joints", "swollen_joints", "patient_global", "physician_global")

Rows = dict[str, list[str]]
"""Column -> cells as they stand in the file."""


@cache
def schema(decision: str = RA) -> Schema:
    return schema_of(catalog.load(decision))


@cache
def _clean(n: int) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """A registry of n SIMULATED courses without a fault, by column."""
    # Without the sites that report CRP in another unit there is nothing to find.
    cohort = ra.simulate(n, k=0.5, seed=5, sites=(1, 2, 3), confounded=False)
    rng = np.random.default_rng(3)
    starts = [date(2020, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 1500, n)]
    columns: dict[str, list[str]] = {
        "person_id": [f"p{i:05d}" for i in range(n)],
        "site": [f"site {s}" for s in cohort.site.tolist()],
        "index_date": [d.isoformat() for d in starts],
        "treatment": [cohort.treatments[t] for t in cohort.treatment.tolist()],
        "outcome": [_cell(v) for v in cohort.outcome.tolist()],
    }
    for feature, values in cohort.features.items():
        columns[feature] = [_cell(v) for v in values.tolist()]
    return tuple((name, tuple(cells)) for name, cells in columns.items())


def _cell(value: float) -> str:
    if value != value:
        return ""
    return str(int(value)) if value.is_integer() else repr(value)


def clean(n: int = 900) -> Rows:
    """A fresh copy of a table without errors."""
    return {name: list(cells) for name, cells in _clean(n)}


def with_visit(rows: Rows) -> Rows:
    """The outcome as the components of a visit 24 weeks after the start, instead of as 0 and 1."""
    rng = np.random.default_rng(8)
    outcome = rows.pop("outcome")
    for component in COMPONENTS:
        rows[f"outcome_{component}"] = [
            "" if y == "" else str(int(rng.integers(0, 2) if y == "1" else rng.integers(5, 9)))
            for y in outcome
        ]
    rows["outcome_date"] = [
        "" if y == "" else later(start, 168)
        for y, start in zip(outcome, rows["index_date"], strict=True)
    ]
    return rows


def later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def as_csv(rows: Rows, delimiter: str = ",") -> str:
    """The file's content."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(rows)
    writer.writerows(zip(*rows.values(), strict=True))
    return text.getvalue()


def checked(rows: Rows, decision: str = RA) -> Report:
    return checked_text(as_csv(rows), decision)


def checked_text(text: str, decision: str = RA) -> Report:
    problems = Problems()
    raw = read_text(text, "registry.csv", problems)
    return check(raw, schema(decision), TODAY, problems)


def put(column: str, row: int, cell: str) -> Callable[[Rows], None]:
    """Write one cell; `row` is the number a spreadsheet shows."""

    def change(rows: Rows) -> None:
        rows[column][row - 2] = cell

    return change


def every(column: str, change: Callable[[str], str]) -> Callable[[Rows], None]:
    """Change every cell of a column that is not empty."""

    def apply(rows: Rows) -> None:
        rows[column] = [change(cell) if cell else cell for cell in rows[column]]

    return apply
