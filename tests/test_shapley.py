"""Shapley values in probability space: equal to the definition, within their certificate."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.shapley_oracles import (
    SPREADS,
    Game,
    by_counting,
    by_definition,
    by_periodised_sum,
    by_permutations,
    game,
    worth,
)
from models import trigonometric
from models.cohort import Floats
from models.link import Link, LinkError, link_for
from models.shapley import Background, CertificateError, ShapleyError, explain, grouped, mask


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize("players", range(1, 13))
def test_values_equal_brute_force_for_both_treatments_and_the_difference(
    players: int, spread: float
) -> None:
    played = game(players, players, spread)
    got = played.explain()
    first, second = played.worth(0), played.worth(1)
    errors = [
        np.abs(got.values[0] - by_definition(first)).max(),
        np.abs(got.values[1] - by_definition(second)).max(),
        np.abs(got.differential - by_definition(second - first)).max(),
    ]
    assert max(errors) <= got.certificate <= 1e-9
    assert got.residual <= 1e-9
    np.testing.assert_allclose(got.prognostic, by_definition((first + second) / 2), atol=1e-9)


@pytest.mark.parametrize("players", range(1, 8))
def test_values_equal_the_mean_over_all_orders_of_arrival(players: int) -> None:
    """Shapley's own description, and the check that brute force weighs coalitions rightly."""
    played = game(players, players, 1.0)
    got = played.explain()
    for treatment in (0, 1):
        naive = by_permutations(played.worth(treatment))
        np.testing.assert_allclose(got.values[treatment], naive, rtol=0, atol=1e-12)
        np.testing.assert_allclose(by_definition(played.worth(treatment)), naive, atol=1e-12)


def test_golden_two_players_by_hand() -> None:
    """v = (1/2, sigma(1), sigma(2), sigma(3)): phi_1 = ((v1 - v0) + (v12 - v2)) / 2."""
    background = Background(np.zeros((1, 1, 2)), np.array([1.0]))
    got = explain(np.array([[1.0, 2.0]]), np.array([0.0]), background)
    np.testing.assert_allclose(
        got.values, [[0.15141781373727797, 0.30115631308515545]], rtol=0, atol=1e-15
    )


@pytest.mark.parametrize("frequency", [10, 25, 40])
def test_factors_that_vanish_do_no_harm(frequency: int) -> None:
    """w D = pi: then cos(theta / 2) = 0, and every factor of the product is a bare i u."""
    w = link_for(32.0).frequencies[frequency]
    deltas = np.pi / w * np.where(np.arange(12) % 2, 1.0, -1.0)[None]
    start = np.array([31.9 - 6 * np.pi / w])  # so that this very link is chosen
    assert np.abs(np.cos(0.5 * w * deltas)).max() < 1e-12
    got = explain(deltas, start, Background(np.zeros((1, 1, 12)), np.ones(1)))
    exact = by_definition(worth(deltas, start, np.ones(1)))
    assert np.abs(got.values[0] - exact).max() <= got.certificate <= 1e-9


@pytest.mark.parametrize("rows", [1, 40])
@pytest.mark.parametrize("margin", [-50.0, 50.0])
def test_saturated_margins(margin: float, rows: int) -> None:
    played = game(3, 11, 4.0, rows)
    shifted = Game(played.contributions, np.full(2, margin), played.background)
    got = shifted.explain()
    for treatment in (0, 1):
        exact = by_definition(shifted.worth(treatment))
        assert np.abs(got.values[treatment] - exact).max() <= got.certificate


def test_a_constant_player_gets_nothing_and_disturbs_nobody() -> None:
    played = game(5, 11, 1.0)
    rows = played.background.contributions.copy()
    rows[:, :, 4] = played.contributions[:, None, 4]
    constant = Game(
        played.contributions, played.intercepts, Background(rows, played.background.weights)
    )
    got = constant.explain()
    assert (got.values[:, 4] == 0.0).all()
    for treatment in (0, 1):
        exact = by_definition(constant.worth(treatment))
        np.testing.assert_allclose(got.values[treatment], exact, rtol=0, atol=1e-9)


def test_a_patient_equal_to_the_only_reference_has_no_reasons() -> None:
    row = np.linspace(-1.0, 1.0, 22).reshape(2, 11)
    got = explain(row, np.zeros(2), Background(row[:, None].copy(), np.ones(1)))
    assert (got.values == 0.0).all()
    assert got.certificate <= 1e-9


@pytest.mark.parametrize(
    ("players", "reach", "rows"), [(25, 4, 8), (25, 60, 4), (60, 2, 4), (60, 6, 3)]
)
def test_many_players_equal_exact_counting_on_a_lattice(
    players: int, reach: int, rows: int
) -> None:
    """Steps of 1/4: differences up to .5, 1, 1.5 and 15 log-odds; all 2^60 coalitions counted."""
    rng = np.random.default_rng(players * reach)
    steps = rng.integers(-reach, reach + 1, (rows, players))
    weights = rng.gamma(1.0, size=rows)
    weights /= weights.sum()
    background = Background(-0.25 * steps[None], weights)
    got = explain(np.zeros((1, players)), np.array([0.3]), background)
    exact = by_counting(steps, 0.25, 0.3 - 0.25 * steps.sum(axis=1), weights)
    assert np.abs(got.values[0] - exact).max() <= got.certificate <= 1e-9


