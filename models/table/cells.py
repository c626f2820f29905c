"""Cells to numbers, dates and labels; whatever cannot be one is noted by row, never guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from models.cohort import Floats
from models.table.problems import Found, Problems
from models.table.raw import RawTable
from models.table.schema import Column, Kind, Schema

Days = NDArray[np.datetime64]

EMPTY = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
"""How software writes that nothing is known; in small letters."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?\d+,\d+")
_COMPARED = re.compile(r"[<>≤≥]=?\s*\d+([.,]\d+)?")
_UNITED = re.compile(r"[+-]?\d+([.,]\d+)?\s*[A-Za-zµ%].*")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_AMBIGUOUS = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}[./]\d{1,2}[./]\d{1,2}")
_PLACEHOLDERS = frozenset({-999.0, -99.0, -9.0, -8.0, -1.0, 99.0, 999.0, 9999.0, 888.0, 8888.0})
NO_DAY = np.datetime64("NaT", "D")
_REFUSED = {
    Found.NOT_A_NUMBER: ("It is not a number.", "Write a number or leave the cell empty."),
    Found.COMPARATOR: (
        "A number with < or > is not a number.",
        "Write the limit itself: the page, too, counts <4 as 4.",
    ),
    Found.WITH_UNIT: (
        "The unit stands in the cell.",
        "Write the number alone, in the unit of the column.",
    ),
}


@dataclass(kw_only=True)
class Parsed:
    """A table by kind of column. A cell that could not be read is as empty as an empty one.

    numbers : column -> (n,), NaN unknown · days : column -> (n,), NaT unknown
    labels : column -> n texts · strangers : columns the schema does not have, as text
    """

    schema: Schema
    rows: int
    numbers: dict[str, Floats] = field(default_factory=dict)
    days: dict[str, Days] = field(default_factory=dict)
    labels: dict[str, list[str]] = field(default_factory=dict)
    strangers: dict[str, list[str]] = field(default_factory=dict)

    def number(self, name: str) -> Floats:
        """The column, all NaN where the table does not have it."""
        return self.numbers.get(name, np.full(self.rows, np.nan))

    def day(self, name: str) -> Days:
        """The column, all NaT where the table does not have it."""
        return self.days.get(name, np.full(self.rows, NO_DAY))

    def label(self, name: str) -> list[str]:
        """The column, all "" where the table does not have it."""
        return self.labels.get(name, [""] * self.rows)


def parse(raw: RawTable, schema: Schema, problems: Problems) -> Parsed:
    """Every known column by its kind."""
    parsed = Parsed(schema=schema, rows=raw.rows)
    for name, cells in raw.columns.items():
        column = schema.by_name.get(name)
        if column is None:
            parsed.strangers[name] = cells
        elif column.kind is Kind.LABEL:
            parsed.labels[name] = ["" if c.lower() in EMPTY else c for c in cells]
        elif column.kind is Kind.DATE:
            parsed.days[name] = days_of(cells, name, problems)
        else:
            parsed.numbers[name] = _numbers(cells, column, problems)
        if column is not None and column.filled:
            _filled(cells, column, problems)
    return parsed


def _filled(cells: Sequence[str], column: Column, problems: Problems) -> None:
    empty = [i for i, cell in enumerate(cells) if cell.lower() in EMPTY]
    if empty:
        problems.add(
            Found.MISSING_VALUE,
            column.name,
            "The cell is empty, and every row needs one.",
            "Fill it in, or leave the row out.",
            empty,
        )


