"""The gate between a challenger and the place of the additive model, as a pure function."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.admission import LEAST_REPEATS, chance, paired, resampled, verdict

EVEN = [0.001, -0.001, 0.0, 0.002, -0.002]
LOWER = [-0.031, -0.028, -0.030, -0.033, -0.029]
HIGHER = [-d for d in LOWER]
REAL = st.floats(-1.0, 1.0, allow_nan=False)


def test_a_lower_loss_with_nothing_worse_opens_the_gate():
    found = verdict(LOWER, EVEN, {"men": LOWER, "women": EVEN})
    assert found.promoted
    assert found.log_loss.mean == pytest.approx(-0.0302)
    assert "lower by 0.0302" in found.reasons[0]


def test_a_higher_loss_shuts_it():
    found = verdict(HIGHER, EVEN, {})
    assert not found.promoted
    assert "not lower" in found.reasons[0]


def test_a_tie_shuts_it():
    assert not verdict([0.0] * 5, [0.0] * 5, {}).promoted
    assert not verdict(EVEN, EVEN, {}).promoted


def test_lower_by_less_than_two_standard_errors_shuts_it():
    # Mean −.01, SEM .01: one standard error.
    scattered = [-0.01 + d for d in (-0.02, -0.02, 0.0, 0.02, 0.02)]
    assert paired(scattered).sem == pytest.approx(0.00894, abs=1e-5)
    assert not verdict(scattered, EVEN, {}).promoted


def test_a_worse_slope_shuts_it_although_the_loss_is_lower():
    found = verdict(LOWER, HIGHER, {})
    assert not found.promoted
    assert found.reasons == ("calibration slope is further from 1 by 0.030 (SEM 0.001)",)


def test_one_worse_subgroup_shuts_it_and_is_named():
    found = verdict(LOWER, EVEN, {"men": LOWER, "women": HIGHER})
    assert not found.promoted
    assert len(found.reasons) == 1
    assert "in women" in found.reasons[0]


def test_a_subgroup_too_small_to_judge_says_nothing():
    nothing = [math.nan] * 5
    once = [0.5, *nothing[1:]]
    found = verdict(LOWER, EVEN, {"few": nothing, "once": once})
    assert found.promoted
    assert math.isnan(found.subgroups["few"].mean)
    assert found.subgroups["once"].repeats == 1


@pytest.mark.parametrize("repeats", range(LEAST_REPEATS))
def test_too_few_repeats_cannot_open_it(repeats):
    assert not verdict(LOWER[:repeats], EVEN[:repeats], {}).promoted


@given(st.lists(REAL, min_size=3, max_size=9), st.randoms())
def test_the_order_of_the_repeats_does_not_matter(differences, random):
    """`fsum` is exact up to one rounding, so that no order opens a gate another one shuts."""
    shuffled = list(differences)
    random.shuffle(shuffled)
    one, other = verdict(differences, [0.0] * 3, {}), verdict(shuffled, [0.0] * 3, {})
    assert one.promoted == other.promoted
    assert one.log_loss.mean == other.log_loss.mean


@given(st.lists(REAL, min_size=3, max_size=9))
def test_challenger_and_champion_never_both_win(differences):
    other_way = [-d for d in differences]
    flat = [0.0] * 3
    assert not (verdict(differences, flat, {}).promoted and verdict(other_way, flat, {}).promoted)


@given(st.lists(REAL, min_size=2, max_size=40), st.floats(0.05, 1.0))
def test_repeats_of_the_same_patients_never_look_surer_than_fresh_ones(differences, share):
    """The corrected error has a floor of √share standard deviations, however often one repeats."""
    plain, corrected = paired(differences), resampled(differences, share)
    assert corrected.mean == plain.mean
    assert corrected.sem >= plain.sem
    assert corrected.sem >= math.sqrt(share) * plain.sem * math.sqrt(len(differences)) * 0.999


def test_the_corrected_error_is_honest_where_the_naive_one_is_not():
    """Cross-validated means of pure noise on the same patients, repeated: their spread over fresh
    patients against what either formula says (five folds, four repeats, a mean as the model).
    """
    rng = np.random.default_rng(0)
    truths, naive, corrected = [], [], []
    for _ in range(200):
        x = rng.standard_normal(40)
        folds = [rng.permutation(40).reshape(5, 8) for _ in range(4)]
        # The loss of a constant against the training mean: differences of folds hang together.
        found = [
            float(np.mean((x[f] - np.delete(x, f).mean()) ** 2 - x[f] ** 2))
            for d in folds
            for f in d
        ]
        truths.append(paired(found).mean)
        naive.append(paired(found).sem)
        corrected.append(resampled(found, 8 / 32).sem)
    spread = float(np.std(truths, ddof=1))
    assert np.mean(naive) < 0.8 * spread
    assert np.mean(corrected) > 0.9 * spread


def test_two_standard_errors_of_few_repeats_are_reached_by_chance_more_often_than_promised():
    assert [round(chance(n), 3) for n in (3, 5, 10)] == [0.092, 0.058, 0.038]
    assert chance(1_000) == pytest.approx(0.0229, abs=5e-4)
    assert math.isnan(chance(1))
