"""Whether the numbers can be what they are called: units, ranges, columns that say nothing."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import decision.catalog
from models.cohort import Floats
from models.design import Bools
from models.table.cells import Parsed
from models.table.problems import Found, Problems
from models.table.schema import LATER, SITE, Kind

FEWEST = 8
"""Values whose median is trusted to tell one unit from another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherUnit:
    """canonical = value * factor + offset; `low` and `high` are where the median of a cohort lies
    in the canonical unit.
    """

    feature: str
    name: str
    factor: float
    offset: float
    low: float
    high: float


def other_units(decision_id: str) -> dict[str, list[OtherUnit]]:
    """Units that registries give features in by mistake, from the decision's own folder."""
    found: dict[str, list[OtherUnit]] = {}
    for folder in decision.catalog.__path__:
        path = Path(folder) / decision_id / "cohort_units.csv"
        if not path.is_file():
            continue
        with path.open(newline="", encoding="utf-8") as handle:
            for line in csv.DictReader(handle):
                unit = OtherUnit(
                    feature=line["feature"],
                    name=line["other_unit"],
                    **{k: float(line[k]) for k in ("factor", "offset", "low", "high")},
                )
                found.setdefault(unit.feature, []).append(unit)
    return found


def units(parsed: Parsed, problems: Problems) -> None:
    """Columns, or one site's part of them, whose level fits another unit better than their own."""
    listed = other_units(parsed.schema.spec.id)
    sites = np.array(parsed.label(SITE))
    for name, values in parsed.numbers.items():
        later = name.startswith(LATER)
        found = listed.get(name.removeprefix(LATER), [])
        known = ~np.isnan(values)
        if not found or known.sum() < FEWEST:
            continue
        column = parsed.schema.by_name[name]
        if other := _fits(values[known], found, later):
            problems.add(
                Found.UNIT,
                name,
                f"The median is {np.median(values[known]):.3g}, which is usual in {other.name} and "
                f"not in {column.unit}.",
                _convert(other, column.unit),
            )
            continue
        if not later and not found[0].low <= np.median(values[known]) <= found[0].high:
            problems.add(
                Found.UNUSUAL_LEVEL,
                name,
                f"The median is {np.median(values[known]):.3g} {column.unit}; "
                f"{found[0].low:g} to {found[0].high:g} is usual.",
                "Check the unit and who is in the table.",
            )
        _by_site(name, values, known, sites, found, parsed, problems)


def _by_site(
    name: str,
    values: Floats,
    known: Bools,
    sites: np.ndarray[tuple[int], np.dtype[np.str_]],
    found: Sequence[OtherUnit],
    parsed: Parsed,
    problems: Problems,
) -> None:
    unit = parsed.schema.by_name[name].unit
    for site in sorted(set(sites.tolist())):
        at = known & (sites == site)
        if at.sum() < FEWEST or at.sum() == known.sum():
            continue
        other = _fits(values[at], found, name.startswith(LATER))
        if other and _explains(other, values[at], values[known & ~at]):
            problems.add(
                Found.UNIT_AT_SITE,
                name,
                f"At site {site!r} the median is {np.median(values[at]):.3g}, which is usual in "
                f"{other.name} and not in {unit}; at the other sites it is "
                f"{np.median(values[known & ~at]):.3g}.",
                _convert(other, unit),
                np.flatnonzero(at),
            )


def _fits(values: Floats, found: Sequence[OtherUnit], later: bool) -> OtherUnit | None:
    """The other unit in which the median is usual, where it is not so in its own."""
    middle = float(np.median(values))
    for other in found:
        # After treatment levels fall, so only what no treatment explains counts there.
        low = 0.0 if later else other.low
        if low <= middle <= other.high:
            continue
        if other.low <= middle * other.factor + other.offset <= other.high:
            return other
    return None


def _explains(other: OtherUnit, here: Floats, elsewhere: Floats) -> bool:
    """Whether, converted, the site is about as the others: sites differ, but not by a unit."""
    converted = float(np.median(here)) * other.factor + other.offset
    return 0.5 <= converted / float(np.median(elsewhere)) <= 2.0


def _convert(other: OtherUnit, unit: str) -> str:
    plus = f" and add {other.offset:g}" if other.offset else ""
    factor = other.factor
    how = f"Multiply by {factor:g}" if factor >= 1 or plus else f"Divide by {1 / factor:g}"
    return f"{how}{plus} to get {unit}."


def ranges(parsed: Parsed, problems: Problems) -> None:
    """Values that no answer is given for, unless the whole column is in another unit."""
    listed = other_units(parsed.schema.spec.id)
    for name, values in parsed.numbers.items():
        column = parsed.schema.by_name[name]
        if column.kind is Kind.FLAG or problems.has(Found.UNIT, name):
            continue
        wrong = (values < column.low) | (values > column.high)
        for site in (p for p in problems.found if p.kind is Found.UNIT_AT_SITE):
            if site.column == name:
                wrong[np.array(site.rows) - 2] = False
        rows = np.flatnonzero(wrong)
        if not rows.size:
            continue
        hint = ""
        for other in listed.get(name.removeprefix(LATER), []):
            converted = values[rows] * other.factor + other.offset
            if ((converted >= other.low) & (converted <= other.high)).all():
                hint = f" They would fit as {other.name}."
        problems.add(
            Found.OUT_OF_RANGE,
            name,
            f"Outside {column.low:g} to {column.high:g} {column.unit}, for which answers are "
            f"given.{hint}",
            "Check value and unit at the source; leave out people whom the decision is not for.",
            rows,
        )


def silent(parsed: Parsed, problems: Problems) -> None:
    """Predictors without a value, or with one value only: they can say nothing."""
    for feature in parsed.schema.features:
        values = parsed.number(feature)
        known = values[~np.isnan(values)]
        if problems.has(Found.MISSING_COLUMN, feature):
            continue
        if not known.size:
            where = "has no value in any row" if feature in parsed.numbers else "is not there"
            problems.add(
                Found.NEVER_MEASURED,
                feature,
                f"The predictor {where}; it counts as not measured in everybody.",
                "Nothing to do if it was never measured.",
            )
        elif parsed.rows > 1 and (known == known[0]).all() and known.size == parsed.rows:
            problems.add(
                Found.CONSTANT,
                feature,
                "Every row has the same value, so it says nothing of anybody.",
                "Check that the export is not filled with a default.",
            )
