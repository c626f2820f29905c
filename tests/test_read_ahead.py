"""A launch begins to read its chart while the browser still loads the page: the same record, the
same errors, for the same one browser, and only when that page comes soon.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections.abc import Iterator
from datetime import timedelta

import pytest

from decision.clinical.progress import Progress
from decision.clinical.record import GapReason, PatientRecord
from decision.visit import Visit
from doors import NO_LAUNCH
from fhir.errors import FhirError, OtherPatientError, ServerError, UnknownPatientError
from fhir.hooks.feedback import HookLedger
from fhir.rest.access import OpenAccess
from fhir.rest.client import FhirClient
from fhir.rest.http import open_http
from fhir.rest.loop import BackgroundLoop
from fhir.rest.source import SOON, FhirSource
from fhir.smart.launches import LAUNCH_COOKIE
from fhir.smart.refusals import Reason
from fhir.store.errors import StoreError
from parts import Outside
from settings import Settings
from tests.fhir_builders import observation, patient
from tests.rest_server import QUICK, Reply, Scripted, fhir, outcome, scripted
from tests.smart_world import Clock, StillAccess, World, launch
from tests.test_rest_fetch import EVERY, chart
from wiring import Wired


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outside(clock) -> Iterator[Outside]:
    found = Outside(loop=BackgroundLoop(), http=open_http(verify=False), clock=clock)
    yield found
    found.close()


def source(outside: Outside, server: Scripted) -> FhirSource:
    client = FhirClient(outside.http, OpenAccess(server.base), QUICK)
    return FhirSource(client, outside.loop, "p1", EVERY, outside.clock)


def ahead(outside: Outside, server: Scripted) -> FhirSource:
    """A source whose reading was begun and is over."""
    found = source(outside, server)
    found.begin()
    assert found._ahead is not None
    found._ahead.record.exception(5)
    return found


LABS = chart(Observation=[observation()])


def test_the_first_load_takes_what_was_begun_and_the_next_one_asks_anew(outside):
    with scripted(LABS) as server:
        reading = ahead(outside, server)
        asked = len(server.asked)
        first = reading.load("p1")
        assert len(server.asked) == asked
        assert reading.load("p1") == first
        assert len(server.of("Observation")) == 2


def test_to_begin_twice_asks_once(outside):
    with scripted(LABS) as server:
        reading = ahead(outside, server)
        reading.begin()
        reading.load("p1")
        assert len(server.of("Observation")) == 1


def test_the_record_is_the_one_that_would_be_read_now(outside):
    with scripted(LABS) as server:
        assert ahead(outside, server).load("p1") == source(outside, server).load("p1")


def test_nothing_is_told_where_nobody_has_to_wait(outside):
    told: list[Progress] = []
    with scripted(LABS) as server:
        ahead(outside, server).load("p1", told.append)
    assert told == []


def test_who_comes_before_the_end_is_told_how_far_it_is(outside):
    told: list[int] = []
    go_on = threading.Event()

    def answer(asked) -> Reply:
        assert asked.path != "Observation" or go_on.wait(5)
        return LABS(asked)

    def watch(progress: Progress) -> None:
        told.append(progress.done)
        go_on.set()

    with scripted(answer) as server:
        reading = source(outside, server)
        reading.begin()
        reading.load("p1", watch)
    assert told == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("later", "times"), [(SOON, 1), (SOON + timedelta(microseconds=1), 2)])
def test_a_page_that_comes_late_is_read_anew(outside, clock, later, times):
    with scripted(LABS) as server:
        reading = ahead(outside, server)
        clock.now += later
        assert reading.load("p1").as_of == clock.now - (later if times == 1 else timedelta())
        assert len(server.of("Observation")) == times


def test_what_no_page_has_come_for_is_forgotten(outside, monkeypatch):
    """A chart is not kept for a window that was closed at once."""
    monkeypatch.setattr("fhir.rest.source.SOON", timedelta(milliseconds=20))
    with scripted(LABS) as server:
        reading = source(outside, server)
        reading.begin()
        assert reading._ahead is not None
        record = weakref.ref(reading._ahead.record)
        for _ in range(500):
            if reading._ahead is None:
                break
            outside.loop.run(asyncio.sleep(0.01))
        assert reading._ahead is None
        outside.loop.run(_turn())
        gc.collect()
        assert record() is None
        assert reading.load("p1").patient_id == "p1"


def test_a_store_that_cannot_be_read_ends_no_launch_and_is_told_without_a_name(
    outside, tmp_path, monkeypatch, caplog
):
    wired = Wired(Settings.read({"TREATMENT_RESPONSE_AUDIT": str(tmp_path / "a.sqlite")}), outside)

    def broken(self, uuid: str, tenant: str) -> str:
        raise StoreError("cannot use the store", "Look at it.")

    monkeypatch.setattr(HookLedger, "service_of", broken)
    opened = launch("p1", access=ChartAccess("http://127.0.0.1:9"))
    handle, _ = wired.launches.open(opened)
    wired.enter(handle, opened)
    assert FhirSource not in opened.beside or opened.beside[FhirSource]._ahead is None
    assert "not read ahead: StoreError" in caplog.text
    assert "p1" not in caplog.text
    assert handle not in caplog.text


def test_nobody_else_is_given_what_was_begun(outside):
    with scripted(LABS) as server:
        reading = ahead(outside, server)
        with pytest.raises(UnknownPatientError):
            reading.load("p2")
        assert reading.load("p1").patient_id == "p1"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (chart(Patient=[patient(id="p2")]), ServerError),
        (chart(Patient=fhir(patient(id="p2"))), ServerError),
        (
            chart(Observation=[observation(subject={"reference": "Patient/p2"})]),
            OtherPatientError,
        ),
    ],
)
def test_an_error_is_the_same_and_comes_when_the_record_is_asked_for(outside, answer, error):
    with scripted(answer) as server:
        found: list[FhirError] = []
        for reading in (ahead(outside, server), source(outside, server)):
            with pytest.raises(error) as raised:
                reading.load("p1")
            found.append(raised.value)
        assert str(found[0]) == str(found[1])


def test_a_gap_is_the_same(outside):
    with scripted(chart(Observation=fhir(outcome("forbidden"), 403))) as server:
        record = ahead(outside, server).load("p1")
        assert record.gaps == source(outside, server).load("p1").gaps
        assert [gap.reason for gap in record.gaps] == [GapReason.NOT_PERMITTED]


def test_of_two_that_come_at_once_one_takes_it_and_both_have_the_record(outside):
    with scripted(LABS) as server:
        reading = ahead(outside, server)
        together, found = threading.Barrier(2), list[PatientRecord]()

        def load() -> None:
            together.wait(5)
            found.append(reading.load("p1"))

        pages = [threading.Thread(target=load) for _ in range(2)]
        for page in pages:
            page.start()
        for page in pages:
            page.join(10)
        assert len(found) == 2
        assert found[0] == found[1]
        assert len(server.of("Observation")) == 2


class ChartAccess(StillAccess):
    """A right to ask the server of a test."""

    def __init__(self, base: str) -> None:
        self.base = base


def entered(wired, base: str):
    """A launch that was let in: itself, its source with what is being read, its handle and key."""
    opened = launch("p1", access=ChartAccess(base))
    handle, secret = wired.launches.open(opened)
    wired.enter(handle, opened)
    kept = opened.beside[FhirSource]
    assert isinstance(kept, FhirSource)
    assert kept._ahead is not None
    return opened, kept, handle, secret


def test_a_launch_that_was_let_in_is_read_ahead_for_its_own_browser_only(outside, tmp_path):
    wired = Wired(Settings.read({"TREATMENT_RESPONSE_AUDIT": str(tmp_path / "a.sqlite")}), outside)
    doors = wired.services.doors
    with scripted(LABS) as server:
        _opened, kept, handle, secret = entered(wired, server.base)
        kept._ahead.record.exception(5)
        asked = len(server.asked)
        assert doors.visit(handle, {}) == NO_LAUNCH
        visit = doors.visit(handle, {LAUNCH_COOKIE + handle: secret})
        assert isinstance(visit, Visit)
        assert visit.source.load("p1").patient_id == "p1"
        assert len(server.asked) == asked


def test_what_was_read_ahead_ends_with_its_launch(outside, tmp_path):
    wired = Wired(Settings.read({"TREATMENT_RESPONSE_AUDIT": str(tmp_path / "a.sqlite")}), outside)
    with scripted(LABS) as server:
        opened, kept, handle, secret = entered(wired, server.base)
        record = weakref.ref(kept._ahead.record)
        kept._ahead.record.result(5)
        del opened, kept
        wired.services.doors.end(handle, {LAUNCH_COOKIE + handle: secret})
        outside.loop.run(_turn())
        gc.collect()
        assert record() is None


async def _turn() -> None:
    """Whatever the loop still had to do is done after this."""


def test_only_a_launch_that_was_let_in_is_told_of(outside):
    world = World(outside.loop)
    browser = world.browser()
    world.leave(browser)
    assert (
        world.come_back(browser, state="another").status_code == Reason.LAUNCH_UNKNOWN.value.status
    )
    assert world.entered == []
    handle, _ = world.whole(world.browser())
    assert world.entered == [handle]
