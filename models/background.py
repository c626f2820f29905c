"""The reference patients of the explanations: 64 weighted medoids of the training patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.design import patterns, player_sums
from models.gaussian import Gaussian, conditional
from models.medoids import weighted_medoids
from models.panel import SIDES, Panel

MEDOIDS = 64


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
    Each is weighted by its cluster's share: see `weighted_medoids`.
    """
    full = drawn(panel.gaussian, z, rng)
    sums = player_sums(panel.design)
    effects = [(full * (panel.main + a * panel.interaction)) @ sums for a in SIDES]
    points = np.concatenate(effects, axis=1)
    chosen, shares = weighted_medoids(points, count, rng)
    return Reference(z=full[chosen], weights=shares)
