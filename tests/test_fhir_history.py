"""Conditions and medications: what the record asserts, with its states kept apart."""

from __future__ import annotations

import pytest

from decision.clinical.codes import LOCAL, Code
from decision.clinical.record import ConditionState, IssueKind, MedicationState
from tests.fhir_builders import (
    NAME,
    RXNORM,
    concept,
    condition,
    kinds,
    medication,
    patient,
    record_of,
)

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"


@pytest.mark.parametrize(
    ("clinical", "verification", "state"),
    [
        ("active", "confirmed", ConditionState.ACTIVE),
        ("active", None, ConditionState.ACTIVE),
        ("relapse", "confirmed", ConditionState.ACTIVE),
        ("remission", "confirmed", ConditionState.RESOLVED),
        ("resolved", "confirmed", ConditionState.RESOLVED),
        ("active", "provisional", ConditionState.UNCONFIRMED),
        ("active", "differential", ConditionState.UNCONFIRMED),
        ("active", "refuted", ConditionState.REFUTED),
        (None, "refuted", ConditionState.REFUTED),
    ],
)
def test_a_diagnosis_is_as_sure_as_its_two_statuses(clinical, verification, state):
    statuses = {}
    if verification:
        statuses["verificationStatus"] = concept(VERIFICATION, verification)
    resource = condition(**statuses)
    resource["clinicalStatus"] = concept(CLINICAL, clinical) if clinical else {}
    record = record_of(resource)

    assert record.conditions[0].state is state
    assert record.issues == ()


def test_a_diagnosis_entered_in_error_is_not_there():
    record = record_of(condition(verificationStatus=concept(VERIFICATION, "entered-in-error")))

    assert record.conditions == ()
    assert kinds(record) == [IssueKind.ENTERED_IN_ERROR]


def test_an_unreadable_verification_never_counts_as_confirmed():
    # a list in place of an object: the word "refuted" may have been in there
    record = record_of(condition(verificationStatus=[{"text": "refuted"}]))

    assert record.conditions[0].state is ConditionState.UNCONFIRMED
    assert kinds(record) == [IssueKind.MALFORMED]


def test_a_diagnosis_without_status_counts_as_active_unless_it_has_ended():
    silent = condition()
    del silent["clinicalStatus"]

    record = record_of(silent)
    assert record.conditions[0].state is ConditionState.ACTIVE
    assert kinds(record) == [IssueKind.INCOMPLETE]

    ended = record_of(silent | {"abatementDateTime": "2024-01-01"})
    assert ended.conditions[0].state is ConditionState.RESOLVED
    assert ended.issues == ()


def test_a_diagnosis_in_words_is_kept_and_flagged_without_its_words():
    record = record_of(condition() | {"code": {"text": NAME}})

    assert record.conditions[0].codes == ()
    assert record.conditions[0].text == NAME
    assert kinds(record) == [IssueKind.TEXT_ONLY]
    assert NAME not in str(record.issues)


def test_an_onset_given_as_age_is_noted_not_turned_into_a_date():
    resource = condition(onsetAge={"value": 38, "unit": "a"})
    del resource["onsetDateTime"]
    record = record_of(resource)

    assert record.conditions[0].onset is None
    assert kinds(record) == [IssueKind.UNUSABLE_DATE]


@pytest.mark.parametrize(
    ("kind", "status", "more", "state"),
    [
        ("MedicationRequest", "active", {}, MedicationState.ACTIVE),
        ("MedicationRequest", "stopped", {}, MedicationState.STOPPED),
        ("MedicationRequest", "completed", {}, MedicationState.STOPPED),
        ("MedicationRequest", "draft", {}, MedicationState.PLANNED),
        ("MedicationRequest", "active", {"intent": "plan"}, MedicationState.PLANNED),
        ("MedicationRequest", "active", {"intent": "proposal"}, MedicationState.PLANNED),
        ("MedicationRequest", "active", {"authoredOn": "2026-12-24"}, MedicationState.PLANNED),
        ("MedicationStatement", "active", {}, MedicationState.ACTIVE),
        ("MedicationStatement", "intended", {}, MedicationState.PLANNED),
        ("MedicationStatement", "stopped", {}, MedicationState.STOPPED),
        ("MedicationAdministration", "completed", {}, MedicationState.STOPPED),
        ("MedicationAdministration", "in-progress", {}, MedicationState.ACTIVE),
    ],
)
def test_planned_taken_and_stopped_are_kept_apart(kind, status, more, state):
    record = record_of(medication(kind, status=status, **more))

    assert record.medications[0].state is state
    assert record.issues == ()


