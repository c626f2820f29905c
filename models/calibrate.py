"""Calibration on out-of-fold margins, and of the intercept at a site; numpy only.

Everything stays additive in the log-odds: the result is folded into the coefficients, so that both
probabilities and their difference keep agreeing and keep an exact explanation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.ridge import fit_logistic

SLOPE_PENALTY, INTERCEPT_PENALTY = 10.0, 1.0
EFFECT_PENALTY, CONTRAST_PENALTY = 10.0, 50.0
SMALL_TABLE = 500
SMALLEST_BETWEEN = 0.0625
"""Least variance between sites, in squared log-odds: a handful of sites cannot prove less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrinkage:
    """logit p = slope·mu + level + a·(centre + effect + contrast·(tau − centre)), a = ∓½."""

    slope: float
    level: float
    effect: float
    contrast: float
    centre: float


def half(treatment: Ints) -> Floats:
    """(n,) the treatment as −½ for the first, +½ for the second."""
    return np.asarray(treatment - 0.5, dtype=np.float64)


def shrink(mu: Floats, tau: Floats, treatment: Ints, y: Floats) -> Shrinkage:
    """Recalibrate the level and shrink the difference, in one penalised regression.

    Parameters
    ----------
    mu, tau : (n,) out-of-fold level and difference, in log-odds
    treatment : (n,) 0 or 1 · y : (n,) 0 or 1

    Notes
    -----
    Penalty ½ [10 (s−1)² + c² + 10 e² + 50 (r−r0)²], r clipped to [0, 1]; r0 is ½ in tables of fewer
    than 500 courses, where the fitted difference is about twice too wide, else 1. The modification
    already has a prior of its own in the fit, so r only guards against a gross failure.
    """
    a, centre = half(treatment), float(np.mean(tau))
    X = np.column_stack([mu, np.ones_like(mu), a, a * (tau - centre)])
    target = np.array([1.0, 0.0, 0.0, 0.5 if len(y) < SMALL_TABLE else 1.0])
    penalty = np.array([SLOPE_PENALTY, INTERCEPT_PENALTY, EFFECT_PENALTY, CONTRAST_PENALTY])
    s, c, e, r = fit_logistic(X, y, penalty, centre=target, offset=a * centre).theta
    if not 0.0 <= r <= 1.0:
        r = min(max(r, 0.0), 1.0)
        fixed = a * centre + r * X[:, 3]
        s, c, e = fit_logistic(X[:, :3], y, penalty[:3], centre=target[:3], offset=fixed).theta
    return Shrinkage(
        slope=float(s), level=float(c), effect=float(e), contrast=float(r), centre=centre
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteShift:
    """Recalibrated intercept of one site: what is added to every log-odds there.

    variance : of the shift · labels : patients with a recorded outcome it rests on
    """

    shift: float
    variance: float
    labels: int


def recalibrate(margin: Floats, y: Floats, between: float = SMALLEST_BETWEEN) -> SiteShift:
    """Intercept of a new site, drawn towards the shipped one by the variance between sites.

    Parameters
    ----------
    margin : (n,) log-odds of the shipped model under the treatment each patient had
    y : (n,) recorded outcome, 0 or 1
    between : variance between sites, squared log-odds
    """
    penalty = np.array([1.0 / max(between, SMALLEST_BETWEEN)])
    fit = fit_logistic(np.ones((len(y), 1)), y, penalty, offset=margin)
    return SiteShift(
        shift=float(fit.theta[0]),
        variance=float(1.0 / (fit.information[0, 0] + penalty[0])),
        labels=len(y),
    )


def between_sites(margin: Floats, y: Floats, site: Ints) -> float:
    """Variance of the sites' intercepts by the method of moments, at least 0.

    References
    ----------
    R. DerSimonian and N. Laird, Control. Clin. Trials 7 (1986) 177.
    """
    shifts, weights = [], []
    for s in np.unique(site):
        at = site == s
        # A light penalty only keeps a site without events finite.
        fit = fit_logistic(np.ones((int(at.sum()), 1)), y[at], np.array([0.1]), offset=margin[at])
        shifts.append(float(fit.theta[0]))
        weights.append(float(fit.information[0, 0]))
    c, w = np.array(shifts), np.array(weights)
    if len(c) < 2:
        return 0.0
    excess = float(w @ (c - w @ c / w.sum()) ** 2) - (len(c) - 1)
    return max(0.0, excess / float(w.sum() - (w @ w) / w.sum()))
