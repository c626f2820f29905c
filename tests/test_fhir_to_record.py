"""A bundle as a whole: one patient, one time, each fact once, every conflict shown."""

from __future__ import annotations

import copy
import random
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decision.clinical.quantities import Quantity
from decision.clinical.record import IssueKind
from fhir.errors import (
    BundleError,
    NotABundleError,
    OtherPatientError,
    PatientCountError,
    UndatedError,
    WrongVersionError,
)
from fhir.to_record import read_bundle
from tests.fhir_builders import (
    LOCAL,
    LOINC,
    NAME,
    SNOMED,
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


@pytest.mark.parametrize("form", ["collection", "transaction", "searchset", "batch"])
def test_every_bundle_that_holds_a_current_record_is_read(form):
    record = record_of(observation(), condition(), medication(), form=form)

    assert len(record.observations) == len(record.conditions) == len(record.medications) == 1
    assert record.issues == ()


@pytest.mark.parametrize(
    "content",
    [
        [],
        "Bundle",
        None,
        patient(),
        bundle(form="history"),
        bundle(form="transaction-response"),
        bundle(form=""),
    ],
)
def test_what_is_no_such_bundle_is_refused(content):
    with pytest.raises(NotABundleError, match=r"^file\.json"):
        read_bundle(content, "file.json")


def test_no_patient_and_two_patients_are_refused():
    with pytest.raises(PatientCountError, match="no Patient"):
        read_bundle(bundle() | {"entry": []}, "file.json")
    with pytest.raises(PatientCountError, match=r"the Patient.*2 Patients"):
        record_of(patient("p1"), patient("p2"))
    with pytest.raises(PatientCountError):
        record_of(patient("p1"), patient("p1", gender="male"))
    with pytest.raises(PatientCountError, match="no usable id"):
        record_of(patient("Zoe Marker 1970-05-04"))


def test_the_same_patient_sent_twice_is_one_patient():
    assert record_of(patient(), patient(), observation()).patient_id == "p1"


@pytest.mark.parametrize(
    "stranger",
    [
        observation("o9", subject={"reference": "Patient/p2"}),
        condition("c9", subject={"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"}),
        medication(identity="m9", subject={"reference": "https://elsewhere.example/Patient/p1"}),
        {"resourceType": "Claim", "id": "x9", "patient": {"reference": "Patient/p2"}},
        {"resourceType": "Flag", "id": "f9", "subject": [{"reference": "Patient/p2"}]},
        observation("o9", subject={"reference": "Group/p1"}),
        observation("o9", subject={"identifier": {"system": "x", "value": "2"}}),
    ],
)
def test_another_patients_resource_stops_the_file_and_is_named(stranger):
    with pytest.raises(OtherPatientError) as stopped:
        record_of(observation(), stranger)

    assert stopped.value.file == "file.json"
    assert stopped.value.resource == f"{stranger['resourceType']}/{stranger['id']}"
    assert "one patient alone" in stopped.value.remedy


@pytest.mark.parametrize(
    "subject",
    [
        {"reference": "Patient/p1"},
        {"reference": "Patient/p1/_history/4"},
        {"reference": "https://fhir.example.org/r4/Patient/p1"},
        {"identifier": {"system": "urn:records", "value": "77"}},
    ],
)
def test_one_patient_goes_by_several_names(subject):
    content = bundle(
        patient(identifier=[{"system": "urn:records", "value": "77"}]),
        observation(subject=subject),
    )
    content["entry"][0]["fullUrl"] = "https://fhir.example.org/r4/Patient/p1"

    assert len(read_bundle(content, "file.json").observations) == 1


def test_urn_uuid_references_are_followed():
    urn = "urn:uuid:948e608d-e408-4788-8cf2-8157c49c2940"
    content = bundle(patient(), observation(subject={"reference": urn}), form="transaction")
    content["entry"][0]["fullUrl"] = urn
    del content["entry"][0]["resource"]["id"]
    record = read_bundle(content, "file.json")

    assert record.patient_id == "948e608d-e408-4788-8cf2-8157c49c2940"
    assert len(record.observations) == 1


@pytest.mark.parametrize("subject", [None, {}, {"display": NAME}, "Patient/p1"])
def test_a_result_that_does_not_say_whose_it_is_is_not_used(subject):
    resource = observation()
    resource["subject"] = subject
    record = record_of({k: v for k, v in resource.items() if v is not None})

    assert record.observations == ()
    assert kinds(record) == [IssueKind.MALFORMED]
    assert NAME not in str(record.issues)


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        (medication(medication={"concept": {}}), "R5"),
        (medication("MedicationStatement", taken="y"), "STU3"),
        (condition(clinicalStatus="active"), "STU3"),
        ({"resourceType": "MedicationOrder", "id": "m1"}, "DSTU2"),
        (observation(triggeredBy=[]), "R5"),
    ],
)
def test_another_fhir_version_is_recognised_and_refused(resource, version):
    with pytest.raises(WrongVersionError, match=version) as refused:
        record_of(resource)

    assert resource["id"] in refused.value.message
    assert "R4" in refused.value.remedy


