"""Who is here: every run asks the doors, and nothing of one visit outlives it."""

from __future__ import annotations

import dataclasses
import re

import pytest

from decision.clinical.assessment import AuditAction
from decision.clinical.errors import RecordSourceError
from decision.clinical.progress import Progress
from tests.builders import ListAuditLog
from tests.fakes import (
    CLOSED,
    COMPLETE,
    FakeSource,
    LaunchDoors,
    launched,
    observe,
    page_record,
    page_services,
)
from tests.screens import arrive, bodies, come, field, go, opened, press, shown, start

ONE = page_record("p1", *COMPLETE)
OTHER = page_record("p2", observe("crp", 42, "mg/L"))
SAVE = "Save and update the answer"


def visiting(*visits, **options):
    """A session over these launches that has come in by the first."""
    doors = LaunchDoors(*visits)
    return arrive(page_services(doors=doors, **options), visits[0].handle), doors


def links(at):
    return [link.proto.label for link in at.get("page_link")]


def test_a_launch_opens_its_patient_at_once_and_offers_no_list():
    at, _ = visiting(launched(ONE))
    assert "Name of p1" in shown(at)
    assert "52 of 100" in shown(at)
    assert links(at) == [
        "Patient",
        "Compare and reasons",
        "Data used",
        "Trends",
        "About this model",
    ]
    assert "shows a case" not in shown(at)


@pytest.mark.parametrize(
    ("page", "heading"), [("data", "Data used"), ("about", "About this model"), ("nowhere", "Name")]
)
def test_the_chart_chooses_the_first_page(page, heading):
    at, _ = visiting(launched(ONE, page=page))
    assert f"<h1>{heading}" in bodies(at).replace('<h1 class="tr-name">', "<h1>")


def test_every_link_keeps_the_handle():
    at, _ = visiting(launched(ONE, handle="abc"))
    assert {link.proto.query_string for link in at.get("page_link")} == {"lid=abc"}
    assert at.query_params["lid"] == "abc"


def test_without_a_launch_no_address_carries_a_handle():
    at = start(page_services(ONE))
    assert {link.proto.query_string for link in at.get("page_link")} == {""}


@pytest.mark.parametrize("path", ["", "patient", "data", "about"])
def test_an_unknown_handle_is_a_stop_with_the_ways_in_and_nothing_else(path):
    at = come(start(page_services(doors=LaunchDoors(launched(ONE)))), "stranger", path)
    page = shown(at)
    for words in (CLOSED.title, CLOSED.detail, CLOSED.remedy, "Sign in at Demo Hospital"):
        assert words in page
    assert 'href="/standalone?iss=demo"' in bodies(at)
    assert "Name of p1" not in page
    assert links(at) == []
    assert len(at.button) == 0


def test_a_way_in_never_leads_to_another_server():
    at = start(page_services(doors=LaunchDoors()))
    assert "x.example" not in bodies(at)


def test_two_handles_in_one_address_are_none():
    at, _ = visiting(launched(ONE))
    at.query_params["lid"] = ["lid-1", "lid-2"]
    assert CLOSED.title in shown(go(at, "patient"))


def test_when_the_launch_ends_the_next_run_stops_and_everything_is_forgotten():
    at, doors = visiting(launched(OTHER))
    field(at, "Tender joints").set_value(12)
    assert "52 of 100" in shown(press(at, SAVE))
    known = dict(doors.visits)
    doors.visits.clear()
    assert CLOSED.title in shown(at.run())
    assert not {"charts", "current_patient", "visit_key"} & set(at.session_state)
    doors.visits.update(known)
    page = shown(come(at, "lid-1", "patient"))
    assert "No estimate." in page
    assert "this session only)" not in page


def test_another_launch_in_the_same_session_starts_with_nothing_of_the_first():
    audit = ListAuditLog()
    at, _ = visiting(launched(OTHER, "a"), launched(ONE, "b"), audit=audit)
    field(at, "Tender joints").set_value(12)
    press(at, SAVE)
    page = shown(come(at, "b", "patient"))
    assert "Name of p1" in page
    assert "Name of p2" not in page
    assert [key for key, _ in at.session_state["charts"]] == ["launch-b"]
    page = shown(come(at, "a", "patient"))
    assert "Name of p2" in page
    assert "No estimate." in page
    assert field(at, "Tender joints").value is None


def test_two_launches_for_one_patient_share_nothing():
    """Such as two users at one browser: what one entered is not the other's."""
    at, _ = visiting(launched(OTHER, "a"), launched(OTHER, "b", agent="Practitioner/2"))
    field(at, "Tender joints").set_value(12)
    press(at, SAVE)
    assert "No estimate." in shown(come(at, "b", "patient"))
    assert "Practitioner/2 ·" in shown(at)


