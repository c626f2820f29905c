"""Metrics under censoring, held against brute force and against what is true of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.event_metrics import (
    calibration,
    censoring,
    cloglog,
    d_calibration,
    expected_brier,
    kaplan_meier,
    net_benefit,
    person_bootstrap,
    status_weights,
    weighted_auc,
    weighted_brier,
)


def test_kaplan_meier_by_hand():
    """Kaplan and Meier's own example: deaths at .8, 3.1, 5.4, 9.2; losses at 1, 2.7, 7, 12.1."""
    time = np.array([0.8, 3.1, 5.4, 9.2, 1.0, 2.7, 7.0, 12.1])
    event = np.array([1, 1, 1, 1, 0, 0, 0, 0], bool)
    curve = kaplan_meier(time, event)
    assert curve.at(np.array([0.5, 0.8, 3.1, 5.4, 9.2])) == pytest.approx(
        [1.0, 7 / 8, 7 / 8 * 4 / 5, 7 / 8 * 4 / 5 * 3 / 4, 7 / 8 * 4 / 5 * 3 / 4 / 2]
    )
    assert curve.before(np.array([0.8]))[0] == 1.0


def test_delayed_entry_counts_only_who_was_there():
    time, event = np.array([1.0, 3.0, 4.0]), np.ones(3, bool)
    curve = kaplan_meier(time, event, entry=np.array([0.0, 2.0, 0.0]))
    assert curve.at(1.0) == pytest.approx(0.5)


def test_an_end_at_the_very_entry_counts_for_nobody():
    """People seen once only: with entry at 0 they must not make the curve fall to 0."""
    time, event = np.array([0.0, 0.0, 2.0, 3.0]), np.array([1, 1, 1, 0], bool)
    assert kaplan_meier(time, event, entry=np.zeros(4)).at(1.0) == 1.0


def test_weights_are_copies():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(size=40), rng.random(40) < 0.6
    w = rng.integers(1, 4, 40)
    a = kaplan_meier(time, event, weight=w.astype(float))
    b = kaplan_meier(np.repeat(time, w), np.repeat(event, w))
    assert a.at(1.0) == pytest.approx(float(b.at(1.0)))


def test_nobody_with_an_event_means_no_fall():
    assert kaplan_meier(np.array([1.0, 2.0]), np.zeros(2, bool)).at(5.0) == 1.0


@settings(max_examples=50)
@given(data=st.data())
def test_the_auc_is_the_share_of_concordant_pairs(data):
    """For any weights and ties: the sorted computation is the double sum."""
    n = data.draw(st.integers(2, 12))
    score = np.array(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), float)
    case = np.array(data.draw(st.lists(st.floats(0, 2), min_size=n, max_size=n)))
    control = np.array(data.draw(st.lists(st.floats(0, 2), min_size=n, max_size=n)))
    pairs = case[:, None] * control[None, :]
    better = (score[:, None] > score[None, :]) + 0.5 * (score[:, None] == score[None, :])
    found = weighted_auc(score, case, control)
    if pairs.sum() < 1e-12:
        assert np.isnan(found) or pairs.sum() > 0
    else:
        assert found == pytest.approx((pairs * better).sum() / pairs.sum())


def test_censoring_weights_undo_random_censoring():
    """Brier score and AUC of the true risk are what they would be without censoring."""
    rng = np.random.default_rng(4)
    n, h = 60_000, 3.0
    risk = 1 / (1 + np.exp(-rng.standard_normal(n)))
    T = np.where(rng.random(n) < risk, rng.uniform(0, h, n), h + 1)
    C = rng.exponential(4.0, n)
    time, event = np.minimum(T, C), T <= C
    case, control = status_weights(time, event, h, censoring(time, event))
    assert (case + control).mean() == pytest.approx(1.0, abs=0.02)
    assert weighted_brier(risk, case, control) == pytest.approx(
        expected_brier(risk, risk), abs=0.004
    )
    assert weighted_auc(risk, case, control) == pytest.approx(
        weighted_auc(risk, risk, 1 - risk), abs=0.01
    )
    ratio, slope = calibration(risk, case, control)
    assert ratio == pytest.approx(1.0, abs=0.02)
    assert slope == pytest.approx(1.0, abs=0.04)


