"""The hazard's likelihood and its maximum, held against closed forms and a known truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.event_metrics import kaplan_meier
from models.events import EventError
from models.hazard_fit import (
    SMOOTH,
    cut_points,
    fit_hazard,
    log_likelihood,
    spells,
)
from models.simulate import t1d
from tests.progression import EVERYWHERE

CUTS = np.array([0.0, 1.0, 2.5, 6.0])


def drawn(n=4_000, rate=0.2, beta=0.7, seed=1, entry=0.0):
    """Exponential times in visits half a year apart, a share censored."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 1))
    late = entry * rng.random(n)
    T = rng.exponential(1.0 / (rate * np.exp(beta * z[:, 0])))
    end = rng.uniform(1.0, 10.0, n)
    last = np.floor(np.minimum(T, end) * 2) / 2
    seen = np.ceil(T * 2) / 2 <= end
    right = np.where(seen, np.ceil(T * 2) / 2, np.inf)
    kept = (late < T) & (late < end)
    return z[kept], late[kept], np.maximum(last, late)[kept], right[kept]


def test_follow_up_is_cut_where_the_intervals_end():
    cut = spells(np.array([0.5, 0.0]), np.array([3.0, 1.5]), np.array([np.inf, 2.75]), CUTS)
    assert cut.sure[0].tolist() == [0.5, 1.5, 0.5]
    assert cut.open[0].tolist() == [0.0, 0.0, 0.0]
    assert cut.sure[1].tolist() == [1.0, 0.5, 0.0]
    assert cut.open[1] == pytest.approx([0.0, 1.0, 0.25])
    assert cut.event.tolist() == [False, True]


def test_the_likelihood_is_the_probability_of_what_was_seen():
    alpha, eta = np.log(np.array([0.1, 0.3, 0.2])), np.array([0.0, 0.4])
    cut = spells(np.zeros(2), np.array([3.0, 1.5]), np.array([np.inf, 2.75]), CUTS)

    def total(t, e):
        return np.exp(e) * (0.1 * min(t, 1) + 0.3 * np.clip(t - 1, 0, 1.5) + 0.2 * max(t - 2.5, 0))

    expected = [-total(3.0, 0.0), np.log(np.exp(-total(1.5, 0.4)) - np.exp(-total(2.75, 0.4)))]
    assert log_likelihood(cut, alpha, eta) == pytest.approx(expected)


def test_a_known_hazard_and_effect_are_recovered():
    z, entry, left, right = drawn(8_000)
    cut = spells(
        entry, left, right, cut_points(np.where(np.isinf(right), left, right), np.isfinite(right))
    )
    fit = fit_hazard(cut, z, 1.0)
    assert fit.beta[0] == pytest.approx(0.7, abs=0.05)
    for years in (1.0, 2.0, 5.0):
        assert fit.cumulative(years)[0] == pytest.approx(0.2 * years, rel=0.08)
    sd = np.sqrt(np.diag(fit.covariance))
    assert 0.01 < sd[-1] < 0.04


def test_delayed_entry_does_not_bias():
    """People enter up to 2 years late and only if free of it by then; ignoring that would make
    the early hazard look lower than it is.
    """
    z, entry, left, right = drawn(12_000, entry=2.0)
    cuts = np.array([0.0, 1.0, 2.5, 5.0])
    fit = fit_hazard(spells(entry, left, right, cuts), z, 1.0)
    naive = fit_hazard(spells(np.zeros_like(entry), left, right, cuts), z, 1.0)
    assert np.exp(fit.alpha[1:]) == pytest.approx(np.full(2, 0.2), rel=0.12)
    assert np.exp(naive.alpha[0]) < 0.16


