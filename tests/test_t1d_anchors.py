"""Published risks: exact or refused; approximations and syntheses carry their labels."""

from __future__ import annotations

import pytest

from decision.catalog.t1d_progression.anchors import (
    APPROXIMATION,
    SYNTHESIS,
    Labelled,
    anchor,
    by_antibodies,
    by_stage,
    combined_risk,
    constant_hazard,
    quoted,
    with_factor,
)
from decision.catalog.t1d_progression.refusals import NoExactMatchError, StageTwoHazardError
from decision.catalog.t1d_progression.staging import Stratum
from decision.catalog.t1d_progression.tables import ANCHORS, FOLDER


@pytest.mark.parametrize(
    ("number", "found"),
    [
        (0, {(15, 0.004)}),
        (1, {(10, 0.145), (5, 0.11)}),
        (2, {(10, 0.697), (5, 0.36)}),
        (3, {(10, 0.697), (5, 0.47)}),
        (4, {(10, 0.697)}),
    ],
)
def test_risk_by_number_of_antibodies(number, found):
    assert {(a.horizon_years, a.risk) for a in by_antibodies(number)} == found


def test_risk_by_stage():
    assert {(a.horizon_years, a.risk) for a in by_stage(Stratum.STAGE_1)} == {(5, 0.44)}
    assert {(a.horizon_years, a.risk) for a in by_stage(Stratum.STAGE_2)} == {(2, 0.6), (5, 0.75)}
    with pytest.raises(NoExactMatchError):
        by_stage(Stratum.SINGLE)


HIGH = {"completed_years": 2, "antibodies": 2, "family_history": True, "grs": 12.5}
LOW = {"completed_years": 2, "antibodies": 1, "family_history": False, "grs": 10.5}


@pytest.mark.parametrize(
    ("person", "risks"), [(HIGH, (0.14, 0.36, 0.51)), (LOW, (0.008, 0.026, 0.043))]
)
def test_the_combined_risk_score_is_quoted_at_1_3_and_5_years(person, risks):
    rows = combined_risk(**person)

    assert [(a.horizon_years, a.risk) for a in rows] == list(zip((1, 3, 5), risks, strict=True))
    assert all(a.low < a.risk < a.high for a in rows)


@pytest.mark.parametrize(
    "change",
    [
        {**HIGH, "grs": 12.0},
        {**HIGH, "completed_years": 3},
        {**HIGH, "antibodies": 3},
        {**HIGH, "family_history": False},
        {**LOW, "grs": 9.99},
        {**LOW, "grs": 11.01},
        {**LOW, "family_history": True},
    ],
)
def test_nobody_but_exactly_those_people_is_quoted_a_combined_risk(change):
    with pytest.raises(NoExactMatchError, match="calculator"):
        combined_risk(**change)


@pytest.mark.parametrize(
    ("facts", "ids"),
    [
        ({"dptrs": 6.49}, {"dptrs-low-2y", "dptrs-low-3y"}),
        ({"dptrs": 6.5}, None),
        ({"dptrs": 7.49}, None),
        ({"dptrs": 7.5}, {"dptrs-high-tnhs", "dptrs-high-dpt1"}),
        ({"dptrs": 7.0, "dysglycaemia": 1}, None),
        ({"dptrs": 7.01, "dysglycaemia": 1}, {"dptrs-dysglycaemic-high"}),
        ({"dptrs": 6.99, "dysglycaemia": 1}, {"dptrs-dysglycaemic-low"}),
        ({"dptrs": 6.99, "dysglycaemia": 0}, None),
    ],
)
def test_dptrs_is_quoted_on_its_published_bands_only(facts, ids):
    if ids is None:
        with pytest.raises(NoExactMatchError):
            quoted("dptrs", facts)
    else:
        assert {a.id for a in quoted("dptrs", facts)} == ids


def test_an_unknown_fact_matches_nothing():
    with pytest.raises(NoExactMatchError):
        quoted("dptrs", {})
    with pytest.raises(NoExactMatchError):
        quoted("pls", {"pls": 1})


@pytest.mark.parametrize(
    ("source", "risks"),
    [
        ("ziegler-multiple-10y", (0.1125, 0.2124, 0.4495)),
        ("ziegler-single-10y", (0.0155, 0.0308, 0.0753)),
        ("teddy-3-5y", (0.1192, 0.2243, 0.4700)),
        ("teddy-2-5y", (0.0854, 0.1635, 0.3600)),
        ("teddy-1-5y", (0.0230, 0.0455, 0.1100)),
    ],
)
def test_printed_risks_of_a_constant_hazard(source, risks):
    for years, expected in zip((1, 2, 5), risks, strict=True):
        found = constant_hazard(anchor(source), years, Stratum.STAGE_1)
        assert found.value == pytest.approx(expected, abs=5e-5)
        assert found.label == APPROXIMATION


def test_a_constant_hazard_in_stage_2_is_refused_with_the_contradiction():
    for source, stratum in (
        (anchor("ziegler-multiple-10y"), Stratum.STAGE_2),
        (anchor("insel-stage2-5y"), Stratum.STAGE_1),
    ):
        with pytest.raises(StageTwoHazardError, match=r"imply 42\.6 % at 2 years.*60 % was publ"):
            constant_hazard(source, 2, stratum)


@pytest.mark.parametrize(
    ("source", "years"),
    [("teddy-2-5y", 6), ("teddy-2-5y", 0), ("ziegler-1-by-15", 5), ("dptrs-low-2y", 1)],
)
def test_nothing_is_extrapolated_and_nothing_made_of_a_range(source, years):
    with pytest.raises(NoExactMatchError):
        constant_hazard(anchor(source), years, Stratum.STAGE_1)


def test_one_published_factor_moves_an_anchor_and_says_so():
    moved = with_factor(anchor("ziegler-multiple-10y"), "factor-dr3-dr4")

    assert moved.value == pytest.approx(0.8005, abs=5e-5)
    assert moved.label == SYNTHESIS == "synthesis, not published"
    # a moved figure is no anchor any more: factors overlap and are never multiplied
    assert isinstance(moved, Labelled)
    with pytest.raises(AttributeError):
        with_factor(moved, "factor-female")
    with pytest.raises(ValueError, match="no hazard ratio"):
        with_factor(anchor("teddy-2-5y"), "band-low-below")
    with pytest.raises(NoExactMatchError):
        with_factor(anchor("index60-5y"), "factor-female")


def test_every_published_figure_names_its_people_and_is_a_probability():
    assert len(ANCHORS.rows) == 48
    for row in ANCHORS.rows:
        found = anchor(row.id)
        assert found.population
        assert found.source
        for value in (found.risk, found.low, found.high):
            assert value is None or 0 <= value <= 1
        assert any(v is not None for v in (found.risk, found.low, found.high))


def test_no_text_gives_the_auc_of_antibody_negative_children_to_anybody():
    for path in FOLDER.rglob("*"):
        if path.is_file() and path.suffix in {".py", ".csv", ".md"}:
            assert "0.91" not in path.read_text(encoding="utf-8").replace("10.9", ""), path.name
