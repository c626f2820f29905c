"""What was known of a person by a moment: nothing dated later can be read through this module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.events import EventError


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Repeat visits, in any order: person (m,), years (m,) from entry, feature -> (m,), NaN not
    measured.
    """

    person: Ints
    years: Floats
    values: Mapping[str, Floats]

    def __post_init__(self) -> None:
        for name, column in {"years": self.years, **self.values}.items():
            if column.shape != self.person.shape:
                raise EventError(f"visits: {name} has shape {column.shape}; one value per visit")


def latest(visits: Measurements, person: Ints, years: float) -> dict[str, Floats]:
    """Feature -> (n,) the latest value known by `years`, of each person; NaN where there is none.

    A glucose test, an HbA1c and so on each come from their own last date; values of one test share
    a date, because they are missing together.
    """
    past = np.flatnonzero(visits.years <= years)
    past = past[np.argsort(visits.years[past], kind="stable")]
    order = np.argsort(person, kind="stable")
    ranked = person[order]
    place = np.minimum(np.searchsorted(ranked, visits.person[past]), len(ranked) - 1)
    ours = ranked[place] == visits.person[past]
    past, row = past[ours], order[place[ours]]
    found = {}
    for name, column in visits.values.items():
        known = ~np.isnan(column[past])
        values = np.full(len(person), np.nan)
        values[row[known]] = column[past[known]]  # later visits overwrite earlier ones
        found[name] = values
    return found
