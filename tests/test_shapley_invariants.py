"""What holds for Shapley values of every patient, model and background, on both routes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from benchmarks.shapley_oracles import (
    SPREADS,
    Game,
    by_definition,
    game,
)
from models.shapley import Background, explain, mask


def games(most_players: int = 14) -> st.SearchStrategy[Game]:
    """Both routes: enumeration up to nine players, the trigonometric one beyond."""
    return st.builds(
        game,
        seed=st.integers(0, 2**32 - 1),
        players=st.integers(1, most_players),
        spread=st.sampled_from(SPREADS),
        rows=st.integers(1, 6),
    )


@given(played=games())
@settings(max_examples=60)
def test_values_add_up_to_the_displayed_probability(played: Game) -> None:
    """Reason: the page shows base, reasons and probability; the clinician may add them up."""
    got = played.explain()
    total = got.base + got.values.sum(axis=1)
    assert np.abs(total - got.probability).max() <= got.residual + 1e-15
    assert got.residual <= 1e-9
    displayed = expit(played.intercepts + played.contributions.sum(axis=1))
    np.testing.assert_allclose(got.probability, displayed, rtol=0, atol=1e-15)
    for treatment in (0, 1):
        base = expit(played.start(treatment)) @ played.background.weights
        assert got.base[treatment] == pytest.approx(base, abs=1e-15)


@given(played=games(), data=st.data())
@settings(max_examples=40)
def test_an_absent_player_gets_exactly_nothing(played: Game, data: st.DataObject) -> None:
    """Reason: an unmeasured test must not appear as a reason, not even with 1e-12."""
    players = played.contributions.shape[1]
    absent = np.array(data.draw(st.lists(st.booleans(), min_size=players, max_size=players)))
    contributions = np.where(absent, 0.0, played.contributions)
    got = explain(contributions, played.intercepts, mask(played.background, absent))
    assert (got.values[:, absent] == 0.0).all()
    rest = Background(played.background.contributions[:, :, ~absent], played.background.weights)
    alone = explain(contributions[:, ~absent], played.intercepts, rest)
    np.testing.assert_allclose(got.values[:, ~absent], alone.values, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.base, alone.base, rtol=0, atol=1e-14)


@given(played=games(), data=st.data())
@settings(max_examples=40)
def test_equal_players_get_equal_values_whatever_their_place(
    played: Game, data: st.DataObject
) -> None:
    """Reason: a reason must not depend on the column order of a file."""
    players = played.contributions.shape[1]
    order = np.array(data.draw(st.permutations(range(players))))
    shuffled = Background(played.background.contributions[:, :, order], played.background.weights)
    got = explain(played.contributions[:, order], played.intercepts, shuffled)
    np.testing.assert_allclose(got.values, played.explain().values[:, order], rtol=0, atol=1e-9)
    twins = played.background.contributions.copy()
    twins[:, :, 0] = twins[:, :, -1]
    patient = played.contributions.copy()
    patient[:, 0] = patient[:, -1]
    twin = explain(patient, played.intercepts, Background(twins, played.background.weights))
    np.testing.assert_allclose(twin.values[:, 0], twin.values[:, -1], rtol=0, atol=1e-9)


@given(played=games(), share=st.floats(0.0, 1.0))
@settings(max_examples=40)
def test_values_are_linear_in_the_game(played: Game, share: float) -> None:
    """Reason: the difference of treatments and the mean over background rows rest on it."""
    rows, weights = played.background.contributions, played.background.weights
    single = [
        explain(
            played.contributions, played.intercepts, Background(rows[:, [r]], np.ones(1))
        ).values
        for r in (0, -1)
    ]
    ends = np.zeros_like(weights)
    ends[0] += share
    ends[-1] += 1.0 - share
    both = explain(played.contributions, played.intercepts, Background(rows, ends))
    expected = share * single[0] + (1.0 - share) * single[1]
    np.testing.assert_allclose(both.values, expected, rtol=0, atol=2e-9)
    np.testing.assert_array_equal(both.differential, both.values[1] - both.values[0])


@given(played=games())
@settings(max_examples=40)
def test_exchanging_patient_and_reference_changes_the_sign(played: Game) -> None:
    """Reason: what raises one patient above another must lower the other by as much."""
    row = played.background.contributions[:, 0]
    forth = explain(played.contributions, played.intercepts, Background(row[:, None], np.ones(1)))
    back = explain(
        row.copy(), played.intercepts, Background(played.contributions[:, None], np.ones(1))
    )
    np.testing.assert_allclose(forth.values, -back.values, rtol=0, atol=1e-9)


@given(epsilon=st.sampled_from([1e-5, 1e-7, 1e-9, 1e-11]), played=games(12))
@settings(max_examples=25)
def test_the_certificate_is_honoured_at_every_tolerance(epsilon: float, played: Game) -> None:
    """Reason: the bound is shown with the explanation, so it must hold for what was asked."""
    got = explain(played.contributions, played.intercepts, played.background, epsilon=epsilon)
    assert got.certificate <= epsilon
    for treatment in (0, 1):
        exact = by_definition(played.worth(treatment))
        assert np.abs(got.values[treatment] - exact).max() <= got.certificate + 1e-13
