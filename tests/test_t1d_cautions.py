"""The label of teplizumab as cautions: found in the record or ticked, never inferred."""

from __future__ import annotations

import dataclasses

import pytest

from decision.catalog.t1d_progression.tables import EXCLUSIONS
from decision.clinical.gaps import UncheckedCaution
from decision.clinical.record import (
    Gap,
    GapReason,
    MedicationExposure,
    MedicationState,
    Part,
    Source,
)
from decision.clinical.spec import Presence, Severity
from decision.evidence.orders import ordered_treatments
from tests.t1d_records import SPEC, cautions, code_of, entered, person, result, sample, spec, whole

STAGE_2 = whole(glucose_120=160)
EXCLUDED = tuple(row.id for row in EXCLUSIONS.rows)
CONDITIONS = ("teplizumab-stage", "teplizumab-age", "teplizumab-dysglycaemia")


def lab(concept: str, value: float, unit: str, high: float | None = None, on: str = "2026-11-10"):
    limits = [] if high is None else [{"high": {"value": high, "unit": unit}}]
    return result(concept, value, unit, on=on, **({"referenceRange": limits} if limits else {}))


def found(caution: str, *more, **changed):
    return cautions(whole(*more, **{"glucose_120": 160, **changed}))[caution]


def test_conditions_and_exclusions_of_the_label_are_one_rule_each():
    assert tuple(rule.id for rule in SPEC.cautions) == (*CONDITIONS, *EXCLUDED)
    for rule in SPEC.cautions:
        assert set(rule.severity) == {"teplizumab"}
        assert "label" in rule.source
        assert rule.outstanding
    assert [r.priority for r in SPEC.cautions if r.priority] == list(range(1, len(EXCLUDED) + 1))


def test_where_no_label_was_entered_there_is_no_caution():
    for place in ("", "GB"):
        assert spec(place).cautions == ()
        assert cautions(STAGE_2, spec(place)) == {}


def test_in_stage_2_every_exclusion_is_open_until_somebody_answers():
    every = cautions(STAGE_2)
    for name in EXCLUDED:
        assert every[name].presence is Presence.NOT_FOUND
        assert every[name].entries
        assert every[name].arises
    assert every["teplizumab-stage"].presence is Presence.ABSENT
    assert every["teplizumab-age"].presence is Presence.ABSENT
    assert every["teplizumab-dysglycaemia"].presence is Presence.ABSENT


@pytest.mark.parametrize(
    "record", [whole(), whole(kinds=("gad65",)), person(sample("gad65")), whole(glucose_120=210)]
)
def test_outside_stage_2_the_condition_is_broken_and_nothing_is_asked(record):
    every = cautions(record)
    stage = every["teplizumab-stage"]
    assert (stage.presence, stage.severity["teplizumab"]) == (Presence.PRESENT, Severity.AVOID)
    for name in EXCLUDED:
        assert not every[name].arises
        assert every[name].entries == ()
        assert every[name].rule.priority == 0


@pytest.mark.parametrize(
    ("born", "presence"), [("2018-11-24", Presence.ABSENT), ("2018-11-25", Presence.PRESENT)]
)
def test_the_youngest_age_is_reached_on_the_birthday(born, presence):
    assert found("teplizumab-age", born=born).presence is presence


def test_without_a_birth_date_the_age_is_not_judged():
    nobody = dataclasses.replace(
        STAGE_2, identity=dataclasses.replace(STAGE_2.identity, birth_date=None)
    )
    assert cautions(nobody)["teplizumab-age"].presence is Presence.NOT_FOUND


def test_raised_by_hba1c_alone_asks_for_a_glucose_test():
    caution = found(
        "teplizumab-dysglycaemia", result("hba1c", 6.0, "%", on="2026-11-20"), glucose_120=None
    )
    assert caution.presence is Presence.PRESENT
    assert caution.severity["teplizumab"] is Severity.CAUTION


@pytest.mark.parametrize("name", EXCLUDED)
def test_a_tick_settles_an_exclusion_either_way(name):
    entry = cautions(STAGE_2)[name].entries[0]
    yes = STAGE_2.with_entries((entered(entry.concept, "answer_positive", STAGE_2),))
    no = STAGE_2.with_entries((entered(entry.concept, "answer_negative", STAGE_2),))
    ticked = cautions(yes)[name]
    assert ticked.presence is Presence.PRESENT
    assert ticked.severity["teplizumab"] in {Severity.AVOID, Severity.STOP}
    assert cautions(no)[name].presence is Presence.ABSENT
    assert {n for n in EXCLUDED if cautions(no)[n].presence is Presence.ABSENT} == {name}


