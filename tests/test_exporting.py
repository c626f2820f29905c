"""How a record leaves: for the visit whose page offers it, of what is on its screen, after its
entry in the trail; a stranger with the address, a later answer or a broken trail get nothing.
"""

from __future__ import annotations

import dataclasses
import gc
import json
from hashlib import sha256

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from decision.clinical.assessment import AuditAction
from decision.clinical.record import Origin, Source
from decision.ui import assessing
from decision.ui.exporting import PATH, address, record_route
from decision.ui.exports import MOST, Exports
from decision.ui.headers import NOBODY, Gate
from decision.ui.record.content import UNDECIDED
from decision.ui.record.pdf import PageError
from decision.ui.texts import exporting as words
from decision.ui.texts import pages, trail
from decision.visit import Closed, Visit
from tests.builders import ListAuditLog
from tests.fakes import CLOSED, COMPLETE, chart_of, launched, observe, page_record, page_services
from tests.records_made import PRESS
from tests.screens import bodies, opened

FULL = page_record("p1", *COMPLETE)
"""Somebody with an estimate."""


class OneLaunch:
    """A door that opens for one handle together with its cookie."""

    def __init__(self, record=FULL, handle="abc"):
        self.handle, self.found = handle, launched(record, handle)

    def visit(self, handle, cookies) -> Visit | Closed:
        mine = handle == self.handle and cookies.get(f"__Host-l-{handle}") == "secret"
        return self.found if mine else CLOSED

    def still_open(self, handle, cookies):
        return isinstance(self.visit(handle, cookies), Visit)

    def end(self, handle, cookies):
        self.handle = ""


class Desk:
    """A launch with a card on its screen, and the route beside it."""

    def __init__(self, audit=None, doors=None):
        self.audit = audit or ListAuditLog()
        self.doors = doors or OneLaunch()
        self.services = page_services(FULL, audit=self.audit, doors=self.doors)
        self.visit = self.doors.found
        self.chart = chart_of(FULL)
        self.card = assessing.assessed(self.services, self.visit, self.chart)
        self.offer = self.services.exports.offer("s1", self.visit.key, self.chart, self.card)
        gate = Middleware(Gate, hosts=("testserver",), ancestors=lambda handle: NOBODY)
        self.app = Starlette(routes=[record_route(self.services, PRESS)], middleware=[gate])

    def address(self, form="pdf", handle="abc"):
        return address(self.offer.name, self.offer.showing, form, handle)

    def get(self, form="pdf", *, cookie="secret", handle="abc", at="", **headers):
        browser = TestClient(self.app, base_url="https://testserver", follow_redirects=False)
        cookies = {"cookie": f"__Host-l-{handle}={cookie}"} if cookie else {}
        return browser.get(at or self.address(form, handle), headers=cookies | headers)

    def entries(self):
        return [e for e in self.audit.events if e.action is AuditAction.EXPORTED]


@pytest.mark.parametrize(
    ("form", "kind"), [("pdf", "application/pdf"), ("json", "application/json")]
)
def test_the_visit_of_the_page_gets_the_file_and_the_trail_its_digest(form, kind):
    desk = Desk()
    answer = desk.get(form)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"
    (entry,) = desk.entries()
    assert entry.outcome["form"] == form
    assert entry.outcome["sha256"] == sha256(answer.content).hexdigest()
    assert entry.outcome["about"] == desk.card.audit_id
    assert entry.agent == desk.visit.agent
    assert entry.input_hash == desk.card.input_hash


def test_the_file_is_named_without_anybody():
    desk = Desk()
    told = desk.get().headers["content-disposition"]
    assert told == 'attachment; filename="decision-record-2026-11-02-audit-1.pdf"'
    for secret in (FULL.identity.name, FULL.patient_id + "-", FULL.identity.record_number):
        assert not secret or secret not in told


def test_it_is_the_answer_on_the_screen_and_no_other_assessment_is_made():
    desk = Desk()
    told = desk.get("json").json()
    assert told["trace"]["shown_entry"] == desk.card.audit_id
    assert told["trace"]["inputs_sha256"] == desk.card.input_hash
    assessed = [e for e in desk.audit.events if e.action is AuditAction.ASSESSED]
    assert len(assessed) == 1


@pytest.mark.parametrize("cookie", ["", "wrong"])
def test_a_stranger_with_the_address_gets_nothing_and_leaves_no_entry(cookie):
    desk = Desk()
    answer = desk.get(cookie=cookie)
    assert answer.status_code == 404
    assert FULL.identity.name not in answer.text
    assert desk.entries() == []


def test_another_visit_with_the_address_gets_nothing():
    desk = Desk()
    desk.doors.found = launched(page_record("p2", *COMPLETE), "abc")
    assert desk.get().status_code == 404
    assert desk.entries() == []


