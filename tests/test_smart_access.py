"""The tokens of a launch: renewed once for all, never for more, and gone at the end."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import httpx2
import pytest

from fhir.errors import AccessEndedError, ServerError
from fhir.smart.access import LaunchAccess
from fhir.smart.context import read_context
from fhir.smart.refusals import LaunchError, Reason
from tests.smart_world import Clock, FakeEhr, form_of, open_access, sign


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ehr(clock) -> FakeEhr:
    return FakeEhr(clock)


def header(access: LaunchAccess) -> str:
    return asyncio.run(access.authorization())


def ended(access: LaunchAccess) -> bool:
    """Every way of using it says so."""
    for use in (access.authorization(), access.renewed("Bearer access-0")):
        with pytest.raises(AccessEndedError):
            asyncio.run(use)
    return access.ended and not access.may("Patient", "r")


def test_a_fresh_token_is_used_as_it_is(ehr, clock):
    access = open_access(ehr, clock)
    assert header(access) == "Bearer access-0"
    clock.forward(seconds=269)
    assert header(access) == "Bearer access-0"
    assert ehr.requests == []


def test_a_token_is_renewed_shortly_before_its_end(ehr, clock):
    access = open_access(ehr, clock)
    clock.forward(seconds=270)
    assert header(access) == "Bearer access-1"
    assert form_of(ehr.requests[0]) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-0",
        "client_id": "our-app",
    }
    assert header(access) == "Bearer access-1"
    assert len(ehr.requests) == 1


def test_each_refresh_token_is_used_once(ehr, clock):
    access = open_access(ehr, clock)
    for _ in range(3):
        clock.forward(seconds=280)
        header(access)
    used = [form_of(request)["refresh_token"] for request in ehr.requests]
    assert used == ["refresh-0", "refresh-1", "refresh-2"]


def test_a_server_that_gives_no_new_refresh_token_means_the_old_one(ehr, clock):
    access = open_access(ehr, clock)
    ehr.refresh = {"refresh_token": None}
    for _ in range(2):
        clock.forward(seconds=280)
        header(access)
    assert [form_of(r)["refresh_token"] for r in ehr.requests] == ["refresh-0", "refresh-0"]


def test_many_requests_share_one_renewal(ehr, clock):
    access = open_access(ehr, clock)
    clock.forward(minutes=5)

    async def story() -> list[str]:
        return await asyncio.gather(
            *(access.authorization() for _ in range(20)),
            *(access.renewed("Bearer access-0") for _ in range(20)),
        )

    assert set(asyncio.run(story())) == {"Bearer access-1"}
    assert len(ehr.requests) == 1


def test_whoever_gives_up_waiting_spoils_no_renewal(ehr, clock):
    access = open_access(ehr, clock)
    clock.forward(minutes=5)

    async def story() -> str:
        impatient = asyncio.create_task(access.authorization())
        await asyncio.sleep(0)
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        return await access.authorization()

    assert asyncio.run(story()) == "Bearer access-1"
    assert len(ehr.requests) == 1


def test_a_refused_header_is_renewed_once_and_not_again_for_its_neighbours(ehr, clock):
    access = open_access(ehr, clock)
    assert asyncio.run(access.renewed("Bearer access-0")) == "Bearer access-1"
    assert asyncio.run(access.renewed("Bearer access-0")) == "Bearer access-1"
    assert len(ehr.requests) == 1


def test_without_a_refresh_token_the_launch_ends_with_its_token(ehr, clock):
    access = open_access(ehr, clock, grant={"refresh_token": ""})
    clock.forward(seconds=299)
    assert header(access) == "Bearer access-0"
    clock.forward(seconds=1)
    assert ended(access)
    assert ehr.requests == []


def test_a_token_without_a_stated_end_is_used_until_it_is_refused(ehr, clock):
    access = open_access(ehr, clock, grant={"lifetime": None, "refresh_token": ""})
    clock.forward(hours=7)
    assert header(access) == "Bearer access-0"
    with pytest.raises(AccessEndedError):
        asyncio.run(access.renewed("Bearer access-0"))
    assert ended(access)


def test_the_launch_ends_with_its_lifetime_whatever_could_be_renewed(ehr, clock):
    access = open_access(ehr, clock, until=clock.now + timedelta(minutes=10))
    clock.forward(minutes=10)
    assert ended(access)
    assert ehr.requests == []


@pytest.mark.parametrize("status", [400, 401, 403, 302])
def test_a_refused_refresh_ends_the_launch(ehr, clock, status):
    access = open_access(ehr, clock)
    ehr.refresh_status = status
    clock.forward(minutes=5)
    assert ended(access)
    assert len(ehr.requests) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"patient": "another"},
        {"patient": None, "token_type": "mac"},
        {"access_token": ""},
        {"expires_in": "soon"},
        {"scope": "openid patient/Observation.rs"},
        {"scope": ""},
    ],
)
def test_a_refresh_for_somebody_else_or_for_nothing_ends_the_launch(ehr, clock, changes):
    access = open_access(ehr, clock)
    ehr.refresh = changes
    clock.forward(minutes=5)
    assert ended(access)


@pytest.mark.parametrize("said", [{"sub": "user-7"}, {"sub": "user-7", "iss": "x", "exp": 1}])
def test_a_refresh_that_names_the_same_person_goes_on(ehr, clock, said):
    access = open_access(ehr, clock)
    ehr.refresh = {"id_token": sign(said)}
    clock.forward(minutes=5)
    assert header(access) == "Bearer access-1"


@pytest.mark.parametrize(
    "token", [sign({"sub": "another"}), sign({}), sign({"sub": None}), "no.token", "", 7, ["x"]]
)
def test_a_refresh_that_names_another_person_or_nobody_ends_the_launch(ehr, clock, token):
    """Somebody else has logged in at the EHR meanwhile; what they do would be signed as hers."""
    access = open_access(ehr, clock)
    ehr.refresh = {"id_token": token}
    clock.forward(minutes=5)
    assert ended(access)


def test_a_refresh_may_take_scopes_away_and_add_none(ehr, clock):
    access = open_access(ehr, clock)
    ehr.refresh = {"scope": "patient/Patient.cruds patient/Observation.r patient/Condition.rs"}
    clock.forward(minutes=5)
    header(access)
    assert access.may("Patient", "r")
    assert access.may("Observation", "r")
    assert not access.may("Observation", "s")
    assert not access.may("Condition", "r")
    assert not access.may("Patient", "u")
    ehr.refresh = {"scope": "patient/*.cruds"}
    clock.forward(minutes=5)
    header(access)
    assert not access.may("Observation", "s")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_login_server_ends_nothing(ehr, clock, status):
    access = open_access(ehr, clock)
    ehr.refresh_status = status
    clock.forward(seconds=280)
    assert header(access) == "Bearer access-0"  # it still holds
    clock.forward(seconds=20)
    with pytest.raises(ServerError) as caught:
        header(access)
    assert caught.value.status == status
    assert not access.ended
    ehr.refresh_status = 200
    assert header(access).startswith("Bearer access-")


def test_a_login_server_out_of_reach_ends_nothing(ehr, clock):
    access = open_access(ehr, clock)
    ehr.fails["/token"] = httpx2.ConnectError("down")
    clock.forward(minutes=5)
    with pytest.raises(ServerError):
        header(access)
    del ehr.fails["/token"]
    assert header(access) == "Bearer access-1"


def test_a_refresh_that_may_have_arrived_is_not_repeated(ehr, clock):
    access = open_access(ehr, clock)
    ehr.fails["/token"] = httpx2.ReadTimeout("slow")
    clock.forward(minutes=5)
    assert ended(access)
    assert len(ehr.requests) == 1


def test_a_renewal_that_comes_after_the_end_brings_nothing_back(clock):
    def handler(request: httpx2.Request) -> httpx2.Response:
        access.forget()  # somebody logs out while the server is being asked
        return ehr(request)

    ehr = FakeEhr(clock)
    access = open_access(handler, clock)
    clock.forward(minutes=5)
    assert ended(access)
    assert "access-1" not in str(vars(access))


def test_ending_revokes_both_tokens_and_keeps_none(ehr, clock):
    access = open_access(ehr, clock)
    asyncio.run(access.end())
    assert [form_of(r)["token"] for r in ehr.requests] == ["refresh-0", "access-0"]
    assert ended(access)
    assert "access-0" not in str(vars(access))
    assert "refresh-0" not in str(vars(access))
    asyncio.run(access.end())
    assert len(ehr.requests) == 2


@pytest.mark.parametrize("error", [httpx2.ConnectError("x"), httpx2.ReadTimeout("x")])
def test_a_revocation_that_fails_changes_nothing(ehr, clock, error):
    access = open_access(ehr, clock)
    ehr.fails["/revoke"] = error
    asyncio.run(access.end())
    assert ended(access)


def test_no_token_is_ever_printed(ehr, clock):
    access = open_access(ehr, clock)
    assert repr(access) == "<LaunchAccess open>"
    access.forget()
    assert repr(access) == "<LaunchAccess ended>"


# The launch context


def context(**changes):
    return read_context({"patient": "p-1", **changes})


def test_a_patient_alone_is_a_context():
    found = context()
    assert (found.patient_id, found.encounter, found.intent) == ("p-1", "", "")
    assert found.need_patient_banner is True
    assert found.fhir_context == ()


@pytest.mark.parametrize("name", ["intent", "appContext"])
@pytest.mark.parametrize("given", [None, 7, ["x"], "x" * 501])
def test_a_word_that_cannot_be_one_is_none(name, given):
    found = context(**{name: given})
    assert (found.intent, found.app_context) == ("", "")


def test_what_a_card_gave_along_arrives_as_it_was():
    assert context(appContext="4e0a3a1e").app_context == "4e0a3a1e"


@pytest.mark.parametrize("patient", ["a b", "Patient/1", "../1", "p\n", "ü", 1, ["p"], "p" * 65])
def test_a_patient_that_is_no_id_is_refused(patient):
    with pytest.raises(LaunchError) as caught:
        context(patient=patient)
    assert caught.value.reason is Reason.ANSWER_UNUSABLE
    assert str(patient) not in str(caught.value)


def test_what_else_was_open_is_kept_where_it_is_well_formed():
    found = context(
        fhirContext=[
            {"reference": "DiagnosticReport/7"},
            {"reference": "Patient/p-2", "role": "mother"},
            {"reference": "DocumentReference/8", "role": "expression", "type": "x"},
            {"canonical": "https://q.test/Questionnaire/1"},
            {"reference": "Patient/p-2"},
            {"reference": "Encounter/e", "role": "launch"},
            {"reference": "https://evil.test/Patient/1"},
            {"reference": 7},
            {"identifier": {"value": "x"}},
            {},
            "DiagnosticReport/9",
        ]
    ).fhir_context
    assert [(item.reference or item.canonical, item.role) for item in found] == [
        ("DiagnosticReport/7", "launch"),
        ("Patient/p-2", "mother"),
        ("DocumentReference/8", "expression"),
        ("https://q.test/Questionnaire/1", "launch"),
    ]


@pytest.mark.parametrize("given", [None, {}, "x", 7, [[]], [None] * 60])
def test_a_context_that_is_no_list_of_items_is_none(given):
    assert context(fhirContext=given).fhir_context == ()
