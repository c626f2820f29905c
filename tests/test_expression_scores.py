"""Ranks and panel scores: worked by hand, and what must never change them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from models.expression.errors import TooFewGenesError
from models.expression.kinds import Kind, Scale
from models.expression.sample import Sample
from models.expression.scorer import Universe
from models.expression.scores import half_score, panel_score, ranks
from tests.expression_samples import panels

NONE = np.array([], dtype=np.int64)
FEW = st.integers(0, 2**32 - 1)


def draw(seed: int, p: int = 40, ties: bool = True) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 12, p).astype(float) if ties else rng.permutation(p).astype(float)


def test_ties_share_their_mean_rank():
    assert ranks(np.array([3.0, 0.0, 0.0, 7.0, 3.0, 0.0])).tolist() == [4.5, 2, 2, 6, 4.5, 2]


def test_a_panel_scored_by_hand():
    """Eight genes 1..8, panel at ranks 3, 6, 8: mean 17/3, lowest 2, p − k = 5: 11/15 − 1/2."""
    values = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0])
    up = np.array([2, 5, 7])
    assert panel_score(ranks(values), up, NONE) == pytest.approx(11 / 15 - 1 / 2)


def test_a_panel_with_tied_genes_by_hand():
    """Values 0 0 0 5 9: ranks 2 2 2 4 5; the panel of the first and the last: mean 3.5, lowest 1.5,
    p − k = 3: 2/3 − 1/2.
    """
    of = ranks(np.array([0.0, 0.0, 0.0, 5.0, 9.0]))
    assert panel_score(of, np.array([0, 4]), NONE) == pytest.approx(1 / 6)


def test_falling_genes_are_scored_on_reversed_ranks_and_added():
    """Six genes 1..6; up at ranks 5, 6 (the top, +1/2), down at ranks 1, 3: reversed 6, 4, mean 5,
    lowest 1.5, p − k = 4: 3.5/4 − 1/2 = 3/8.
    """
    of = ranks(np.arange(6.0))
    assert panel_score(of, np.array([4, 5]), np.array([0, 2])) == pytest.approx(1 / 2 + 3 / 8)
    assert panel_score(of, NONE, np.array([0, 2])) == pytest.approx(3 / 8)


@pytest.mark.parametrize("members", [NONE, np.arange(4)])
def test_a_panel_of_no_gene_or_of_all_says_nothing(members):
    with pytest.raises(TooFewGenesError):
        half_score(ranks(np.arange(4.0)), members)


@given(FEW)
def test_ranks_are_those_of_an_independent_library(seed):
    values = draw(seed)
    assert np.array_equal(ranks(values), rankdata(values))


@given(FEW, st.sampled_from([np.exp, np.sqrt, lambda x: 3.0 * x - 7.0, lambda x: np.log2(x + 1)]))
def test_a_monotone_change_of_scale_changes_no_score(seed, change):
    """TPM or their logarithm, another gain or another floor: the same blood, the same score."""
    values, up, down = draw(seed), np.arange(5), np.arange(5, 9)
    assert np.array_equal(ranks(change(values)), ranks(values))
    before, after = (panel_score(ranks(v), up, down) for v in (values, change(values)))
    assert after == before


@given(FEW)
def test_the_order_of_the_genes_is_irrelevant(seed):
    values = draw(seed)
    order = np.random.default_rng(seed).permutation(len(values))
    where = np.argsort(order)
    up, down = np.arange(5), np.arange(5, 9)
    shuffled = panel_score(ranks(values[order]), where[up], where[down])
    assert shuffled == pytest.approx(panel_score(ranks(values), up, down), abs=1e-12)


@given(FEW)
def test_scores_lie_between_their_bounds_and_reversal_turns_the_sign(seed):
    values, up = draw(seed), np.arange(7)
    score = half_score(ranks(values), up)
    assert -0.5 <= score <= 0.5
    assert half_score(ranks(-values), up) == pytest.approx(-score, abs=1e-12)
    assert -1.0 <= panel_score(ranks(values), up, np.arange(7, 12)) <= 1.0


@given(FEW)
def test_a_panel_gene_that_rises_never_lowers_the_score(seed):
    values, up = draw(seed), np.arange(6)
    higher = values.copy()
    higher[2] += 3.0
    assert half_score(ranks(higher), up) >= half_score(ranks(values), up) - 1e-12


@given(FEW, st.integers(1, 30))
def test_genes_outside_the_platforms_universe_change_nothing(seed, more):
    """A table with more rows than were registered is the same sample."""
    rng = np.random.default_rng(seed)
    panel = panels().panel("interferon_six")
    genes = (*panel.up, *(f"SIM{i}" for i in range(30)))
    values = rng.normal(size=len(genes))
    universe = Universe.of(genes, (panel,))
    own = Sample(genes, values, Scale(Kind.TPM, log=True))
    extra = Sample(
        (*(f"NEW{i}" for i in range(more)), *genes),
        np.r_[rng.normal(size=more), values],
        Scale(Kind.TPM, log=True),
    )
    first, second = (universe.raw(*universe.aligned(s), panel) for s in (own, extra))
    assert first == second


@given(FEW)
def test_more_background_genes_move_a_score_only_through_the_background(seed):
    """Doubling every background gene keeps each panel gene's place among them: the score moves by
    no more than the panel's own share of the ranks.
    """
    rng = np.random.default_rng(seed)
    background, own = rng.normal(size=200), rng.normal(size=10)
    once = half_score(ranks(np.r_[own, background]), np.arange(10))
    twice = half_score(ranks(np.r_[own, background, background]), np.arange(10))
    assert twice == pytest.approx(once, abs=1e-9)
