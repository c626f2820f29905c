"""The doors as wired: what stands behind a launch is gone when the launch is, however it ends."""

from __future__ import annotations

import gc
import logging
import weakref
from uuid import uuid4

import pytest

from decision.clinical.errors import RecordSourceError
from decision.visit import Closed, Visit
from doors import NO_LAUNCH, Watched
from fhir.errors import OtherPatientError, ServerError, UnknownPatientError
from fhir.hooks.calls import Hook, HookCall
from fhir.hooks.feedback import HookLedger
from fhir.smart.launches import LAUNCH_COOKIE
from parts import Outside
from settings import Settings
from tests.fakes import COMPLETE, FakeSource, page_record
from tests.smart_world import NOW, Clock, launch, tenant
from wiring import Wired


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wired(app, clock, tmp_path) -> Wired:
    settings = Settings.read({"TREATMENT_RESPONSE_AUDIT": str(tmp_path / "audit.sqlite")})
    return Wired(settings, Outside(loop=app.OUTSIDE.loop, http=app.OUTSIDE.http, clock=clock))


def opened(wired: Wired) -> tuple[str, dict[str, str]]:
    """A launch through the front door: its handle, and the cookies of its browser."""
    handle, secret = wired.launches.open(launch())
    return handle, {LAUNCH_COOKIE + handle: secret}


def source_of(wired: Wired, handle: str, cookies: dict[str, str]) -> weakref.ref[object]:
    """What reads the chart for the visit, held by nobody here."""
    visit = wired.services.doors.visit(handle, cookies)
    assert isinstance(visit, Visit)
    assert wired.services.doors.visit(handle, cookies) is visit
    return weakref.ref(visit.source)


def gone(kept: weakref.ref[object]) -> bool:
    gc.collect()
    return kept() is None


def test_the_page_that_logs_out_leaves_nothing(wired):
    handle, cookies = opened(wired)
    kept = source_of(wired, handle, cookies)
    assert not gone(kept)
    wired.services.doors.end(handle, cookies)
    assert gone(kept)
    assert wired.services.doors.visit(handle, cookies) == NO_LAUNCH


def test_a_logout_at_its_address_leaves_nothing(wired):
    handle, cookies = opened(wired)
    kept = source_of(wired, handle, cookies)
    wired.launches.end(handle, cookies)  # what /logout does
    assert gone(kept)


def test_a_launch_that_is_over_leaves_nothing_at_the_next_visit_of_anybody(wired, clock):
    handle, cookies = opened(wired)
    kept = source_of(wired, handle, cookies)
    clock.forward(hours=9)
    assert wired.services.doors.visit("a" * 12, {}) == NO_LAUNCH
    assert gone(kept)


def test_a_launch_that_is_pushed_out_leaves_nothing(wired):
    handle, cookies = opened(wired)
    kept = source_of(wired, handle, cookies)
    wired.launches._most = 1
    opened(wired)
    assert gone(kept)


def test_open_launches_keep_their_visits_however_many_there_are(wired):
    """Another visit would begin its page, and the trail, anew."""
    many = [opened(wired) for _ in range(600)]
    first = [wired.services.doors.visit(*each) for each in many]
    again = [wired.services.doors.visit(*each) for each in many]
    assert all(one is other for one, other in zip(first, again, strict=True))


def shown_card(wired: Wired, by: str = "north") -> str:
    """A card of the second decision's service, as that EHR was given it."""
    name = str(uuid4())
    service = wired.services.decisions[-1].id
    call = HookCall(
        service=service,
        hook=Hook.PATIENT_VIEW,
        instance=str(uuid4()),
        received=NOW,
        tenant=tenant(id=by),
        patient_id="p-1",
        user="Practitioner/7",
    )
    HookLedger(wired._store.database).issued(name, call, "audit-1")
    return name


def decision_of(wired: Wired, word: str) -> str:
    handle, secret = wired.launches.open(launch(app_context=word))
    found = wired.services.doors.visit(handle, {LAUNCH_COOKIE + handle: secret})
    assert isinstance(found, Visit)
    return found.decision


def test_a_launch_from_a_card_opens_the_decision_that_gave_it(wired):
    card = shown_card(wired)
    assert decision_of(wired, card) == wired.services.decisions[-1].id
    assert decision_of(wired, card.upper()) == wired.services.decisions[-1].id


def test_no_other_word_chooses_a_decision(wired):
    """Not even a decision's own id: only what we gave out ourselves, and to this EHR."""
    elsewhere = shown_card(wired, by="south")
    for word in ("", elsewhere, str(uuid4()), wired.services.decisions[-1].id, "' or 1=1 --"):
        assert decision_of(wired, word) == ""


@pytest.mark.parametrize("handle", ["-", "a", "a&a", " ", "a" * 12])
def test_a_handle_that_opens_nothing_does_not_open_the_worklist(wired, handle):
    assert isinstance(wired.services.doors.visit("", {}), Visit)
    found = wired.services.doors.visit(handle, {})
    assert isinstance(found, Closed)
    assert found == NO_LAUNCH


@pytest.mark.parametrize(
    "error",
    [
        OtherPatientError("MARKED.json", "p-1", "detail", "remedy"),
        UnknownPatientError("p-1 MARKED", "remedy"),
    ],
)
def test_data_of_another_patient_leave_a_line_for_the_operator(error, caplog):
    source = FakeSource(page_record("p1", *COMPLETE))
    source.broken = error
    with caplog.at_level(logging.WARNING), pytest.raises(RecordSourceError):
        Watched(source, tenant().id).load("p1")
    assert [r.getMessage() for r in caplog.records] == [
        f"wrong patient: {type(error).__name__}, ehr north"
    ]


def test_any_other_failure_is_the_pages_to_tell(caplog):
    source = FakeSource(page_record("p1", *COMPLETE))
    source.broken = ServerError("The server does not answer.")
    with caplog.at_level(logging.WARNING), pytest.raises(ServerError):
        Watched(source, "north").load("p1")
    assert caplog.records == []
    source.broken = None
    assert Watched(source, "north").load("p1").patient_id == "p1"
    assert [p.patient_id for p in Watched(source, "north").patients()] == ["p1"]


def test_the_page_of_a_mismatch_leaves_a_line_too(caplog):
    from decision.ui.guard import Stopped, attempt
    from decision.ui.session import WrongPatientError

    def mixed() -> None:
        raise WrongPatientError

    with caplog.at_level(logging.WARNING):
        assert isinstance(attempt(mixed), Stopped)
    assert [r.getMessage() for r in caplog.records] == ["wrong patient: WrongPatientError"]
