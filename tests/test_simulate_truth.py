"""The true probabilities of the simulated cohort, against brute force and against their limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.hermite_e import hermegauss

from models.cohort import CohortError
from models.simulate import ra_quadrature, ra_truth
from models.simulate.ra import _endpoints_under, simulate_all
from models.simulate.ra_truth import true_probability
from models.simulate.ra_truth_acr import true_acr_probability
from models.simulate.ra_world import EHR, EHR_COMPLETE, TRIAL_NAIVE

PATIENTS, COPIES, ROUNDS = 24, 1_000, 10
DRAWS = COPIES * ROUNDS


@pytest.fixture(scope="module")
def brute_force():
    """24 fixed patients of shifted and other sites, each treated 10,000 times with either drug."""
    s = simulate_all(PATIENTS, k=2, seed=11, sites=(10, 11, 12), truth=True)
    many = s.patients.rows(np.repeat(np.arange(PATIENTS), COPIES))
    rng = np.random.default_rng(12)
    reached = {name: np.zeros((PATIENTS, 2)) for name in s.endpoints}
    for _ in range(ROUNDS):
        for arm in (0, 1):
            mu, frailty = np.repeat(s.mu[:, arm], COPIES), rng.standard_normal(many.n)
            for name, value in _endpoints_under(arm, many, mu, frailty, EHR, rng).items():
                reached[name][:, arm] += value.reshape(PATIENTS, COPIES).sum(axis=1)
    return s, {name: count / DRAWS for name, count in reached.items()}


def truths(s):
    return {
        "cdai_lda": s.truth.probability,
        "cdai_remission": true_probability(s.patients, s.mu, EHR, limit=2.8),
        "acr20": true_acr_probability(s.patients, s.mu, EHR, percent=20),
        "acr50": true_acr_probability(s.patients, s.mu, EHR, percent=50),
        "acr70": true_acr_probability(s.patients, s.mu, EHR, percent=70),
    }


@pytest.mark.parametrize("name", ["cdai_lda", "cdai_remission", "acr20", "acr50", "acr70"])
def test_quadrature_equals_brute_force(brute_force, name):
    s, frequency = brute_force
    truth = truths(s)[name]
    error = frequency[name] - truth
    # 48 cells: 4.5 standard errors would be exceeded once in 3,000 such tests. The mean of the
    # cells is ten times sharper and would show a bias that single cells hide.
    assert (np.abs(error) <= 4.5 * np.sqrt(truth * (1 - truth) / DRAWS) + 2e-4).all()
    assert abs(error.mean()) < 4 * 0.5 / np.sqrt(DRAWS * truth.size)
    assert np.ptp(truth) > 0.02, "patients too alike for the comparison to mean anything"


def test_potential_outcomes_occur_as_often_as_their_probability_says():
    s = simulate_all(8_000, k=1, seed=4, truth=True)
    p, y = s.truth.probability, s.truth.potential
    for arm in (0, 1):
        for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 1.0)):
            bin_ = (p[:, arm] >= low) & (p[:, arm] < high)
            standard_error = np.sqrt((p[bin_, arm] * (1 - p[bin_, arm])).sum()) / bin_.sum()
            assert bin_.sum() > 300
            assert abs(y[bin_, arm].mean() - p[bin_, arm].mean()) < 4 * standard_error


def test_truth_is_not_a_number_unless_asked_for_but_both_outcomes_always_exist():
    s = simulate_all(50, k=1, seed=4)
    assert np.isnan(s.truth.probability).all()
    assert set(np.unique(s.truth.potential)) == {0.0, 1.0}
    assert s.truth.potential.shape == (50, 2)


def test_the_observed_outcome_is_the_potential_one_of_the_drug_given():
    c = simulate_all(3_000, k=1, seed=4).cohort
    chosen = c.truth.potential[np.arange(c.n), c.treatment]
    known = ~np.isnan(c.outcome)
    assert (c.outcome[known] == chosen[known]).all()
    assert 0.5 < known.mean() < 0.9


@pytest.fixture(scope="module")
def few():
    return simulate_all(40, k=1, seed=9, mode=EHR_COMPLETE)


@settings(max_examples=25)
@given(shift=st.floats(-3, 3), dropout=st.floats(0.01, 0.6), hidden=st.booleans())
def test_probability_stays_a_probability_and_grows_with_response(few, shift, dropout, hidden):
    # Whatever the site effect or stopping rate, a larger log reduction can only help.
    mode = replace(EHR_COMPLETE, dropout=dropout, hidden=hidden)
    p = true_probability(few.patients, few.mu + shift, mode)
    more = true_probability(few.patients, few.mu + shift + 0.5, mode)
    assert ((p >= 0) & (p <= 1)).all()
    assert (more >= p - 1e-9).all()


@settings(max_examples=15)
@given(percent=st.sampled_from([20, 50, 70]), shift=st.floats(-2, 2))
def test_deeper_acr_response_is_never_likelier(few, percent, shift):
    # ACR20, 50 and 70 nest by definition, so their probabilities must be ordered.
    p = true_acr_probability(few.patients, few.mu + shift, EHR_COMPLETE, percent)
    deeper = true_acr_probability(few.patients, few.mu + shift, EHR_COMPLETE, percent + 10)
    assert ((deeper >= 0) & (deeper <= p + 1e-12) & (p <= 1)).all()


def test_probability_does_not_depend_on_whom_it_is_computed_with(few):
    # Patients share the grid and the chunks; an answer must not leak from one to another.
    alone = true_probability(few.patients.rows(np.array([7])), few.mu[[7]], EHR_COMPLETE)
    together = true_probability(few.patients, few.mu, EHR_COMPLETE)
    assert alone[0] == pytest.approx(together[7], abs=1e-6)


def test_hidden_frailty_is_integrated_out(few):
    # Averaging over frailty by hand must equal the wider normal: 40 nodes are exact here.
    node, weight = hermegauss(40)
    by_hand = sum(
        w * true_probability(few.patients, few.mu - 0.10 * f, EHR_COMPLETE)
        for f, w in zip(node, weight / weight.sum(), strict=True)
        if w > 1e-12
    )
    hidden = true_probability(few.patients, few.mu, replace(EHR_COMPLETE, hidden=True))
    assert hidden == pytest.approx(by_hand, abs=1e-6)
    assert np.abs(hidden - true_probability(few.patients, few.mu, EHR_COMPLETE)).max() > 1e-5


def test_grid_and_nodes_are_fine_enough(monkeypatch):
    # Many patients: the worst is one in thousands, with a global of a few mm or hardly a joint.
    s = simulate_all(3_000, k=2, seed=9, sites=(10, 11, 12), truth=True)
    monkeypatch.setattr(ra_truth, "NODES", 30)
    monkeypatch.setattr(ra_quadrature, "STEP", 0.125)
    error = s.truth.probability - true_probability(s.patients, s.mu, EHR)
    assert np.abs(error).max() < 1.5e-3
    assert abs(error.mean()) < 1e-5


def test_a_patient_global_of_a_few_millimetres_is_integrated_as_well(few, monkeypatch):
    # Here the patient's global is nearly a step, the physician's is not: which one is summed over
    # nodes has to follow the patient.
    tiny = replace(few.patients, ptga=np.full(few.patients.n, 0.5), tjc=few.patients.tjc * 0 + 2)
    shipped = true_probability(tiny, few.mu, EHR_COMPLETE)
    monkeypatch.setattr(ra_truth, "NODES", 60)
    assert np.abs(shipped - true_probability(tiny, few.mu, EHR_COMPLETE)).max() < 2e-4


def test_acr_truth_knows_that_crp_cannot_fall_below_its_floor():
    s = simulate_all(20, k=1, seed=9, mode=EHR_COMPLETE)
    low = replace(s.patients, crp=np.full(20, 0.4))  # 50 % of it is below the floor of 0.3 mg/L
    truth = true_acr_probability(low, s.mu, EHR_COMPLETE, percent=50)
    many, rng = low.rows(np.repeat(np.arange(20), 4_000)), np.random.default_rng(3)
    for arm in (0, 1):
        mu = np.repeat(s.mu[:, arm], 4_000)
        reached = _endpoints_under(arm, many, mu, np.zeros(many.n), EHR_COMPLETE, rng)["acr50"]
        assert abs(reached.mean() - truth[:, arm].mean()) < 4 * 0.5 / np.sqrt(many.n)


def test_remission_is_rarer_than_low_activity(few):
    low = true_probability(few.patients, few.mu, EHR_COMPLETE)
    assert (true_probability(few.patients, few.mu, EHR_COMPLETE, limit=2.8) < low).all()


@pytest.mark.parametrize("limit", [0.0, -1.0, 10.1, 22.0, float("nan")])
def test_limit_outside_what_the_quadrature_covers_is_refused(few, limit):
    with pytest.raises(CohortError, match="limit is"):
        true_probability(few.patients, few.mu, EHR_COMPLETE, limit=limit)


def test_without_hidden_frailty_the_trial_truth_equals_its_frequency():
    s = simulate_all(6_000, k=1, seed=6, mode=TRIAL_NAIVE, truth=True)
    gap = s.truth.potential.mean(axis=0) - s.truth.probability.mean(axis=0)
    assert (np.abs(gap) < 4 * 0.5 / np.sqrt(6_000)).all()