def test_an_identical_copy_is_one_fact_whatever_its_id():
    record = record_of(
        observation("o1"),
        observation("o1"),
        observation("o2"),
        condition("c1"),
        condition("c2"),
        medication(identity="m1"),
        medication(identity="m2"),
    )

    assert len(record.observations) == len(record.conditions) == len(record.medications) == 1
    assert kinds(record) == [IssueKind.DUPLICATE] * 4


def test_the_same_amount_in_two_units_is_a_copy_not_a_conflict():
    record = record_of(
        observation("o1", valueQuantity=quantity(31, "mg/L")),
        observation("o2", valueQuantity=quantity(3.1, "mg/dL")),
    )

    assert len(record.observations) == 1
    assert kinds(record) == [IssueKind.DUPLICATE]


def test_different_results_of_one_day_are_a_conflict_that_names_both_and_keeps_both():
    record = record_of(
        observation("o1", effectiveDateTime="2026-11-02T08:00:00Z"),
        observation("o2", valueQuantity=quantity(40, "mg/L")),
        observation("o3", effectiveDateTime="2026-11-01", valueQuantity=quantity(7, "mg/L")),
    )

    conflict = next(i for i in record.issues if i.kind is IssueKind.CONFLICT)
    assert conflict.reference == "Observation/o1, Observation/o2"
    assert [c.code for c in conflict.codes] == ["1988-5"]
    assert len(record.observations) == 3


def test_two_codes_of_one_test_can_conflict_too():
    record = record_of(
        observation("o1", (LOINC, "1988-5")),
        observation("o2", (LOINC, "30522-7"), valueQuantity=quantity(40, "mg/L")),
    )

    assert kinds(record) == [IssueKind.CONFLICT]


def test_the_later_version_of_a_resource_counts_and_an_undecidable_one_does_not():
    older = observation(meta={"lastUpdated": "2026-11-02T08:00:00Z"})
    newer = observation(
        meta={"lastUpdated": "2026-11-03T08:00:00Z"}, valueQuantity=quantity(18, "mg/L")
    )
    record = record_of(newer, older)
    assert record.observations[0].value == Quantity(value=18.0, unit="mg/L")
    assert kinds(record) == [IssueKind.DUPLICATE]

    torn = record_of(observation(), observation(valueQuantity=quantity(18, "mg/L")))
    assert torn.observations == ()
    assert kinds(torn) == [IssueKind.CONFLICT]


def test_a_cut_off_search_and_a_server_complaint_are_shown():
    outcome = {"resourceType": "OperationOutcome", "id": "oo", "issue": [{"diagnostics": NAME}]}
    record = record_of(
        observation(), outcome, form="searchset", link=[{"relation": "next", "url": "https://x"}]
    )

    assert kinds(record) == [IssueKind.INCOMPLETE, IssueKind.INCOMPLETE]
    assert NAME not in str(record.issues)


@pytest.mark.parametrize(
    ("more", "resources", "expected"),
    [
        ({}, [], "2026-11-16T09:00:00+01:00"),
        (
            {"timestamp": None, "meta": {"lastUpdated": "2026-01-01T00:00:00Z"}},
            [],
            "2026-01-01T00:00:00Z",
        ),
        (
            {"timestamp": "soon"},
            [observation(effectiveDateTime="2026-11-02T08:00:00Z")],
            "2026-11-02T08:00:00Z",
        ),
        (
            {"timestamp": None},
            [
                observation("o1", effectiveDateTime="2026-11-02T23:30:00-05:00"),
                observation("o2", effectiveDateTime="2026-11-03T02:00:00Z"),
                observation("o3", effectiveDateTime="9999-12-31"),
            ],
            "2026-11-03T04:30:00Z",
        ),
        (
            {"timestamp": None},
            [
                observation(effectiveDateTime="2020-05-01T00:00:00Z"),
                condition(onsetDateTime="2026"),
            ],
            "2020-05-01T00:00:00Z",
        ),
        (
            {"timestamp": None},
            [patient(deceasedDateTime="2020-04-01T00:00:00Z"), observation()],
            "2020-04-01T00:00:00Z",
        ),
    ],
)
def test_the_record_is_as_of_its_own_time(more, resources, expected):
    content = {k: v for k, v in bundle(*resources, **more).items() if v is not None}

    assert read_bundle(content, "file.json").as_of == datetime.fromisoformat(expected)


