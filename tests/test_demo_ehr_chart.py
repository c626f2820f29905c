"""The demo EHR's FHIR endpoint: one token, one patient, only what was granted."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome
from hypothesis import given
from hypothesis import strategies as st

from examples.demo_ehr.chart import Chart
from examples.demo_ehr.errors import SetupError
from examples.demo_ehr.searching import matching, understood
from tests.demo_servers import PATIENTS, SCOPES, HandMadeApp, MovingClock, demo_server

ADA = {"reference": "Patient/demo-01"}
TABLET = {
    "resourceType": "Medication",
    "id": "tablet",
    "code": {"coding": [{"system": "urn:x", "code": "t"}]},
}
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "order",
    "status": "active",
    "intent": "order",
    "subject": ADA,
    "authoredOn": "2026-11-01",
    "medicationReference": {"reference": "Medication/tablet"},
}
FILE = {
    "resourceType": "Binary",
    "id": "file",
    "contentType": "text/tab-separated-values",
    "data": base64.b64encode(b"gene\tvalue\n").decode(),
}
POINTER = {
    "resourceType": "DocumentReference",
    "id": "pointer",
    "status": "current",
    "subject": ADA,
    "type": {"coding": [{"system": "urn:x", "code": "expression"}]},
    "content": [{"attachment": {"contentType": FILE["contentType"], "url": "Binary/file"}}],
}
LOOSE = {"resourceType": "Binary", "id": "loose", "contentType": "text/plain", "data": "eA=="}
EVERYTHING = " ".join(s for s in SCOPES if s.startswith("patient/"))


@pytest.fixture(scope="module")
def server():
    with demo_server(more=[TABLET, ORDER, FILE, POINTER, LOOSE]) as running:
        yield running


@pytest.fixture
def app(server):
    server.reset()
    made = HandMadeApp(server)
    yield made
    made.http.close()


@pytest.fixture
def token(app):
    return app.tokens(scope=f"launch {EVERYTHING}")["access_token"]


def refused(answer):
    """The OperationOutcome of a refusal, which holds nobody's name."""
    outcome = answer.json()
    OperationOutcome.model_validate(outcome)
    assert "Example-" not in answer.text
    return outcome["issue"][0]["code"]


def bundle_of(patient):
    [path] = PATIENTS.glob(f"{patient}-*.json")
    return [entry["resource"] for entry in json.loads(path.read_text())["entry"]]


def pages_of(app, token, path):
    """Every page of a search, following `next` as given."""
    pages = [app.fhir(path, token).json()]
    while True:
        links = {link["relation"]: link["url"] for link in pages[-1]["link"]}
        if "next" not in links:
            return pages
        there = links["next"].removeprefix(f"{app.server.ehr.fhir}/")
        pages.append(app.fhir(there, token).json())


# Who may ask


@pytest.mark.parametrize(
    ("path", "method"),
    [("Patient/demo-01", "GET"), ("Observation?patient=demo-01", "GET"),
     ("Observation/_search", "POST"), ("RiskAssessment", "POST"), ("RiskAssessment/x", "PUT")],
)  # fmt: skip
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer made-up", "Basic eDp5"])
def test_nothing_is_answered_without_a_living_token(app, path, method, header):
    headers = {"Authorization": header} if header else {}
    answer = app.http.request(method, f"{app.server.ehr.fhir}/{path}", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert refused(answer) == "login"


def test_a_token_in_the_address_is_no_token(app, token):
    answer = app.http.get(f"{app.server.ehr.fhir}/Patient/demo-01?access_token={token}")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "path",
    ["Patient/demo-02", "Observation?patient=demo-02", "Observation?patient=Patient/demo-02",
     "Observation?patient=demo-01&patient=demo-02", "Observation?code=x", "Observation",
     "Observation?subject=demo-02", "Observation/demo-02-observation-1",
     "Binary/loose"],
)  # fmt: skip
def test_another_patient_is_forbidden_and_so_is_nobody(app, token, path):
    answer = app.fhir(path, token)

    assert answer.status_code == 403
    assert refused(answer) == "forbidden"


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("patient/Patient.r", "Patient/demo-01", 200),
        ("patient/Patient.r", "Observation?patient=demo-01", 403),
        ("patient/Observation.r", "Observation?patient=demo-01", 403),
        ("patient/Observation.r", "Observation/demo-01-observation-1", 200),
        ("patient/Observation.s", "Observation/demo-01-observation-1", 403),
        ("patient/Observation.s", "Observation?patient=demo-01", 200),
        ("patient/Observation.read", "Observation?patient=demo-01", 200),
    ],
)
def test_a_token_opens_what_its_scopes_name(app, scope, path, status):
    token = app.tokens(scope=f"launch {scope}")["access_token"]
    assert app.fhir(path, token).status_code == status


