"""What can be wrong with a cohort table: a closed list, each with its severity and its remedy.

No message holds what a cell says: a cell is about a person. Rows are numbered as a spreadsheet
numbers them, so the first row below the header is 2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """An error stops training; a warning goes into the report."""

    ERROR = "error"
    WARNING = "warning"


class Found(StrEnum):
    """Every kind of problem. The order is the order of a report."""

    EMPTY_TABLE = "empty table"
    RAGGED_ROW = "row with too many or too few cells"
    REPEATED_COLUMN = "column named twice"
    MISSING_COLUMN = "missing column"
    MISSPELT_COLUMN = "misspelt column"
    UNKNOWN_COLUMN = "unknown column"
    IDENTIFYING_COLUMN = "identifying column"
    LEAKAGE_NAME = "column named like an outcome"
    MISSING_VALUE = "missing value"
    NOT_A_NUMBER = "not a number"
    DECIMAL_COMMA = "decimal comma"
    MIXED_DECIMALS = "decimal comma and decimal point in one column"
    COMPARATOR = "number with a comparator"
    WITH_UNIT = "number with a unit"
    PLACEHOLDER = "number that stands for missing"
    NOT_A_FLAG = "not 0 or 1"
    NOT_WHOLE = "not a whole number"
    NOT_A_DATE = "not a date"
    AMBIGUOUS_DATE = "date in an ambiguous order"
    UNIT = "another unit"
    UNIT_AT_SITE = "another unit at one site"
    UNUSUAL_LEVEL = "unusual level"
    OUT_OF_RANGE = "outside the supported range"
    CONSTANT = "constant column"
    NEVER_MEASURED = "never measured"
    SAME_COLUMN = "two columns with the same content"
    UNKNOWN_TREATMENT = "unknown treatment"
    NEAR_SITE = "site written in two ways"
    FUTURE = "date in the future"
    BEFORE_BIRTH = "date before birth"
    AGE_DISAGREES = "age that disagrees with the birth date"
    VISIT_OUTSIDE = "outcome visit outside its window"
    STOP_BEFORE_START = "stopped before it was begun"
    UNDATED_OUTCOME = "undated outcome"
    AFTER_INDEX = "dated after the index date"
    TOO_OLD = "measured too long ago"
    TIMES = "times in the wrong order"
    DUPLICATE_ROW = "duplicate row"
    SAME_START = "one person, one start, two rows"
    SEVERAL_ROWS = "people in several rows"
    SEVERAL_SITES = "people at several sites"
    OVERLAPPING = "next course begun before the outcome"
    PERSON_DISAGREES = "person whose fixed facts disagree"
    OUTCOME_DISAGREES = "outcome that disagrees with its components"
    KNOWS_OUTCOME = "column that knows the outcome"
    COPY_OF_OUTCOME = "predictor copied from the outcome visit"
    MISSING_BY_OUTCOME = "recorded according to the outcome"
    ONE_OUTCOME = "only one outcome"
    OUTCOME_UNKNOWN = "outcome often unknown"
    OUTCOME_UNKNOWN_BY_ARM = "outcome unknown more often in one treatment"
    ONE_ARM = "one treatment only"
    FEW_OUTCOMES = "few outcomes"
    THIN_OVERLAP = "thin overlap between treatments"
    DECIDES_TREATMENT = "column that decides the treatment"
    THIN_STRATUM = "few comparable courses"
    ONE_ARM_AT_SITE = "site with one treatment only"
    SMALL_SITE = "small site"


WARNINGS = frozenset(
    {
        Found.UNKNOWN_COLUMN,
        Found.UNUSUAL_LEVEL,
        Found.CONSTANT,
        Found.NEVER_MEASURED,
        Found.NEAR_SITE,
        Found.UNDATED_OUTCOME,
        Found.TOO_OLD,
        Found.SEVERAL_ROWS,
        Found.SEVERAL_SITES,
        Found.OVERLAPPING,
        Found.MISSING_BY_OUTCOME,
        Found.OUTCOME_UNKNOWN,
        Found.OUTCOME_UNKNOWN_BY_ARM,
        Found.ONE_ARM,
        Found.FEW_OUTCOMES,
        Found.THIN_OVERLAP,
        Found.DECIDES_TREATMENT,
        Found.THIN_STRATUM,
        Found.ONE_ARM_AT_SITE,
        Found.SMALL_SITE,
    }
)
_ORDER = {kind: number for number, kind in enumerate(Found)}
_SHOWN_ROWS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of one column, with all its rows; no rows where it is the column's or the
    table's as a whole.
    """

    kind: Found
    column: str
    rows: tuple[int, ...]
    message: str
    remedy: str

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.kind in WARNINGS else Severity.ERROR

    @property
    def place(self) -> str:
        """Column and rows in words."""
        if not self.rows:
            return f"column {self.column}" if self.column else "the table"
        shown = ", ".join(map(str, self.rows[:_SHOWN_ROWS]))
        more = len(self.rows) - _SHOWN_ROWS
        rows = f"row {shown}" if len(self.rows) == 1 else f"rows {shown}"
        rows += f" and {more} more" if more > 0 else ""
        return f"column {self.column}, {rows}" if self.column else rows

    def line(self) -> str:
        """The problem as one line of a report."""
        return f"{self.severity}: {self.place}: {self.message} {self.remedy}"

    def words(self) -> dict[str, Any]:
        """The problem as JSON says it."""
        return {
            "severity": self.severity.value,
            "kind": self.kind.value,
            "column": self.column,
            "rows": list(self.rows),
            "message": self.message,
            "remedy": self.remedy,
        }


@dataclass(slots=True)
class Problems:
    """Problems as they are found; `rows` are numbers of the table's own rows from 0."""

    found: list[Problem] = field(default_factory=list)

    def add(
        self,
        kind: Found,
        column: str,
        message: str,
        remedy: str,
        rows: Iterable[int] = (),
    ) -> None:
        """Note one problem."""
        self.found.append(
            Problem(
                kind=kind,
                column=column,
                rows=tuple(int(row) + 2 for row in rows),
                message=message,
                remedy=remedy,
            )
        )

    def has(self, kind: Found, column: str) -> bool:
        """Whether that was noted of the column already."""
        return any(p.kind is kind and p.column == column for p in self.found)

    def in_order(self) -> tuple[Problem, ...]:
        """Errors first, then by kind and place."""
        return tuple(
            sorted(
                self.found,
                key=lambda p: (
                    p.severity is Severity.WARNING,
                    _ORDER[p.kind],
                    p.column,
                    p.rows[:1],
                ),
            )
        )