def test_a_chart_of_somebody_else_than_the_launchs_patient_never_leaves():
    desk = Desk()
    other = chart_of(page_record("p2", *COMPLETE))
    card = assessing.assessed(desk.services, desk.visit, other)
    offer = desk.services.exports.offer("s1", desk.visit.key, other, card)
    answer = desk.get(at=address(offer.name, offer.showing, "json", "abc"))
    assert answer.status_code == 404
    assert desk.entries() == []


def test_a_name_that_was_guessed_opens_nothing():
    desk = Desk()
    for name in ("x", desk.offer.name[:-1], desk.offer.name + "x", desk.offer.name.swapcase()):
        assert desk.get(at=address(name, desk.offer.showing, "pdf", "abc")).status_code == 404


def test_a_name_in_another_script_opens_nothing_and_breaks_nothing():
    desk = Desk()
    assert (
        desk.get(at=address("%C3%A9%E2%82%AC", desk.offer.showing, "pdf", "abc")).status_code == 404
    )


def test_who_asks_for_the_head_alone_gets_nothing_and_writes_nothing():
    desk = Desk()
    browser = TestClient(desk.app, base_url="https://testserver")
    for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        cookie = {"cookie": "__Host-l-abc=secret"}
        assert browser.request(method, desk.address(), headers=cookie).status_code == 405
    assert desk.entries() == []


class BreaksOn:
    """Fails in a way that nobody foresaw, with somebody's name in what it says."""

    def pdf(self, record):
        raise KeyError(record["patient"]["name"])


def test_what_breaks_unforeseen_says_nothing_of_anybody(caplog, capsys):
    desk = Desk()
    desk.app = Starlette(routes=[record_route(desk.services, BreaksOn())])
    answer = desk.get()
    assert answer.status_code == 500
    assert words.BROKEN[1] in answer.text
    told = answer.text + caplog.text + "".join(capsys.readouterr())
    assert "no record: KeyError" in told
    assert FULL.identity.name not in told
    assert desk.entries() == []


def test_another_sites_page_cannot_have_it_fetched():
    desk = Desk()
    assert desk.get(**{"sec-fetch-site": "cross-site"}).status_code == 404
    assert desk.get(origin="https://evil.example").status_code == 403
    assert desk.entries() == []
    assert desk.get(**{"sec-fetch-site": "same-origin"}).status_code == 200


def test_an_unknown_form_is_not_there():
    desk = Desk()
    assert desk.get("exe").status_code == 404


def test_once_the_answer_has_changed_the_older_one_no_longer_leaves():
    desk = Desk()
    desk.chart.assessments.clear()
    assessing.assessed(desk.services, desk.visit, desk.chart)
    answer = desk.get()
    assert answer.status_code == 409
    assert words.CHANGED[0] in answer.text
    assert desk.entries() == []


def test_an_answer_that_is_withdrawn_and_not_made_again_no_longer_leaves():
    desk = Desk()
    desk.chart.assessments.clear()
    assert desk.get().status_code == 409


def test_without_a_trail_nothing_leaves():
    desk = Desk()
    desk.audit.broken = True
    answer = desk.get()
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert words.NO_AUDIT[0] in answer.text
    assert not answer.content.startswith(b"%PDF")


class NoPages:
    def pdf(self, record):
        raise PageError("no page was made (status 1)", "Try again.")


def test_where_no_page_can_be_made_nothing_leaves_and_the_trail_says_nothing(caplog):
    desk = Desk()
    desk.app = Starlette(routes=[record_route(desk.services, NoPages())])
    answer = desk.get()
    assert answer.status_code == 500
    assert words.NO_PAGE[0] in answer.text
    assert desk.entries() == []
    assert FULL.identity.name not in caplog.text
    assert desk.get("json").status_code == 200


def test_a_closed_launch_offers_nothing_any_more():
    desk = Desk()
    desk.doors.end("abc", {})
    assert desk.get().status_code == 404


def test_what_is_offered_goes_with_the_session():
    desk = Desk()
    offer = desk.offer
    desk.chart = None
    gc.collect()
    assert offer.chart() is None
    assert desk.get(at=address(offer.name, offer.showing, "pdf", "abc")).status_code == 404


def test_a_session_offers_what_it_drew_last_and_nothing_before():
    exports, one, two = Exports(), chart_of(FULL), chart_of(page_record("p2", *COMPLETE))
    desk = Desk()
    first = exports.offer("s1", "v", one, desk.card)
    again = exports.offer("s1", "v", one, desk.card)
    assert again == first  # a rerun changes no address
    later = exports.offer("s1", "v", two, desk.card)
    assert later.name != first.name
    assert exports.find(first.name, "v") is None
    assert exports.find(later.name, "v") == later
    assert exports.find(later.name, "another visit") is None


