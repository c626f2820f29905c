"""Discrimination and calibration of probabilities, worth of a policy; numpy only."""

from __future__ import annotations

import numpy as np

from models.cohort import Floats
from models.ridge import fit_logistic

LOESS_SPAN = 0.75
_GRID = 101


def auroc(y: Floats, score: Floats) -> float:
    """Probability that a random patient with the outcome scores above one without (ties half).

    NaN where one class is empty. Reference: Hanley and McNeil, Radiology 143 (1982) 29.
    """
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    rank = (ends - (counts - 1) / 2.0)[inverse]
    events = float(y.sum())
    others = len(y) - events
    if not events or not others:
        return float("nan")
    return float((rank @ y - events * (events + 1.0) / 2.0) / (events * others))


def brier(y: Floats, p: Floats) -> float:
    """Mean squared distance of outcome and probability."""
    return float(np.mean((y - p) ** 2))


def log_loss(y: Floats, p: Floats) -> float:
    """Mean negative log-likelihood; probabilities strictly between 0 and 1."""
    return float(-np.mean(y * np.log(p) + (1.0 - y) * np.log1p(-p)))


def logit(p: Floats) -> Floats:
    """Log-odds of probabilities strictly between 0 and 1."""
    return np.asarray(np.log(p) - np.log1p(-p))


def calibration_slope(y: Floats, p: Floats) -> float:
    """Slope of the outcome on the log-odds of p, free intercept; 1 is ideal, below 1 overfitted."""
    X = np.column_stack([np.ones_like(p), logit(p)])
    return float(fit_logistic(X, y, np.zeros(2), start=np.array([0.0, 1.0])).theta[1])


def calibration_intercept(y: Floats, p: Floats) -> float:
    """Calibration in the large: intercept with the log-odds of p as offset; 0 is ideal."""
    return float(fit_logistic(np.ones((len(p), 1)), y, np.zeros(1), offset=logit(p)).theta[0])


def ici(y: Floats, p: Floats) -> float:
    """Integrated calibration index: mean |p − loess(y on p)|.

    Local quadratic, tricube weights, span .75 (the default of R's loess, as in the reference),
    evaluated at 101 quantiles of p and interpolated.

    References
    ----------
    P. C. Austin and E. W. Steyerberg, Stat. Med. 38 (2019) 4051.
    """
    grid = np.unique(np.quantile(p, np.linspace(0.0, 1.0, _GRID)))
    near = min(len(p), int(np.ceil(LOESS_SPAN * len(p)))) - 1
    smooth = np.empty_like(grid)
    for g, at in enumerate(grid):
        distance = np.abs(p - at)
        reach = max(float(np.partition(distance, near)[near]), 1e-12)
        weight = np.clip(1.0 - (distance / reach) ** 3, 0.0, None) ** 3
        X = np.vander(p - at, 3, increasing=True)
        XW = X * weight[:, None]
        smooth[g] = np.linalg.lstsq(XW.T @ X, XW.T @ y, rcond=None)[0][0]
    return float(np.mean(np.abs(p - np.interp(p, grid, smooth))))


def difference_slope(truth: Floats, predicted: Floats) -> float:
    """Slope of the true on the predicted difference of probabilities; 1 is ideal.

    NaN where every predicted difference is the same.
    """
    spread = predicted - predicted.mean()
    if not float(spread @ spread):
        return float("nan")
    return float(spread @ (truth - truth.mean()) / (spread @ spread))


def policy_value(probability: Floats, difference: Floats) -> float:
    """Share reaching the outcome if each had the drug that `difference` (second − first) favours.

    probability : (n, 2) true probabilities
    """
    return float(np.where(difference > 0.0, probability[:, 1], probability[:, 0]).mean())
