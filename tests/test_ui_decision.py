"""Accept or override: what is written, once, for whom, and how it is found again (D13)."""

from __future__ import annotations

import dataclasses
import threading

from decision.clinical.assessment import AuditAction
from decision.clinical.quantities import Moment
from decision.clinical.spec import OverrideReason, Presence, Severity
from decision.ui import assessing
from decision.ui.texts.trail import what
from tests.builders import ListAuditLog
from tests.fakes import (
    COMPLETE,
    NamingPredictor,
    chart_of,
    finding,
    make_rule,
    page_record,
    page_services,
    page_spec,
    visit_of,
)
from tests.screens import field, go, open_patient, opened, press, read, shown

FULL = page_record("p1", *COMPLETE)
OTHER = page_record("p3", *COMPLETE)


def decided(at, choice="b"):
    return press(chosen(at, choice), "Record decision")


def chosen(at, choice):
    at.segmented_control[0].set_value(choice)
    return at.run()


def naming(audit, *records):
    """The page of somebody for whom class `b` is named."""
    return opened(page_services(*(records or (FULL,)), audit=audit, predictor=NamingPredictor()))


def overridden(at, choice="a", reason="patient-preference"):
    chosen(at, choice)
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
    page = shown(at)
    assert "Recorded: IL-6 inhibitor, 2 Nov 2026, 09:05 UTC." in page
    assert "Accept" not in [b.label for b in at.button]  # nothing live is left over


def test_r13_overriding_takes_two_clicks_and_a_coded_reason():
    audit = ListAuditLog()
    at = overridden(naming(audit))
    (event,) = choices(audit)
    assert event.action is AuditAction.OVERRODE
    assert event.outcome["reason"] == "patient-preference"
    assert event.outcome["chosen"] == "a"
    page = shown(at)
    assert "Recorded: TNF inhibitor, 2 Nov 2026, 09:05 UTC. Reason: Patient preference." in page
    assert "chosen: TNF inhibitor; reason: Patient preference" in page
    assert "(patient-preference)" not in page
    assert [r.label for r in at.radio] == []
    assert "Record override" not in [b.label for b in at.button]


def test_an_override_without_a_reason_is_not_recorded():
    audit = ListAuditLog()
    page = shown(press(chosen(naming(audit), "a"), "Record override"))
    assert "Choose a reason; nothing was recorded." in page
    assert choices(audit) == []


def test_an_override_without_a_drug_is_not_recorded():
    audit = ListAuditLog()
    at = press(naming(audit), "Override…")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    page = shown(press(at, "Record override"))
    assert "Choose a drug first; nothing was recorded." in page
    assert choices(audit) == []


def test_an_override_of_the_class_that_was_named_by_that_same_class_is_none():
    audit = ListAuditLog()
    at = press(chosen(naming(audit), "b"), "Override…")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    assert "accept it, or choose another" in shown(press(at, "Record override"))
    assert choices(audit) == []


def test_the_named_class_against_its_own_avoid_is_recorded_only_once_it_is_chosen():
    avoid = make_rule("V", "Diverticulitis", Severity.NONE, Severity.AVOID)
    told = (finding(avoid, Presence.PRESENT),)
    audit = ListAuditLog()
    spec = page_spec(find_cautions=lambda record, spec: told, cautions=(avoid,))
    at = opened(page_services(FULL, audit=audit, spec=spec, predictor=NamingPredictor()))
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    assert "Choose a drug first" in shown(press(at, "Record override"))
    page = shown(overridden(at, "b"))
    assert "Recorded: IL-6 inhibitor, against AVOID (diverticulitis), 2 Nov" in page


def test_where_nothing_is_named_and_nothing_opposed_there_is_one_button():
    at = chosen(opened(page_services(FULL)), "b")
    assert "Override…" not in [b.label for b in at.button]
    assert [b.label for b in at.button].count("Record decision") == 1


