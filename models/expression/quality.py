"""Whether one sample looks like the samples its platform was registered with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats

LEAST_COVERAGE = 0.9
"""Share of the platform's genes a sample must bring: ranks among other genes are other ranks."""
ZERO_ROOM, TOTAL_ROOM, CORRELATION_ROOM = 0.05, 0.5, 0.05
"""How far beyond the worst registered sample a new one may lie: zeros more (share), total as a
factor, correlation less. Design assumptions."""

CLOSER = 0.02
"""How much more a sample may look like another platform's before it is doubted whose it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityLimits:
    """Worst values that still count; made from the samples of the registration.

    zeros : share of genes at the sample's lowest value
    total : least sum, 0 where sums say nothing
    correlation : least rank correlation with the platform's profile
    """

    zeros: float
    total: float
    correlation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding about a sample: what was looked at, what was found, the limit, in words."""

    id: str
    label: str
    value: float
    limit: float
    passed: bool
    at_least: bool


def zero_share(values: Floats) -> float:
    """Share of genes at the lowest value: the zeros of counts, the floor of an array. The same
    whether logarithms were taken or not.
    """
    return float(np.mean(values == values.min()))


def profile_correlation(of: Floats, profile: Floats) -> float:
    """Correlation of a sample's ranks with the platform's mean ranks; 0 where one is flat."""
    a, b = of - of.mean(), profile - profile.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0.0 else 0.0


def checks(
    values: Floats, of: Floats, profile: Floats, coverage: float, limits: QualityLimits
) -> tuple[Check, ...]:
    """Everything looked at in one sample.

    Parameters
    ----------
    values, of, profile : (p,) values, ranks and the platform's mean ranks of the genes measured
    coverage : share of the platform's genes that the sample has
    """
    zeros, total = zero_share(values), float(values.sum())
    correlation = profile_correlation(of, profile)
    found = [
        ("coverage", "share of the platform's genes measured", coverage, LEAST_COVERAGE, True),
        ("zeros", "share of genes at the lowest value", zeros, limits.zeros, False),
        ("correlation", "rank correlation with the platform's profile", correlation,
         limits.correlation, True),
    ]  # fmt: skip
    if limits.total > 0.0:
        found.append(("total", "sum of all genes", total, limits.total, True))
    return tuple(
        Check(
            id=i,
            label=label,
            value=value,
            limit=limit,
            passed=value >= limit if at_least else value <= limit,
            at_least=at_least,
        )
        for i, label, value, limit, at_least in found
    )
