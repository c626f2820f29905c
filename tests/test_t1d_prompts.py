"""Monitoring and therapy prompts, and bands: by jurisdiction, day and age; silent elsewhere."""

from __future__ import annotations

from datetime import date

import pytest

from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.bands import FOOTNOTE, Band, band
from decision.catalog.t1d_progression.criteria import Criterion
from decision.catalog.t1d_progression.monitoring import monitoring_prompts
from decision.catalog.t1d_progression.refusals import RequiredMissingError
from decision.catalog.t1d_progression.staging import Outcome, Stratum
from decision.catalog.t1d_progression.tables import EXCLUSIONS, MONITORING, THERAPY
from decision.catalog.t1d_progression.therapy import PromptState, Tick, therapy_prompt
from tests.t1d_people import normal, profile, staged, with_value

TODAY = date(2026, 12, 1)
STAGE_2 = staged(measurements=with_value(Criterion.TWO_HOUR_GLUCOSE, 150, "mg/dL"))
ALL_ABSENT = {row.id: Tick.ABSENT for row in EXCLUSIONS.rows}


def prompts(state: Stratum | Outcome, age: float, years: float | None = 0.5, **more: object):
    given = {"jurisdiction": "US", "on": TODAY, **more}
    found = monitoring_prompts(state, age_years=age, years_since_first_positive=years, **given)
    return [p.id for p in found]


@pytest.mark.parametrize(
    ("age", "years", "rule"),
    [
        (2.5, 0.5, "single-young-first"),
        (5.4, 2.9, "single-young-first"),
        (5.5, 3.0, "single-young-later"),
        (8.4, 5.9, "single-young-later"),
        (8.5, 6.0, "single-young-stop"),
        (3.5, 0.5, "single-older-first"),
        (3.4, 0.5, "single-young-first"),
        (6.0, 2.9, "single-older-first"),
        (6.0, 3.0, "single-older-stop"),
        (30.0, 1.0, "single-older-first"),
    ],
)
def test_a_single_antibody_is_followed_by_age_at_first_positive(age, years, rule):
    assert prompts(Stratum.SINGLE, age, years) == [rule]


def test_a_rule_that_counts_from_an_unknown_day_is_silent():
    assert prompts(Stratum.SINGLE, 5, None) == []
    assert prompts(Stratum.STAGE_2, 5, None) == ["us-stage2"]


@pytest.mark.parametrize(
    ("age", "rule"),
    [
        (4.99, "us-stage1-under5"),
        (5.0, "us-stage1-5-18"),
        (18.9, "us-stage1-5-18"),
        (19.0, "us-stage1-adult"),
    ],
)
def test_stage_1_is_followed_by_age(age, rule):
    assert prompts(Stratum.STAGE_1, age) == ["us-stage1-hba1c", rule]


@pytest.mark.parametrize("jurisdiction", ["GB", "DE", "", "us"])
def test_an_unknown_jurisdiction_is_silent(jurisdiction):
    for stratum in Stratum:
        assert prompts(stratum, 10, jurisdiction=jurisdiction) == []
    stage_2 = staged(
        measurements=with_value(Criterion.TWO_HOUR_GLUCOSE, 150, "mg/dL"), jurisdiction=jurisdiction
    )
    assert therapy_prompt(stage_2, age_years=10, ticks={}, on=TODAY) is None


def test_before_its_day_a_rule_is_silent():
    assert prompts(Stratum.STAGE_2, 10, on=date(2020, 1, 1)) == []
    assert therapy_prompt(STAGE_2, age_years=10, ticks={}, on=date(2020, 1, 1)) is None


def test_what_nobody_verified_is_off_until_switched_on():
    off = [r for r in MONITORING.rows if r.status != "verified"]
    assert {r.status for r in off} == {"unverified", "abstract only"}
    for row in off:
        state = next(
            s for s in (*Stratum, *Outcome) if s.value.replace(" ", "_") == row.text("stratum")
        )
        age = row.number("age_from") + 0.5
        assert row.id not in prompts(state, age)
        assert row.id in prompts(state, age, switched_on={row.id})


