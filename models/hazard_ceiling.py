"""The best that can be said from what was measured: E[true risk | columns, pattern, stratum].

The true risk knows values that nobody measured, so no model can rank as it does. What can be had is
its mean among people who look the same to a model, estimated here on many simulated people: a
curve over one score (least squares of the true log hazard ratio on the columns, their squares and
products, and what is missing), and boosted trees over score and columns for what it misses. Two
halves of other people give two estimates; their mean is the ceiling. Their difference is what
chance does to it; whatever both miss alike makes it too low, never too high, so that the ceiling
itself is a lower bound. Optional: scikit-learn comes with the peers, see requirements-dev.txt.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from itertools import combinations
from typing import Any

import numpy as np

from models.cohort import Floats
from models.events import EventTable, refuse_shared
from models.gaussian import complete as completed
from models.gaussian import fit_gaussian
from models.hazard_model import HazardDesign

TREES = {
    "max_iter": 150,
    "learning_rate": 0.05,
    "min_samples_leaf": 300,
    "max_leaf_nodes": 15,
    "l2_regularization": 10.0,
    "early_stopping": False,
    "random_state": 0,
}
"""On 200,000 people as good as twice the trees and leaves, in a fifth of the time."""
DEGREE, TAILS = 4, (0.001, 0.999)
_WEAK = 1e-3

Score = Callable[[Floats], Floats]


def installed() -> bool:
    """Whether scikit-learn is there."""
    return find_spec("sklearn") is not None


def ceilings(
    design: HazardDesign, samples: Sequence[Any], table: EventTable
) -> tuple[Floats, list[Floats]]:
    """(n, H) expected true risks of the people of `table`, and those by each sample alone.

    samples : simulated people with their truth, sharing nobody with one another or the table

    Raises
    ------
    SplitError
        For samples that do.
    """
    tables = [table, *(sample.table for sample in samples)]
    for first, second in combinations(tables, 2):
        refuse_shared(first, second)
    each = [_expected(design, sample, table) for sample in samples]
    return np.asarray(np.mean(each, axis=0)), each


def _expected(design: HazardDesign, sample: Any, table: EventTable) -> Floats:
    kind = importlib.import_module("sklearn.ensemble").HistGradientBoostingRegressor
    found = np.zeros((table.n, len(design.horizons)))
    known, truth = sample.table, sample.truth
    for stratum in np.unique(table.stratum):
        own, new = known.stratum == stratum, table.stratum == stratum
        score = _score(design, known.X[own], truth.eta[own])
        X = np.column_stack([known.X[own], score(known.X[own])])
        other = np.column_stack([table.X[new], score(table.X[new])])
        for h in range(len(design.horizons)):
            smooth = _smooth(X[:, -1], truth.risk[own, h])
            rest = kind(**TREES).fit(X, truth.risk[own, h] - smooth(X[:, -1]))
            found[new, h] = smooth(other[:, -1]) + rest.predict(other)
    return np.clip(found, 0.0, 1.0)


def _smooth(score: Floats, risk: Floats) -> Score:
    """The mean risk by score, a polynomial; the trees then need to learn only what it misses."""
    low, high = np.quantile(score, TAILS)
    curve = np.polynomial.Polynomial.fit(np.clip(score, low, high), risk, DEGREE)
    return lambda new: np.asarray(curve(np.clip(new, low, high)))


def _score(design: HazardDesign, X: Floats, eta: Floats) -> Score:
    """Least squares of eta, apart for people with and without the group that decides the stage."""
    fits = {blind: _linear(X[at], eta[at]) for blind, at in _blind(design, X).items() if at.any()}

    def score(new: Floats) -> Floats:
        found = np.full(len(new), float(eta.mean()))
        for blind, at in _blind(design, new).items():
            if blind in fits and at.any():
                found[at] = fits[blind](new[at])
        return found

    return score


def _blind(design: HazardDesign, X: Floats) -> dict[bool, Any]:
    if not design.restaged:
        return {False: np.ones(len(X), dtype=bool)}
    blind = np.isnan(X[:, design.mask(design.restaged)]).any(axis=1)
    return {True: blind, False: ~blind}


def _linear(X: Floats, eta: Floats) -> Score:
    """What is missing at its expectation, with all products and with flags of what is missing."""
    use = ~np.isnan(X).all(axis=0)
    gaussian = fit_gaussian(X[:, use])
    lacking = np.isnan(X[:, use]).any(axis=0)

    def terms(new: Floats) -> Floats:
        z = gaussian.standardise(new[:, use])
        f = np.column_stack([np.ones(len(z)), completed(gaussian, z, np.ones_like(z, dtype=bool))])
        flags = np.isnan(z[:, lacking]).astype(np.float64)
        first, second = np.triu_indices(f.shape[1])
        with_flags = (f[:, :, None] * flags[:, None, :]).reshape(len(z), -1)
        return np.column_stack([f[:, first] * f[:, second], with_flags])

    A = terms(X)
    weights = np.linalg.solve(A.T @ A + _WEAK * np.eye(A.shape[1]), A.T @ eta)
    return lambda new: np.asarray(terms(new) @ weights)
