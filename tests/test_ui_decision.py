"""Accept or override: what is written, once, for whom, and how it is found again (D13)."""

from __future__ import annotations

import dataclasses
import threading

from decision.clinical.assessment import AuditAction
from decision.clinical.quantities import Moment
from decision.clinical.spec import OverrideReason
from decision.ui import assessing
from decision.ui.session import Chart
from tests.builders import ListAuditLog
from tests.fakes import COMPLETE, NamingPredictor, page_record, page_services, page_spec, visit_of
from tests.screens import field, go, open_patient, opened, press, shown

FULL = page_record("p1", *COMPLETE)
OTHER = page_record("p3", *COMPLETE)


def decided(at, choice="b"):
    at.segmented_control[0].set_value(choice)
    at.run()
    return press(at, "Record decision")


def overridden(at, reason="patient-preference"):
    press(at, "Override…")
    field(at, "Reason for deciding otherwise").set_value(reason)
    return press(at, "Record override")


def choices(audit):
    wanted = (AuditAction.ACCEPTED, AuditAction.DECIDED, AuditAction.OVERRODE)
    return [e for e in audit.events if e.action in wanted]


def test_r13_accepting_takes_one_click_and_stores_what_was_shown():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, audit=audit, predictor=NamingPredictor())), "Accept")
    (event,) = choices(audit)
    assert event.action is AuditAction.ACCEPTED
    assert event.outcome["chosen"] == "b"
    assert event.patient_id == "p1"
    assert event.input_hash == audit.events[0].input_hash
    assert event.model_version == "1.0.0 (ab12cd34ef56)"
    assert event.outcome["about"] == "audit-1"
    displayed = event.outcome["displayed"]
    assert displayed[0].startswith("60 of 100 simulated patients like this one")
    assert "The estimates favour an IL-6 inhibitor." in displayed[2]
    assert "Accepted. Audit entry audit-2." in shown(at)


def test_r13_overriding_takes_two_clicks_and_a_coded_reason():
    audit = ListAuditLog()
    at = overridden(opened(page_services(FULL, audit=audit)))
    (event,) = choices(audit)
    assert event.action is AuditAction.OVERRODE
    assert event.outcome["reason"] == "patient-preference"
    page = shown(at)
    assert "Override recorded." in page
    assert "reason: Patient preference (patient-preference)" in page


def test_an_override_without_a_reason_is_not_recorded():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, audit=audit)), "Override…")
    page = shown(press(at, "Record override"))
    assert "Choose a reason; nothing was recorded." in page
    assert choices(audit) == []


def test_the_drug_chosen_and_a_remark_are_kept_with_the_reason():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit))
    (control,) = at.segmented_control
    control.set_value("a")
    at.run()
    press(at, "Override…")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    field(at, "Remark (optional; no names)").set_value("prefers tablets")
    page = shown(press(at, "Record override"))
    (event,) = choices(audit)
    assert event.outcome["chosen"] == "a"
    assert event.outcome["note"] == "prefers tablets"
    assert "chosen: TNF inhibitor" in page
    assert "note: prefers tablets" in page


def test_the_same_decision_on_the_same_assessment_is_written_once():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit))
    for _ in range(3):
        decided(at)
        at.run()
    assert len(choices(audit)) == 1


def test_a_change_of_mind_is_a_second_entry_and_both_stay():
    audit = ListAuditLog()
    at = decided(opened(page_services(FULL, audit=audit)))
    page = shown(overridden(at))
    assert [e.action for e in choices(audit)] == [AuditAction.DECIDED, AuditAction.OVERRODE]
    assert "Replaced: Decision recorded. Audit entry audit-2." in page
    standing = "Override recorded. Audit entry audit-3; replaces audit-2."
    assert page.index("Replaced: Decision recorded.") < page.index(standing)
    assert "Replaced: Override" not in page
    assert choices(audit)[1].outcome["replaces"] == ["audit-2"]


def test_deciding_the_same_again_after_something_else_is_a_decision():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit))
    for choice in ("a", "b", "a"):
        decided(at, choice)
    assert [e.outcome["chosen"] for e in choices(audit)] == ["a", "b", "a"]
    assert [m.value for m in at.info] == [
        "Decision recorded. Audit entry audit-4; replaces audit-3."
    ]
    assert shown(at).count("Replaced:") == 2


