"""The training table: one row per treatment course, in the units of the decision's feature
specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class CohortError(ValueError):
    """A cohort that cannot be used; the message names the column, the problem and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What only a simulation knows, for both treatments of every patient.

    probability : (n, 2) true P(outcome | everything about the patient and the site); NaN where it
        was not computed, because that takes longer than drawing the patients
    potential : (n, 2) one drawn outcome under each treatment, 0 or 1
    """

    probability: Floats
    potential: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """n treatment courses.

    features : feature id -> (n,) in the feature's canonical unit; flags are 0/1; NaN means not
    recorded
    treatment : (n,) index into `treatments`
    outcome : (n,) 1 reached, 0 not reached (or stopped), NaN endpoint not recorded
    site : (n,) site number
    truth : only where the cohort is simulated
    """

    features: Mapping[str, Floats]
    treatment: Ints
    outcome: Floats
    site: Ints
    treatments: tuple[str, str]
    simulated: bool
    description: str
    truth: Truth | None = None

    def __post_init__(self) -> None:
        n = self.n
        for name, column in {**self.features, "outcome": self.outcome, "site": self.site}.items():
            if column.shape != (n,):
                raise CohortError(f"column {name!r} has shape {column.shape}, expected ({n},)")
        known = self.outcome[~np.isnan(self.outcome)]
        if not np.isin(known, (0.0, 1.0)).all():
            raise CohortError("outcome must be 0, 1 or missing; map other values first")
        if not np.isin(self.treatment, (0, 1)).all():
            raise CohortError(
                f"treatment must be 0 ({self.treatments[0]}) or 1 ({self.treatments[1]})"
            )

    @property
    def n(self) -> int:
        return int(self.treatment.shape[0])

    def rows(self, where: NDArray[np.bool_] | Ints) -> Cohort:
        """The courses selected by a mask or by row numbers."""
        truth = self.truth and Truth(
            probability=self.truth.probability[where], potential=self.truth.potential[where]
        )
        return Cohort(
            features={name: column[where] for name, column in self.features.items()},
            treatment=self.treatment[where],
            outcome=self.outcome[where],
            site=self.site[where],
            treatments=self.treatments,
            simulated=self.simulated,
            description=self.description,
            truth=truth,
        )


def true_values(cohort: Cohort) -> Truth:
    """What only a simulation knows.

    Raises
    ------
    CohortError
    """
    if cohort.truth is None:
        raise CohortError("no true probabilities to score against; only a simulation has them")
    return cohort.truth
