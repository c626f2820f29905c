"""Whom the progression risk may speak about: each criterion with its words, remedy and question."""

from __future__ import annotations

import dataclasses

import pytest

from decision.clinical.gaps import UnreadCriterion
from decision.clinical.record import (
    Condition,
    ConditionState,
    Gap,
    GapReason,
    MedicationExposure,
    MedicationState,
    Part,
    Source,
)
from decision.clinical.spec import Eligibility
from tests import clinical_records
from tests import fhir_builders as fhir
from tests.t1d_records import (
    SPEC,
    code_of,
    confirmed,
    criteria,
    entered,
    person,
    result,
    sample,
    spec,
    whole,
)

ICD = "http://hl7.org/fhir/sid/icd-10-cm"


def diagnosis(code: str, system: str = ICD, **more: object) -> fhir.Json:
    return fhir.condition(f"c-{code.replace('.', '-')}", code=fhir.concept(system, code), **more)


def state(record, criterion: str) -> Eligibility:
    return criteria(record)[criterion].state


def test_a_whole_record_meets_every_criterion():
    assert {c.state for c in criteria(whole()).values()} == {Eligibility.MET}


def test_who_was_never_tested_for_islet_antibodies_is_not_of_this_population():
    found = criteria(person(*confirmed()[:0]))["islet_antibodies"]
    assert (found.state, found.population) == (Eligibility.NOT_MET, True)
    arthritis = clinical_records.eligible()
    assert state(arthritis, "islet_antibodies") is Eligibility.NOT_MET


def test_who_was_tested_is_of_the_population_whatever_was_found():
    found = criteria(person(sample("gad65", False)))
    assert (found["islet_antibodies"].state, found["islet_antibodies"].population) == (
        Eligibility.MET,
        True,
    )
    assert found["stageable"].state is Eligibility.NOT_MET
    assert "no islet autoantibody" in found["stageable"].detail


def test_an_answer_of_the_clinician_is_a_result():
    record = person()
    entry = entered("gad65_status", "antibody_confirmed", record)
    assert state(record.with_entries((entry,)), "islet_antibodies") is Eligibility.MET


@pytest.mark.parametrize(
    ("code", "system"),
    [("E10.9", ICD), ("E10", ICD), ("46635009", fhir.SNOMED), ("44054006", fhir.SNOMED)],
)
def test_diagnosed_diabetes_is_outside(code, system):
    found = criteria(whole(diagnosis(code, system)))["no_diabetes"]
    assert (found.state, found.population) == (Eligibility.NOT_MET, True)
    assert "diagnosed" in found.detail


@pytest.mark.parametrize("code", ["E10.A", "E10.A0", "E10.A1", "E10.A2"])
def test_a_presymptomatic_stage_is_no_diagnosed_diabetes(code):
    record = whole(diagnosis(code))
    assert state(record, "no_diabetes") is Eligibility.MET
    assert state(record, "stageable") is Eligibility.MET


def with_condition(concept: str, kept: ConditionState):
    condition = Condition(
        codes=(code_of(concept),), state=kept, onset=None, source=Source(reference="Condition/1")
    )
    return dataclasses.replace(whole(), conditions=(condition,))


def test_a_diagnosis_that_is_refuted_is_none_and_an_unconfirmed_one_is_open():
    refuted = with_condition("type_1_diabetes", ConditionState.REFUTED)
    assert state(refuted, "no_diabetes") is Eligibility.MET
    open_ = with_condition("type_1_diabetes", ConditionState.UNCONFIRMED)
    assert state(open_, "no_diabetes") is Eligibility.UNKNOWN


@pytest.mark.parametrize("kind", ["suspected_type_2_diabetes", "suspected_monogenic_diabetes"])
def test_another_suspected_cause_is_outside_and_a_denied_one_is_not(kind):
    found = criteria(whole(result(kind, "answer_positive")))["no_diabetes"]
    assert found.state is Eligibility.NOT_MET
    assert "suspected" in found.detail
    assert state(whole(result(kind, "answer_negative")), "no_diabetes") is Eligibility.MET


def test_stage_3_by_diagnosis_is_said_once():
    found = criteria(whole(diagnosis("E10.9")))
    assert [c.id for c in found.values() if c.state is not Eligibility.MET] == ["no_diabetes"]


@pytest.mark.parametrize(
    ("record", "expected", "words", "remedy"),
    [
        (
            whole(glucose_120=210),
            Eligibility.NOT_MET,
            "Stage 3 range, unconfirmed",
            "Repeat the test",
        ),
        (
            whole(result("symptoms_of_hyperglycaemia", "answer_positive"), glucose_120=210),
            Eligibility.NOT_MET,
            "Stage 3:",
            "This is diabetes",
        ),
        (
            person(sample("gad65")),
            Eligibility.UNKNOWN,
            "Awaiting confirmation",
            "second sample",
        ),
        (
            whole(kinds=("gad65",), glucose_120=150),
            Eligibility.NOT_MET,
            "another cause",
            "Consider another cause",
        ),
        (
            person(*confirmed("gad65", "ia2")),
            Eligibility.UNKNOWN,
            "no usable fasting glucose",
            "Enter fasting glucose",
        ),
        (
            person(result("gad65_antibody", 40, "U/mL")),
            Eligibility.UNKNOWN,
            "antibody status is missing",
            "Enter the antibody results",
        ),
    ],
)
def test_who_has_no_stratum_is_told_why_and_what_would_help(record, expected, words, remedy):
    found = criteria(record)["stageable"]
    assert found.state is expected
    assert words in found.detail
    assert remedy in found.remedy


