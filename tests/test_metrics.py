"""Metrics against scikit-learn and against values worked out by hand."""

from __future__ import annotations

import doctest
import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from models import evaluate, metrics, predictor
from models import wilson as wilson_module
from models.ridge import sigmoid
from models.wilson import wilson

RNG = np.random.default_rng(0)
P = RNG.uniform(0.05, 0.9, 800).round(2)  # rounded, so that there are ties
Y = (RNG.random(800) < P).astype(float)


def test_discrimination_and_losses_equal_scikit_learn():
    assert metrics.auroc(Y, P) == pytest.approx(roc_auc_score(Y, P), abs=1e-12)
    assert metrics.brier(Y, P) == pytest.approx(brier_score_loss(Y, P), abs=1e-12)
    assert metrics.log_loss(Y, P) == pytest.approx(sklearn_log_loss(Y, P), abs=1e-12)


def test_auroc_without_both_outcomes_is_undefined():
    assert math.isnan(metrics.auroc(np.zeros(5), P[:5]))


def test_calibration_slope_equals_an_unpenalised_regression():
    q = sigmoid(1.7 * metrics.logit(P) - 0.3)
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1_000).fit(metrics.logit(q)[:, None], Y)
    assert metrics.calibration_slope(Y, q) == pytest.approx(fit.coef_[0, 0], abs=1e-5)
    assert metrics.calibration_slope(Y, q) < 0.8  # overconfident by construction


def test_calibration_in_the_large_restores_the_mean():
    q = sigmoid(metrics.logit(P) + 0.5)
    c = metrics.calibration_intercept(Y, q)
    assert c == pytest.approx(-0.5, abs=0.2)
    assert sigmoid(metrics.logit(q) + c).mean() == pytest.approx(Y.mean(), abs=1e-9)


def test_ici_is_the_mean_shift_where_all_are_shifted():
    p = np.linspace(0.2, 0.7, 4_000)
    assert metrics.ici(p, p) == pytest.approx(0.0, abs=1e-9)
    assert metrics.ici(p + 0.1, p) == pytest.approx(0.1, abs=1e-9)
    curved = p + 0.2 * (p - 0.45) ** 2  # a local quadratic has no bias on a parabola
    assert metrics.ici(curved, p) == pytest.approx(np.abs(curved - p).mean(), abs=1e-4)


def test_slope_of_the_difference():
    truth = RNG.normal(0, 0.1, 500)
    assert metrics.difference_slope(truth, 2 * truth + 0.3) == pytest.approx(0.5)
    assert math.isnan(metrics.difference_slope(truth, np.zeros(500)))


def test_policy_value_by_hand():
    truth = np.array([[0.2, 0.4], [0.5, 0.1], [0.3, 0.3]])
    assert metrics.policy_value(truth, np.array([0.1, -0.1, 0.0])) == pytest.approx(1.2 / 3)
    assert metrics.policy_value(truth, np.array([-1.0, 1.0, 1.0])) == pytest.approx(0.6 / 3)


def test_wilson_limits_hold_the_share_and_the_published_example():
    # Newcombe 1998 Stat Med 17:857, table I: 81 of 263 gives .2553 to .3662.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(0, 20)[0] == 0.0
    assert wilson(20, 20)[1] == 1.0


@pytest.mark.parametrize("module", [evaluate, predictor, wilson_module])
def test_examples_in_the_docstrings_run(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert not found.failed
