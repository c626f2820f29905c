"""Whose a resource is: nothing about anybody else is read as this patient's."""

from __future__ import annotations

import pytest

from decision.clinical.record import IssueKind
from fhir.errors import OtherPatientError
from fhir.to_record import read_bundle
from tests.fhir_builders import (
    NAME,
    RXNORM,
    Json,
    bundle,
    concept,
    condition,
    kinds,
    medication,
    observation,
    patient,
    quantity,
    record_of,
)

HOME = "https://fhir.example.org/r4"
AWAY = "https://elsewhere.example/fhir"
RECORDS = "urn:records"
FOCUS_CODE = "http://hl7.org/fhir/StructureDefinition/observation-focusCode"


def at(base: str, resource: Json) -> Json:
    """An entry that says on which server its resource lives."""
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource}


def served(*entries: Json) -> Json:
    """A Bundle whose standard Patient lives at home and has a record number."""
    person = patient(identifier=[{"system": RECORDS, "value": "77"}])
    return bundle() | {"entry": [at(HOME, person), *entries]}


@pytest.mark.parametrize(
    "more",
    [
        {"focus": [{"reference": "Patient/baby"}]},
        {"focus": [{"reference": "Patient/p1"}, {"reference": "Device/pump"}]},
        {"focus": [{"display": NAME}]},
        {"focus": {"reference": "RelatedPerson/donor"}},
        {"focus": "somebody"},
        {"extension": [{"url": FOCUS_CODE, "valueCodeableConcept": {"text": "fetus"}}]},
    ],
)
def test_a_result_about_somebody_else_is_noted_and_not_used(more):
    record = record_of(observation(**more))

    assert record.observations == ()
    assert kinds(record) == [IssueKind.OTHER_PATIENT]
    assert record.issues[0].codes
    assert record.issues[0].effective is not None
    assert NAME not in str(record.issues)


def test_a_focus_that_is_the_patient_is_no_obstacle():
    record = record_of(
        observation(focus=[{"reference": "Patient/p1"}]), observation("o2", focus=[])
    )

    assert len(record.observations) == 1
    assert IssueKind.OTHER_PATIENT not in kinds(record)


MODIFIER = [{"url": "https://example.org/this-was-never-done", "valueBoolean": True}]


@pytest.mark.parametrize(
    "resource",
    [
        observation(modifierExtension=MODIFIER),
        observation(component=[{"code": concept("x", "y"), "modifierExtension": MODIFIER}]),
        condition(modifierExtension=MODIFIER),
        medication(modifierExtension=MODIFIER),
        medication("MedicationStatement", modifierExtension=MODIFIER),
        medication("MedicationAdministration", status="completed", modifierExtension=MODIFIER),
        medication(dosageInstruction=[{"modifierExtension": MODIFIER}]),
    ],
)
def test_what_an_unknown_extension_turns_into_something_else_is_noted_and_not_used(resource):
    record = record_of(resource)

    assert record.observations == record.conditions == record.medications == ()
    assert kinds(record) == [IssueKind.MALFORMED]
    assert record.issues[0].codes


def test_a_drug_whose_own_description_is_modified_is_not_used():
    drug = {"resourceType": "Medication", "id": "d1", "code": concept(RXNORM, "214555")}
    order = medication(
        medicationCodeableConcept=None, medicationReference={"reference": "Medication/d1"}
    )
    assert len(record_of(order, drug).medications) == 1

    record = record_of(order, drug | {"modifierExtension": MODIFIER})
    assert record.medications == ()
    assert kinds(record) == [IssueKind.MALFORMED]


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1", "identifier": {"system": RECORDS, "value": "78"}},
        {"reference": "Patient/p1", "type": "Group"},
        {"reference": f"{HOME}/Patient/p1", "type": "Device"},
        {"identifier": {"system": RECORDS, "value": "78"}},
    ],
)
def test_a_subject_that_contradicts_itself_is_somebody_else(subject):
    with pytest.raises(OtherPatientError, match="Observation/o1"):
        read_bundle(served(at(HOME, observation(subject=subject))), "file.json")


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1", "identifier": {"system": RECORDS, "value": "77"}},
        {"reference": "Patient/p1", "identifier": {"system": "urn:laboratory", "value": "5"}},
        {"reference": "Patient/p1", "type": "Patient"},
        {"type": "Patient", "identifier": {"system": RECORDS, "value": "77"}},
    ],
)
def test_a_subject_that_says_more_and_contradicts_nothing_is_the_patient(subject):
    record = read_bundle(served(at(HOME, observation(subject=subject))), "file.json")

    assert len(record.observations) == 1