def test_the_awaited_antibody_can_be_stated():
    record = person(sample("ia2"))
    entry = criteria(record)["stageable"].entry
    assert entry is not None
    assert entry.concept == "ia2_status"
    stated = record.with_entries((entered(entry.concept, "antibody_confirmed", record),))
    assert state(stated, "stageable") is Eligibility.MET


def remedy_of(record) -> str:
    return criteria(record)["stageable"].remedy


def test_symptoms_are_asked_for_only_where_nobody_has_answered():
    open_ = remedy_of(whole(glucose_120=210))
    assert open_ == "Repeat the test without delay. Symptoms are not known: state them below."
    denied = result("symptoms_of_hyperglycaemia", "answer_negative")
    told = remedy_of(whole(denied, glucose_120=210))
    assert told == "Repeat the test without delay."


def test_symptoms_stated_long_ago_are_not_of_now():
    old = result("symptoms_of_hyperglycaemia", "answer_positive", on="2026-06-01")
    found = criteria(whole(old, glucose_120=210))["stageable"]
    assert "unconfirmed" in found.detail


def test_no_thresholds_for_the_place_leave_the_stage_open():
    for place in ("", "GB"):
        found = criteria(whole(), spec(place))["stageable"]
        assert found.state is Eligibility.UNKNOWN
        assert "no staging thresholds" in found.detail


def teplizumab(kept: MedicationState, *, named: bool = False):
    exposure = MedicationExposure(
        codes=() if named else (code_of("teplizumab"),),
        text="Tzield 2 mg/2 mL" if named else "",
        state=kept,
        start=None,
        end=None,
        source=Source(reference="MedicationRequest/1"),
    )
    return dataclasses.replace(whole(), medications=(exposure,))


def test_who_was_treated_is_outside_and_who_is_about_to_be_is_not():
    assert state(teplizumab(MedicationState.ACTIVE), "untreated") is Eligibility.NOT_MET
    assert state(teplizumab(MedicationState.STOPPED), "untreated") is Eligibility.NOT_MET
    assert state(teplizumab(MedicationState.PLANNED), "untreated") is Eligibility.MET
    stated = whole(result("anti_cd3_treated", "answer_positive"))
    assert state(stated, "untreated") is Eligibility.NOT_MET


def test_a_drug_known_by_name_alone_is_asked_about_and_the_answer_settles_it():
    named = teplizumab(MedicationState.STOPPED, named=True)
    found = criteria(named)["untreated"]
    assert found.state is Eligibility.UNKNOWN
    assert found.entry is not None
    answered = named.with_entries((entered("anti_cd3_treated", "answer_negative", named),))
    assert state(answered, "untreated") is Eligibility.MET


def gap(part: Part) -> Gap:
    return Gap(
        part=part,
        reason=GapReason.FAILED,
        label="what was asked for",
        detail="",
        remedy="Try again.",
    )


@pytest.mark.parametrize(
    ("part", "criterion", "record"),
    [
        (Part.OBSERVATIONS, "islet_antibodies", person()),
        (Part.OBSERVATIONS, "stageable", whole()),
        (Part.OBSERVATIONS, "stageable", person(*confirmed("gad65", "ia2"))),
        (Part.CONDITIONS, "no_diabetes", whole()),
        (Part.MEDICATIONS, "untreated", whole()),
    ],
)
def test_what_could_not_be_read_leaves_its_criterion_open(part, criterion, record):
    found = criteria(dataclasses.replace(record, gaps=(gap(part),)))[criterion]
    assert found.state is Eligibility.UNKNOWN
    assert isinstance(found, UnreadCriterion)


def test_a_gap_elsewhere_changes_nothing():
    record = dataclasses.replace(whole(), gaps=(gap(Part.EXPRESSION),))
    assert [c.state for c in criteria(record).values()] == [Eligibility.MET] * 5


def test_what_a_gap_hides_does_not_undo_what_is_there():
    read = dataclasses.replace(whole(diagnosis("E10.9")), gaps=(gap(Part.CONDITIONS),))
    assert state(read, "no_diabetes") is Eligibility.NOT_MET


def test_every_question_can_be_filed():
    for record in (person(sample("ia2")), teplizumab(MedicationState.STOPPED, named=True)):
        asked = [c.entry for c in criteria(record).values() if c.entry is not None]
        assert asked
        assert {entry.concept for entry in asked} <= set(SPEC.codelists)
