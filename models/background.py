"""The reference patients of the explanations: 64 weighted medoids of the training patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.design import patterns, player_sums
from models.gaussian import Gaussian, conditional
from models.panel import SIDES, Panel

MEDOIDS = 64
_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """z : (B, p) complete rows · weights : (B,) share of the training patients each stands for"""

    z: Floats
    weights: Floats


def drawn(gaussian: Gaussian, z: Floats, rng: np.random.Generator) -> Floats:
    """(n, p) z with what is missing drawn given what is known, absent modalities included.

    A mean instead of a draw would make the reference patients more alike than patients are.
    """
    known = ~np.isnan(z)
    full = np.where(known, z, 0.0)
    for some, rows in patterns(known):
        if some.all():
            continue
        weights, rest = conditional(gaussian.covariance, some, ~some)
        values, vectors = np.linalg.eigh(rest)
        root = vectors * np.sqrt(np.clip(values, 0.0, None))
        noise = rng.standard_normal((len(rows), len(root))) @ root.T
        full[np.ix_(rows, ~some)] = full[np.ix_(rows, some)] @ weights.T + noise
    return full


def medoids(panel: Panel, z: Floats, rng: np.random.Generator, count: int = MEDOIDS) -> Reference:
    """Cluster the patients by what each player adds under both treatments; keep the central ones.

    Parameters
    ----------
    z : (n, p) with NaN where unknown

    Notes
    -----
    k-means from distinct random patients, then the nearest patient of each cluster, weighted by
    the cluster's share. Reference: D. Arthur and S. Vassilvitskii, SODA (2007) 1027 (seeding).
    """
    full = drawn(panel.gaussian, z, rng)
    sums = player_sums(panel.design)
    effects = [(full * (panel.main + a * panel.interaction)) @ sums for a in SIDES]
    points = np.concatenate(effects, axis=1)
    count = min(count, len(points))
    centres = points[_spread(points, count, rng)]
    nearest = np.zeros(len(points), dtype=np.int64)
    for _ in range(_ROUNDS):
        before, nearest = nearest, _squared(points, centres).argmin(axis=1)
        if np.array_equal(before, nearest):
            break
        for c in np.unique(nearest):
            centres[c] = points[nearest == c].mean(axis=0)
    used, sizes = np.unique(nearest, return_counts=True)
    chosen = _squared(points, centres[used]).argmin(axis=0)
    return Reference(z=full[chosen], weights=sizes / sizes.sum())


def _squared(points: Floats, centres: Floats) -> Floats:
    cross = points @ centres.T
    return np.asarray((points**2).sum(axis=1)[:, None] - 2.0 * cross + (centres**2).sum(axis=1))


def _spread(points: Floats, count: int, rng: np.random.Generator) -> list[int]:
    """Starting points far from one another, drawn in proportion to the squared distance."""
    chosen = [int(rng.integers(len(points)))]
    nearest = _squared(points, points[chosen])[:, 0]
    while len(chosen) < count:
        mass = np.clip(nearest, 0.0, None)
        total = mass.sum()
        share = mass / total if total > 0 else np.full(len(points), 1.0 / len(points))
        chosen.append(int(rng.choice(len(points), p=share)))
        nearest = np.minimum(nearest, _squared(points, points[chosen[-1:]])[:, 0])
    return chosen