def test_the_scopes_that_were_asked_narrow_a_token_even_when_more_is_registered(app):
    token = app.tokens(scope="launch patient/Condition.rs")["access_token"]
    answer = app.fhir("Patient/demo-01", token)

    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("Patient/nobody", 404), ("Immunization?patient=demo-01", 404), ("Patient?_id=demo-01", 403),
     ("Binary?patient=demo-01", 403), ("Observation?patient=demo-01&_count=0", 400),
     ("Observation?patient=demo-01&_count=5&_count=6", 400),
     ("Observation?patient=demo-01&_sort=code", 400),
     ("Observation?patient=demo-01&_page=made-up", 410)],
)  # fmt: skip
def test_what_cannot_be_answered_says_so(app, token, path, status):
    answer = app.fhir(path, token)

    assert answer.status_code == status
    assert refused(answer)


# Reading


@pytest.mark.parametrize("patient", ["demo-01", "demo-04", "demo-14"])
def test_every_resource_of_a_bundle_is_found_page_by_page(app, patient):
    token = app.tokens(patient, scope=f"launch {EVERYTHING}")["access_token"]
    given = bundle_of(patient)
    visits = {"Encounter"}  # no scope that a launch may ask for grants them
    for kind in sorted({r["resourceType"] for r in given} - {"Patient"} - visits):
        pages = pages_of(app, token, f"{kind}?patient={patient}&_count=7")
        found = [e["resource"] for page in pages for e in page.get("entry", [])]
        for page in pages if patient != "demo-14" else ():  # its data are messy on purpose
            Bundle.model_validate(page)

        expected = {r["id"] for r in given if r["resourceType"] == kind}
        assert {r["id"] for r in found} - {"order", "pointer"} == expected
        assert len(found) == len({r["id"] for r in found})
        assert all(page["total"] == len(found) for page in pages)
        assert all(len(page["entry"]) <= 7 for page in pages)