def test_a_widget_of_an_earlier_visit_lends_its_name_to_no_later_one():
    at, _ = visiting(launched(OTHER, "a"), launched(OTHER, "b"))
    first = field(at, "Tender joints").key
    come(at, "b", "patient")
    second = field(at, "Tender joints").key
    come(at, "a", "patient")
    assert len({first, second, field(at, "Tender joints").key}) == 3


def test_a_record_of_somebody_else_stops_the_launch():
    visit = dataclasses.replace(launched(ONE), source=FakeSource(ONE, OTHER, wrong=True))
    at, _ = visiting(visit)
    page = shown(at)
    assert "belongs to a different patient" in page
    assert "open the patient again, from the chart" in page
    assert "Name of" not in page


def test_a_launch_whose_patient_changes_under_its_handle_stops_showing_the_first():
    at, doors = visiting(launched(ONE))
    doors.visits["lid-1"] = dataclasses.replace(
        launched(ONE), patient_id="p2", source=FakeSource(OTHER)
    )
    page = shown(at.run())
    assert "Name of p1" not in page
    assert "Name of p2" in page


@pytest.mark.parametrize("path", ["patient", "data", "about"])
def test_a_chart_filed_under_the_wrong_patient_is_a_stop_on_every_page(path):
    at, _ = visiting(launched(ONE))
    charts = at.session_state["charts"]
    charts["launch-lid-1", "p1"].record = OTHER
    page = shown(go(at, path))
    assert "belongs to a different patient" in page
    assert "Name of" not in page


def test_who_is_signed_in_is_said_and_can_leave():
    visit = launched(ONE, agent="hospital: Practitioner/123")
    at, doors = visiting(visit)
    assert "hospital: Practitioner/123 ·" in shown(at)
    page = shown(press(at, "End session"))
    assert "Session ended. You can close this page." in page
    assert CLOSED.title not in page
    assert "Name of p1" not in page
    assert doors.visits == {}
    assert "charts" not in at.session_state


def test_the_demo_has_nobody_to_sign_out():
    at = start(page_services(ONE))
    assert "tr-signed-in" not in bodies(at)
    assert [b.label for b in at.button if "session" in b.label] == []


def test_the_trail_names_the_user_and_the_site_of_the_visit():
    audit = ListAuditLog()
    visiting(launched(ONE, agent="hospital: Practitioner/123"), audit=audit)
    assert [(e.agent, e.action) for e in audit.events] == [
        ("hospital: Practitioner/123", AuditAction.ASSESSED)
    ]


@pytest.mark.parametrize("full", [True, False])
def test_r12_one_line_says_who_this_is_whatever_the_chart_around_shows(full):
    at, _ = visiting(launched(ONE, full_banner=full))
    for path in ("patient", "data", "about"):
        go(at, path)
        assert ("tr-strip-line" in bodies(at)) is not full
        page = shown(at)
        for words in ("Name of p1", "F 54", "born 1 Mar 1972", "no. MRN-7"):
            assert words in page
        assert "Read from the chart 2 Nov 2026, 09:00 " in page
        assert "Data as of" not in page


def test_about_says_whose_chart_this_is_even_where_a_launch_begins():
    at, _ = visiting(launched(ONE, page="about"))
    assert "Name of p1" in shown(at)


def test_about_opened_first_shows_nobody_before_the_trail_has_an_entry():
    """Whose chart somebody looked at is itself something that the trail must hold."""
    audit = ListAuditLog()
    at, _ = visiting(launched(ONE, page="about"), audit=audit)
    assert "Name of p1" in shown(at)
    assert [e.action for e in audit.events] == [AuditAction.ASSESSED]
    go(at, "patient")
    assert len(audit.events) == 1


def test_about_without_a_trail_shows_nobody():
    at, _ = visiting(launched(ONE, page="about"), audit=ListAuditLog(broken=True))
    assert "audit entry could not be written" in shown(at)
    assert "Name of p1" not in shown(at)


@pytest.mark.parametrize("path", ["patient", "data", "about"])
def test_whose_chart_it_is_comes_before_the_links_and_everything_else(path):
    at, _ = visiting(launched(ONE))
    assert "Name of p1" in bodies(go(at, path)).split("tr-signed-in")[0]


