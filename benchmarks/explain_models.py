"""The models that explanations are measured on, with their exact Shapley values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from scipy.special import expit

from benchmarks.shapley_oracles import by_definition, by_periodised_sum, worth
from models.cohort import Floats
from models.shapley import Background

MOST_BY_DEFINITION = 12
Input = TypeVar("Input")


@dataclass(frozen=True, slots=True)
class Task(Generic[Input]):
    """Patients of one model, with the (T, d) values wanted and the (T,) sum they should have."""

    model: str
    features: int
    background: str
    inputs: list[Input]
    truth: list[Floats]
    gain: list[Floats]


@dataclass(frozen=True, slots=True)
class Case:
    """One patient of an additive-logit model; `groups` are the modalities."""

    contributions: Floats
    intercepts: Floats
    background: Background
    groups: Sequence[Sequence[int]] = ()

    @property
    def start(self) -> Floats:
        """(T, B) log-odds of the background rows."""
        rows = self.background.contributions.sum(axis=2)
        return np.asarray(self.intercepts[:, None] + rows, dtype=np.float64)

    @property
    def gain(self) -> Floats:
        """(T,) displayed probability minus the background's mean."""
        finish = expit(self.intercepts + self.contributions.sum(axis=1))
        return np.asarray(finish - expit(self.start) @ self.background.weights, dtype=np.float64)

    def exact(self) -> Floats:
        """(T, d) by definition where 2^d can be enumerated, by the periodised sum beyond."""
        deltas = self.contributions[:, None, :] - self.background.contributions
        route = _enumerated if deltas.shape[2] <= MOST_BY_DEFINITION else by_periodised_sum
        weights = self.background.weights
        return np.array([route(d, s, weights) for d, s in zip(deltas, self.start, strict=True)])

    def equal_weights(self) -> Case:
        """The same rows counted alike: shap's explainers take no weights."""
        rows = self.background.contributions
        alike = Background(rows, np.full(rows.shape[1], 1.0 / rows.shape[1]))
        return Case(self.contributions, self.intercepts, alike, self.groups)

    def coarse(self) -> Case:
        """The same patient with the groups as players."""
        rows = self.background.contributions
        merged = np.stack([rows[:, :, list(g)].sum(axis=2) for g in self.groups], axis=2)
        own = np.stack([self.contributions[:, list(g)].sum(axis=1) for g in self.groups], axis=1)
        return Case(own, self.intercepts, Background(merged, self.background.weights))


def _enumerated(deltas: Floats, start: Floats, weights: Floats) -> Floats:
    return by_definition(worth(deltas, start, weights))


def task(model: str, cases: Sequence[Case]) -> Task[Case]:
    """The exact values of every case, computed without the product."""
    rows, weights = cases[0].background.contributions, cases[0].background.weights
    kind = "equal weights" if np.ptp(weights) < 1e-12 else "weighted"
    return Task(
        model,
        rows.shape[2],
        f"{rows.shape[1]} joint rows, {kind}",
        list(cases),
        [case.exact() for case in cases],
        [case.gain for case in cases],
    )


def synthetic(players: int, spread: float, rows: int, patients: int) -> list[Case]:
    """Standard normal features, correlated .3, slopes of that spread."""
    rng = np.random.default_rng(players)
    common = rng.normal(size=(rows + patients, 1))
    features = np.sqrt(0.7) * rng.normal(size=(rows + patients, players)) + np.sqrt(0.3) * common
    mean, half = rng.normal(0.0, spread, players), rng.normal(0.0, spread / 4.0, players)
    contributions = np.stack([mean - half, mean + half])[:, None] * features
    weights = rng.gamma(4.0, size=rows)
    background = Background(contributions[:, :rows], weights / weights.sum())
    thirds = [players // 2, players // 2 + players // 3]
    groups = [part.tolist() for part in np.split(np.arange(players), thirds)]
    return [
        Case(contributions[:, rows + i], np.array([-0.3, 0.1]), background, groups)
        for i in range(patients)
    ]