def _numbers(cells: Sequence[str], column: Column, problems: Problems) -> Floats:
    values = np.full(len(cells), np.nan)
    commas: list[int] = []
    refused: dict[Found, list[int]] = {}
    for i, cell in enumerate(cells):
        if cell.lower() in EMPTY:
            continue
        if _NUMBER.fullmatch(cell):
            values[i] = float(cell)
        elif _COMMA.fullmatch(cell):
            commas.append(i)
        elif _COMPARED.fullmatch(cell):
            refused.setdefault(Found.COMPARATOR, []).append(i)
        elif _UNITED.fullmatch(cell):
            refused.setdefault(Found.WITH_UNIT, []).append(i)
        else:
            refused.setdefault(Found.NOT_A_NUMBER, []).append(i)
    if column.kind is Kind.FLAG and Found.NOT_A_NUMBER in refused:
        _not_flags(column, refused.pop(Found.NOT_A_NUMBER), problems)
    for kind, rows in refused.items():
        message, remedy = _REFUSED[kind]
        problems.add(kind, column.name, message, remedy, rows)
    if commas:
        pointed = any("." in cell for cell in cells if _NUMBER.fullmatch(cell))
        problems.add(
            Found.MIXED_DECIMALS if pointed else Found.DECIMAL_COMMA,
            column.name,
            "Some numbers are written with a decimal comma and some with a point; 1,250 could be "
            "either."
            if pointed
            else "The numbers are written with a decimal comma.",
            "Export all numbers with a decimal point.",
            commas,
        )
    infinite = np.flatnonzero(np.isinf(values))
    if infinite.size:
        values[infinite] = np.nan
        message, remedy = _REFUSED[Found.NOT_A_NUMBER]
        problems.add(Found.NOT_A_NUMBER, column.name, message, remedy, infinite)
    _placeholders(values, column, problems)
    return values


def _placeholders(values: Floats, column: Column, problems: Problems) -> None:
    """Numbers such as 999 that registries write for "not known"; they are then not looked at."""
    for code in sorted(_PLACEHOLDERS):
        if column.low <= code <= column.high:
            continue
        rows = np.flatnonzero(values == code)
        if rows.size:
            values[rows] = np.nan
            problems.add(
                Found.PLACEHOLDER,
                column.name,
                f"{code:g} cannot be a value here; it looks like a code for missing.",
                "Leave the cell empty where nothing is known.",
                rows,
            )


def _not_flags(column: Column, rows: Sequence[int], problems: Problems) -> None:
    problems.add(
        Found.NOT_A_FLAG,
        column.name,
        "It is neither 0 nor 1.",
        f"Write 0 and 1: {column.meaning}",
        rows,
    )


def flags_and_counts(parsed: Parsed, problems: Problems) -> None:
    """Flags other than 0 and 1, and counts that are not whole."""
    for name, values in parsed.numbers.items():
        column = parsed.schema.by_name[name]
        known = ~np.isnan(values)
        if column.kind is Kind.FLAG:
            wrong = np.flatnonzero(known & ~np.isin(values, (0.0, 1.0)))
            if wrong.size:
                _not_flags(column, wrong.tolist(), problems)
        elif column.kind is Kind.COUNT:
            wrong = np.flatnonzero(known & (values != np.round(values)))
            if wrong.size:
                problems.add(
                    Found.NOT_WHOLE,
                    name,
                    "It is a count and not a whole number.",
                    "Write the count itself, not a mean or a share.",
                    wrong,
                )


def days_of(cells: Sequence[str], name: str, problems: Problems) -> Days:
    """Days written as YYYY-MM-DD, with or without a time of day after them."""
    days = np.full(len(cells), NO_DAY)
    ambiguous: list[int] = []
    wrong: list[int] = []
    for i, cell in enumerate(cells):
        if cell.lower() in EMPTY:
            continue
        if _DAY.fullmatch(cell):
            try:
                days[i] = np.datetime64(cell[:10], "D")
            except ValueError:
                wrong.append(i)
        elif _AMBIGUOUS.fullmatch(cell):
            ambiguous.append(i)
        else:
            wrong.append(i)
    if ambiguous:
        problems.add(
            Found.AMBIGUOUS_DATE,
            name,
            "Day and month could be either way round.",
            "Write dates as YYYY-MM-DD.",
            ambiguous,
        )
    if wrong:
        problems.add(
            Found.NOT_A_DATE,
            name,
            "It is not a day of the calendar.",
            "Write dates as YYYY-MM-DD; a spreadsheet's day number is not read.",
            wrong,
        )
    return days