def test_what_is_contraindicated_stops_and_what_is_not_recommended_is_to_be_avoided():
    hardest = {r.id for r in SPEC.cautions if r.severity["teplizumab"] is Severity.STOP}
    assert hardest == {"immunocompromised", "label"}


@pytest.mark.parametrize(
    ("name", "concept", "beyond", "within", "unit", "high"),
    [
        ("lymphocytes", "lymphocytes", 0.99, 1.0, "10*9/L", None),
        ("lymphocytes", "lymphocytes", 990, 1000, "/uL", None),
        ("haemoglobin", "haemoglobin", 9.9, 10.0, "g/dL", None),
        ("haemoglobin", "haemoglobin", 99, 100, "g/L", None),
        ("platelets", "platelets", 149, 150, "10*9/L", None),
        ("neutrophils", "neutrophils", 1.49, 1.5, "10*9/L", None),
        ("aminotransferases", "alt", 81, 80, "U/L", 40),
        ("aminotransferases", "ast", 71, 70, "U/L", 35),
        ("bilirubin", "bilirubin", 1.9, 1.8, "mg/dL", 1.2),
    ],
)
def test_a_result_beyond_its_limit_speaks_and_a_normal_one_never_ticks(
    name, concept, beyond, within, unit, high
):
    high_or_low = found(name, lab(concept, beyond, unit, high))
    assert high_or_low.presence is Presence.PRESENT
    assert high_or_low.evidence
    normal = found(name, lab(concept, within, unit, high))
    assert normal.presence is Presence.NOT_FOUND
    assert normal.entries
    assert "2026-11-10" in normal.detail


def test_a_liver_test_without_its_own_upper_limit_is_not_judged():
    open_ = found("aminotransferases", lab("alt", 300, "U/L"))
    assert open_.presence is Presence.NOT_FOUND
    assert "without an upper limit" in open_.detail


def test_an_old_result_does_not_speak():
    assert found("lymphocytes", lab("lymphocytes", 0.5, "10*9/L", on="2026-06-01")).presence is (
        Presence.NOT_FOUND
    )


def test_an_answer_after_the_result_stands_and_a_result_after_the_answer_speaks():
    low = lab("lymphocytes", 0.5, "10*9/L", on="2026-11-10")
    after = result("exclusion_lymphocytes", "answer_negative", on="2026-11-20")
    before = result("exclusion_lymphocytes", "answer_negative", on="2026-11-05")
    assert found("lymphocytes", low, after).presence is Presence.ABSENT
    assert found("lymphocytes", low, before).presence is Presence.PRESENT


def test_an_old_answer_is_asked_again():
    old = result("exclusion_infection", "answer_negative", on="2026-05-05")
    assert found("infection", old).presence is Presence.NOT_FOUND


def test_what_could_not_be_read_is_unchecked():
    gap = Gap(
        part=Part.OBSERVATIONS,
        reason=GapReason.FAILED,
        label="blood count",
        detail="",
        remedy="",
        codes=(code_of("lymphocytes"),),
    )
    record = dataclasses.replace(STAGE_2, gaps=(gap,))
    assert isinstance(cautions(record)["lymphocytes"], UncheckedCaution)
    assert not isinstance(cautions(record)["platelets"], UncheckedCaution)


@pytest.mark.parametrize("words", ["Tzield 2 mg/2 mL", "TEPLIZUMAB-mzwv infusion"])
def test_an_order_is_recognised_by_name_and_by_code(words):
    def order(**more):
        return MedicationExposure(
            state=MedicationState.PLANNED,
            start=None,
            end=None,
            source=Source(reference="M/1"),
            **more,
        )

    by_name = ordered_treatments([order(codes=(), text=words)], SPEC)
    by_code = ordered_treatments([order(codes=(code_of("teplizumab"),))], SPEC)
    assert [(o.treatment, o.by_name) for o in by_name] == [("teplizumab", True)]
    assert [(o.treatment, o.by_name) for o in by_code] == [("teplizumab", False)]
