"""Writing to the chart: never by itself, never twice, and what became of it is always said."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from decision.clinical.assessment import AuditAction
from decision.ui import assessing
from decision.ui.components.chart_writing import unwritten
from decision.ui.texts import pages
from tests.builders import AS_OF, ListAuditLog
from tests.fakes import (
    COMPLETE,
    REFUSED,
    SENT,
    UNSURE,
    WAITING,
    FakeRecorder,
    LaunchDoors,
    NamingPredictor,
    chart_of,
    launched,
    observe,
    page_record,
    page_services,
)
from tests.screens import arrive, field, press, read, shown

FULL = page_record("p1", *COMPLETE)
BARE = page_record("p2", observe("crp", 42, "mg/L"))
WRITE, AGAIN = "Write to the chart: IL-6 inhibitor", "Send again"
OTHER = "Write to the chart: TNF inhibitor"


def launch(recorder, record=FULL, **options):
    visit = launched(record, recorder=recorder)
    services = page_services(doors=LaunchDoors(visit), predictor=NamingPredictor(), **options)
    return arrive(services, visit.handle)


def labels(at):
    return [read(b.label) for b in at.button]


def other_drug(at):
    """The drug that was not named, with a reason."""
    at.segmented_control[0].set_value("a")
    at.run()
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    return press(at, "Record override")


def test_before_a_decision_nothing_is_offered():
    assert not [label for label in labels(launch(FakeRecorder())) if "Write" in label]


def test_after_a_decision_what_would_be_written_is_said_and_nothing_is_written():
    recorder = FakeRecorder()
    at = press(launch(recorder), "Accept")
    page = shown(at)
    assert (
        "Not in the chart yet. This would write: Document: your decision (IL-6 inhibitor)." in page
    )
    assert "Risk assessment: both estimates. No order is placed." in page
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
    assert f"Decision: IL-6 inhibitor. {SENT.detail}" in page
    assert "RiskAssessment/12" not in page  # the trail has it
    assert WRITE not in labels(at)
    assert AGAIN not in labels(at)


def test_a_reason_goes_along():
    recorder = FakeRecorder()
    press(other_drug(launch(recorder)), OTHER)
    assert recorder.written[0][2].reason == "patient-preference"
    assert recorder.written[0][2].chosen == "a"


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
    assert len(at.error) == 0  # red is kept for a STOP
    assert WRITE not in labels(at)
    assert SENT.detail in shown(press(at, AGAIN))


def test_another_decision_is_another_write_and_the_first_one_stays_told():
    recorder = FakeRecorder()
    at = press(press(launch(recorder), "Accept"), WRITE)
    at = other_drug(press(at, "Change"))
    page = shown(at)
    assert f"The decision it replaces: {SENT.detail}" in page
    assert "Not in the chart yet." in page
    press(at, OTHER)
    assert [d.audit_id for _, _, d, _ in recorder.written] == ["audit-2", "audit-3"]


def test_what_was_entered_is_named_before_it_is_written():
    recorder = FakeRecorder()
    at = launch(recorder, BARE)
    field(at, "Tender joints").set_value(12)
    at = press(press(at, "Save and update the answer"), "Accept")
    assert "The values that you entered appear in the document only." in shown(at)
    press(at, WRITE)
    record, _, _, document = recorder.written[0]
    assert len(record.observations) == 2
    assert b"entered by clinician" in document.content


def test_an_abstention_is_never_written():
    recorder = FakeRecorder()
    at = launch(recorder, BARE)
    at.segmented_control[0].set_value("b")
    at.run()
    at = press(at, "Record decision")
    page = shown(at)
    assert "Recorded: IL-6 inhibitor" in page
    assert "Not written to the chart: there was no estimate." in page
    assert WRITE not in labels(at)
    assert recorder.written == []


def test_a_chart_that_takes_nothing_is_not_offered_anything():
    at = press(launch(FakeRecorder(offers=())), "Accept")
    assert "Nothing of this decision can be written to the chart." in shown(at)
    assert WRITE not in labels(at)
    assert WRITE not in labels(press(launch(None), "Accept"))


def reopened(recorder, *, agent="Practitioner/test", record=FULL, audit=None, choice="b"):
    """Somebody decided on an earlier opening; the page as it opens now, and the decision's id."""
    audit = ListAuditLog() if audit is None else audit
    before = launched(FULL, "lid-0", agent=agent)
    services = page_services(doors=LaunchDoors(before), predictor=NamingPredictor(), audit=audit)
    chart = chart_of(FULL)
    card = assessing.assessed(services, before, chart)
    told = {"chosen": choice, "against": {"S": "STOP"}} if choice == "b" else {"chosen": choice}
    assessing.decide(services, before, chart, card, AuditAction.OVERRODE, told)
    audit_id = chart.decided[0].audit_id
    if recorder is not None and recorder.outcomes and recorder.outcomes[0] is not SENT:
        recorder.receipts[audit_id] = recorder.outcomes.pop(0)
    return launch(recorder, record, audit=audit), audit_id


