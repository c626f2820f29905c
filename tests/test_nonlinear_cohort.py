"""The simulated cohort whose response bends and interacts: its truth, and that no line tells it."""

from __future__ import annotations

import numpy as np
import pytest

from models.cohort import CohortError
from models.decisions import UnknownDecisionError, simulator
from models.simulate import nonlinear_ra, ra
from models.simulate.nonlinear_ra import bends
from models.simulate.ra_world import EHR_COMPLETE
from models.sources import HERE
from tests.trained import DECISION, about


@pytest.fixture(scope="module")
def known():
    return nonlinear_ra.simulate(6_000, k=1.0, seed=4, site_seed=7, truth=True)


def test_potential_outcomes_occur_as_often_as_their_probability_says(known):
    p, y = known.truth.probability, known.truth.potential
    for arm in (0, 1):
        for low, high in ((0.0, 0.25), (0.25, 0.5), (0.5, 1.0)):
            inside = (p[:, arm] >= low) & (p[:, arm] < high)
            error = np.sqrt((p[inside, arm] * (1 - p[inside, arm])).sum()) / inside.sum()
            assert inside.sum() > 300
            assert abs(y[inside, arm].mean() - p[inside, arm].mean()) < 4 * error


def test_patients_drugs_and_missing_values_are_those_of_the_linear_cohort(known):
    linear = ra.simulate(6_000, k=1.0, seed=4, site_seed=7)
    for name, column in linear.features.items():
        np.testing.assert_array_equal(column, known.features[name])
    np.testing.assert_array_equal(linear.treatment, known.treatment)
    np.testing.assert_array_equal(linear.site, known.site)
    assert (linear.truth.potential != known.truth.potential).mean() > 0.1


def test_without_strength_the_true_probabilities_are_the_linear_ones():
    flat = nonlinear_ra.simulate(200, k=1.0, seed=4, truth=True, strength=0.0)
    linear = ra.simulate(200, k=1.0, seed=4, truth=True)
    np.testing.assert_array_equal(flat.truth.probability, linear.truth.probability)


def test_the_observed_outcome_is_the_potential_one_of_the_drug_given(known):
    given = known.truth.potential[np.arange(known.n), known.treatment]
    seen = ~np.isnan(known.outcome)
    assert 0.6 < seen.mean() < 0.8
    np.testing.assert_array_equal(known.outcome[seen], given[seen])


def test_hardly_anything_that_was_added_can_be_told_by_a_straight_line():
    """Least squares on every column, complete and without noise, explains little of it."""
    s = ra.simulate_all(8_000, k=1.0, seed=9)
    X = about().design.raw(dict(s.complete))
    z = np.column_stack([np.ones(len(X)), (X - X.mean(axis=0)) / X.std(axis=0)])
    added = bends(s.patients)
    for part in (added.mean(axis=1), added[:, 1] - added[:, 0]):
        rest = part - z @ np.linalg.lstsq(z, part, rcond=None)[0]
        assert part.std() > 0.3
        assert 1.0 - rest.var() / part.var() < 0.12


def test_rates_stay_where_decisions_are_open(known):
    rates = known.truth.probability.mean(axis=0)
    assert rates.min() > 0.3
    assert rates.max() < 0.55


def test_complete_mode_masks_nothing():
    c = nonlinear_ra.simulate(100, k=1.0, seed=1, mode=EHR_COMPLETE)
    assert not np.isnan(c.outcome).any()
    assert not any(np.isnan(column).any() for column in c.features.values())


def test_it_says_that_it_is_simulated_and_nonlinear(known):
    assert known.simulated
    assert "SIMULATED" in known.description
    assert "NONLINEAR" in known.description


@pytest.mark.parametrize("strength", [-0.1, 3.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength):
    with pytest.raises(CohortError, match="strength"):
        nonlinear_ra.simulate(10, k=1.0, seed=1, strength=strength)


def test_it_is_found_by_the_name_of_the_variant():
    assert simulator(DECISION, "nonlinear").simulate is nonlinear_ra.simulate
    with pytest.raises(UnknownDecisionError, match="curly_ra"):
        simulator(DECISION, "curly")


def test_the_shipped_models_fingerprint_does_not_cover_it():
    """A change of the variant must not ask for the shipped model to be trained again."""
    covered = {p.name for p in (HERE / "simulate").glob(f"{DECISION.split('_')[0]}*.py")}
    assert "ra.py" in covered
    assert "nonlinear_ra.py" not in covered