def test_a_bundle_without_any_time_is_refused_rather_than_dated_today():
    content = bundle(patient(birthDate="1970"))
    del content["timestamp"]

    with pytest.raises(UndatedError, match=r"Bundle") as refused:
        read_bundle(content, "file.json")
    assert "timestamp" in refused.value.remedy


def everything() -> dict:
    """A bundle with one of each, and a marker wherever personal or free text may stand."""
    return bundle(
        patient(identifier=[{"type": concept("v2-0203", "MR"), "value": NAME}]),
        observation("o1", note=[{"text": NAME}]),
        observation("o2", (LOINC, "53027-9"), valueString=NAME),
        observation("o3", (LOINC, "72166-2"), valueCodeableConcept=concept(SNOMED, "8517006")),
        observation(
            "o4",
            (LOINC, "75635-3"),
            component=[{"code": concept(LOCAL, "haq-di"), "valueQuantity": quantity(1, "{score}")}],
        ),
        condition(),
        medication(statusReason=concept(LOCAL, "other")),
        medication("MedicationStatement", "m2", effectivePeriod={"start": "2024"}),
    )


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from([NAME, "2026-13-41", "Patient/p2", "entered-in-error", 10**400, "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["coding", "reference", "value", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def mutate(node: object, value: object, dice: random.Random) -> None:
    """Walk down at random; somewhere put `value` in, take something out, or double it."""
    while True:
        if isinstance(node, dict) and node:
            key = dice.choice(sorted(node))
        elif isinstance(node, list) and node:
            key = dice.randrange(len(node))
        else:
            return
        inner = node[key]
        if isinstance(inner, dict | list) and inner and dice.random() < 0.8:
            node = inner
            continue
        change = dice.random()
        if change < 0.6:
            node[key] = value
        elif change < 0.8:
            del node[key]
        elif isinstance(node, list):
            node.append(copy.deepcopy(inner))
        return


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(values=st.lists(json_values, min_size=1, max_size=6), seed=st.integers(0, 10**9))
def test_a_mangled_bundle_is_a_record_or_one_of_our_errors_and_never_tells_a_name(values, seed):
    # files come from anywhere: a crash would take the other patients with it, and a message that
    # quotes the file would carry a name into a log
    content, dice = everything(), random.Random(seed)
    # mostly inside the resources: a change further up tends to be refused at once
    places = [content] + [entry["resource"] for entry in content["entry"]]
    for value in values:
        mutate(dice.choice(places), value, dice)
    refusal = ""
    try:
        record = read_bundle(content, "file.json")
    except BundleError as error:
        refusal = error.message + error.remedy
    assert NAME not in refusal
    if refusal:
        return
    for issue in record.issues:
        said = f"{issue.reference} {issue.detail} {issue.remedy} {issue.codes}"
        assert NAME not in said
        assert "1970-05-04" not in said
    mine = {
        f"Observation/{e['resource']['id']}"
        for e in content["entry"]
        if isinstance(e, dict)
        and isinstance(e.get("resource"), dict)
        and isinstance(e["resource"].get("subject"), dict)
        and e["resource"]["subject"].get("reference") == "Patient/p1"
        and isinstance(e["resource"].get("id"), str)
    }
    found = {o.source.reference for o in record.observations}
    assert {r for r in found if " at entry " not in r} <= mine


@given(strangers=st.sets(st.integers(1, 7), min_size=1))
def test_no_mixture_of_two_patients_becomes_a_record(strangers):
    # whichever resources are the other person's, and however many: the file is not trusted
    content = everything()
    for position in strangers:
        content["entry"][position]["resource"]["subject"] = {"reference": "Patient/p2"}

    with pytest.raises(OtherPatientError):
        read_bundle(content, "file.json")


@given(order=st.permutations(range(8)))
def test_the_order_of_entries_does_not_matter(order):
    content = everything()
    shuffled = content | {"entry": [content["entry"][i] for i in order]}
    one, other = read_bundle(content, "a"), read_bundle(shuffled, "b")

    assert set(one.observations) == set(other.observations)
    assert set(one.medications) == set(other.medications)
    assert one.as_of == other.as_of
