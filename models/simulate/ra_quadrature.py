"""Expectation over the latent log reduction U of SIMULATED patients, on a shared grid."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from models.cohort import Floats
from models.simulate.ra_population import Patients
from models.simulate.ra_response import FRAILTY, OFFSET_SD, SD_U, stopping_probability
from models.simulate.ra_world import Mode

STEP = 0.25
"""Step of the U grid, a third of an SD; a finer one moves no probability by more than 0.001."""
REACH = 5.0
"""SDs of U covered on either side of mu; what lies beyond has probability 6e-7."""
_CHUNK = 500

Given = Callable[[Patients, slice], tuple[Floats, Floats]]
"""(patients, part of the grid) -> P(endpoint | U, on drug) under each treatment, (m, grid) each."""


def u_grid(mu: Floats, mode: Mode) -> Floats:
    """Values of U that cover every patient; one grid for all, so that tables by U can be shared."""
    low, high = mu.min() - REACH * _sd(mode), mu.max() + REACH * _sd(mode)
    return STEP * np.arange(np.floor(low / STEP), np.ceil(high / STEP) + 1)


def integrate(patients: Patients, mu: Floats, u: Floats, mode: Mode, given: Given) -> Floats:
    """(n, 2) E[(1 - stop(U)) * P(endpoint | U)]; patients of similar mu share part of the grid."""
    sd = _sd(mode)
    staying = 1.0 - stopping_probability(u, mode)
    order = np.argsort(mu.sum(axis=1))
    answer = np.empty((patients.n, 2))
    for start in range(0, patients.n, _CHUNK):
        rows = order[start : start + _CHUNK]
        low, high = mu[rows].min() - REACH * sd, mu[rows].max() + REACH * sd
        part = slice(int(np.searchsorted(u, low)), int(np.searchsorted(u, high)) + 1)
        reached = given(patients.rows(rows), part)
        for arm in (0, 1):
            density = np.exp(-0.5 * ((u[part] - mu[rows, arm, None]) / sd) ** 2)
            density /= density.sum(axis=1, keepdims=True)
            answer[rows, arm] = (density * reached[arm]) @ staying[part]
    return np.clip(answer, 0.0, 1.0)


def shrinks(u: Floats, name: str, by: Floats) -> Floats:
    """P(log reduction of component `name` >= by | U); `by` broadcasts against u."""
    offset, sd = OFFSET_SD[name]
    return np.asarray(ndtr((u + offset - by) / sd))


def count_at_most(u: Floats, name: str, highest: Floats) -> Floats:
    """(29, grid, m) P(count at week 24 <= highest | baseline count 0-28, U); highest (29, m)."""
    with np.errstate(divide="ignore"):  # a count of 0 stays 0: log 0 = -inf, probability 1
        by = np.log(np.arange(29.0))[:, None] - np.log(np.maximum(highest, 0) + 0.5)
    return np.swapaxes(shrinks(u, name, by[..., None]), 1, 2)


def _sd(mode: Mode) -> float:
    return float(np.hypot(SD_U, FRAILTY if mode.hidden else 0.0))