def test_a_later_visit_finds_what_an_earlier_one_could_not_write():
    lost = dataclasses.replace(
        UNSURE, detail="The document may not have arrived.", lacking=("document not confirmed",)
    )
    recorder = FakeRecorder(lost)
    at, audit_id = reopened(recorder)
    page = shown(at)
    line = "Your decision of 2 Nov 2026 (IL-6 inhibitor) is not fully in the chart: document not"
    assert f"{line} confirmed. The document may not have arrived. Look first." in page
    assert audit_id not in page.split("Audit trail of this patient")[0].split("Recorded on")[0]
    assert "against STOP. Not fully in the chart: document not confirmed." in page
    assert labels(at).count(AGAIN) == 1
    assert WRITE not in labels(at)
    page = shown(press(at, AGAIN))
    assert recorder.retried == [audit_id]
    assert "not fully in the chart" not in page
    assert "against STOP. In the chart." in page


def test_what_is_outstanding_stands_above_all_but_the_name():
    at, _ = reopened(FakeRecorder(WAITING))
    main = [e for e in at.main if e.type in ("html", "warning", "button")]
    bodies = [getattr(e.proto, "body", "") for e in main]
    (box,) = [i for i, e in enumerate(main) if e.type == "warning"]
    assert [i for i, body in enumerate(bodies) if "Simulated model." in body] == [0]
    assert next(i for i, body in enumerate(bodies) if "Cautions" in body) > box
    keys = [b.key.partition("-")[0] for b in at.button]
    assert keys.index("retry") == keys.index("end") + 1
    page = shown(launch(FakeRecorder()))
    assert "not fully in the chart" not in page


def test_a_colleagues_outstanding_decision_is_not_called_yours():
    at, _ = reopened(FakeRecorder(WAITING), agent="Practitioner/8")
    page = shown(at)
    assert "The decision of 2 Nov 2026 by Practitioner/8 (IL-6 inhibitor) is not fully" in page


def test_an_outstanding_decision_that_the_trail_does_not_show_is_told_all_the_same():
    recorder = FakeRecorder()
    recorder.receipts = {"fedc": WAITING, "aaaa": SENT}
    page = shown(launch(recorder))
    assert f"An earlier decision is not fully in the chart. {WAITING.detail}" in page
    assert "aaaa" not in page


def test_a_decision_that_was_not_written_can_be_written_while_the_answer_is_the_same():
    recorder, audit = FakeRecorder(), ListAuditLog()
    at, audit_id = reopened(recorder, audit=audit)
    page = shown(at)
    assert "Recorded on 2 Nov 2026 by Practitioner/test: IL-6 inhibitor, against STOP." in page
    assert "Not in the chart." in page
    press(at, WRITE)
    ((_, card, decided, document),) = recorder.written
    assert decided.audit_id == audit_id
    assert card.audit_id == "audit-1"  # what the decision was about, not what is shown now
    assert b"2 Nov 2026, 09:05 UTC" in document.content
    assert "In the chart." in shown(at)