def test_a_page_that_was_ended_stays_ended_until_another_launch():
    at, doors = visiting(launched(ONE))
    known = dict(doors.visits)
    press(at, "End session")
    assert "Session ended." in shown(at.run())
    doors.visits.update(known)
    assert "Name of p1" in shown(come(at, "lid-1", "patient"))
    doors.visits.clear()
    assert CLOSED.title in shown(at.run())


class Looked(LaunchDoors):
    """Counts what is asked of it."""

    asked = 0

    def still_open(self, handle, cookies):
        self.asked += 1
        return super().still_open(handle, cookies)


def test_a_launch_is_looked_after_on_every_page_and_the_worklist_is_not():
    doors = Looked(launched(ONE))
    at = arrive(page_services(doors=doors), "lid-1")
    for path in ("patient", "data", "about"):
        before = doors.asked
        go(at, path)
        assert doors.asked > before
    folder = page_services(ONE)
    folder.doors.still_open = lambda handle, cookies: pytest.fail("nobody's launch")
    opened(folder)


def test_a_launch_that_ends_while_a_page_is_drawn_leaves_it_at_once():
    """The look between two clicks: what it finds closed starts the page over, with the stop."""

    class Ending(LaunchDoors):
        def still_open(self, handle, cookies):
            self.visits.clear()
            return False

    at = arrive(page_services(doors=Ending(launched(ONE))), "lid-1")
    assert CLOSED.title in shown(at)
    assert "Name of p1" not in shown(at)


def test_about_is_still_there_when_the_record_is_not():
    visit = launched(ONE, page="about")
    visit.source.broken = RecordSourceError("The server does not answer.", "Try again.")
    at, _ = visiting(visit)
    assert "The server does not answer." in shown(at)
    assert "Intended use" in shown(at)
    levels = re.findall(r"<h([1-6])[ >]", bodies(at))
    assert levels.count("1") == 1


class Doorless(LaunchDoors):
    def visit(self, handle, cookies):
        raise ZeroDivisionError("Name of p1")


def test_a_door_that_breaks_is_a_stop_without_its_words(caplog):
    at = start(page_services(doors=Doorless()))
    assert "something unexpected went wrong" in shown(at)
    assert "Name of p1" not in shown(at) + caplog.text
    assert len(at.exception) == 0


class Telling(FakeSource):
    """A source that tells how far it has come, as a server's does."""

    def load(self, patient_id, watch):
        watch(Progress(done=1, total=3, label="results"))
        watch(Progress(done=3, total=3, label="diagnoses"))
        return super().load(patient_id)


def test_how_far_reading_came_is_told_and_leaves_no_trace_once_it_is_read():
    told = []

    class Watched(Telling):
        def load(self, patient_id, watch):
            return super().load(patient_id, lambda p: (told.append(p.done), watch(p)))

    at, _ = visiting(dataclasses.replace(launched(ONE), source=Watched(ONE)))
    assert told == [1, 3]
    assert "Reading the record" not in shown(at)
    assert "52 of 100" in shown(at)


def test_a_reading_that_failed_can_be_tried_again():
    visit = launched(ONE)
    visit.source.broken = RecordSourceError("The server does not answer.", "Try again.")
    at, _ = visiting(visit)
    assert "Cannot assess. The server does not answer. Try again." in shown(at)
    visit.source.broken = None
    assert "52 of 100" in shown(press(at, "Read the record again"))


def test_reading_a_live_record_again_keeps_what_was_entered_when_nothing_else_changed():
    """A live record is as of its reading, which alone is no reason to take an entry back."""
    later = dataclasses.replace(OTHER, as_of=OTHER.as_of.replace(minute=59))
    source = FakeSource(OTHER)
    at = start(page_services(source=source))
    press(at, "Name of p2")
    field(at, "Tender joints").set_value(12)
    press(at, SAVE)
    source.records["p2"] = later
    go(at, "")
    page = shown(press(at, "Name of p2"))
    assert "09:59 UTC" in page
    assert "Tender joints: 12 (entered by clinician" in page


@pytest.mark.parametrize("handles", [["same", "same"], ["one", "two"], [""], ["", ""]])
def test_a_handle_that_cannot_be_used_does_not_open_what_opens_without_one(handles):
    """The worklist stands behind the address without a handle; a spoilt handle is none of that."""
    asked = []
    at = start(page_services(doors=AskedDoors(asked)))
    at.query_params["lid"] = handles
    go(at, "patient")
    assert asked[-1] != ""


class AskedDoors:
    """Closed, and notes the handles that it was asked with."""

    def __init__(self, asked: list[str]) -> None:
        self.asked = asked

    def visit(self, handle, cookies):
        self.asked.append(handle)
        return CLOSED

    def end(self, handle, cookies):
        self.asked.append(handle)