@settings(max_examples=15)
@given(seed=st.integers(0, 500), ridge=st.sampled_from([0.5, 10.0, 100.0]))
def test_the_fit_is_a_stationary_point_of_the_penalised_likelihood(seed, ridge):
    """Expectation-maximisation must end where the observed likelihood is flat, for any data."""
    z, entry, left, right = drawn(300, seed=seed)
    cut = spells(entry, left, right, CUTS)
    fit = fit_hazard(cut, z, ridge, settled=1e-9)

    def value(theta):
        alpha, beta = theta[:3], theta[3:]
        penalty = SMOOTH * (np.diff(alpha) ** 2).sum() + ridge * (beta**2).sum()
        return log_likelihood(cut, alpha, z @ beta).sum() - penalty / 2

    at = np.concatenate([fit.alpha, fit.beta])
    for j in range(len(at)):
        step = np.eye(len(at))[j] * 1e-4
        assert (value(at + step) - value(at - step)) / 2e-4 == pytest.approx(0.0, abs=2e-2)


def test_the_ridge_shrinks_and_the_baseline_is_smooth():
    z, entry, left, right = drawn(600)
    cut = spells(entry, left, right, CUTS)
    weak, strong = (fit_hazard(cut, z, ridge) for ridge in (0.1, 3_000.0))
    assert abs(strong.beta[0]) < 0.2 * abs(weak.beta[0])
    # an interval with hardly any follow-up takes its neighbour's hazard instead of exploding
    sparse = fit_hazard(spells(entry, left, right, np.array([0.0, 1.0, 9.9, 9.95, 10.0])), z, 1.0)
    assert np.abs(np.diff(sparse.alpha)[1:]).max() < 1.0


def test_intervals_hold_ten_events_each():
    time = np.arange(1.0, 41.0)
    cuts = cut_points(time, np.ones(40, bool))
    counts = np.histogram(time, cuts)[0]
    assert len(counts) == 4
    assert counts.min() >= 9
    assert len(cut_points(np.linspace(0.1, 9, 5_000), np.ones(5_000, bool))) == 13
    with pytest.raises(EventError, match="9 events"):
        cut_points(np.arange(9.0), np.ones(9, bool))


def test_the_hazard_goes_on_beyond_the_last_event():
    z, entry, left, right = drawn(500)
    fit = fit_hazard(spells(entry, left, right, CUTS), z, 1.0)
    assert fit.cumulative(9.0)[0] - fit.cumulative(8.0)[0] == pytest.approx(np.exp(fit.alpha[-1]))
    level, gradient = fit.level(2.0)
    assert level == pytest.approx(np.log(fit.cumulative(2.0)[0]))
    assert gradient.sum() == pytest.approx(1.0)


def test_separation_is_reported_not_returned():
    z = np.array([[-1e6], [1e6]] * 20)
    left, right = np.tile([1.0, 0.0], 20), np.tile([np.inf, 0.01], 20)
    with pytest.raises(EventError, match="did not settle"):
        fit_hazard(spells(np.zeros(40), left, right, CUTS), z, 0.0)


def test_the_interval_fit_recovers_early_risk_and_onset_at_r_does_not():
    """Stage 1, true one-year incidence .121; a fit without covariates on 8,000 people."""
    world = t1d.simulate(8_000, seed=31, sites=EVERYWHERE, strata=(1,))
    t, truth = world.table, float(world.truth.risk[:, 0].mean())
    nothing = np.zeros((t.n, 0))
    time, event = t.midpoint()
    cuts = cut_points(time, event)

    def first_year(left, right):
        fit = fit_hazard(spells(t.entry, left, right, cuts), nothing, 1.0)
        return 1.0 - float(np.exp(-fit.cumulative(1.0)[0]))

    middle = np.where(event, time, t.left)
    at_r = np.where(event, t.right, t.left)
    assert truth == pytest.approx(0.121, abs=0.01)
    assert first_year(t.left, t.right) == pytest.approx(truth, abs=0.015)
    assert first_year(middle, np.where(event, middle, np.inf)) == pytest.approx(truth, abs=0.015)
    assert 1.0 - float(kaplan_meier(at_r, event).at(1.0)) < truth - 0.015
