"""Who would be named a drug class: the rule of the page, for whole cohorts.

The limits come from the decision's thresholds. Cautions are the one part left out, because no
cohort has them; they can only silence. A test holds this against the rule of the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from decision.clinical.spec import DecisionSpec, Stratum
from models.cohort import Cohort, Floats, Ints
from models.design import Bools
from models.interval import Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """level : of the ranges, e.g. 0.9 · margin : smallest difference of probabilities
    comparable : training courses needed on the rarer treatment of a patient's stratum
    """

    level: float
    margin: float
    comparable: int


def naming_of(spec: DecisionSpec) -> Naming:
    """The limits a decision's thresholds set."""
    limit = {name: threshold.value for name, threshold in spec.thresholds.items()}
    return Naming(
        level=limit["interval_level"],
        margin=limit["naming_margin"],
        comparable=int(limit["smallest_comparable"]),
    )


def in_stratum(stratum: Stratum, features: Mapping[str, Floats]) -> Bools:
    """(n,) whether every feature of the stratum is known and in its range."""
    n = len(next(iter(features.values())))
    inside = np.ones(n, dtype=bool)
    for feature, (low, high) in stratum.ranges.items():
        x = features[feature]
        inside &= (x >= low) & (x <= high)
    return inside


def courses(strata: Sequence[Stratum], training: Cohort) -> Ints:
    """(strata, 2) training courses of known outcome in every stratum, per treatment."""
    labelled = ~np.isnan(training.outcome)
    return np.array(
        [
            np.bincount(
                training.treatment[in_stratum(s, training.features) & labelled], minlength=2
            )
            for s in strata
        ],
        dtype=np.int64,
    )


def comparable(strata: Sequence[Stratum], training: Cohort, asked: Cohort) -> Ints:
    """(n,) training courses like each asked patient on the rarer treatment.

    A patient belongs to the first stratum whose features are all known and in range; to none: 0.
    """
    rarer = courses(strata, training).min(axis=1)
    found = np.zeros(asked.n, dtype=np.int64)
    free = np.ones(asked.n, dtype=bool)
    for stratum, count in zip(strata, rarer, strict=True):
        inside = in_stratum(stratum, asked.features) & free
        found[inside] = count
        free &= ~inside
    return found


def is_named(rule: Naming, found: Ranges, comparable: Ints) -> Bools:
    """(n,) patients for whom a class is named: range beyond zero, gap and overlap large enough."""
    beyond = (found.difference_low > 0.0) | (found.difference_high < 0.0)
    wide = np.abs(found.difference) >= rule.margin
    return np.asarray(beyond & wide & (comparable >= rule.comparable))