class SlowAuditLog(ListAuditLog):
    """Keeps every writer waiting, as a locked file does, until the test lets them go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.free = threading.Event(), threading.Event()
        self.free.set()

    def append(self, event):
        self.begun.set()
        self.free.wait(5)
        return super().append(event)


def test_two_clicks_while_the_trail_is_locked_write_one_entry():
    audit = SlowAuditLog()
    services, chart = page_services(FULL, audit=audit), Chart(record=FULL)
    card = assessing.assessed(services, visit_of(services), chart)
    audit.begun.clear()
    audit.free.clear()
    given = (services, visit_of(services), chart, card, AuditAction.ACCEPTED, {})
    clicks = [threading.Thread(target=assessing.decide, args=given) for _ in range(2)]
    clicks[0].start()
    assert audit.begun.wait(5)
    clicks[1].start()
    clicks[1].join(0.2)  # long enough to begin writing, were it not made to wait
    audit.free.set()
    for click in clicks:
        click.join(5)
    assert len(choices(audit)) == 1


def test_a_decision_is_about_the_card_that_was_shown_not_about_a_newer_one():
    audit = ListAuditLog()
    services, chart = page_services(FULL, audit=audit), Chart(record=FULL)
    card = assessing.assessed(services, visit_of(services), chart)
    chart.assessment = None  # as another run leaves it that has just saved an entry
    assessing.decide(services, visit_of(services), chart, card, AuditAction.ACCEPTED, {})
    assert [e.action for e in audit.events] == [AuditAction.ASSESSED, AuditAction.ACCEPTED]
    assert audit.events[1].outcome["about"] == "audit-1"


def test_where_nothing_is_named_a_drug_is_chosen_before_anything_is_recorded():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit))
    assert "Accept" not in [b.label for b in at.button]
    page = shown(press(at, "Record decision"))
    assert "Choose a drug first; nothing was recorded." in page
    assert choices(audit) == []


def test_other_drugs_and_no_change_can_be_chosen():
    at = opened(page_services(FULL))
    labels = at.segmented_control[0].options
    assert labels[:2] == ["IL-6 inhibitor", "TNF inhibitor"]
    assert {"Continue the present drug", "Decide later"} <= set(labels)


def test_a_drug_with_a_stop_shows_it_and_cannot_be_recorded_without_a_reason():
    audit = ListAuditLog()
    at = opened(page_services(FULL, audit=audit, spec=page_spec(stop=True)))
    at.segmented_control[0].set_value("b")
    page = shown(at.run())
    assert "This choice needs a reason." in page
    assert page.count("STOP. Low neutrophils: 1.4 ×10⁹/L on 30 Oct 2026.") == 2
    assert {"Accept", "Record decision"}.isdisjoint(b.label for b in at.button)
    assert "Choose a reason" in shown(press(at, "Record override"))
    assert choices(audit) == []
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    press(at, "Record override")
    assert choices(audit)[0].outcome["chosen"] == "b"


def test_another_drug_than_the_one_named_needs_a_reason():
    at = opened(page_services(FULL, predictor=NamingPredictor()))
    at.segmented_control[0].set_value("a")
    assert "This choice needs a reason." in shown(at.run())


def test_nothing_is_decided_for_somebody_who_died():
    died = dataclasses.replace(FULL, deceased=Moment.instant(FULL.as_of))
    at = opened(page_services(died))
    assert [b.label for b in at.button if "ecision" in b.label or "Override" in b.label] == []


def test_a_decision_for_one_patient_is_never_shown_or_written_for_another():
    audit = ListAuditLog()
    at = decided(opened(page_services(FULL, OTHER, audit=audit)))
    page = shown(open_patient(at, "p3"))
    assert "Decision recorded" not in page
    assert "Override recorded" not in page
    decided(at)
    assert [e.patient_id for e in choices(audit)] == ["p1", "p3"]
    assert choices(audit)[1].outcome["about"] == audit.entries("p3", OTHER.identity).entries[0][0]


def test_an_open_override_panel_does_not_follow_to_the_next_patient():
    at = press(opened(page_services(FULL, OTHER)), "Override…")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    at.run()
    open_patient(at, "p3")
    assert [r.label for r in at.radio] == []


def test_a_chosen_drug_does_not_follow_to_the_next_patient():
    audit = ListAuditLog()
    at = opened(page_services(FULL, OTHER, audit=audit))
    at.segmented_control[0].set_value("a")
    at.run()
    open_patient(at, "p3")
    assert at.segmented_control[0].value is None
    press(at, "Record decision")
    assert choices(audit) == []


def test_after_leaving_and_coming_back_the_page_of_this_visit_is_unchanged():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, audit=audit, predictor=NamingPredictor())), "Accept")
    go(at, "about")
    assert "Accepted. Audit entry" in shown(go(at, "patient"))
    assert len(choices(audit)) == 1


def test_a_patient_without_an_answer_has_nothing_to_accept():
    at = opened(page_services(page_record("p2")), "p2")
    assert "Accept" not in [b.label for b in at.button]


def without_an_estimate(audit, **changes):
    """A choice on the page of somebody whose joint counts nobody recorded."""
    spec = page_spec(**changes)
    about_estimate = OverrideReason(code="odd", label="Odd estimate", about_estimate=True)
    spec = dataclasses.replace(spec, override_reasons=(*spec.override_reasons, about_estimate))
    at = opened(page_services(page_record("p2"), spec=spec, audit=audit), "p2")
    assert "Choose a drug first; nothing was recorded." in shown(press(at, "Record decision"))
    at.segmented_control[0].set_value("b")
    return at.run()


def test_what_is_decided_without_an_estimate_is_recorded_with_a_reason():
    audit = ListAuditLog()
    at = without_an_estimate(audit)
    assert "Choose a reason; nothing was recorded." in shown(press(at, "Record decision"))
    field(at, "Reason for this decision").set_value("patient-preference")
    page = shown(press(at, "Record decision"))
    (event,) = [e for e in audit.events if e.action is AuditAction.WITHOUT_ESTIMATE]
    assert event.outcome["chosen"] == "b"
    assert event.outcome["reason"] == "patient-preference"
    assert event.outcome["about"] == "audit-1"
    assert event.outcome["displayed"][0] == "No estimate."
    assert "Tender joints" in event.outcome["displayed"][1]
    assert "Decision recorded. Audit entry audit-2." in page
    assert "Decided without an estimate" in page


def test_a_reason_about_an_estimate_is_not_offered_where_there_is_none():
    at = without_an_estimate(ListAuditLog())
    assert list(field(at, "Reason for this decision").options) == ["Patient preference"]


def test_a_stop_is_shown_against_the_drug_chosen_without_an_estimate_too():
    at = without_an_estimate(ListAuditLog(), stop=True)
    assert "STOP. Low neutrophils" in shown(at)