@pytest.mark.parametrize(
    "subject",
    [
        {"identifier": {"value": "77"}},
        {"identifier": {"system": "", "value": "77"}},
        {"identifier": {"system": RECORDS}},
        {"reference": f"{HOME}/{'x' * 500}/Patient/p1"},
        {"reference": "Patient/p1\u200b"},
    ],
)
def test_what_cannot_be_compared_is_neither_the_patient_nor_somebody_else(subject):
    # a number without its system may be anybody's; an address is compared as written or not at all
    content = served(at(HOME, observation(subject=subject)))
    content["entry"][0]["resource"]["identifier"].append({"value": "77"})
    record = read_bundle(content, "file.json")

    assert record.observations == ()
    assert kinds(record) == [IssueKind.MALFORMED]


def test_the_same_id_on_another_server_is_somebody_else():
    assert len(read_bundle(served(at(HOME, observation())), "file.json").observations) == 1
    with pytest.raises(OtherPatientError, match="Observation/o1"):
        read_bundle(served(at(AWAY, observation())), "file.json")


def test_a_strangers_result_does_not_pass_as_an_older_version():
    mine = observation(meta={"lastUpdated": "2026-11-03T08:00:00Z"})
    theirs = observation(
        meta={"lastUpdated": "2026-11-01T08:00:00Z"}, subject={"reference": "Patient/p2"}
    )
    with pytest.raises(OtherPatientError):
        record_of(mine, theirs)


def test_results_of_one_id_on_two_servers_are_two_results():
    there = observation(
        subject={"reference": f"{HOME}/Patient/p1"},
        effectiveDateTime="2026-10-01",
        valueQuantity=quantity(40, "mg/L"),
    )
    record = read_bundle(served(at(HOME, observation()), at(AWAY, there)), "file.json")

    assert [o.value.value for o in record.observations] == [12.0, 40.0]
    assert record.issues == ()


def test_a_relative_reference_to_a_drug_counts_on_its_own_server():
    def drug(code: str) -> Json:
        return {"resourceType": "Medication", "id": "d1", "code": concept(RXNORM, code)}

    order = medication(
        medicationCodeableConcept=None,
        medicationReference={"reference": "Medication/d1"},
        subject={"reference": f"{HOME}/Patient/p1"},
    )
    content = served(at(HOME, drug("6851")), at(AWAY, drug("214555")), at(AWAY, order))

    (taken,) = read_bundle(content, "file.json").medications
    assert taken.codes[0].code == "214555"


@pytest.mark.parametrize("reference", ["#x", "Observation/x"])
def test_a_drug_reference_to_something_else_names_no_drug(reference):
    other = observation("x", code=(RXNORM, "6851"), valueBoolean=True)
    order = medication(
        medicationCodeableConcept=None,
        medicationReference={"reference": reference},
        contained=[other],
    )
    record = record_of(order, other)

    assert record.medications == ()
    assert IssueKind.MALFORMED in kinds(record)


def test_a_bundle_inside_the_bundle_is_not_passed_over_in_silence():
    record = record_of(observation(), {**bundle(observation("o2")), "id": "inner"})

    assert kinds(record) == [IssueKind.INCOMPLETE]
    assert record.issues[0].reference == "Bundle/inner"
