"""The published request shapes of CDS Hooks 2.0 against the real decision, model and store."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import httpx2
import pytest
from sqlalchemy import select, text

from benchmarks.hooks import bodies, served
from decision.clinical.errors import AuditError
from decision.clinical.notice import Ordered
from decision.clinical.record import GapReason, MedicationState, Part
from fhir.hooks.body import LONGEST_BODY
from fhir.hooks.feedback import CARD
from fhir.store.database import Database, database_url
from tests.builders import ListAuditLog
from tests.hook_calls import (
    ADALIMUMAB,
    AMOXICILLIN,
    OFFERED,
    PUBLIC,
    SEARCHES,
    SERVER,
    TOCILIZUMAB,
    authorization,
    draft,
    order_select,
    patient_view,
    prefetch_of,
    resources_of,
    running,
    searchset,
    spec_of,
    tenant_of,
)
from tests.test_hooks_cards import empty

SPEC = spec_of()
TNFI, IL6I = (t.id for t in SPEC.treatments)
CONDITIONS = next(s.key for s in OFFERED if s.part is Part.CONDITIONS)
ORDERS = next(s.key for s in OFFERED if s.part is Part.MEDICATIONS)
RESULTS = [s.key for s in OFFERED if s.part is Part.OBSERVATIONS]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hooks")) as found:
        yield found


@pytest.fixture(autouse=True)
def _forget(parts):
    parts.records.clear()
    parts.calls.clear()
    parts.audit.events.clear()


def cards(response) -> list[dict]:
    assert response.status_code == 200, response.text
    found = response.json()["cards"]
    assert len(found) <= 1
    assert not any(map(empty, found))
    return found


def without(body: dict, *keys: str) -> dict:
    """The same call with these prefetch keys not sent."""
    kept = {k: v for k, v in body["prefetch"].items() if k not in keys}
    return body | {"prefetch": kept}


def with_key(body: dict, key: str, value: object) -> dict:
    return body | {"prefetch": body["prefetch"] | {key: value}}


# Discovery


def test_discovery_lists_the_decision_once_for_each_hook_under_one_id(parts):
    response = parts.send("GET", "/cds-services", headers=parts.signed("/cds-services"))
    services = response.json()["services"]
    assert [(s["hook"], s["id"]) for s in services] == [
        ("patient-view", SPEC.id),
        ("order-select", SPEC.id),
    ]
    assert all(s["description"] and s["title"] and s["usageRequirements"] for s in services)
    assert not empty(response.json())


def test_templates_stay_within_what_the_specification_recommends(parts):
    response = parts.send("GET", "/cds-services", headers=parts.signed("/cds-services"))
    for service in response.json()["services"]:
        templates = dict(service["prefetch"])
        assert templates.pop("patient") == "Patient/{{context.patientId}}"
        assert set(templates) == {s.key for s in OFFERED}
        for template in templates.values():
            _, query = template.split("?")
            names = [pair.split("=")[0] for pair in query.split("&")]
            assert names[0] == "patient"
            assert set(names) <= {"patient", "code", "_sort", "_count"}
            assert "{{context.patientId}}" in query


def test_discovery_offers_optional_kinds_only_to_an_ehr_that_has_them(tmp_path):
    tenant = tenant_of(also_read=("MedicationAdministration",))
    with running(tmp_path, tenant=tenant) as parts:
        response = parts.send("GET", "/cds-services", headers=parts.signed("/cds-services"))
        assert "MedicationAdministration" in json.dumps(response.json())
        assert "MedicationStatement" not in json.dumps(response.json())


# Calls with everything prefetched


def test_opening_a_chart_whose_joint_counts_are_missing_gives_one_card(parts):
    (card,) = cards(parts.call(patient_view("demo-12")))
    assert "Tender joint count" in card["summary"]
    assert card["links"][0]["appContext"] == card["uuid"]


@pytest.mark.parametrize("patient", ["demo-01", "demo-05", "demo-11", "demo-13"])
def test_opening_a_chart_with_nothing_new_gives_no_card(parts, patient):
    assert cards(parts.call(patient_view(patient))) == []
    assert len(parts.audit.events) == 1


def test_ordering_against_a_caution_gives_one_card(parts):
    (card,) = cards(parts.call(order_select("demo-05")))
    assert card["summary"] == "AVOID for adalimumab: heart failure."
    assert card["indicator"] == "info"
    assert "Simulated model" in card["detail"]
    assert parts.calls[0].ordered == (Ordered(treatment=TNFI),)


def test_ordering_the_class_with_a_stop_says_stop(parts):
    body = order_select("demo-13", draft(TOCILIZUMAB, "demo-13"))
    (card,) = cards(parts.call(body))
    assert card["summary"].startswith("STOP for tocilizumab: low neutrophils")


def test_ordering_the_other_class_than_the_one_cautioned_against_is_met_with_silence(parts):
    assert cards(parts.call(order_select("demo-13", draft(ADALIMUMAB, "demo-13")))) == []


def test_an_order_of_something_else_is_answered_without_reading_anybody(parts):
    body = order_select("demo-05", draft(AMOXICILLIN))
    assert cards(parts.call(body)) == []
    assert (parts.records, parts.audit.events) == ([], [])


def test_an_unselected_draft_is_not_what_is_being_ordered(parts):
    body = order_select("demo-05", draft(AMOXICILLIN, id="a"), draft(), selections=["a"])
    assert cards(parts.call(body)) == []


def test_the_published_selection_of_a_diet_and_a_drug_is_understood(parts):
    diet = {
        "resourceType": "NutritionOrder",
        "id": "pureeddiet-simple",
        "status": "draft",
        "patient": {"reference": "Patient/demo-05"},
        "dateTime": "2014-09-17",
    }
    assert len(cards(parts.call(order_select("demo-05", diet, draft())))) == 1


def test_a_product_code_with_its_name_is_enough_and_said_to_be_a_name(parts):
    named = draft("351290")
    named["medicationCodeableConcept"]["text"] = "Humira 40 MG in 0.8 ML"
    (card,) = cards(parts.call(order_select("demo-05", named)))
    assert "recognised by name" in card["detail"]


def test_the_order_is_part_of_the_record_that_is_assessed(parts):
    parts.call(order_select("demo-05"))
    planned = [m for m in parts.records[0].medications if m.state is MedicationState.PLANNED]
    assert [m.source.reference for m in planned] == ["MedicationRequest/draft-103"]


def test_who_is_looking_and_where_reaches_the_trail(parts):
    parts.call(patient_view("demo-12"))
    (event,) = parts.audit.events
    assert event.agent == "north: Practitioner/example"
    assert event.identity.server == SERVER
    assert parts.calls[0].encounter == "89284"


def test_the_ledger_knows_which_entry_a_card_rests_on(parts):
    (card,) = cards(parts.call(patient_view("demo-12")))
    with parts.database.read() as connection:
        row = connection.execute(select(CARD).where(CARD.c.uuid == card["uuid"])).one()
    assert (row.tenant, row.service, row.hook) == ("north", SPEC.id, "patient-view")
    assert row.audit_id == "audit-1"


# Prefetch, key by key


def test_null_says_that_nothing_is_there_and_leaves_no_gap(parts):
    parts.call(with_key(patient_view("demo-01"), CONDITIONS, None))
    assert parts.records[0].conditions == ()
    assert parts.records[0].gaps == ()


def test_an_absent_key_without_a_right_to_fetch_is_a_gap_and_not_an_empty_list(parts):
    parts.call(without(patient_view("demo-01"), RESULTS[-1]))
    (gap,) = parts.records[0].gaps
    assert (gap.part, gap.reason) == (Part.OBSERVATIONS, GapReason.NOT_PERMITTED)


def test_an_operation_outcome_says_that_the_chart_could_not_read_it(parts):
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "processing"}],
    }
    parts.call(with_key(patient_view("demo-01"), RESULTS[0], outcome))
    (gap,) = parts.records[0].gaps
    assert gap.reason is GapReason.FAILED


def test_a_gap_is_named_on_the_card(parts):
    (card,) = cards(parts.call(without(order_select("demo-05"), RESULTS[-1])))
    assert "From the chart:" in card["detail"]


@pytest.mark.parametrize(
    "more",
    [
        {"link": [{"relation": "next", "url": f"{SERVER}?page=2"}]},
        {"total": 900},
        {"total": "9"},
        {"link": {"relation": "next", "url": f"{SERVER}?page=2"}},
    ],
)
def test_a_page_of_several_is_used_and_said_to_be_a_part(parts, more):
    body = patient_view("demo-01")
    paged = body["prefetch"][ORDERS] | more
    parts.call(with_key(body, ORDERS, paged))
    (gap,) = parts.records[0].gaps
    assert (gap.part, gap.reason) == (Part.MEDICATIONS, GapReason.CUT_OFF)
    assert parts.records[0].medications


def test_a_page_as_long_as_the_template_asked_for_may_have_been_cut(parts):
    body = patient_view("demo-01")
    one = resources_of("demo-01")
    drug = next(r for r in one if r["resourceType"] == "MedicationRequest")
    many = searchset(*(drug | {"id": f"m{n}"} for n in range(200)))
    parts.call(with_key(body, ORDERS, many))
    assert [g.reason for g in parts.records[0].gaps] == [GapReason.CUT_OFF]


def test_an_error_inside_a_bundle_makes_it_a_part(parts):
    body = patient_view("demo-01")
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
    found = body["prefetch"][CONDITIONS]
    entries = [*found["entry"], {"resource": outcome, "search": {"mode": "outcome"}}]
    parts.call(with_key(body, CONDITIONS, found | {"entry": entries}))
    assert [g.reason for g in parts.records[0].gaps] == [GapReason.CUT_OFF]


def test_a_drug_that_is_only_referred_to_is_a_gap_where_it_cannot_be_looked_up(parts):
    body = patient_view("demo-01")
    drug = next(r for r in resources_of("demo-01") if r["resourceType"] == "MedicationRequest")
    referring = {k: v for k, v in drug.items() if k != "medicationCodeableConcept"}
    referring["medicationReference"] = {"reference": "Medication/m9"}
    parts.call(with_key(body, ORDERS, searchset(referring)))
    assert [g.part for g in parts.records[0].gaps] == [Part.MEDICATIONS]


def test_calls_at_once_stay_apart(parts):
    """Each answer must be about the patient of its own call, however many are under way."""
    wanted = {"demo-12": "No estimate", "demo-05": "AVOID", "demo-13": "STOP"}
    made = {
        "demo-12": patient_view("demo-12"),
        "demo-05": order_select("demo-05"),
        "demo-13": order_select("demo-13", draft(TOCILIZUMAB, "demo-13")),
    }
    path = f"/cds-services/{SPEC.id}"

    async def all_at_once() -> list[tuple[str, httpx2.Response]]:
        transport = httpx2.ASGITransport(app=parts.app)
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as client:
            names = list(made) * 6
            answers = (
                client.post(path, json=made[name], headers=parts.signed(path)) for name in names
            )
            return list(zip(names, await asyncio.gather(*answers), strict=True))

    for name, response in asyncio.run(all_at_once()):
        (card,) = cards(response)
        assert card["summary"].startswith(wanted[name])


def test_a_single_resource_may_stand_for_a_search(parts):
    """It is used, but nobody knows whether it was the only one."""
    one = next(r for r in resources_of("demo-01") if r["resourceType"] == "Condition")
    parts.call(with_key(patient_view("demo-01"), CONDITIONS, one))
    assert len(parts.records[0].conditions) == 1
    assert [(g.part, g.reason) for g in parts.records[0].gaps] == [
        (Part.CONDITIONS, GapReason.CUT_OFF)
    ]


def test_an_answer_to_another_question_is_none(parts):
    results = [r for r in resources_of("demo-01") if r["resourceType"] == "Observation"]
    body = with_key(patient_view("demo-01"), CONDITIONS, searchset(*results))
    assert parts.call(body).status_code == 412  # nothing came of the diagnoses
    body = with_key(patient_view("demo-01"), RESULTS[0], searchset(*resources_of("demo-01")[1:2]))
    assert resources_of("demo-01")[1]["resourceType"] != "Observation"
    parts.call(body)
    (gap,) = parts.records[0].gaps
    assert (gap.part, gap.reason) == (Part.OBSERVATIONS, GapReason.FAILED)


def test_resources_of_another_kind_are_left_aside_and_said(parts):
    body = patient_view("demo-01")
    held = [e["resource"] for e in body["prefetch"][CONDITIONS]["entry"]]
    stray = next(r for r in resources_of("demo-01") if r["resourceType"] == "Observation")
    stray = stray | {"id": "stray"}
    parts.call(with_key(body, CONDITIONS, searchset(*held, stray)))
    record = parts.records[0]
    assert [(g.part, g.reason) for g in record.gaps] == [(Part.CONDITIONS, GapReason.CUT_OFF)]
    assert len(record.conditions) == len(held)
    assert "Observation/stray" not in [o.source.reference for o in record.observations]


def test_a_drug_that_came_and_cannot_be_used_is_a_gap(parts):
    drug = next(r for r in resources_of("demo-01") if r["resourceType"] == "MedicationRequest")
    told = {"id": "odd", "status": "unknown"}
    parts.call(with_key(patient_view("demo-01"), ORDERS, searchset(drug | told)))
    assert [g.part for g in parts.records[0].gaps] == [Part.MEDICATIONS]
    reference = {"identifier": {"value": "12"}}
    nameless = {k: v for k, v in drug.items() if k != "medicationCodeableConcept"}
    nameless["medicationReference"] = reference
    parts.call(with_key(patient_view("demo-01"), ORDERS, searchset(nameless)))
    assert [g.part for g in parts.records[1].gaps] == [Part.MEDICATIONS]


def test_what_an_ehr_is_by_choice_not_asked_for_stands_on_each_card(parts, tmp_path):
    said = "Not read from this chart: drugs reported as taken; drugs given, such as infusions."
    (card,) = cards(parts.call(order_select("demo-05")))
    assert said in card["detail"]
    kinds = [i.reference for i in parts.records[0].issues if "not read" in i.detail]
    assert kinds == ["MedicationStatement", "MedicationAdministration"]
    every = tenant_of(also_read=("MedicationStatement", "MedicationAdministration"))
    with running(tmp_path, tenant=every) as asked:
        body = order_select("demo-05")
        body["prefetch"] |= {s.key: None for s in SEARCHES} | body["prefetch"]
        (card,) = cards(asked.call(body))
        assert "Not read" not in card["detail"]
        assert asked.records[0].gaps == ()


@pytest.mark.parametrize("user", ["Patient/demo-05", "RelatedPerson/7"])
def test_patients_and_relatives_are_told_nothing_and_nobody_is_read(parts, user):
    body = order_select("demo-05")
    body["context"] |= {"userId": user}
    assert cards(parts.call(body)) == []
    assert (parts.records, parts.audit.events) == ([], [])


def test_a_role_of_a_professional_is_answered(parts):
    body = order_select("demo-05")
    body["context"] |= {"userId": "PractitionerRole/7"}
    assert len(cards(parts.call(body))) == 1


def test_a_patient_may_come_in_a_bundle(parts):
    body = patient_view("demo-12")
    wrapped = searchset(body["prefetch"]["patient"])
    assert len(cards(parts.call(with_key(body, "patient", wrapped)))) == 1


def test_keys_nobody_asked_for_are_not_looked_at(parts):
    body = with_key(patient_view("demo-12"), "everything", {"resourceType": "Nonsense"})
    assert len(cards(parts.call(body))) == 1


# What is needed cannot be had


@pytest.mark.parametrize(
    "missing",
    [("patient",), (CONDITIONS,), (ORDERS,), tuple(["patient", *(s.key for s in OFFERED)])],
)
def test_without_patient_diagnoses_or_drugs_and_without_a_right_to_fetch_it_is_412(parts, missing):
    response = parts.call(without(patient_view("demo-12"), *missing))
    assert response.status_code == 412
    assert "cards" not in response.json()
    assert parts.audit.events == []


def test_no_prefetch_at_all_is_412(parts):
    assert parts.call(patient_view("demo-12", prefetch=None)).status_code == 412


def test_a_null_patient_is_412(parts):
    response = parts.call(with_key(patient_view("demo-12"), "patient", None))
    assert response.status_code == 412


def test_another_patient_in_the_prefetch_is_refused(parts, caplog):
    other = with_key(patient_view("demo-12"), "patient", prefetch_of("demo-01")["patient"])
    response = parts.call(other)
    assert response.status_code == 412
    assert parts.audit.events == []
    told = [r.getMessage() for r in caplog.records if r.name == "fhir.hooks.gather"]
    assert told == ["hook without a record: NoDataError, ehr north"]


@pytest.mark.parametrize("key", [CONDITIONS, ORDERS, *RESULTS[:1]])
def test_one_resource_of_another_patient_refuses_the_whole_call(parts, caplog, key):
    body = order_select("demo-05")
    kind = next(s.kind for s in OFFERED if s.key == key)
    stranger = next(r for r in resources_of("demo-01") if r["resourceType"] == kind)
    held = [e["resource"] for e in (body["prefetch"][key] or {"entry": []})["entry"]]
    response = parts.call(with_key(body, key, searchset(*held, stranger)))
    assert response.status_code == 412
    assert "cards" not in response.json()
    assert "demo-0" not in response.text
    told = [r.getMessage() for r in caplog.records if r.name == "fhir.hooks.gather"]
    assert told == ["hook without a record: OtherPatientError, ehr north"]


@pytest.mark.parametrize(
    "change",
    [
        {"link": [{"type": "replaced-by", "other": {"reference": "Patient/other"}}]},
        {"active": False, "link": [{"type": "replaced-by", "other": {"reference": "Patient/x"}}]},
    ],
)
def test_a_patient_who_was_merged_into_another_is_412(parts, change):
    body = patient_view("demo-12")
    response = parts.call(with_key(body, "patient", body["prefetch"]["patient"] | change))
    assert response.status_code == 412


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "OperationOutcome", "issue": []},
        {"resourceType": "Bundle", "type": "searchset", "entry": []},
    ],
)
def test_a_patient_the_chart_could_not_read_is_412(parts, value):
    assert parts.call(with_key(patient_view("demo-12"), "patient", value)).status_code == 412


def test_an_entry_without_a_resource_makes_a_bundle_a_part(parts):
    body = patient_view("demo-01")
    found = body["prefetch"][CONDITIONS]
    parts.call(with_key(body, CONDITIONS, found | {"entry": [*found["entry"], {}]}))
    assert [g.reason for g in parts.records[0].gaps] == [GapReason.CUT_OFF]


def test_data_of_another_server_are_somebody_elses(parts):
    body = patient_view("demo-01")
    found = body["prefetch"][CONDITIONS]
    entry = found["entry"][0] | {"fullUrl": "https://elsewhere.example.org/fhir/Condition/1"}
    response = parts.call(with_key(body, CONDITIONS, found | {"entry": [entry]}))
    assert response.status_code == 412


# What is wrong with a call


def changed(**changes):
    body = patient_view("demo-12") | changes
    return {k: v for k, v in body.items() if v is not None}


def context(**changes):
    found = patient_view("demo-12")["context"] | changes
    return changed(context={k: v for k, v in found.items() if v is not None})


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("hook", changed(hook=None)),
        ("hook", changed(hook="order-sign")),
        ("hook", changed(hook=["patient-view"])),
        ("hookInstance", changed(hookInstance=None)),
        ("hookInstance", changed(hookInstance="not-a-uuid")),
        ("context", changed(context=None)),
        ("context", changed(context=[])),
        ("context.patientId", context(patientId=None)),
        ("context.patientId", context(patientId="")),
        ("context.patientId", context(patientId=12)),
        ("context.patientId", context(patientId="Patient/demo-12")),
        ("context.patientId", context(patientId="..")),
        ("context.patientId", context(patientId="a" * 65)),
        ("context.userId", context(userId=None)),
        ("context.userId", context(userId="Dr Example")),
        ("context.userId", context(userId="Device/1")),
        ("context.encounterId", context(encounterId="a b")),
        ("context.selections", changed(hook="order-select")),
        ("prefetch", changed(prefetch=[])),
        ("prefetch.patient", changed(prefetch={"patient": {"resourceType": "Observation"}})),
        ("prefetch.patient", changed(prefetch={"patient": "demo-12"})),
        (f"prefetch.{CONDITIONS}", changed(prefetch={CONDITIONS: {"resourceType": "Patient"}})),
        (f"prefetch.{CONDITIONS}", changed(prefetch={CONDITIONS: []})),
        ("fhirServer", changed(fhirServer="https://evil.example.org/fhir")),
        ("fhirServer", changed(fhirServer=7)),
        ("fhirServer", changed(fhirAuthorization=authorization())),
        ("fhirAuthorization", changed(fhirAuthorization="token")),
    ],
)
def test_what_is_wrong_is_named_without_repeating_it(parts, field, body):
    response = parts.call(body)
    assert response.status_code == 400
    told = response.json()
    assert told["field"] == field
    assert told["error"].startswith(field)
    assert told["remedy"]
    assert "demo-12" not in response.text
    assert "evil" not in response.text


@pytest.mark.parametrize(
    "changes",
    [
        {"access_token": None},
        {"access_token": "with space"},
        {"access_token": "line\r\nHost: x"},
        {"token_type": "mac"},
        {"expires_in": 0},
        {"expires_in": "300"},
        {"expires_in": True},
        {"expires_in": 10**9},
        {"scope": ""},
        {"subject": None},
        {"patient": "demo-01"},
    ],
)
def test_an_authorization_that_is_not_whole_or_for_another_patient_is_refused(parts, changes):
    given = authorization(**changes)
    body = changed(fhirServer=SERVER, fhirAuthorization=given)
    response = parts.call(body)
    assert response.status_code == 400
    assert response.json()["field"].startswith("fhirAuthorization.")
    assert "opaque" not in response.text


def test_optional_members_may_be_left_out(parts):
    body = context(encounterId=None)
    assert len(cards(parts.call(body))) == 1
    assert len(cards(parts.call(body | {"extension": {"com.example.x": 1}}))) == 1


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"hook": NaN}', b"[" * 100_000],
)
def test_a_body_that_is_no_json_object_is_refused(parts, raw):
    response = parts.post(f"/cds-services/{SPEC.id}", raw)
    assert response.status_code == 400


def test_a_property_that_stands_twice_is_refused(parts):
    written = json.dumps(patient_view("demo-12"))
    twice = written[:-1] + ', "context": {"patientId": "demo-01"}}'
    response = parts.post(f"/cds-services/{SPEC.id}", twice)
    assert response.status_code == 400
    assert "twice" in response.json()["error"]


@pytest.mark.parametrize("kind", ["text/plain", "application/fhir+json", "application/jsonp", ""])
def test_another_content_type_is_refused(parts, kind):
    response = parts.call(patient_view("demo-12"), **{"Content-Type": kind})
    assert response.status_code == 415


def test_a_charset_is_part_of_the_content_type(parts):
    kind = "application/json; charset=utf-8"
    assert parts.call(patient_view("demo-12"), **{"Content-Type": kind}).status_code == 200


def test_a_body_that_is_too_large_is_refused(parts):
    response = parts.post(f"/cds-services/{SPEC.id}", b" " * (LONGEST_BODY + 1))
    assert response.status_code == 413


def test_an_unknown_service_is_404(parts):
    assert parts.post("/cds-services/unknown", patient_view("demo-12")).status_code == 404
    assert parts.post("/cds-services/unknown/feedback", {"feedback": []}).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_refused(parts, method):
    path = f"/cds-services/{SPEC.id}"
    assert parts.send(method, path, headers=parts.signed(path)).status_code == 405


# No entry, no card


def test_without_an_entry_in_the_trail_there_is_no_card(tmp_path):
    with running(tmp_path, audit=ListAuditLog(broken=True)) as parts:
        response = parts.call(order_select("demo-05"))
        assert response.status_code == 500
        assert "cards" not in response.json()


def test_without_an_entry_in_the_ledger_there_is_no_card(tmp_path):
    with running(tmp_path) as parts:
        body, headers = order_select("demo-05"), parts.signed(f"/cds-services/{SPEC.id}")
        with parts.database.write() as connection:
            CARD.drop(connection)
        response = parts.call(body, **headers)
        assert response.status_code == 500
        assert "cards" not in response.json()


def test_what_nobody_expected_is_told_without_what_it_said(tmp_path, caplog):
    def broken(call, record):
        raise RuntimeError(f"about {call.patient_id}")

    with running(tmp_path, respond=broken) as parts:
        response = parts.call(patient_view("demo-12"))
    assert response.status_code == 500
    assert "demo-12" not in response.text + caplog.text
    assert f"/cds-services/{SPEC.id} ({tenant_of().id}): RuntimeError" in caplog.text


def test_a_record_that_cannot_be_assessed_says_what_the_port_said(tmp_path):
    def full(call, record):
        raise AuditError("cannot write", "Free some space.")

    with running(tmp_path, respond=full) as parts:
        assert parts.call(patient_view("demo-12")).status_code == 500


# Over a network, with the trail that is served


def test_over_loopback_with_the_real_trail_every_assessment_is_in_the_chain(tmp_path):
    with served(tmp_path) as service:
        for body in bodies(service.spec)[12:15]:  # one patient: opened, and either class ordered
            headers = {
                "Authorization": f"Bearer {service.token()}",
                "Content-Type": "application/json",
            }
            response = httpx2.post(service.endpoint, content=body, headers=headers, trust_env=False)
            cards(response)
    database = Database(database_url(tmp_path / "store.sqlite"), existing=True)
    with database.read() as connection:
        written = connection.execute(text("select count(*) from audit_entry")).scalar_one()
        linked = connection.execute(select(CARD.c.audit_id)).scalars().all()
    assert written == 3
    assert len(linked) == 1
    database.close()


# Browsers


def test_a_listed_origin_may_ask_and_read(parts):
    path = f"/cds-services/{SPEC.id}"
    (origin,) = parts.tenant.hook_origins
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    response = parts.send("OPTIONS", path, headers=asked)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-methods"] == "POST"
    assert response.headers["access-control-allow-headers"] == "authorization, content-type"
    assert response.headers["vary"] == "Origin"
    answered = parts.call(patient_view("demo-12"), Origin=origin)
    assert answered.headers["access-control-allow-origin"] == origin
    assert answered.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("origin", ["https://evil.example.org", "null", "*", ""])
def test_no_other_origin_is_told_that_it_may(parts, origin):
    path = f"/cds-services/{SPEC.id}"
    response = parts.send("OPTIONS", path, headers={"Origin": origin})
    assert response.status_code == 403
    answered = parts.call(patient_view("demo-12"), Origin=origin)
    for each in (response, answered):
        assert not [name for name in each.headers if name.startswith("access-control")]
        assert each.headers["vary"] == "Origin"


def test_a_refusal_can_be_read_by_a_listed_origin_too(parts):
    (origin,) = parts.tenant.hook_origins
    response = parts.send("GET", "/cds-services", headers={"Origin": origin})
    assert response.status_code == 401
    assert response.headers["access-control-allow-origin"] == origin


def test_a_call_in_a_message_does_not_show_whom_it_is_about(parts):
    parts.call(patient_view("demo-12"))
    shown = repr(dataclasses.replace(parts.calls[0], encounter="secret-encounter"))
    assert "demo-12" not in shown
    assert "secret-encounter" not in shown
    assert "Practitioner/example" not in shown
