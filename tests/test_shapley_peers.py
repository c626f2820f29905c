"""Our values beside those of shap, an implementation that shares nothing with ours."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from scipy.special import expit

from models.cohort import Floats
from models.shapley import Background, explain


@pytest.fixture(scope="module")
def shap() -> ModuleType:
    """Imported here: it takes seconds, and only these tests need it."""
    return importlib.import_module("shap")


class Linear:
    """An additive-logit model of two treatments on a correlated background with repeated rows.

    shap knows no weights, so the integer weights of our background are repetitions of its rows.
    """

    def __init__(self, features: int, spread: float) -> None:
        rng = np.random.default_rng(features)
        rows = rng.normal(0, 1, (20, features)) @ rng.normal(0, 1, (features, features))
        rows /= rows.std(axis=0)
        repeats = rng.integers(1, 4, 20)
        self.rows: Floats = np.repeat(rows, repeats, axis=0)
        self.patient: Floats = rng.normal(0, 1, features)
        self.slopes: Floats = rng.normal(0, spread, (2, features))
        self.intercepts = np.array([-0.4, 0.3])
        background = Background(self.slopes[:, None] * rows, repeats / repeats.sum())
        self.ours = explain(self.slopes * self.patient, self.intercepts, background)

    def probability(self, treatment: int) -> Callable[[Floats], Floats]:
        return lambda z: expit(self.intercepts[treatment] + z @ self.slopes[treatment])


def test_exact_explainer_on_the_probability_gives_the_same(shap: ModuleType) -> None:
    model = Linear(8, 0.7)
    masker = shap.maskers.Independent(model.rows, max_samples=len(model.rows))
    for treatment in (0, 1):
        peer = shap.ExactExplainer(model.probability(treatment), masker)(model.patient[None])
        np.testing.assert_allclose(model.ours.values[treatment], peer.values[0], atol=1e-12)
        assert model.ours.base[treatment] == pytest.approx(peer.base_values[0], abs=1e-12)


def test_exact_explainer_on_the_difference_gives_the_same(shap: ModuleType) -> None:
    model = Linear(8, 0.7)
    masker = shap.maskers.Independent(model.rows, max_samples=len(model.rows))

    def gap(z: Floats) -> Floats:
        return model.probability(1)(z) - model.probability(0)(z)

    peer = shap.ExactExplainer(gap, masker)(model.patient[None])
    np.testing.assert_allclose(model.ours.differential, peer.values[0], atol=1e-12)


def test_exact_explainer_agrees_with_the_trigonometric_route(shap: ModuleType) -> None:
    model = Linear(11, 0.7)
    masker = shap.maskers.Independent(model.rows, max_samples=len(model.rows))
    peer = shap.ExactExplainer(model.probability(1), masker)(model.patient[None])
    assert np.abs(model.ours.values[1] - peer.values[0]).max() <= model.ours.certificate


def test_linear_explainer_is_our_limit_of_small_margins(shap: ModuleType) -> None:
    """Where the link is as good as straight, phi = sigma'(b) times the values of the margin."""
    model = Linear(12, 1e-5)
    masker = shap.maskers.Independent(model.rows, max_samples=len(model.rows))
    for treatment in (0, 1):
        linear = (model.slopes[treatment], model.intercepts[treatment])
        margin = shap.LinearExplainer(linear, masker).shap_values(model.patient)
        level = expit(model.intercepts[treatment])
        np.testing.assert_allclose(
            model.ours.values[treatment] / (level * (1 - level)), margin, rtol=0, atol=2e-9
        )


def test_permutation_explainer_scatters_around_our_values(shap: ModuleType) -> None:
    """Sampled, so near and not equal; at the bedside two calls could name different reasons."""
    model = Linear(12, 0.7)
    masker = shap.maskers.Independent(model.rows, max_samples=len(model.rows))
    explainer = shap.PermutationExplainer(model.probability(0), masker, seed=1)
    peer = explainer(model.patient[None], max_evals=200 * 25, silent=True).values[0]
    distance = np.abs(peer - model.ours.values[0]).sum() / np.abs(model.ours.values[0]).sum()
    assert 1e-6 < distance < 0.02
