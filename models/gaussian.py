"""What a missing value is expected to be, given the known ones: a Gaussian of the columns.

Learnt without the outcome, from every training patient. Fitted as a chain of ridge regressions,
each column on those known more often, so that a test few patients had borrows little from noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools, patterns

RIDGE = 20.0
"""Prior weight, in patients, of "no correlation" in each regression of the chain."""
PASSES = 4
MOST_ROWS = 20_000
"""Enough for correlations; more rows only take time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaussian:
    """Columns in natural units are mean + sd·z, with z ~ N(0, covariance).

    mean, sd : (p,) · covariance : (p, p) of z, unit diagonal
    counts : (p,) training patients whose value is known
    """

    mean: Floats
    sd: Floats
    covariance: Floats
    counts: Ints

    def standardise(self, raw: Floats) -> Floats:
        """(n, p) z; NaN stays NaN."""
        return np.asarray((raw - self.mean) / self.sd)


def conditional(covariance: Floats, known: Bools, wanted: Bools) -> tuple[Floats, Floats]:
    """Regression of `wanted` on `known` columns, and what stays uncertain.

    Returns
    -------
    (w, k) weights and (w, w) conditional covariance
    """
    across = covariance[np.ix_(wanted, known)]
    weights = np.asarray(np.linalg.solve(covariance[np.ix_(known, known)], across.T).T, np.float64)
    return weights, covariance[np.ix_(wanted, wanted)] - weights @ across.T


def fit_gaussian(raw: Floats) -> Gaussian:
    """Fit by expectation-maximisation with the chain as its M step.

    Parameters
    ----------
    raw : (n, p) columns with NaN where unknown

    Notes
    -----
    Assumes missing at random given the known columns. A column never known keeps mean 0, SD 1.

    References
    ----------
    A. P. Dempster, N. M. Laird, D. B. Rubin, JRSS B 39 (1977) 1.
    """
    known = ~np.isnan(raw)
    counts = known.sum(axis=0)
    seen = np.maximum(counts, 1)
    mean = np.where(known, raw, 0.0).sum(axis=0) / seen
    spread = np.where(known, raw - mean, 0.0)
    sd = np.sqrt((spread**2).sum(axis=0) / seen)
    sd[sd < 1e-9] = 1.0

    z = (raw[:MOST_ROWS] - mean) / sd
    some = known[:MOST_ROWS]
    order = np.argsort(-some.sum(axis=0), kind="stable")
    groups = patterns(some)
    centre, covariance = np.zeros(len(mean)), np.eye(len(mean))
    for _ in range(PASSES):
        centre, covariance = _pass(z, some, groups, order, centre, covariance)
    scale = np.sqrt(np.diag(covariance))
    return Gaussian(
        mean=mean + sd * centre,
        sd=sd * scale,
        covariance=covariance / np.outer(scale, scale),
        counts=counts.astype(np.int64),
    )


def _pass(
    z: Floats,
    known: Bools,
    groups: list[tuple[Bools, Ints]],
    order: Ints,
    centre: Floats,
    covariance: Floats,
) -> tuple[Floats, Floats]:
    """One expectation and one maximisation step; the new mean and covariance."""
    p = z.shape[1]
    filled = np.where(known, z, 0.0)
    unsure = np.zeros((len(groups), p, p))
    for g, (some, rows) in enumerate(groups):
        if some.all():
            continue
        weights, rest = conditional(covariance, some, ~some)
        expected = centre[~some] + (filled[np.ix_(rows, some)] - centre[some]) @ weights.T
        filled[np.ix_(rows, ~some)] = expected
        unsure[g][np.ix_(~some, ~some)] = rest * len(rows)
    holds = np.array([some for some, _ in groups], dtype=np.float64)

    new_centre, new = np.zeros(p), np.zeros((p, p))
    done: list[int] = []
    for j in order:
        having, before = known[:, j], np.array(done, dtype=np.int64)
        new[j, j] = 1.0
        done.append(int(j))
        if not having.any():
            continue
        X = np.column_stack([np.ones(int(having.sum())), filled[np.ix_(having, before)]])
        gram = X.T @ X
        at = np.ix_(before, before)
        gram[1:, 1:] += np.tensordot(holds[:, j], unsure, axes=1)[at] + RIDGE * np.eye(len(before))
        y = filled[having, j]
        b = np.linalg.solve(gram, X.T @ y)
        residual = float(y @ y - b @ X.T @ y) / len(y)
        new_centre[j] = b[0] + b[1:] @ new_centre[before]
        new[before, j] = new[j, before] = new[at] @ b[1:]
        new[j, j] = max(residual, 1e-3) + float(b[1:] @ new[at] @ b[1:])
    return new_centre, new


def complete(gaussian: Gaussian, z: Floats, present: Bools) -> Floats:
    """(n, p) z with single missing values of present modalities at their conditional mean.

    present : (n, p) True where the column's modality is present; elsewhere z is 0
    """
    known = ~np.isnan(z)
    filled = np.where(known, z, 0.0)
    both = np.concatenate([known, present], axis=1)
    p = z.shape[1]
    for pattern, rows in patterns(both):
        some, wanted = pattern[:p], pattern[p:] & ~pattern[:p]
        if wanted.any():
            weights, _ = conditional(gaussian.covariance, some, wanted)
            filled[np.ix_(rows, wanted)] = filled[np.ix_(rows, some)] @ weights.T
    return filled