def test_the_drug_chosen_and_a_remark_are_kept_with_the_reason():
    audit = ListAuditLog()
    at = chosen(naming(audit), "a")
    field(at, "Reason for deciding otherwise").set_value("patient-preference")
    field(at, "Remark (optional; no names)").set_value("prefers tablets")
    page = shown(press(at, "Record override"))
    (event,) = choices(audit)
    assert event.outcome["chosen"] == "a"
    assert event.outcome["note"] == "prefers tablets"
    assert "chosen: TNF inhibitor" in page
    assert "note: prefers tablets" in page


def test_only_what_can_speak_against_a_caution_is_offered_as_a_reason_against_one():
    at = chosen(opened(page_services(FULL, spec=reasoned_spec(stop=True))), "b")
    assert list(field(at, "Reason for deciding otherwise").options) == ["Repeat fine", "Other"]
    at = chosen(opened(page_services(FULL, spec=reasoned_spec(), predictor=NamingPredictor())), "a")
    assert list(field(at, "Reason for deciding otherwise").options) == ["Wish", "Odd", "Other"]


def reasoned_spec(**changes):
    reasons = (
        OverrideReason(code="wish", label="Wish"),
        OverrideReason(code="odd", label="Odd", about_estimate=True),
        OverrideReason(code="repeat", label="Repeat fine", against_caution=True, otherwise=False),
        OverrideReason(code="other", label="Other", against_caution=True),
    )
    return page_spec(override_reasons=reasons, **changes)


def test_the_same_decision_on_the_same_assessment_is_written_once():
    audit = ListAuditLog()
    at = decided(opened(page_services(FULL, audit=audit)))
    for _ in range(2):
        decided(press(at, "Change"))
        at.run()
    assert len(choices(audit)) == 1


def test_a_change_of_mind_is_a_second_entry_and_both_stay():
    audit = ListAuditLog()
    at = decided(opened(page_services(FULL, audit=audit)))
    page = shown(decided(press(at, "Change"), "a"))
    assert [e.outcome["chosen"] for e in choices(audit)] == ["b", "a"]
    assert "Replaced: IL-6 inhibitor, 2 Nov 2026, 09:05 UTC." in page
    assert page.index("Replaced: IL-6") < page.index("Recorded: TNF inhibitor")
    assert "Replaced: TNF" not in page
    assert choices(audit)[1].outcome["replaces"] == ["audit-2"]


def test_another_drug_that_is_only_selected_is_told_from_the_one_recorded():
    audit = ListAuditLog()
    at = press(decided(opened(page_services(FULL, audit=audit)), "a"), "Change")
    page = shown(chosen(at, "b"))
    assert "You have selected IL-6 inhibitor; recorded is TNF inhibitor." in page
    page = shown(press(at, "Keep as recorded"))
    assert "You have selected" not in page
    assert "Recorded: TNF inhibitor" in page
    assert len(choices(audit)) == 1


def test_deciding_the_same_again_after_something_else_is_a_decision():
    audit = ListAuditLog()
    at = decided(opened(page_services(FULL, audit=audit)), "a")
    for choice in ("b", "a"):
        decided(press(at, "Change"), choice)
    assert [e.outcome["chosen"] for e in choices(audit)] == ["a", "b", "a"]
    assert [read(m.value) for m in at.info] == ["Recorded: TNF inhibitor, 2 Nov 2026, 09:05 UTC."]
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
    services, chart = page_services(FULL, audit=audit), chart_of(FULL)
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
    services, chart = page_services(FULL, audit=audit), chart_of(FULL)
    card = assessing.assessed(services, visit_of(services), chart)
    chart.assessments.clear()  # as another run leaves it that has just saved an entry
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
    page = shown(press(at, "Record override"))
    (event,) = choices(audit)
    assert event.outcome["chosen"] == "b"
    assert event.outcome["against"] == {"S": "STOP"}
    assert (
        "Recorded: IL-6 inhibitor, against STOP (low neutrophils), 2 Nov 2026, 09:05 UTC. "
        "Reason: Patient preference."
    ) in page
    assert "chosen: IL-6 inhibitor, against STOP (low neutrophils); reason:" in page


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
    assert "Recorded" not in page
    decided(at)
    assert [e.patient_id for e in choices(audit)] == ["p1", "p3"]
    assert choices(audit)[1].outcome["about"] == audit.entries("p3", OTHER.identity).entries[0][0]


