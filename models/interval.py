"""Ranges for both probabilities and for their difference, with a price on everything not measured.

Laplace posterior of the coefficients plus what the missing values could have said, given those that
are known. The target is the truth given ALL modalities.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from models.cohort import Floats
from models.design import Bools, patterns
from models.gaussian import conditional
from models.link import sigmoid
from models.panel import SIDES, Panel

ENOUGH_ROWS = 500
"""Courses with a value from which its worth is believed; below, the floor of outside evidence."""
SITE_BY_TREATMENT = 0.01
LACK_OF_FIT = 0.015
"""Variances in squared log-odds: treatments differ by site, and no log-odds is quite linear."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranges:
    """low, high : (n, 2) · difference, sd, difference_low, difference_high : (n,)"""

    probability: Floats
    low: Floats
    high: Floats
    difference: Floats
    sd: Floats
    difference_low: Floats
    difference_high: Floats


def unmeasured(panel: Panel, known: Bools, present: Bools) -> Floats:
    """(2, 2) variance of the log-odds from what one pattern leaves unmeasured.

    Parameters
    ----------
    known : (p,) columns with a value · present : (M,) modalities with their quorum
    """
    here = present[panel.design.modality_of]
    learnt = panel.known_rows >= ENOUGH_ROWS
    u = panel.spread_main + SIDES[:, None] * panel.spread_interaction
    total = np.zeros((2, 2))
    if (single := here & ~known & learnt).any():
        _, rest = conditional(panel.gaussian.covariance, known, single)
        total += u[:, single] @ rest @ u[:, single].T
    # A modality absent as a whole is not predicted from the others, so its full variance counts.
    if (whole := ~here & learnt).any():
        total += u[:, whole] @ panel.gaussian.covariance[np.ix_(whole, whole)] @ u[:, whole].T
    for floor in panel.floors:
        columns = np.array(floor.columns)
        share = float(np.mean(~known[columns] & ~learnt[columns]))
        total += share * np.diag(floor.variance)
    return total


def variances(panel: Panel, z: Floats, filled: Floats, present: Bools, v_site: Floats) -> Floats:
    """(n, 2, 2) variance of the two log-odds.

    Parameters
    ----------
    z, filled : (n, p) before and after completion · present : (n, M)
    v_site : (n,) variance of the site's recalibrated intercept
    """
    n, p = z.shape
    known = ~np.isnan(z)
    total = np.empty((n, 2, 2))
    level = np.column_stack([np.ones(n), ~present, filled])
    gap = np.column_stack([np.ones(n), filled])
    m = present.shape[1]
    order = np.r_[0, 2 : 2 + m + p, 1, 2 + m + p : 2 + m + 2 * p]
    C = panel.covariance[np.ix_(order, order)]
    k = level.shape[1]
    ll = np.einsum("ij,ij->i", level @ C[:k, :k], level)
    lg = np.einsum("ij,ij->i", level @ C[:k, k:], gap)
    gg = np.einsum("ij,ij->i", gap @ C[k:, k:], gap)
    for i, a in enumerate(SIDES):
        for j, b in enumerate(SIDES):
            total[:, i, j] = ll + (a + b) * lg + a * b * (gg + SITE_BY_TREATMENT)
    total += (v_site + LACK_OF_FIT)[:, None, None]
    for pattern, rows in patterns(np.concatenate([known, present], axis=1)):
        total[rows] += unmeasured(panel, pattern[:p], pattern[p:])
    return total


def ranges(margins: Floats, variance: Floats, level: float) -> Ranges:
    """Central ranges at `level`, e.g. 0.9, for margins (n, 2) with variance (n, 2, 2).

    The difference by the delta method: with g = p(1−p),
    sd² = g₂²V₂₂ + g₁²V₁₁ − 2 g₁g₂V₁₂, clipped to [−1, 1].
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level}: a share between 0 and 1, such as 0.9")
    quantile = NormalDist().inv_cdf(0.5 + level / 2.0)
    p = sigmoid(margins)
    reach = quantile * np.sqrt(np.stack([variance[:, 0, 0], variance[:, 1, 1]], axis=1))
    g = p * (1.0 - p) * np.array([-1.0, 1.0])
    sd = np.sqrt(np.einsum("ni,nij,nj->n", g, variance, g))
    difference = p[:, 1] - p[:, 0]
    return Ranges(
        probability=p,
        low=sigmoid(margins - reach),
        high=sigmoid(margins + reach),
        difference=difference,
        sd=sd,
        difference_low=np.maximum(difference - quantile * sd, -1.0),
        difference_high=np.minimum(difference + quantile * sd, 1.0),
    )
