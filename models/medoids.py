"""Weighted medoids of points: few rows that stand for many; numpy only."""

from __future__ import annotations

import numpy as np

from models.cohort import Floats, Ints

_ROUNDS = 50


def weighted_medoids(points: Floats, count: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Rows nearest to the centres of k-means clusters, and each cluster's share.

    References
    ----------
    D. Arthur and S. Vassilvitskii, SODA (2007) 1027 (seeding).
    """
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
    return _squared(points, centres[used]).argmin(axis=0), sizes / sizes.sum()


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