@pytest.mark.parametrize(("players", "spread"), [(25, 0.4), (25, 10.0), (60, 0.3)])
def test_many_players_equal_the_periodised_sum_on_a_joint_background(
    players: int, spread: float
) -> None:
    played = game(players, players, spread, rows=5)
    got = played.explain()
    slow = [
        by_periodised_sum(played.deltas(t), played.start(t), played.background.weights)
        for t in (0, 1)
    ]
    assert np.abs(got.values - slow).max() <= got.certificate <= 1e-9
    assert np.abs(got.differential - (slow[1] - slow[0])).max() <= got.certificate


def test_the_slow_routes_agree_with_one_another() -> None:
    rng = np.random.default_rng(8)
    steps = rng.integers(-5, 6, (3, 9))
    start, weights = rng.normal(0, 1, 3), np.array([0.2, 0.3, 0.5])
    exact = by_definition(worth(0.25 * steps, start, weights))
    np.testing.assert_allclose(by_counting(steps, 0.25, start, weights), exact, atol=1e-14)
    np.testing.assert_allclose(by_periodised_sum(0.25 * steps, start, weights), exact, atol=1e-11)


def test_a_spoiled_link_is_caught_by_the_row_check(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = link_for(8.0)
    spoiled = Link(8.0, sound.frequencies, sound.amplitudes * (1 + 1e-6), sound.sup_error)
    monkeypatch.setattr(trigonometric, "link_for", lambda limit, tolerance: spoiled)
    with pytest.raises(CertificateError, match="background row"):
        game(1, 12, 0.5).explain()


def test_an_error_that_cannot_be_certified_is_not_shown() -> None:
    played = game(1, 9, 0.5)
    with pytest.raises(CertificateError, match=r"allowed 1\.0e-14"):
        explain(played.contributions, played.intercepts, played.background, epsilon=1e-14)


def test_modalities_equal_enumeration_of_the_coarser_game() -> None:
    played = game(6, 25, 0.5)
    groups = [[3, 0, 1, 2, *range(10, 17)], list(range(4, 10)), list(range(17, 25))]
    got = grouped(played.contributions, played.intercepts, played.background, groups)
    for treatment in (0, 1):
        deltas = np.stack([played.deltas(treatment)[:, g].sum(axis=1) for g in groups], axis=1)
        value = worth(deltas, played.start(treatment), played.background.weights)
        np.testing.assert_allclose(got.values[treatment], by_definition(value), atol=1e-14)
    fine = played.explain()
    np.testing.assert_allclose(got.base, fine.base, rtol=0, atol=1e-15)
    np.testing.assert_allclose(got.values.sum(axis=1), fine.values.sum(axis=1), atol=1e-9)


def test_an_absent_modality_gets_exactly_nothing() -> None:
    played = game(6, 12, 0.5)
    absent = [9, 10, 11]
    contributions = played.contributions.copy()
    contributions[:, absent] = 0.0
    masked = mask(played.background, absent)
    groups = [list(range(5)), list(range(5, 9)), absent]
    got = grouped(contributions, played.intercepts, masked, groups)
    assert (got.values[:, 2] == 0.0).all()
    np.testing.assert_array_equal(
        mask(played.background, []).contributions, played.background.contributions
    )


@pytest.mark.parametrize("groups", [[[0, 1]], [[0, 1], [1, 2]], [[0, 1, 2, 3]]])
def test_groups_must_be_a_partition(groups: list[list[int]]) -> None:
    played = game(1, 3, 1.0)
    with pytest.raises(ShapleyError, match="no partition"):
        grouped(played.contributions, played.intercepts, played.background, groups)


@pytest.mark.parametrize(
    ("rows", "weights", "message"),
    [
        (np.zeros((2, 3)), np.ones(3) / 3, "disagree"),
        (np.zeros((2, 3, 4)), np.ones(2) / 2, "disagree"),
        (np.zeros((2, 0, 4)), np.ones(0), "disagree"),
        (np.full((2, 1, 4), np.nan), np.ones(1), "not finite"),
        (np.zeros((2, 2, 4)), np.array([0.5, 0.6]), "sum to 1"),
        (np.zeros((2, 2, 4)), np.array([1.5, -0.5]), "non-negative"),
        (np.zeros((2, 2, 4)), np.array([np.nan, 1.0]), "non-negative"),
    ],
)
def test_a_background_that_is_none_is_refused(rows: Floats, weights: Floats, message: str) -> None:
    with pytest.raises(ShapleyError, match=message):
        Background(rows, weights)


def test_bad_patients_are_refused_with_the_remedy() -> None:
    played = game(1, 3, 1.0)
    with pytest.raises(ShapleyError, match="do not fit"):
        explain(played.contributions[:1], played.intercepts, played.background)
    with pytest.raises(ShapleyError, match="do not fit"):
        explain(played.contributions, played.intercepts[:1], played.background)
    with pytest.raises(ShapleyError, match="not finite"):
        explain(played.contributions * np.nan, played.intercepts, played.background)
    wild = game(1, 12, 1.0)
    with pytest.raises(LinkError, match="can be attained"):
        explain(wild.contributions * 1e4, wild.intercepts, wild.background)
