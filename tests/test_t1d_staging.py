"""Staging: every boundary in both units, every rule, and everything a result carries."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.catalog.t1d_progression.antibodies import Kind, Profile, Sample, State, judged
from decision.catalog.t1d_progression.criteria import Criterion
from decision.catalog.t1d_progression.refusals import RequiredMissingError, UnitRefusedError
from decision.catalog.t1d_progression.staging import Outcome, Stratum, stage
from decision.catalog.t1d_progression.tables import FOLDER, STAGING
from decision.catalog.t1d_progression.units import reported_in
from decision.clinical.dated import read_dated
from tests.t1d_people import AS_OF, ago, measured, normal, profile, staged, with_value

FPG, TWO_HOUR, HBA1C = Criterion.FASTING_GLUCOSE, Criterion.TWO_HOUR_GLUCOSE, Criterion.HBA1C
RANDOM = Criterion.RANDOM_GLUCOSE
ONE, TWO, THREE = Outcome.STAGE_1, Outcome.STAGE_2, Outcome.STAGE_3_UNCONFIRMED


@pytest.mark.parametrize(
    ("criterion", "value", "unit", "outcome"),
    [
        (FPG, 99.9, "mg/dL", ONE),
        (FPG, 100, "mg/dL", TWO),
        (FPG, 125, "mg/dL", TWO),
        (FPG, 125.9, "mg/dL", TWO),
        (FPG, 126, "mg/dL", THREE),
        (FPG, 5.59, "mmol/L", ONE),
        (FPG, 5.6, "mmol/L", TWO),
        (FPG, 6.9, "mmol/L", TWO),
        (FPG, 7.0, "mmol/L", THREE),
        (TWO_HOUR, 139, "mg/dL", ONE),
        (TWO_HOUR, 139.6, "mg/dL", ONE),
        (TWO_HOUR, 140, "mg/dL", TWO),
        (TWO_HOUR, 199, "mg/dL", TWO),
        (TWO_HOUR, 200, "mg/dL", THREE),
        (TWO_HOUR, 7.79, "mmol/L", ONE),
        (TWO_HOUR, 7.8, "mmol/L", TWO),
        (TWO_HOUR, 11.09, "mmol/L", TWO),
        (TWO_HOUR, 11.1, "mmol/L", THREE),
        (HBA1C, 5.6, "%", ONE),
        (HBA1C, 5.69, "%", ONE),
        (HBA1C, 5.7, "%", TWO),
        (HBA1C, 6.4, "%", TWO),
        (HBA1C, 6.5, "%", THREE),
        (HBA1C, 38.9, "mmol/mol", ONE),
        (HBA1C, 39, "mmol/mol", TWO),
        (HBA1C, 47, "mmol/mol", TWO),
        (HBA1C, 48, "mmol/mol", THREE),
    ],
)
def test_bands_are_half_open_in_the_unit_received(criterion, value, unit, outcome):
    found = staged(measurements=with_value(criterion, value, unit))

    assert found.outcome is outcome
    assert [(f.criterion, f.limit.unit) for f in found.fired] == (
        [] if outcome is ONE else [(criterion, unit)]
    )


def test_the_two_hour_limit_in_mmol_is_not_140_divided_by_18():
    # 139.9 mg/dL is 7.77 mmol/L and 140 is 7.78: below 7.8, yet 140 mg/dL is stage 2
    assert staged(measurements=with_value(TWO_HOUR, 7.78, "mmol/L")).outcome is ONE
    assert staged(measurements=with_value(TWO_HOUR, 7.78 * 18, "mg/dL")).outcome is TWO


def test_a_result_carries_what_fired_with_value_date_threshold_and_configuration():
    found = staged(measurements=with_value(TWO_HOUR, 150, "mg/dL"))
    (fired,) = found.fired

    assert fired.threshold == "ogtt-2h-stage2-mgdl"
    assert (fired.limit.value, fired.limit.unit) == (140, "mg/dL")
    assert "table 2.1" in fired.source
    assert fired.status == "verified"
    assert found.config_version == STAGING.version
    assert found.jurisdiction == "US"
    assert len(found.considered) == 3
    assert found.reason == "2-hour glucose 150 mg/dL on 2026-11-21"


def test_each_outcome_with_its_stratum():
    strata = {
        Outcome.SINGLE_ANTIBODY: staged(profile(Kind.IAA)),
        Outcome.STAGE_1: staged(),
        Outcome.STAGE_1_PROVISIONAL: staged(measurements=normal(TWO_HOUR)),
        Outcome.STAGE_2: staged(measurements=with_value(FPG, 110, "mg/dL")),
        Outcome.STAGE_3: staged(measurements=with_value(FPG, 130, "mg/dL"), symptoms=True),
        Outcome.STAGE_3_UNCONFIRMED: staged(measurements=with_value(FPG, 130, "mg/dL")),
        Outcome.NOT_STAGEABLE: staged(measurements=()),
        Outcome.AWAITING_CONFIRMATION: staged(profile(unconfirmed=(Kind.GADA,))),
        Outcome.OUTSIDE_SCOPE: staged(profile()),
    }
    assert set(strata) == set(Outcome)
    assert {o: f.outcome for o, f in strata.items()} == {o: o for o in Outcome}
    assert {o: f.stratum for o, f in strata.items() if f.stratum} == {
        Outcome.SINGLE_ANTIBODY: Stratum.SINGLE,
        Outcome.STAGE_1: Stratum.STAGE_1,
        Outcome.STAGE_1_PROVISIONAL: Stratum.STAGE_1,
        Outcome.STAGE_2: Stratum.STAGE_2,
    }
    assert all(f.reason for f in strata.values())


def test_one_antibody_with_raised_glucose_is_not_stageable():
    found = staged(profile(Kind.GADA), with_value(FPG, 110, "mg/dL"))

    assert found.outcome is Outcome.NOT_STAGEABLE
    assert "consider type 2 diabetes or another cause" in found.reason


@pytest.mark.parametrize("without", [TWO_HOUR, FPG])
def test_stage_1_without_a_whole_ogtt_is_provisional_and_says_what_is_missing(without):
    found = staged(measurements=normal(without))

    assert found.outcome is Outcome.STAGE_1_PROVISIONAL
    assert found.missing == (without,)
    assert without in found.reason


def test_stage_1_does_not_wait_for_an_hba1c():
    found = staged(measurements=normal(HBA1C))

    assert found.outcome is Outcome.STAGE_1
    assert found.missing == (HBA1C,)


def test_without_any_glucose_there_is_no_stage():
    assert "no usable" in staged(measurements=()).reason


def test_without_antibodies_there_is_no_stage_and_nothing_is_imputed():
    found = stage(None, normal(), as_of=AS_OF, jurisdiction="US")
    assert found.outcome is Outcome.NOT_STAGEABLE
    assert "never imputed" in found.reason
    with pytest.raises(RequiredMissingError):
        Profile(tested=())


def test_raised_glucose_without_antibodies_is_another_disease():
    found = staged(profile(), with_value(FPG, 130, "mg/dL"))

    assert found.outcome is Outcome.OUTSIDE_SCOPE
    assert "another cause" in found.reason


@pytest.mark.parametrize(
    ("confirmed", "unconfirmed", "outcome"),
    [
        ((), (Kind.GADA,), Outcome.AWAITING_CONFIRMATION),
        ((Kind.GADA,), (Kind.IA2A,), Outcome.AWAITING_CONFIRMATION),
        ((), (Kind.GADA, Kind.IA2A), Outcome.AWAITING_CONFIRMATION),
        ((Kind.GADA, Kind.IAA), (Kind.IA2A,), Outcome.STAGE_1),
        ((Kind.GADA,), (), Outcome.SINGLE_ANTIBODY),
        ((Kind.GADA, Kind.ZNT8A), (), Outcome.STAGE_1),
    ],
)
def test_only_confirmed_antibodies_count(confirmed, unconfirmed, outcome):
    assert staged(profile(*confirmed, unconfirmed=unconfirmed)).outcome is outcome


def test_islet_cell_antibodies_are_named_and_not_counted():
    found = staged(profile(Kind.GADA, Kind.ICA))

    assert found.outcome is Outcome.SINGLE_ANTIBODY
    assert "positive, not counted: ICA" in found.notes


def test_antibodies_that_were_not_tested_are_named():
    found = staged(profile(Kind.GADA, Kind.IA2A, tested=False))

    assert found.outcome is Outcome.STAGE_1
    assert "not tested: IAA, ZnT8A" in found.notes


def test_stage_3_values_need_symptoms_or_a_second_day():
    high = with_value(FPG, 130, "mg/dL")

    assert staged(measurements=high).outcome is THREE
    assert staged(measurements=high, symptoms=True).outcome is Outcome.STAGE_3
    again = (*high, measured(FPG, 128, "mg/dL", days=40))
    assert staged(measurements=again).outcome is Outcome.STAGE_3
    same_day = (*high, measured(TWO_HOUR, 210, "mg/dL", days=10))
    assert staged(measurements=same_day).outcome is THREE
    long_ago = (*high, measured(FPG, 128, "mg/dL", days=400))
    assert staged(measurements=long_ago).outcome is THREE


def test_stage_3_needs_one_antibody_only():
    assert staged(profile(Kind.GADA), with_value(FPG, 130, "mg/dL")).outcome is THREE


def test_a_stage_3_value_that_was_not_found_again_is_remembered():
    found = staged(measurements=(*normal(), measured(FPG, 130, "mg/dL", days=60)))

    assert found.outcome is Outcome.STAGE_1
    assert any("earlier value in stage 3 range" in note for note in found.notes)


@pytest.mark.parametrize(("value", "unit"), [(200, "mg/dL"), (11.1, "mmol/L")])
def test_a_random_glucose_speaks_with_symptoms_only(value, unit):
    values = (*normal(), measured(RANDOM, value, unit))

    assert staged(measurements=values, symptoms=True).outcome is Outcome.STAGE_3
    silent = staged(measurements=values)
    assert silent.outcome is Outcome.STAGE_1
    assert silent.fired == ()
    below = (*normal(), measured(RANDOM, value * 0.99, unit))
    assert staged(measurements=below, symptoms=True).outcome is Outcome.STAGE_1


@pytest.mark.parametrize(
    ("now", "before", "days_before", "rises"),
    [
        (5.5, 5.0, 120, True),
        (5.49, 5.0, 120, False),
        (5.5, 5.0, 60, False),
        (5.5, 5.0, 400, False),
        (5.06, 4.6, 365, True),
    ],
)
def test_a_rise_of_ten_percent_within_3_to_12_months_is_stage_2(now, before, days_before, rises):
    values = (
        *with_value(HBA1C, now, "%"),
        measured(HBA1C, before, "%", days=10 + days_before),
    )
    found = staged(measurements=values)

    assert found.outcome is (TWO if rises else ONE)
    assert [f.criterion for f in found.fired] == ([Criterion.HBA1C_RISE] if rises else [])


@settings(max_examples=60)
@given(
    before=st.floats(4.0, 5.0), factor=st.floats(1.0, 1.139).filter(lambda f: abs(f - 1.1) > 1e-6)
)
def test_a_rise_is_the_same_in_both_units(before, factor):
    """10 % of a percentage is not 10 % of mmol/mol: both must be read on one scale."""
    outcomes = set()
    for unit in ("%", "mmol/mol"):
        now = reported_in("hba1c", before * factor, unit).value
        then = reported_in("hba1c", before, unit).value
        values = (*with_value(HBA1C, now, unit), measured(HBA1C, then, unit, days=190))
        found = staged(measurements=values)
        outcomes.add(Criterion.HBA1C_RISE in {f.criterion for f in found.fired})
    assert len(outcomes) == 1


def test_the_newest_value_counts_and_nothing_after_the_day_of_reading():
    values = (
        *normal(),
        measured(FPG, 115, "mg/dL", days=60),
        measured(FPG, 120, "mg/dL", days=-3),
    )
    assert staged(measurements=values).outcome is ONE
    assert staged(measurements=values, as_of=AS_OF - timedelta(days=20)).outcome is TWO


def test_two_values_of_one_moment_count_both():
    values = (*normal(), measured(FPG, 101, "mg/dL"))

    assert staged(measurements=values).outcome is TWO


def test_inputs_older_than_six_months_are_flagged_and_used():
    values = (*normal(TWO_HOUR), measured(TWO_HOUR, 150, "mg/dL", days=184))
    found = staged(measurements=values)

    assert found.outcome is TWO
    assert [o.label for o in found.old] == [TWO_HOUR]
    fresh = (*normal(TWO_HOUR), measured(TWO_HOUR, 150, "mg/dL", days=182))
    assert staged(measurements=fresh).old == ()


def test_old_antibodies_are_flagged_too():
    old = judged(Kind.GADA, [Sample(positive=True, taken=ago(d)) for d in (500, 400)])
    new = judged(Kind.IAA, [Sample(positive=True, taken=ago(d)) for d in (90, 30)])

    found = staged(Profile(tested=(old, new)))
    assert found.outcome is Outcome.STAGE_1
    assert [o.label for o in found.old] == [Kind.GADA]


@pytest.mark.parametrize(
    ("value", "comparator", "outcome"),
    [
        (100, "<", ONE),
        (130, "<", Outcome.STAGE_1_PROVISIONAL),
        (126, ">", THREE),
        (100, ">=", TWO),
        (100, "<=", Outcome.STAGE_1_PROVISIONAL),
    ],
)
def test_a_bound_decides_only_where_it_leaves_nothing_open(value, comparator, outcome):
    found = staged(measurements=with_value(FPG, value, "mg/dL", comparator))

    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("criterion", "value", "unit"),
    [
        (FPG, 5.6, "mg/dL"),
        (FPG, 100, "mmol/L"),
        (HBA1C, 39, "%"),
        (HBA1C, 5.7, "mmol/mol"),
        (FPG, 100, ""),
    ],
)
def test_a_value_of_another_unit_is_refused_before_it_is_staged(criterion, value, unit):
    with pytest.raises(UnitRefusedError):
        measured(criterion, value, unit)


def test_no_thresholds_no_stage():
    found = staged(jurisdiction="XX")

    assert found.outcome is Outcome.NOT_STAGEABLE
    assert "no staging thresholds have been entered for XX" in found.reason
    early = staged(as_of=AS_OF.replace(year=2010), measurements=())
    assert early.outcome is Outcome.NOT_STAGEABLE
    assert early.reason.startswith("no staging thresholds entered for US were in force on 2010-")


def test_unverified_criteria_are_off_until_switched_on():
    values = (*normal(), measured(Criterion.GLUCOSE_60, 205, "mg/dL"))

    assert staged(measurements=values).outcome is ONE
    on = staged(measurements=values, switched_on={"ogtt-60min-stage2-mgdl"})
    assert on.outcome is TWO
    assert on.fired[0].status == "unverified"


def test_changing_a_row_changes_the_result_and_the_version(tmp_path: Path):
    written = (FOLDER / "staging.csv").read_text(encoding="utf-8")
    old, new = "fasting glucose,stage 2,100,mg/dL", "fasting glucose,stage 2,110,mg/dL"
    assert old in written
    path = tmp_path / "staging.csv"
    path.write_text(written.replace(old, new), encoding="utf-8")
    table = read_dated(path, jurisdictions=True)
    values = with_value(FPG, 105, "mg/dL")

    assert staged(measurements=values).outcome is TWO
    changed = staged(measurements=values, table=table)
    assert changed.outcome is ONE
    assert changed.config_version != STAGING.version


@settings(max_examples=60)
@given(
    low=st.floats(60, 300),
    more=st.floats(0, 100),
    criterion=st.sampled_from([FPG, TWO_HOUR]),
)
def test_more_glucose_never_means_an_earlier_stage(low, more, criterion):
    """Bands are ordered, so the engine must be monotone in each value."""
    order = [ONE, TWO, THREE]
    first = staged(measurements=with_value(criterion, low, "mg/dL")).outcome
    second = staged(measurements=with_value(criterion, low + more, "mg/dL")).outcome
    assert order.index(first) <= order.index(second)


@pytest.mark.parametrize(
    ("results", "state", "reverted"),
    [
        ([(100, True)], State.UNCONFIRMED, False),
        ([(100, True), (50, True)], State.CONFIRMED, False),
        ([(100.1, True), (100, True)], State.UNCONFIRMED, False),
        ([(100, True), (50, True), (10, False)], State.NEGATIVE, True),
        ([(100, True), (50, False), (10, True)], State.CONFIRMED, False),
        ([(100, False)], State.NEGATIVE, False),
        ([(100, True), (50, True), (50, False)], State.CONFIRMED, False),
    ],
)
def test_confirmation_takes_a_second_day(results, state, reverted):
    found = judged(Kind.GADA, [Sample(positive=p, taken=ago(d)) for d, p in results])

    assert (found.state, found.reverted) == (state, reverted)
    first = max((d for d, p in results if p), default=None)
    assert found.first_positive == (ago(first) if first else None)


def test_an_antibody_that_reverted_is_said():
    gone = judged(Kind.IAA, [Sample(positive=p, taken=ago(d)) for d, p in ((90, True), (9, False))])
    others = profile(Kind.GADA, Kind.IA2A, tested=False).tested

    found = staged(Profile(tested=(*others, gone)))
    assert any("positive before, negative now" in note for note in found.notes)


def test_an_antibody_without_samples_is_not_negative():
    with pytest.raises(RequiredMissingError, match="GADA was not tested"):
        judged(Kind.GADA, [])
    twice = profile(Kind.GADA, tested=False).tested * 2
    with pytest.raises(ValueError, match="given twice"):
        dataclasses.replace(profile(), tested=twice)
