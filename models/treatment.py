"""Weights for people whose follow-up ends when treatment begins, since the ill are treated first.

A person still untreated at time t stands for 1 / P(untreated at t | x) people like them. J. M.
Robins and D. M. Finkelstein, Biometrics 56 (2000) 779.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from models.cohort import Floats
from models.design import Bools
from models.event_metrics import Curve

RIDGE = 10.0
"""Starts are few: 10 people's worth of "everybody is treated at the same rate"."""
LARGEST_WEIGHT = 10.0
_STEPS = 50


def starting_rate(z: Floats, exposure: Floats, started: Bools) -> Floats:
    """(n,) rate per year of beginning treatment, log-linear in the columns of z (n, p).

    exposure : (n,) years in which it could have begun · started : (n,)
    """
    X = np.column_stack([np.ones(len(z)), z])
    total = float(exposure.sum())
    theta = np.zeros(X.shape[1])
    theta[0] = np.log(max(float(started.sum()), 0.5) / max(total, 1e-9))
    penalty = np.r_[1e-6, np.full(z.shape[1], RIDGE)]
    for _ in range(_STEPS):
        expected = exposure * np.exp(np.clip(X @ theta, -30.0, 10.0))
        gradient = X.T @ (started - expected) - penalty * np.r_[0.0, theta[1:]]
        step = np.linalg.solve(X.T @ (X * expected[:, None]) + np.diag(penalty), gradient)
        theta = theta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-8:
            break
    return np.asarray(np.exp(X @ theta))


def weights(rate: Floats, available: Floats, years: Floats) -> Floats:
    """(n, k) weight of every person at every time, 1 before treatment could begin.

    rate, available : (n,) · years : (k,) or (n, k)
    """
    waited = np.maximum(
        np.broadcast_to(years, (len(rate), years.shape[-1])) - available[:, None], 0.0
    )
    return np.minimum(np.exp(rate[:, None] * waited), LARGEST_WEIGHT)


def kaplan_meier_weighted(time: Floats, event: Bools, rate: Floats, steps: int = 400) -> Curve:
    """Survival with each person's weight growing while they stay untreated, on a fine grid."""
    grid = np.linspace(0.0, float(time.max()), steps + 1)
    values, survival = np.empty(steps), 1.0
    for j, (low, high) in enumerate(pairwise(grid.tolist())):
        w = np.minimum(np.exp(rate * (low + high) / 2.0), LARGEST_WEIGHT)
        inside = (time > low) & (time <= high)
        stay = np.where(inside, time - low, high - low) * (time > low)
        hazard = float(w @ (inside & event)) / max(float(w @ stay), 1e-300)
        survival *= float(np.exp(-hazard * (high - low)))
        values[j] = survival
    return Curve(times=grid[1:], values=values)