def test_calibration_tells_too_high_and_too_wide():
    rng = np.random.default_rng(5)
    truth = 1 / (1 + np.exp(-rng.standard_normal(20_000)))
    y = (rng.random(20_000) < truth).astype(float)
    wide = 1 / (1 + np.exp(-2 * np.log(truth / (1 - truth))))
    assert calibration(wide, y, 1 - y)[1] == pytest.approx(0.5, abs=0.04)
    assert calibration(np.clip(truth * 1.25, 0, 0.999), y, 1 - y)[0] < 0.86


def test_a_status_known_in_part_counts_in_part():
    """True risks as soft outcomes: the slope is 1, whatever the spread; a case counted whole for
    any part of one would bend it.
    """
    rng = np.random.default_rng(9)
    risk = 1.0 / (1.0 + np.exp(-rng.normal(-1.0, 1.0, 5_000)))
    assert calibration(risk, risk, 1.0 - risk) == pytest.approx((1.0, 1.0), abs=1e-6)
    wide = 1.0 / (1.0 + np.exp(-2.0 * np.log(risk / (1.0 - risk))))
    assert calibration(wide, risk, 1.0 - risk)[1] == pytest.approx(0.5, abs=1e-6)


def test_net_benefit_by_hand():
    """Four people, two cases: treating from .3 on finds both and one in vain."""
    risk = np.array([0.9, 0.5, 0.3, 0.1])
    case, control = np.array([1.0, 1, 0, 0]), np.array([0.0, 0, 1, 1])
    assert net_benefit(risk, case, control, 0.3) == pytest.approx((2 - 3 / 7) / 4)
    assert net_benefit(np.ones(4), case, control, 0.5) == pytest.approx(0.0)
    assert net_benefit(np.zeros(4), case, control, 0.5) == 0.0
    assert net_benefit(risk, 3 * case, 3 * control, 0.3) == pytest.approx((2 - 3 / 7) / 4)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), threshold=st.floats(0.05, 0.9))
def test_nobody_acts_better_than_by_the_true_risk(seed, threshold):
    """The definition of the threshold: below it acting does more harm than good."""
    rng = np.random.default_rng(seed)
    truth, other = rng.beta(1, 2, 400), rng.random(400)
    best = net_benefit(truth, truth, 1 - truth, threshold)
    for risk in (other, np.ones(400), np.zeros(400)):
        assert best >= net_benefit(risk, truth, 1 - truth, threshold) - 1e-12


def test_true_curves_are_d_calibrated_and_false_ones_are_not():
    """A true survival probability at the event is uniform; chi-square with 9 degrees of freedom
    exceeds 27.9 once in a thousand.
    """
    rng = np.random.default_rng(6)
    S = rng.random(4_000)
    seen = S > 0.3
    late = np.where(seen, np.minimum(S + 0.02, 1.0), rng.uniform(0.3, 1.0, 4_000) * 0 + 0.3)
    early = np.where(seen, S - 0.02, 0.0)
    assert d_calibration(early, late)[1] < 27.9
    shares, statistic = d_calibration(early**2, late**2)
    assert statistic > 100
    assert shares.sum() == pytest.approx(1.0)


def test_the_bootstrap_draws_people():
    person = np.array([4, 4, 9, 9, 9, 2])
    counts = person_bootstrap(person, 50, 1)
    assert (counts[:, 0] == counts[:, 1]).all()
    assert (counts[:, 2] == counts[:, 4]).all()
    assert (counts[:, [0, 2, 5]].sum(axis=1) == 3).all()


def test_the_cloglog_of_a_risk_is_its_log_cumulative_hazard():
    assert cloglog(1 - np.exp(-np.array([0.1, 2.0]))) == pytest.approx(np.log([0.1, 2.0]))
    assert np.isfinite(cloglog(np.array([0.0, 1.0]))).all()