def test_offers_of_many_sessions_stay_within_bounds():
    exports, desk = Exports(), Desk()
    names = [exports.offer(f"s{n}", "v", desk.chart, desk.card).name for n in range(MOST + 5)]
    assert len(set(names)) == MOST + 5
    assert exports.find(names[0], "v") is None
    assert exports.find(names[-1], "v") is not None


def test_the_decision_that_was_recorded_is_in_the_file():
    desk = Desk()
    coded = {"chosen": "b", "reason": "patient-preference", "note": "a = b"}
    action = AuditAction.DECIDED
    assessing.decide(desk.services, desk.visit, desk.chart, desk.card, action, coded)
    told = desk.get("json").json()["decided"]
    assert (told["chosen"], told["reason"]) == ("b", "patient-preference")
    assert told["remark"] == "a = b"
    assert told["by"] == desk.visit.agent
    (entry,) = desk.entries()
    assert entry.outcome["decided"] == desk.chart.decided[-1].audit_id


def test_a_decision_of_an_earlier_showing_is_told_and_never_said_to_be_none():
    """As after a record was read anew, or in another visit: the page names it, so the file does."""
    desk = Desk()
    coded = {"chosen": "b", "reason": "patient-preference"}
    action = AuditAction.DECIDED
    assert UNDECIDED in desk.get("json").text
    assessing.decide(desk.services, desk.visit, desk.chart, desk.card, action, coded)
    desk.chart = chart_of(FULL)
    desk.card = assessing.assessed(desk.services, desk.visit, desk.chart)
    desk.offer = desk.services.exports.offer("s1", desk.visit.key, desk.chart, desk.card)
    told = desk.get("json")
    assert told.json()["decided"] is None
    (section,) = [s for s in told.json()["sections"] if s["id"] == "decision"]
    (block,) = section["blocks"]
    assert block["text"].startswith(f"Recorded on 2 Nov 2026 by {desk.visit.agent}: ")
    assert block["text"].endswith("That was about an earlier showing of this patient's data.")
    assert UNDECIDED not in told.text
    assert desk.get("pdf").status_code == 200


def test_what_the_clinician_entered_is_in_the_file_marked_as_theirs():
    desk = Desk()
    source = Source(reference="entered/mtx-local", origin=Origin.CLINICIAN)
    desk.chart.entries = (dataclasses.replace(observe("mtx", 1.0), source=source, text="Asked"),)
    told = desk.get("json").json()
    (rests,) = [s for s in told["sections"] if s["id"] == "rests-on"]
    assert pages.ENTERED_TITLE in [block.get("title") for block in rests["blocks"]]


def test_streamlits_own_address_for_downloads_is_shut():
    desk = Desk()
    for path in ("/media/0123abcd.pdf", "/media/x", "/base/media/x.pdf"):
        assert desk.get(at=path).status_code == 404


def test_no_page_uses_it():
    from tests.test_house import SOURCES, found

    pages = [p for p in SOURCES if "ui" in p.parts]
    assert found(r"st\.(download_button|image|audio|video|logo)\b", pages) == []


def test_the_patient_page_offers_both_forms_of_what_it_shows():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit))
    page = bodies(at)
    for form, label in (("pdf", words.PDF), ("json", words.JSON)):
        assert f">{label}</a>" in page
        assert f"/audit-1.{form}" in page
    assert page.count(f'href="{PATH}/') == 2


def test_an_abstention_can_be_taken_away_too():
    at = opened(page_services(page_record("p1")))
    assert words.PDF in bodies(at)


def test_the_trail_says_that_a_record_was_taken():
    desk = Desk()
    desk.get()
    (entry,) = desk.entries()
    line = trail.what(desk.card.spec, entry)
    assert line.startswith("record as PDF; SHA-256 ")
    assert line.split()[-1] in str(entry.outcome["sha256"])
    assert trail.action(entry) == "Took the record"


def test_what_was_tried_is_in_no_file():
    """A what-if answer has a type of its own; only what a session assessed can be found here."""
    desk = Desk()
    told = desk.get("json").text.lower()
    assert "hypothetical" not in told
    assert json.loads(told)["trace"]["shown_entry"] == desk.card.audit_id


def test_the_page_of_a_refusal_leads_back_with_its_handle_and_is_no_markup_of_anybodys():
    desk = Desk()
    answer = desk.get(at=f'{PATH}/x/y.pdf?lid="><script>alert(1)</script>')
    assert answer.status_code == 404
    assert "<script>" not in answer.text
    assert "default-src 'self'" in answer.headers["content-security-policy"]
