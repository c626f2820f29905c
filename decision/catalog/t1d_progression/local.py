"""What a place may choose about this decision, checked by name before anything is built on it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from decision.catalog.t1d_progression.tables import MONITORING, STAGING, THERAPY
from decision.clinical.local import Local

_DECISION = Path(__file__).parent.name
_AGE, _ON, _FREE = "teplizumab_min_age_years", "switched_on", "noncommercial"


class LocalSettingError(ValueError):
    """A setting that cannot be used; the message names it, its value and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose rules hold, which unverified rows a site answers for, and what its build may hold."""

    jurisdiction: str = ""
    min_age_years: float | None = None
    """Youngest age for teplizumab, where the place has read another label than the table's."""
    switched_on: frozenset[str] = frozenset()
    noncommercial: bool = False
    """Whether the TrialNet coefficients, licensed for non-commercial use, may be shown."""

    @property
    def words(self) -> str:
        """What was chosen, for the trail; the tables are part of it, as their rows are rules."""
        label = "the label's" if self.min_age_years is None else f"{self.min_age_years:g} years"
        return "; ".join(
            (
                f"jurisdiction {self.jurisdiction or 'none'}",
                f"youngest age for teplizumab {label}",
                f"switched on: {', '.join(sorted(self.switched_on)) or 'nothing'}",
                f"non-commercial build: {'yes' if self.noncommercial else 'no'}",
                *(f"{table.name} {table.version}" for table in (STAGING, MONITORING, THERAPY)),
            )
        )


def place_of(local: Local) -> Place:
    """The choices of one installation; LocalSettingError for what is unknown or unfit."""
    given = local.of(_DECISION)
    known = (_AGE, _ON, _FREE)
    if strange := sorted(set(given) - set(known)):
        raise LocalSettingError(
            f"{_DECISION}: unknown setting {', '.join(map(repr, strange))};"
            f" use one of {', '.join(known)}"
        )
    return Place(
        jurisdiction=local.jurisdiction,
        min_age_years=_age(given),
        switched_on=_rows(given),
        noncommercial=_flag(given),
    )


def _refused(name: str, value: object, remedy: str) -> LocalSettingError:
    return LocalSettingError(f"{_DECISION}: {name} is {value!r}; {remedy}")


def _age(given: Mapping[str, object]) -> float | None:
    value = given.get(_AGE)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(age := float(str(value))) or age < 0:
        raise _refused(_AGE, value, "give an age in years, from 0")
    return age


def _rows(given: Mapping[str, object]) -> frozenset[str]:
    value = given.get(_ON, ())
    remedy = "give a list of row ids of staging.csv or monitoring.csv"
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise _refused(_ON, value, remedy)
    known = {row.id for table in (STAGING, MONITORING) for row in table.rows}
    if strange := sorted(set(value) - known):
        raise _refused(_ON, strange, remedy)
    return frozenset(value)


def _flag(given: Mapping[str, object]) -> bool:
    value = given.get(_FREE, False)
    if not isinstance(value, bool):
        raise _refused(_FREE, value, "give true or false")
    return value