def test_a_read_resource_is_the_one_of_the_bundle_with_a_version(app, token):
    answer = app.fhir("Patient/demo-01", token)
    given = bundle_of("demo-01")[0]
    found = answer.json()
    version = found["meta"].pop("versionId")
    del found["meta"]["lastUpdated"]

    assert found == given
    assert answer.headers["etag"] == f'W/"{version}"'
    assert answer.headers["cache-control"] == "no-store"
    again = app.fhir("Patient/demo-01", token, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_search_is_by_codes_of_their_systems_and_sorted_by_date(app, token):
    codes = "http://loinc.org|1988-5,http://loinc.org|4537-7"
    answer = app.fhir(f"Observation?patient=demo-01&code={codes}&_sort=-date", token).json()
    found = [entry["resource"] for entry in answer["entry"]]
    dates = [r["effectiveDateTime"] for r in found]

    assert {r["code"]["coding"][0]["code"] for r in found} == {"1988-5", "4537-7"}
    assert dates == sorted(dates, reverse=True)
    elsewhere = "Observation?patient=demo-01&code=urn:other|1988-5"
    assert app.fhir(elsewhere, token).json()["total"] == 0
    assert "entry" not in app.fhir(elsewhere, token).json()


def test_a_long_search_may_be_posted(app, token):
    form = {"patient": "demo-01", "code": "http://loinc.org|1988-5"}
    posted = app.fhir("Observation/_search", token, method="POST", data=form)
    asked = app.fhir("Observation?patient=demo-01&code=http://loinc.org|1988-5", token)

    assert posted.json()["entry"] == asked.json()["entry"]
    wrong = app.fhir("Observation/_search", token, method="POST", json=form)
    assert wrong.status_code == 415


def test_a_page_belongs_to_the_launch_that_asked(app, token):
    links = app.fhir("Observation?patient=demo-01&_count=5", token).json()["link"]
    [there] = [x["url"] for x in links if x["relation"] == "next"]
    path = there.removeprefix(f"{app.server.ehr.fhir}/")
    other = app.tokens("demo-02", scope=f"launch {EVERYTHING}")["access_token"]

    assert app.fhir(path, other).status_code == 410
    assert app.fhir(path, token).status_code == 200


def test_an_unknown_parameter_is_left_out_of_the_self_link_or_refused_when_strict(app, token):
    path = "Observation?patient=demo-01&nonsense=1"
    [link] = [x for x in app.fhir(path, token).json()["link"] if x["relation"] == "self"]

    assert "nonsense" not in link["url"]
    strict = app.fhir(path, token, headers={"Prefer": "handling=strict"})
    assert strict.status_code == 400


def test_a_medication_comes_along_when_it_is_asked_for(app, token):
    path = "MedicationRequest?patient=demo-01&_include=MedicationRequest:medication"
    modes = {
        e["resource"]["id"]: e["search"]["mode"] for e in app.fhir(path, token).json()["entry"]
    }

    assert modes["order"] == "match"
    assert modes["tablet"] == "include"
    assert app.fhir("Medication/tablet", token).status_code == 200
    other = app.tokens("demo-02", scope=f"launch {EVERYTHING}")["access_token"]
    assert app.fhir("Medication/tablet", other).status_code == 403


def test_a_file_is_read_raw_or_as_json_by_its_own_patient(app, token):
    raw = app.fhir("Binary/file", token, headers={"Accept": "*/*"})
    wrapped = app.fhir("Binary/file", token, headers={"Accept": "application/fhir+json"})

    assert raw.content == b"gene\tvalue\n"
    assert raw.headers["content-disposition"] == "attachment"
    assert wrapped.json()["data"] == FILE["data"]
    found = app.fhir("DocumentReference?patient=demo-01&type=urn:x|expression", token).json()
    assert found["total"] == 1


# Writing


def risk(**changes):
    resource = {
        "resourceType": "RiskAssessment",
        "status": "final",
        "subject": ADA,
        "occurrenceDateTime": "2026-11-20T10:00:00+01:00",
        "prediction": [{"probabilityDecimal": 61}],
    }
    return {k: v for k, v in (resource | changes).items() if v is not ...}


def post(app, token, resource, kind="RiskAssessment", **headers):
    names = {"Content-Type": "application/fhir+json"} | {
        k.replace("_", "-"): v for k, v in headers.items()
    }
    content = resource if isinstance(resource, str) else json.dumps(resource)
    return app.fhir(kind, token, method="POST", content=content.encode(), headers=names)


def test_what_is_created_is_found_by_its_location(app, token):
    answer = post(app, token, risk(id="mine"))
    place = answer.headers["location"].removeprefix(f"{app.server.ehr.fhir}/")
    kind, identity, _, version = place.split("/")

    assert answer.status_code == 201
    assert (kind, version) == ("RiskAssessment", "1")
    assert identity != "mine"
    assert app.fhir(f"RiskAssessment/{identity}", token).status_code == 403  # may write, not read
    assert answer.json()["id"] == identity
    quiet = post(app, token, risk(), Prefer="return=minimal")
    assert (quiet.status_code, quiet.content) == (201, b"")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"status": ...}, 422),
        ({"status": "bogus"}, 422),
        ({"subject": ...}, 422),
        ({"subject": {"reference": "Patient/demo-02"}}, 403),
        ({"resourceType": "Observation"}, 400),
        ({"prediction": [{"probabilityDecimal": 161}]}, 422),
        ({"prediction": [{"probabilityDecimal": True}]}, 422),
        ({"prediction": [{"probabilityDecimal": 6, "probabilityRange": {"low": 1}}]}, 422),
        ({"occurrenceDateTime": "2026-11-20T10:00:00"}, 422),
        ({"note": []}, 422),
        ({"note": [{"text": ""}]}, 422),
    ],
)
def test_what_should_not_be_stored_is_not(app, token, changes, status):
    before = len(app.server.ehr.chart.all_of("RiskAssessment"))
    answer = post(app, token, risk(**changes))

    assert answer.status_code == status
    assert refused(answer)
    assert len(app.server.ehr.chart.all_of("RiskAssessment")) == before


