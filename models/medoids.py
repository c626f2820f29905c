"""Weighted medoids of points: few rows that stand for many; numpy only."""

from __future__ import annotations

import numpy as np

from models.background import _spread, _squared
from models.cohort import Floats, Ints

_ROUNDS = 50


def weighted_medoids(points: Floats, count: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Rows nearest to the centres of k-means clusters, and each cluster's share.

    References
    ----------
    D. Arthur and S. Vassilvitskii, SODA (2007) 1027 (seeding).
    """
    count = min(count, len(points))
    centres = points[_spread(points, count, rng)].copy()
    nearest = np.zeros(len(points), dtype=np.int64)
    for _ in range(_ROUNDS):
        before, nearest = nearest, _squared(points, centres).argmin(axis=1)
        if np.array_equal(before, nearest):
            break
        for c in np.unique(nearest):
            centres[c] = points[nearest == c].mean(axis=0)
    used, sizes = np.unique(nearest, return_counts=True)
    return _squared(points, centres[used]).argmin(axis=0), sizes / sizes.sum()
