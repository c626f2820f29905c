"""Applicability domain: valid p-values, the culprit named, shrinkage as published."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from models.domain import FEWEST_ROWS, fit_domain, ledoit_wolf_intensity, unusual

Q = 8


def correlated(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).standard_normal((Q, Q)) * 0.4 + np.eye(Q)
    return 5.0 + rng.standard_normal((n, Q)) @ mixing.T


def domain(n: int = 1_500, blank: float = 0.0):
    x = correlated(n, 1)
    x[np.random.default_rng(2).random(x.shape) < blank] = np.nan
    everyone = np.ones(n, bool)
    return fit_domain(x, np.arange(Q), everyone, np.random.default_rng(3))


def test_shrinkage_equals_scikit_learn():
    for n in (30, 400):
        X = correlated(n, 4)
        X = X - X.mean(axis=0)
        assert ledoit_wolf_intensity(X) == pytest.approx(
            LedoitWolf(assume_centered=True).fit(X).shrinkage_, rel=1e-9
        )
    assert ledoit_wolf_intensity(np.zeros((5, 3))) == 0.0


@pytest.mark.parametrize("blank", [0.0, 0.1])
def test_p_values_are_uniform_for_patients_like_the_training_ones(blank):
    """Exchangeable data: a share p of patients gets p or less (four binomial standard errors,
    widened for the 500 calibration rows that all patients share)."""
    at = domain(blank=blank)
    fresh = correlated(800, 5)
    fresh[np.random.default_rng(6).random(fresh.shape) < blank] = np.nan
    p = np.array([unusual(at, row).p_value for row in fresh])
    for level in (0.05, 0.2, 0.5, 0.8):
        spread = np.sqrt(level * (1 - level) * (1 / 800 + 1 / 150))
        assert np.mean(p <= level) == pytest.approx(level, abs=4 * spread)


def test_one_absurd_value_is_found_and_named():
    at, row = domain(), correlated(1, 7)[0]
    row[3] += 40.0
    found = unusual(at, row)
    assert found.p_value < 0.01
    assert found.culprit == 3


def test_values_that_do_not_go_together_are_found_although_each_is_common():
    rng = np.random.default_rng(8)
    x = np.repeat(rng.standard_normal((1_500, 1)), 3, axis=1) + 0.2 * rng.standard_normal(
        (1_500, 3)
    )
    at = fit_domain(x, np.arange(3), np.ones(1_500, bool), np.random.default_rng(9))
    found = unusual(at, np.array([1.2, -1.2, 1.2]))
    assert found.p_value < 0.01
    assert found.culprit == 1


def test_a_test_nobody_had_is_left_out_rather_than_guessed():
    x = correlated(1_500, 10)
    x[20:, 5] = np.nan
    at = fit_domain(x, np.arange(Q), np.ones(1_500, bool), np.random.default_rng(11))
    found = unusual(at, correlated(1, 12)[0])
    assert not found.used[5]
    assert found.rows >= FEWEST_ROWS


def test_too_few_patients_or_no_value_are_refused():
    with pytest.raises(ValueError, match="99 are needed"):
        domain(n=120)
    with pytest.raises(ValueError, match="at least one"):
        unusual(domain(), np.full(Q, np.nan))