def test_a_body_must_be_fhir_json_of_a_type_that_is_written_here(app, token):
    assert post(app, token, "{").status_code == 400
    assert post(app, token, risk(), Content_Type="text/plain").status_code == 415
    assert post(app, token, risk(), kind="Condition").status_code == 405
    reader = app.tokens(scope="launch patient/RiskAssessment.r")["access_token"]
    assert post(app, reader, risk()).status_code == 403


def test_a_conditional_create_stores_once(app, token):
    identifier = {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:1"}
    condition = "identifier=urn:ietf:rfc:3986|urn:uuid:1"
    document = POINTER | {"identifier": [identifier]}
    first = post(app, token, document, "DocumentReference", If_None_Exist=condition)
    second = post(app, token, document, "DocumentReference", If_None_Exist=condition)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["location"] == second.headers["location"]
    post(app, token, document, "DocumentReference")
    third = post(app, token, document, "DocumentReference", If_None_Exist=condition)
    assert third.status_code == 412
    vague = post(app, token, document, "DocumentReference", If_None_Exist="status=current")
    assert vague.status_code == 412


def test_an_update_needs_the_version_that_was_seen(app, token):
    created = post(app, token, risk())
    identity, etag = created.json()["id"], created.headers["etag"]
    amended = created.json() | {"status": "entered-in-error"}

    def put(etag, body=amended):
        headers = {"If-Match": etag, "Content-Type": "application/fhir+json"} if etag else {}
        headers.setdefault("Content-Type", "application/fhir+json")
        return app.fhir(
            f"RiskAssessment/{identity}", token, method="PUT", json=body, headers=headers
        )

    assert put("").status_code == 412
    assert put(etag, amended | {"id": "other"}).status_code == 400
    assert put(etag).headers["etag"] == 'W/"2"'
    assert put(etag).status_code == 412


def test_an_audit_event_is_about_this_tokens_patient(app, token):
    event = {
        "resourceType": "AuditEvent",
        "type": {"code": "rest"},
        "recorded": "2026-11-20T09:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "app"}},
        "entity": [{"what": ADA}],
    }
    assert post(app, token, event, "AuditEvent").status_code == 201
    about_another = event | {"entity": [{"what": {"reference": "Patient/demo-02"}}]}
    assert post(app, token, about_another, "AuditEvent").status_code == 403
    assert post(app, token, event | {"recorded": "2026"}, "AuditEvent").status_code == 422


# Description and set-up


def test_the_capability_statement_is_r4_and_offers_what_is_written(app):
    found = app.http.get(f"{app.server.ehr.fhir}/metadata").json()
    CapabilityStatement.model_validate(found)
    kinds = {r["type"]: {i["code"] for i in r["interaction"]} for r in found["rest"][0]["resource"]}

    assert found["fhirVersion"] == "4.0.1"
    assert {k for k, codes in kinds.items() if "create" in codes} == {
        "RiskAssessment",
        "DocumentReference",
        "AuditEvent",
        "Observation",
    }
    assert "search-type" in kinds["Observation"]


def test_a_folder_without_patients_stops_the_start(tmp_path):
    with pytest.raises(SetupError, match="no bundle"):
        Chart(Path(tmp_path), MovingClock())


def test_two_resources_of_one_name_stop_the_start():
    with pytest.raises(SetupError, match="twice"):
        Chart(PATIENTS, MovingClock(), [bundle_of("demo-01")[0]])


@given(st.lists(st.integers(1, 28), max_size=40), st.integers(1, 60))
def test_pages_cut_nothing_off_and_repeat_nothing(days, count):
    # Paging is a partition: its parts in order are the whole sorted answer.
    resources = [
        {"resourceType": "Observation", "id": str(n), "effectiveDateTime": f"2026-01-{day:02d}"}
        for n, day in enumerate(days)
    ]
    asked = understood("Observation", [("_sort", "-date"), ("_count", str(count))])
    found = matching(asked, resources)

    assert sorted(r["id"] for r in found) == sorted(r["id"] for r in resources)
    dates = [r["effectiveDateTime"] for r in found]
    assert dates == sorted(dates, reverse=True)
    assert 1 <= asked.count <= 50