def test_a_prompt_says_where_since_when_and_from_whom():
    found = monitoring_prompts(
        Stratum.STAGE_2, age_years=10, years_since_first_positive=1, jurisdiction="US", on=TODAY
    )
    assert found
    for prompt in found:
        assert prompt.jurisdiction == "US"
        assert prompt.effective_from <= TODAY
        assert prompt.source
        assert prompt.status == "verified"
        assert prompt.months == (3, 3)
        assert prompt.text


@pytest.mark.parametrize(
    ("age", "youngest", "state"),
    [
        (7.99, None, PromptState.BELOW_AGE),
        (8.0, None, PromptState.ELIGIBLE),
        (7.99, 1.0, PromptState.ELIGIBLE),
        (0.99, 1.0, PromptState.BELOW_AGE),
        (10, 12, PromptState.BELOW_AGE),
        (40, None, PromptState.ELIGIBLE),
    ],
)
def test_the_age_of_the_label_is_configuration(age, youngest, state):
    found = therapy_prompt(
        STAGE_2, age_years=age, ticks=ALL_ABSENT, on=TODAY, min_age_years=youngest
    )
    assert found.state is state
    assert found.min_age_years == (8 if youngest is None else youngest)
    assert "Check the current label" in found.banner


@pytest.mark.parametrize("row", EXCLUSIONS.rows, ids=lambda r: r.id)
def test_one_unticked_exclusion_blocks_the_word_eligible(row):
    others = {k: v for k, v in ALL_ABSENT.items() if k != row.id}
    for ticks in (
        {**ALL_ABSENT, row.id: Tick.OPEN},
        others,
    ):
        found = therapy_prompt(STAGE_2, age_years=10, ticks=ticks, on=TODAY)
        assert found.state is PromptState.UNCHECKED
        assert "ligible" not in found.words
    applies = therapy_prompt(
        STAGE_2, age_years=10, ticks={**ALL_ABSENT, row.id: Tick.PRESENT}, on=TODAY
    )
    assert applies.state is PromptState.EXCLUDED
    assert "ligible" not in applies.words


def test_nothing_is_inferred_as_absent():
    found = therapy_prompt(STAGE_2, age_years=10, ticks={}, on=TODAY)

    assert {e.tick for e in found.exclusions} == {Tick.OPEN}
    assert len(found.exclusions) == len(EXCLUSIONS.rows) == 12
    with pytest.raises(ValueError, match="not on the checklist"):
        therapy_prompt(STAGE_2, age_years=10, ticks={"fever": Tick.ABSENT}, on=TODAY)


@pytest.mark.parametrize(
    "other",
    [
        staged(),
        staged(profile(Kind.GADA)),
        staged(measurements=normal(Criterion.TWO_HOUR_GLUCOSE)),
        staged(measurements=with_value(Criterion.FASTING_GLUCOSE, 130, "mg/dL")),
    ],
    ids=lambda s: s.outcome,
)
def test_there_is_no_therapy_prompt_outside_stage_2(other):
    assert therapy_prompt(other, age_years=10, ticks=ALL_ABSENT, on=TODAY) is None


def test_the_prompt_needs_an_age():
    with pytest.raises(RequiredMissingError):
        therapy_prompt(STAGE_2, age_years=None, ticks={}, on=TODAY)


def test_benefits_come_with_their_source_and_how_well_it_was_checked():
    found = therapy_prompt(STAGE_2, age_years=10, ticks={}, on=TODAY)

    assert len(found.benefits) == 2
    for benefit in found.benefits:
        assert benefit.source
        assert benefit.status == "secondary"
    assert len(found.conditions) == 3
    assert found.effective_from == THERAPY["teplizumab-age"].effective_from


@pytest.mark.parametrize(
    ("risk", "stratum", "expected"),
    [
        (0.149, Stratum.STAGE_1, Band.LOW),
        (0.15, Stratum.STAGE_1, Band.INTERMEDIATE),
        (0.50, Stratum.STAGE_1, Band.INTERMEDIATE),
        (0.501, Stratum.SINGLE, Band.HIGH),
        (0.05, Stratum.STAGE_2, Band.HIGH),
    ],
)
def test_bands_are_ours_and_stage_2_is_always_high(risk, stratum, expected):
    assert band(risk, stratum) is expected
    assert "defined by this project" in FOOTNOTE
    with pytest.raises(ValueError, match="between 0 and 1"):
        band(1.2, stratum)