def test_an_open_override_panel_does_not_follow_to_the_next_patient():
    at = press(naming(ListAuditLog(), FULL, OTHER), "Override…")
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
    assert "Recorded: IL-6 inhibitor" in shown(go(at, "patient"))
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


def test_what_is_decided_without_an_estimate_is_recorded_with_or_without_a_reason():
    for reason in ("patient-preference", None):
        audit = ListAuditLog()
        at = without_an_estimate(audit)
        field(at, "Reason for this decision (optional)").set_value(reason)
        page = shown(press(at, "Record decision"))
        (event,) = [e for e in audit.events if e.action is AuditAction.WITHOUT_ESTIMATE]
        assert event.outcome["chosen"] == "b"
        assert event.outcome.get("reason") == reason
        assert event.outcome["about"] == "audit-1"
        assert event.outcome["displayed"][0] == "No estimate."
        assert "Tender joints" in event.outcome["displayed"][1]
        assert "Recorded: IL-6 inhibitor, 2 Nov 2026, 09:05 UTC." in page
        assert ("Reason: Patient preference." in page) is (reason is not None)
        assert "Decided without an estimate" in page


def test_against_a_stop_a_reason_is_needed_without_an_estimate_too():
    audit = ListAuditLog()
    at = without_an_estimate(audit, stop=True)
    assert "Choose a reason; nothing was recorded." in shown(press(at, "Record decision"))
    assert [e.action for e in audit.events] == [AuditAction.ASSESSED]


def test_a_reason_about_an_estimate_is_not_offered_where_there_is_none():
    at = without_an_estimate(ListAuditLog())
    asked = field(at, "Reason for this decision (optional)")
    assert list(asked.options) == ["Patient preference"]


def test_a_stop_is_shown_against_the_drug_chosen_without_an_estimate_too():
    at = without_an_estimate(ListAuditLog(), stop=True)
    assert "STOP. Low neutrophils" in shown(at)


def test_an_entry_that_chose_nothing_is_never_called_as_shown():
    """Entries of earlier versions may have been recorded so."""
    services = page_services(FULL, audit=ListAuditLog())
    chart, visit = chart_of(FULL), visit_of(services)
    card = assessing.assessed(services, visit, chart)
    assessing.decide(services, visit, chart, card, AuditAction.OVERRODE, {"reason": "gone"})
    event = services.audit.entries("p1", FULL.identity).entries[-1][1]
    assert what(services.decisions[0].spec, event) == "no drug named; reason: gone"
    accepted = dataclasses.replace(event, action=AuditAction.ACCEPTED, outcome={})
    assert what(services.decisions[0].spec, accepted) == "as shown"


EARLIER = "Recorded on 2 Nov 2026 by Practitioner/test: IL-6 inhibitor"


def test_what_was_decided_on_an_earlier_opening_is_told_on_the_next():
    audit = ListAuditLog()
    services = page_services(FULL, audit=audit, spec=page_spec(stop=True))
    assert "Recorded on" not in shown(overridden(opened(services), "b"))
    page = shown(opened(services))
    assert f"{EARLIER}, against STOP." in page
    assert "chart" not in page.split(EARLIER)[1].split("Drug")[0]  # none is written to here


def test_an_earlier_decision_is_the_last_one_and_of_this_person():
    audit = ListAuditLog()
    services = page_services(FULL, OTHER, audit=audit)
    at = decided(opened(services), "a")
    decided(press(at, "Change"))
    at = open_patient(at, "p3")
    assert "Recorded on" not in shown(at)
    page = shown(open_patient(at, "p1"))
    assert f"{EARLIER}." in page
    assert page.count("Recorded on") == 1
