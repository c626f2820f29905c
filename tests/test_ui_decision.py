"""Accept or override: what is written, once, for whom, and how it is found again (D13)."""

from __future__ import annotations

from decision.clinical.assessment import AuditAction
from tests.builders import ListAuditLog
from tests.fakes import COMPLETE, NamingPredictor, page_record, page_services
from tests.screens import field, go, open_patient, opened, press, shown

FULL = page_record("p1", *COMPLETE)
OTHER = page_record("p3", *COMPLETE)


def overridden(at, reason="patient-preference"):
    press(at, "Override…")
    field(at, "Reason for deciding otherwise").set_value(reason)
    return press(at, "Record override")


def choices(audit):
    wanted = (AuditAction.ACCEPTED, AuditAction.OVERRODE)
    return [e for e in audit.events if e.action in wanted]


def test_r13_accepting_takes_one_click_and_stores_what_was_shown():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, audit=audit)), "Accept")
    (event,) = choices(audit)
    assert event.action is AuditAction.ACCEPTED
    assert event.patient_id == "p1"
    assert event.input_hash == audit.events[0].input_hash
    assert event.model_version == "1.0.0 (ab12cd34ef56)"
    assert event.outcome["about"] == "audit-1"
    displayed = event.outcome["displayed"]
    assert displayed[0].startswith("52 of 100 simulated patients like this one")
    assert "No clear preference: about the same." in displayed[2]
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
        press(at, "Accept")
        at.run()
    assert len(choices(audit)) == 1


def test_a_change_of_mind_is_a_second_entry_and_both_stay():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, audit=audit)), "Accept")
    page = shown(overridden(at))
    assert [e.action for e in choices(audit)] == [AuditAction.ACCEPTED, AuditAction.OVERRODE]
    assert "Accepted. Audit entry" in page
    assert "Override recorded." in page


def test_a_decision_for_one_patient_is_never_shown_or_written_for_another():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, OTHER, audit=audit)), "Accept")
    page = shown(open_patient(at, "p3"))
    assert "Accepted" not in page
    assert "Override recorded" not in page
    press(at, "Accept")
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
    press(at, "Accept")
    assert "chosen" not in choices(audit)[0].outcome


def test_after_leaving_and_coming_back_the_page_of_this_visit_is_unchanged():
    audit = ListAuditLog()
    at = press(opened(page_services(FULL, audit=audit, predictor=NamingPredictor())), "Accept")
    go(at, "about")
    assert "Accepted. Audit entry" in shown(go(at, "patient"))
    assert len(choices(audit)) == 1


def test_a_patient_without_an_answer_has_nothing_to_accept():
    at = opened(page_services(page_record("p2")), "p2")
    assert "Accept" not in [b.label for b in at.button]