@pytest.mark.parametrize("change", ["value", "as_of"])
def test_it_can_not_be_written_once_the_record_has_been_read_again(change):
    newer = dataclasses.replace(FULL, as_of=AS_OF + timedelta(minutes=1))
    other = page_record("p1", observe("tender", 9), observe("crp", 42, "mg/L"))
    at, _ = reopened(FakeRecorder(), record=newer if change == "as_of" else other)
    page = shown(at)
    assert "Not in the chart. It can no longer be written: the record has been read again" in page
    assert "Record the decision again to write it." in page
    assert WRITE not in labels(at)


def test_nobody_writes_a_colleagues_decision_as_their_own():
    at, _ = reopened(FakeRecorder(), agent="Practitioner/8")
    assert "Not in the chart. Only whoever recorded it can write it." in shown(at)
    assert WRITE not in labels(at)


def test_a_decision_without_an_estimate_is_told_later_and_never_offered():
    recorder, audit = FakeRecorder(), ListAuditLog()
    for _ in range(2):
        at = launch(recorder, BARE, audit=audit)
        at.segmented_control[0].set_value("b")
        at.run()
        if "Recorded on" not in shown(at):
            press(at, "Record decision")
    assert "Practitioner/test: IL-6 inhibitor. Not in the chart." in shown(at)
    assert not [label for label in labels(at) if "Write" in label]


def test_ending_with_a_decision_outside_the_chart_asks_once():
    at = press(launch(FakeRecorder()), "Accept")
    page = shown(press(at, pages.END_SESSION))
    assert "One decision is not in the chart. End anyway?" in page
    assert "End anyway?" not in shown(press(at, "Stay"))
    assert "Name of p1" in shown(at)
    press(at, pages.END_SESSION)
    page = shown(press(at, "End anyway"))
    assert "Name of p1" not in page
    assert "Session ended." in page


def test_ending_asks_nothing_where_nothing_is_open():
    recorder = FakeRecorder()
    for at in (
        launch(recorder),
        press(press(launch(recorder), "Accept"), WRITE),
        press(launch(None), "Accept"),
        press(launch(FakeRecorder(offers=())), "Accept"),
    ):
        assert "End anyway?" not in shown(press(at, pages.END_SESSION))


def test_what_was_decided_before_the_record_was_read_again_is_still_asked_about():
    at = press(press(launch(FakeRecorder()), "Accept"), "Read the record again")
    assert "End anyway?" in shown(press(at, pages.END_SESSION))


@pytest.mark.parametrize(
    ("receipt", "open_"),
    [(None, True), (WAITING, True), (UNSURE, True), (REFUSED, True), (SENT, False)],
)
def test_unwritten_follows_the_recorder(receipt, open_):
    recorder = FakeRecorder()
    visit, chart, _ = decided(recorder)
    if receipt is not None:
        recorder.receipts[chart.decided[-1].audit_id] = receipt
    assert unwritten(visit, chart) is open_
    assert not unwritten(visit, chart_of(FULL))


def test_where_values_go_is_said_before_they_are_entered():
    into_chart = "If you write to the chart they appear in the document only"
    assert into_chart in shown(launch(FakeRecorder(), BARE))
    alone = shown(launch(None, BARE))
    assert into_chart not in alone
    assert "Kept for this patient and this session only" in alone


def test_what_waits_beside_its_own_card_is_not_told_twice():
    at = press(press(launch(FakeRecorder(WAITING)), "Accept"), WRITE)
    assert "is not fully in the chart" not in shown(at)
    assert labels(at).count(AGAIN) == 1


def decided(recorder):
    """A chart whose card was accepted, with all that a write needs."""
    visit = launched(FULL, recorder=recorder)
    services = page_services(doors=LaunchDoors(visit), predictor=NamingPredictor())
    chart = chart_of(FULL)
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
    chart.assessments.clear()
    assessing.write_to_chart(visit, chart, card, chart.decided[0], recorder)
    assert recorder.written == []
