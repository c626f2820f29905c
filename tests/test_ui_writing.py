"""Writing to the chart: never by itself, never twice, and what became of it is always said."""

from __future__ import annotations

import pytest

from decision.clinical.assessment import AuditAction
from decision.ui import assessing
from decision.ui.session import Chart
from tests.builders import ListAuditLog
from tests.fakes import (
    COMPLETE,
    OFFERS,
    REFUSED,
    SENT,
    UNSURE,
    WAITING,
    FakeRecorder,
    LaunchDoors,
    NamingPredictor,
    launched,
    observe,
    page_record,
    page_services,
)
from tests.screens import arrive, field, press, shown

FULL = page_record("p1", *COMPLETE)
BARE = page_record("p2", observe("crp", 42, "mg/L"))
WRITE, AGAIN = "Write to the chart", "Send again"


def launch(recorder, record=FULL, **options):
    visit = launched(record, recorder=recorder)
    services = page_services(doors=LaunchDoors(visit), predictor=NamingPredictor(), **options)
    return arrive(services, visit.handle)


def labels(at):
    return [b.label for b in at.button]


def test_before_a_decision_nothing_is_offered():
    assert WRITE not in labels(launch(FakeRecorder()))


def test_after_a_decision_what_would_be_written_is_said_and_nothing_is_written():
    recorder = FakeRecorder()
    at = press(launch(recorder), "Accept")
    page = shown(at)
    assert "Not in the chart yet. This would write: " + "; ".join(OFFERS) in page
    assert WRITE in labels(at)
    at.run()
    assert recorder.written == []


def test_one_click_writes_the_card_the_decision_and_the_document():
    recorder, audit = FakeRecorder(), ListAuditLog()
    at = press(press(launch(recorder, audit=audit), "Accept"), WRITE)
    ((record, card, decided, document),) = recorder.written
    assert record.patient_id == "p1"
    assert card.audit_id == "audit-1"
    assert (decided.action, decided.chosen) == (AuditAction.ACCEPTED, "b")
    assert decided.audit_id == "audit-2"
    assert b"Name of p1" in document.content
    assert "Name of p1" not in repr(document)
    page = shown(at)
    assert SENT.detail in page
    assert "In the chart as RiskAssessment/12, DocumentReference/13." in page
    assert WRITE not in labels(at)
    assert AGAIN not in labels(at)


def test_a_reason_goes_along():
    recorder = FakeRecorder()
    at = press(launch(recorder), "Override…")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    press(press(at, "Record override"), WRITE)
    assert recorder.written[0][2].reason == "patient-preference"


@pytest.mark.parametrize("first", [WAITING, UNSURE])
def test_what_did_not_arrive_can_be_tried_again_and_is_not_written_anew(first):
    recorder = FakeRecorder(first, SENT)
    at = press(press(launch(recorder), "Accept"), WRITE)
    page = shown(at)
    assert first.detail in page
    assert first.remedy in page
    assert WRITE not in labels(at)
    assert SENT.detail in shown(press(at, AGAIN))
    assert recorder.retried == ["audit-2"]
    assert len(recorder.written) == 1


def test_a_refusal_says_so_and_can_be_sent_again_once_its_cause_is_gone():
    at = press(press(launch(FakeRecorder(REFUSED)), "Accept"), WRITE)
    page = shown(at)
    assert "Writing is not permitted. Ask the administrator." in page
    assert "In the chart as" not in page
    assert len(at.error) == 0  # red is kept for a STOP
    assert WRITE not in labels(at)
    assert SENT.detail in shown(press(at, AGAIN))


def test_another_decision_is_another_write_and_the_first_one_stays_told():
    recorder = FakeRecorder()
    at = press(press(launch(recorder), "Accept"), WRITE)
    press(at, "Override…")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    at = press(at, "Record override")
    page = shown(at)
    assert f"The decision it replaces: {SENT.detail}" in page
    assert "Not in the chart yet." in page
    press(at, WRITE)
    assert [d.audit_id for _, _, d, _ in recorder.written] == ["audit-2", "audit-3"]


def test_what_was_entered_is_named_before_it_is_written():
    recorder = FakeRecorder()
    at = launch(recorder, BARE)
    field(at, "Tender joints").set_value(12)
    at = press(press(at, "Save and update the answer"), "Accept")
    assert "What you entered is named in it as entered by you." in shown(at)
    press(at, WRITE)
    record, _, _, document = recorder.written[0]
    assert len(record.observations) == 2
    assert b"entered by clinician" in document.content


def test_an_abstention_is_never_written():
    recorder = FakeRecorder()
    at = launch(recorder, BARE)
    at.segmented_control[0].set_value("b")
    at.run()
    field(at, "Reason for this decision").set_value("patient-preference")
    at = press(at, "Record decision")
    assert "Decision recorded." in shown(at)
    assert WRITE not in labels(at)
    assert recorder.written == []


def test_a_chart_that_takes_nothing_is_not_offered_anything():
    at = press(launch(FakeRecorder(offers=())), "Accept")
    assert "Nothing of this decision can be written to the chart." in shown(at)
    assert WRITE not in labels(at)
    assert WRITE not in labels(press(launch(None), "Accept"))


def test_a_later_visit_finds_what_an_earlier_one_could_not_write():
    recorder = FakeRecorder(SENT)
    recorder.receipts = {"0123456789abcdef": WAITING, "fedc": REFUSED, "aaaa": SENT}
    at = launch(recorder)
    page = shown(at)
    assert "Decided earlier, not in the chart" in page
    assert f"Audit entry 01234567: {WAITING.detail}" in page
    assert f"Audit entry fedc: {REFUSED.detail}" in page
    assert "aaaa" not in page
    assert labels(at).count(AGAIN) == 2
    next(b for b in at.button if b.label == AGAIN).click()
    page = shown(at.run())
    assert recorder.retried == ["0123456789abcdef"]
    assert "Audit entry 01234567" not in page


def test_what_waits_beside_its_own_card_is_not_told_twice():
    at = press(press(launch(FakeRecorder(WAITING)), "Accept"), WRITE)
    assert "Decided earlier" not in shown(at)
    assert labels(at).count(AGAIN) == 1


def decided(recorder):
    """A chart whose card was accepted, with all that a write needs."""
    visit = launched(FULL, recorder=recorder)
    services = page_services(doors=LaunchDoors(visit), predictor=NamingPredictor())
    chart = Chart(record=FULL)
    card = assessing.assessed(services, visit, chart)
    assessing.decide(services, visit, chart, card, AuditAction.ACCEPTED, {"chosen": "b"})
    return visit, chart, card


def test_a_second_click_finds_what_the_first_has_written():
    recorder = FakeRecorder()
    visit, chart, card = decided(recorder)
    for _ in range(2):
        assessing.write_to_chart(visit, chart, card, chart.decided[0], recorder)
    assert len(recorder.written) == 1


def test_a_card_that_an_entry_has_just_replaced_is_not_written():
    recorder = FakeRecorder()
    visit, chart, card = decided(recorder)
    chart.assessment = None
    assessing.write_to_chart(visit, chart, card, chart.decided[0], recorder)
    assert recorder.written == []