@pytest.mark.parametrize(
    ("kind", "more", "issue"),
    [
        ("MedicationRequest", {"status": "entered-in-error"}, IssueKind.ENTERED_IN_ERROR),
        ("MedicationRequest", {"status": "cancelled"}, IssueKind.INCOMPLETE),
        ("MedicationRequest", {"doNotPerform": True}, IssueKind.INCOMPLETE),
        ("MedicationStatement", {"status": "not-taken"}, IssueKind.INCOMPLETE),
        ("MedicationAdministration", {"status": "not-done"}, IssueKind.INCOMPLETE),
        ("MedicationRequest", {"status": "unknown"}, IssueKind.MALFORMED),
        ("MedicationRequest", {"status": "intended"}, IssueKind.MALFORMED),
        ("MedicationRequest", {"status": None}, IssueKind.MALFORMED),
    ],
)
def test_what_was_never_taken_is_no_exposure(kind, more, issue):
    record = record_of(medication(kind, **more))

    assert record.medications == ()
    assert kinds(record) == [issue]


def test_a_drug_on_hold_is_not_taken_now_and_says_so():
    record = record_of(medication(status="on-hold"))

    assert record.medications[0].state is MedicationState.STOPPED
    assert kinds(record) == [IssueKind.INCOMPLETE]


def test_the_course_comes_from_the_dosage_before_the_day_of_the_order():
    period = {"start": "2025-02-01", "end": "2026-09-30"}
    record = record_of(
        medication(
            status="stopped",
            dosageInstruction=[{"text": "x"}, {"timing": {"repeat": {"boundsPeriod": period}}}],
            statusReason=concept(LOCAL, "primary-failure"),
        )
    )
    course = record.medications[0]

    assert (course.start.day_text, course.end.day_text) == ("2025-02-01", "2026-09-30")
    assert course.stop_reason == Code(system=LOCAL, code="primary-failure")


def test_a_statement_has_a_period_and_a_list_of_reasons():
    record = record_of(
        medication(
            "MedicationStatement",
            status="stopped",
            effectivePeriod={"start": "2025-02", "end": "2026-09"},
            statusReason=[{"text": "did not help"}],
        )
    )
    course = record.medications[0]

    assert (course.start.day_text, course.end.day_text) == ("2025-02", "2026-09")
    assert course.stop_reason == "did not help"


def test_one_infusion_starts_and_ends_when_it_was_given():
    given = medication(
        "MedicationAdministration", status="completed", effectiveDateTime="2026-09-01"
    )
    course = record_of(given).medications[0]

    assert course.start == course.end
    assert course.start.day_text == "2026-09-01"


def test_an_active_order_whose_period_is_over_is_doubted():
    period = {"start": "2025-02-01", "end": "2025-05-01"}
    record = record_of(
        medication(dosageInstruction=[{"timing": {"repeat": {"boundsPeriod": period}}}])
    )

    assert record.medications[0].end.day_text == "2025-05-01"
    assert kinds(record) == [IssueKind.INCOMPLETE]


def test_a_drug_is_found_where_the_reference_points():
    drug = {"resourceType": "Medication", "id": "d1", "code": concept(RXNORM, "214555")}
    contained = medication(
        identity="m1",
        medicationCodeableConcept=None,
        medicationReference={"reference": "#d1"},
        contained=[drug],
    )
    elsewhere = medication(
        identity="m2",
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/d2"},
        authoredOn="2025-01-01",
    )
    record = record_of(contained, elsewhere, drug | {"id": "d2"})

    assert {m.codes for m in record.medications} == {(Code(system=RXNORM, code="214555"),)}
    assert len(record.medications) == 2
    assert record.issues == ()


def test_a_drug_that_is_only_named_is_flagged_and_one_not_even_named_is_left_out():
    named = medication(medicationCodeableConcept={"text": NAME})
    lost = medication(
        identity="m2",
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/elsewhere"},
    )
    record = record_of(named, lost)

    assert [m.text for m in record.medications] == [NAME]
    assert sorted(kinds(record)) == sorted([IssueKind.TEXT_ONLY, IssueKind.MALFORMED])
    assert NAME not in str(record.issues)


def test_death_is_a_moment_or_an_undated_fact_or_nothing():
    assert record_of(patient()).deceased is None
    assert record_of(patient(deceasedBoolean=False)).deceased is None
    assert record_of(patient(deceasedDateTime="2026-10")).deceased.day_text == "2026-10"

    undated = record_of(patient(deceasedBoolean=True))
    assert undated.deceased is not None
    assert kinds(undated) == [IssueKind.UNUSABLE_DATE]


def test_the_banner_shows_the_official_name_and_the_hospital_number_only():
    person = patient(
        name=[
            {"use": "maiden", "family": "Before"},
            {"use": "official", "given": ["Ada", "B."], "family": "Now"},
        ],
        identifier=[
            {"type": concept("v2-0203", "SS"), "value": "999-12-3456"},
            {"type": concept("v2-0203", "MR"), "value": "SIM-1"},
        ],
    )
    record = record_of(person)

    assert record.identity.name == "Ada B. Now"
    assert record.identity.record_number == "SIM-1"
    assert "999-12-3456" not in str(vars(type(record)).keys()) + repr(record)
    assert "Now" not in repr(record)
