"""What a call lacks is fetched from the tenant's own server with the call's own token, or named."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from decision.assess import Context, assess
from decision.clinical.record import GapReason, Part
from examples.demo_ehr import Answer
from examples.demo_ehr.grants import Context as Granted
from examples.demo_ehr.grants import Grant
from fhir.errors import AccessEndedError
from fhir.hooks.authorization import HookAccess, NoAccess, read_authorization
from fhir.smart.scopes import parse_scopes
from tests.builders import ListAuditLog
from tests.demo_servers import demo_server
from tests.hook_calls import (
    OFFERED,
    PREDICTOR,
    SERVER,
    authorization,
    order_select,
    patient_view,
    running,
    searchset,
    spec_of,
    tenant_of,
)

SCOPE = authorization()["scope"]
CONDITIONS = next(s.key for s in OFFERED if s.part is Part.CONDITIONS)
ORDERS = next(s.key for s in OFFERED if s.part is Part.MEDICATIONS)


@pytest.fixture(scope="module")
def ehr():
    with demo_server() as server:
        yield server


@pytest.fixture(scope="module")
def parts(ehr, tmp_path_factory):
    tenant = tenant_of(ehr.ehr.fhir)
    with running(tmp_path_factory.mktemp("hooks"), tenant=tenant) as found:
        yield found


@pytest.fixture(autouse=True)
def _begin(ehr, parts):
    ehr.reset()
    parts.records.clear()
    parts.audit.events.clear()


def granted(ehr, patient: str, scope: str = SCOPE) -> dict:
    """The authorization a strict server gives for one patient, as a call carries it."""
    grant = Grant(
        client="app-public", scope=scope, context=Granted(patient=patient), nonce="", family="f"
    )
    bearer, _ = ehr.ehr.grants.tokens(grant)
    return authorization(bearer, scope=scope, patient=patient)


def call(ehr, patient="demo-12", scope=SCOPE, body=None, **more) -> dict:
    """A call that lacks what is not in `body`, with a right to fetch it."""
    found = body or patient_view(patient, prefetch=None)
    given = {"fhirServer": ehr.ehr.fhir, "fhirAuthorization": granted(ehr, patient, scope)}
    return found | given | more


def asked(ehr) -> set[str]:
    """The kinds of resource the server was asked for."""
    paths = (line.split("/fhir/")[1].split("/")[0] for line in ehr.seen if "/fhir/" in line)
    return set(paths) - {"metadata"}


def test_without_prefetch_everything_is_fetched_and_the_answer_is_the_same(ehr, parts):
    prefetched = patient_view("demo-12", fhirServer=ehr.ehr.fhir)
    one = parts.call(prefetched).json()["cards"][0]
    other = parts.call(call(ehr)).json()["cards"][0]
    assert one["summary"] == other["summary"]
    assert one["detail"] == other["detail"]
    assert asked(ehr) == {"Patient", "Observation", "Condition", "MedicationRequest"}


@pytest.mark.parametrize("patient", ["demo-01", "demo-05", "demo-07", "demo-13"])
def test_prefetched_and_fetched_records_hold_the_same_to_the_last_digit(ehr, parts, patient):
    """Both ways must lead to one answer: a client decides how to send data, not what they mean."""
    parts.call(patient_view(patient, fhirServer=ehr.ehr.fhir))
    parts.call(call(ehr, patient))
    one, other = parts.records
    assert one.gaps == other.gaps == ()
    judged = [
        assess(
            r, spec_of(), PREDICTOR, ListAuditLog(),
            Context(agent="x", site="simulated-demo", now=r.as_of),
        )
        for r in (one, other)
    ]  # fmt: skip
    assert judged[0].features.values == judged[1].features.values
    assert getattr(judged[0], "answer", None) == getattr(judged[1], "answer", None)
    assert [f.presence for f in judged[0].cautions] == [f.presence for f in judged[1].cautions]


def test_with_everything_prefetched_the_server_is_not_asked(ehr, parts):
    body = patient_view("demo-12")
    assert parts.call(call(ehr, body=body)).json()["cards"]
    assert ehr.seen == []


@pytest.mark.parametrize("key", [CONDITIONS, ORDERS, "patient"])
def test_only_the_absent_keys_are_fetched(ehr, parts, key):
    body = order_select("demo-05")
    body["prefetch"] = {k: v for k, v in body["prefetch"].items() if k != key}
    response = parts.call(call(ehr, "demo-05", body=body))
    assert response.json()["cards"]
    kind = next((s.kind for s in OFFERED if s.key == key), "Patient")
    assert asked(ehr) == {kind}
    assert parts.records[0].gaps == ()


def test_null_is_an_answer_and_is_not_asked_again(ehr, parts):
    body = patient_view("demo-01")
    body["prefetch"] |= {CONDITIONS: None}
    parts.call(call(ehr, "demo-01", body=body))
    assert asked(ehr) == set()
    assert parts.records[0].conditions == ()


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]},
        searchset(link=[{"relation": "next", "url": "https://evil.example.org/next"}]),
    ],
)
def test_what_failed_or_came_in_part_is_fetched_whole(ehr, parts, value):
    """A page is asked for anew as a search of our own: its `next` may lead anywhere."""
    body = patient_view("demo-01")
    body["prefetch"] |= {CONDITIONS: value}
    parts.call(call(ehr, "demo-01", body=body))
    assert asked(ehr) == {"Condition"}
    assert parts.records[0].gaps == ()
    assert parts.records[0].conditions


def test_scopes_that_do_not_cover_a_kind_leave_a_gap_and_no_request(ehr, parts):
    scope = "patient/Patient.rs patient/Observation.rs patient/MedicationRequest.rs"
    response = parts.call(call(ehr, "demo-01", scope))
    assert response.status_code == 200
    (gap,) = parts.records[0].gaps
    assert (gap.part, gap.reason) == (Part.CONDITIONS, GapReason.NOT_PERMITTED)
    assert "Condition" not in asked(ehr)


def test_scopes_for_a_part_leave_a_gap_in_what_was_fetched_and_in_what_came_along(ehr, parts):
    part = SCOPE.replace("MedicationRequest.rs", "MedicationRequest.rs?status=active")
    given = authorization(scope=part)
    parts.call(patient_view("demo-01", fhirServer=ehr.ehr.fhir, fhirAuthorization=given))
    (gap,) = parts.records[0].gaps
    assert (gap.part, gap.reason) == (Part.MEDICATIONS, GapReason.CUT_OFF)
    assert parts.records[0].medications


def test_every_kind_read_in_part_is_no_reason_to_refuse(ehr, parts):
    part = " ".join(f"{word}?x=y" if ".rs" in word and "/Patient" not in word else word
                    for word in SCOPE.split())  # fmt: skip
    body = call(ehr)
    body["fhirAuthorization"] |= {"scope": part}
    assert parts.call(body).status_code == 200
    assert {g.reason for g in parts.records[0].gaps} == {GapReason.CUT_OFF}
    assert {g.part for g in parts.records[0].gaps} == {
        Part.OBSERVATIONS, Part.CONDITIONS, Part.MEDICATIONS
    }  # fmt: skip


def test_without_the_patient_there_is_no_answer(ehr, parts):
    response = parts.call(call(ehr, scope="patient/Observation.rs"))
    assert response.status_code == 412
    assert parts.audit.events == []


def test_a_token_of_another_patient_gets_nothing(ehr, parts):
    body = call(ehr)
    body["fhirAuthorization"] = granted(ehr, "demo-01") | {"patient": "demo-12"}
    response = parts.call(body)
    assert response.status_code == 412
    assert "cards" not in response.json()


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_server_that_gives_nothing_is_412(ehr, parts, status):
    ehr.ehr.misbehaviour.answers["fhir"] = Answer(status=status)
    response = parts.call(call(ehr))
    assert response.status_code == 412
    assert parts.audit.events == []


def test_a_server_that_gives_only_the_patient_is_412(ehr, parts):
    body = call(ehr, scope="patient/Patient.rs")
    response = parts.call(body)
    assert response.status_code == 412
    assert "Nothing of the record" in response.json()["error"]


def test_an_unknown_token_is_412_and_is_never_shown(ehr, parts, caplog):
    body = call(ehr)
    body["fhirAuthorization"] |= {"access_token": "marked-token"}
    response = parts.call(body)
    assert response.status_code == 412
    assert "marked-token" not in response.text + caplog.text


def test_resources_of_a_stranger_in_the_servers_answer_refuse_the_call(ehr, parts):
    ehr.ehr.misbehaviour.leaks = "demo-05"
    response = parts.call(call(ehr, "demo-01"))
    assert response.status_code == 412
    assert "demo-0" not in response.text
    assert parts.audit.events == []


def test_an_order_of_something_else_asks_the_server_nothing(ehr, parts):
    body = order_select("demo-05", prefetch=None)
    body["context"]["selections"] = []
    response = parts.call(call(ehr, "demo-05", body=body))
    assert response.json() == {"cards": []}
    assert ehr.seen == []


def test_a_token_never_leaves_for_another_server(ehr, parts):
    response = parts.call(call(ehr, fhirServer="http://127.0.0.1:9/fhir"))
    assert response.status_code == 400
    assert ehr.seen == []


def test_one_trailing_slash_makes_no_other_server(ehr, parts):
    assert parts.call(call(ehr, fhirServer=f"{ehr.ehr.fhir}/")).status_code == 200


# The right itself


def access(parts, **changes):
    return read_authorization(authorization(**changes), SERVER, "p1", parts.clock)


def test_scopes_are_read_in_both_spellings_and_for_the_user_who_is_looking(parts):
    for scope in ("patient/Condition.read", "user/Condition.rs", "user/*.read", "patient/*.cruds"):
        assert access(parts, scope=scope).may("Condition", "s")
    for scope in ("patient/Condition.write", "system/Condition.rs", "openid", "Condition.rs"):
        assert not access(parts, scope=scope).may("Condition", "s")


def test_the_right_ends_when_its_seconds_are_over(parts):
    found = access(parts, expires_in=60)
    assert isinstance(found, HookAccess)
    assert asyncio.run(found.authorization()) == "Bearer opaque"
    with pytest.raises(AccessEndedError):
        asyncio.run(found.renewed("Bearer opaque"))
    parts.clock.forward(seconds=60)
    with pytest.raises(AccessEndedError):
        asyncio.run(found.authorization())


def test_a_scope_with_a_query_is_a_part_unless_the_whole_is_granted_too(parts):
    part = "user/MedicationRequest.rs?status=active"
    assert access(parts, scope=part).partly("MedicationRequest")
    assert not access(parts, scope=f"{part} user/MedicationRequest.rs").partly("MedicationRequest")
    assert not read_authorization(None, SERVER, "p1", parts.clock).partly("MedicationRequest")


def test_no_authorization_permits_nothing(parts):
    found = read_authorization(None, SERVER, "p1", parts.clock)
    assert isinstance(found, NoAccess)
    assert not found.may("Patient", "r")


def test_the_access_does_not_show_its_token(parts):
    assert "opaque" not in repr(access(parts))
    assert parse_scopes("user/Condition.rs").letters == {}


def test_two_calls_for_two_patients_stay_two(ehr, parts):
    for patient in ("demo-01", "demo-05", "demo-01"):
        parts.call(call(ehr, patient))
    assert [r.patient_id for r in parts.records] == ["demo-01", "demo-05", "demo-01"]
    assert dataclasses.replace(parts.records[0], as_of=parts.records[2].as_of) == parts.records[2]
