"""Genetic scores: four scales that never stand for one another, and their one cut-off."""

from __future__ import annotations

import itertools

import pytest

from decision.catalog.t1d_progression.anchors import multiple_antibodies_by_merged41
from decision.catalog.t1d_progression.genetics import (
    SCORE_OF_CONCEPT,
    Ancestry,
    GeneticScore,
    Grs1,
    Grs2,
    Grs2Centile,
    Grs2x,
    Merged41,
    NormalisedScore,
    grs2x_centile,
    normalised,
    require,
)
from decision.catalog.t1d_progression.refusals import (
    AncestryRefusedError,
    MisappliedCutoffError,
    UnitRefusedError,
    WrongScoreError,
)
from tests.t1d_people import grs2

TYPES = (Grs2, Grs2x, Grs1, Merged41, NormalisedScore, Grs2Centile)


def make(kind: type[GeneticScore], value: float = 0.5, ancestry=Ancestry.EUROPEAN) -> GeneticScore:
    return kind(value=value, version="1", ancestry=ancestry)


@pytest.mark.parametrize(("wanted", "given"), list(itertools.permutations(TYPES, 2)))
def test_no_score_stands_for_another(wanted, given):
    with pytest.raises(WrongScoreError, match="scales differ"):
        require(wanted, make(given))
    assert make(wanted) != make(given)


@pytest.mark.parametrize("kind", TYPES)
def test_a_score_stands_for_itself_and_is_no_number(kind):
    score = make(kind)

    assert require(kind, score) is score
    with pytest.raises(TypeError):
        float(score)
    with pytest.raises(TypeError):
        score + 1


@pytest.mark.parametrize("bare", [13.0, 13, "13", None])
def test_a_bare_number_is_refused(bare):
    with pytest.raises(WrongScoreError, match="a bare genetic score cannot stand for GRS2"):
        require(Grs2, bare)


def test_a_bare_grs_cannot_even_be_made():
    with pytest.raises(WrongScoreError, match="without its type is refused"):
        SCORE_OF_CONCEPT["bare_grs"](value=13, version="1", ancestry=Ancestry.EUROPEAN)


def test_a_score_needs_its_version_and_its_scale():
    with pytest.raises(WrongScoreError, match="GRS2 has no version"):
        Grs2(value=13, version=" ", ancestry=Ancestry.EUROPEAN)
    for value in (130, float("nan"), -40):
        with pytest.raises(UnitRefusedError, match="outside its scale"):
            make(Grs2, value)
    with pytest.raises(UnitRefusedError):
        make(NormalisedScore, 13)


@pytest.mark.parametrize(("raw", "expected"), [(12, 0.53426), (10.159149, 0.500519)])
def test_printed_normalisation(raw, expected):
    found = normalised(make(Grs2x, raw))

    assert found.value == pytest.approx(expected, abs=5e-6)
    assert type(found) is NormalisedScore
    with pytest.raises(WrongScoreError):
        normalised(grs2(raw))


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (9.0, "below the 50th centile"),
        (10.1591, "at or above the 50th and below the 90th centile"),
        (13.11, "at or above the 50th and below the 90th centile"),
        (13.1151, "at or above the 90th and below the 95th centile"),
        (15.0, "at or above the 95th and below the 99th centile"),
        (15.3028, "at or above the 99th centile"),
    ],
)
def test_published_centiles_are_never_interpolated(raw, words):
    found = grs2x_centile(make(Grs2x, raw))

    assert found.words == words
    assert "European" in found.source


@pytest.mark.parametrize("ancestry", [a for a in Ancestry if a is not Ancestry.EUROPEAN])
def test_no_centile_outside_the_population_it_was_counted_in(ancestry):
    with pytest.raises(AncestryRefusedError, match="European ancestry"):
        grs2x_centile(make(Grs2x, 13, ancestry))


def test_the_centile_is_of_grs2x_only():
    for other in (grs2(), 13.1, make(Grs1), None):
        with pytest.raises(WrongScoreError):
            grs2x_centile(other)


def test_the_cut_off_of_the_merged_score_is_for_that_score():
    for other in (grs2(14.5), make(Grs2x, 14.5), make(Grs1)):
        with pytest.raises(MisappliedCutoffError, match=r"multiple antibodies, not diabetes"):
            multiple_antibodies_by_merged41(other)
    with pytest.raises(WrongScoreError):
        multiple_antibodies_by_merged41(14.5)


@pytest.mark.parametrize(("value", "risk"), [(14.4, 0.041), (14.41, 0.11)])
def test_the_merged_score_is_quoted_on_its_side_of_the_cut_off(value, risk):
    (anchor,) = multiple_antibodies_by_merged41(make(Merged41, value))

    assert anchor.risk == risk
    assert "MULTIPLE AUTOANTIBODIES" in anchor.condition
