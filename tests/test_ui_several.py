"""Several decisions in one process: which of them a page shows, and that none mixes with others."""

from __future__ import annotations

import dataclasses

import pytest

from decision.assess import Decision, NoModel
from decision.clinical.assessment import AuditAction
from decision.clinical.spec import CriterionResult, DecisionSpec, Eligibility
from decision.ui import assessing
from decision.ui.components.chart_writing import unwritten
from decision.ui.session import Chart
from tests.builders import AS_OF, ListAuditLog
from tests.fakes import (
    COMPLETE,
    FakeRecorder,
    LaunchDoors,
    NamingPredictor,
    launched,
    page_record,
    page_services,
    page_spec,
    visit_of,
)
from tests.prognosis_pages import KNOWN, FakeHazard, prognosis_spec
from tests.screens import arrive, bodies, field, go, open_patient, opened, press, read, shown, start

BOTH = page_record("p1", *COMPLETE, *KNOWN)
SECOND = prognosis_spec()
FIRST = page_spec()


def whom(spec: DecisionSpec, *patients: str) -> DecisionSpec:
    """The decision, for these patients alone."""

    def eligibility(record, _):
        state = Eligibility.MET if record.patient_id in patients else Eligibility.NOT_MET
        return (CriterionResult(id="whom", state=state, detail="by id", population=True),)

    return dataclasses.replace(spec, eligibility=eligibility)


def services(*records, first=FIRST, second=SECOND, **changes):
    return page_services(
        *(records or (BOTH,)),
        spec=first,
        beside=(Decision(spec=second, predictor=FakeHazard()),),
        **changes,
    )


def control(at):
    return [c for c in at.button_group if c.label == "Decision"]


def turn(at, spec):
    (found,) = control(at)
    return found.set_value(spec.id).run()


def assessed(audit: ListAuditLog) -> list[str]:
    return [e.decision for e in audit.events if e.action is AuditAction.ASSESSED]


def of(spec: DecisionSpec, audit: ListAuditLog) -> list[AuditAction]:
    return [e.action for e in audit.events if e.decision == spec.id]


def test_where_one_decision_arises_nobody_is_asked_which():
    one, two = page_record("p1", *COMPLETE), page_record("p2", *KNOWN)
    at = start(services(one, two, first=whom(FIRST, "p1"), second=whom(SECOND, "p2")))
    page = shown(open_patient(at, "p1"))
    assert "52 of 100" in page
    assert not control(at)
    page = shown(open_patient(at, "p2"))
    assert "IL-6 inhibitor" not in page
    assert "Stage 2" in page
    assert not control(at)


def test_where_several_arise_their_own_titles_are_offered_and_the_first_is_shown():
    at = opened(services())
    (found,) = control(at)
    assert found.options == [FIRST.title, SECOND.title]
    assert found.value == FIRST.id
    assert "52 of 100" in shown(at)


def test_a_title_is_offered_down_to_its_colon_where_that_tells_the_decisions_apart():
    long = dataclasses.replace(FIRST, title="Next drug: one or the other")
    alike = dataclasses.replace(SECOND, title="Next drug: or none")
    (found,) = control(opened(services(first=long)))
    assert found.options == ["Next drug", SECOND.title]
    (found,) = control(opened(services(first=long, second=alike)))
    assert [read(option) for option in found.options] == [long.title, alike.title]


@pytest.mark.parametrize("path", ["patient", "data"])
def test_the_choice_holds_on_every_page(path):
    at = go(opened(services()), path)
    page = shown(turn(at, SECOND))
    assert "HbA1c" in page
    assert "Tender joints" not in page
    other = "data" if path == "patient" else "patient"
    assert "Tender joints" not in shown(go(at, other))
    assert SECOND.title in shown(go(at, "about"))
    assert FIRST.title not in bodies(at)


def test_each_decision_shown_has_one_entry_of_its_own_however_often_one_turns():
    audit = ListAuditLog()
    at = opened(services(audit=audit))
    for spec in (SECOND, FIRST, SECOND, FIRST):
        turn(at, spec)
    assert assessed(audit) == [FIRST.id, SECOND.id]


def test_what_nobody_looked_at_has_no_entry():
    audit = ListAuditLog()
    opened(services(audit=audit))
    assert assessed(audit) == [FIRST.id]


def test_what_was_entered_for_one_is_kept_and_counts_for_all():
    """Entries are about the patient; each decision is then assessed anew when it is looked at."""
    audit = ListAuditLog()
    at = opened(services(page_record("p1", *KNOWN), audit=audit))
    assert "No estimate." in shown(at)
    field(at, "Tender joints").set_value(12)
    press(at, "Save and update the answer")
    assert "52 of 100" in shown(at)
    page = shown(turn(at, SECOND))
    assert "(entered by clinician, this session only)" in page
    assert "52 of 100" in shown(turn(at, FIRST))
    assert assessed(audit) == [FIRST.id, FIRST.id, SECOND.id]


def test_a_decision_recorded_about_one_is_not_shown_about_the_other():
    audit = ListAuditLog()
    at = opened(services(audit=audit, predictor=NamingPredictor()))
    assert "Recorded: " in shown(press(at, "Accept"))
    page = shown(turn(at, SECOND))
    assert "Recorded: " not in page
    assert "Recorded on" not in page
    assert "Recorded: " in shown(turn(at, FIRST))
    assert of(SECOND, audit) == [AuditAction.ASSESSED]
    assert of(FIRST, audit) == [AuditAction.ASSESSED, AuditAction.ACCEPTED]


def test_the_trail_words_each_entry_by_its_own_decision_and_names_it():
    at = opened(services(predictor=NamingPredictor()))
    page = shown(press(at, "Accept"))
    assert "chosen: IL-6 inhibitor" in page
    assert f"{FIRST.title}: chosen" not in page  # nothing else is in the trail yet
    page = shown(turn(at, SECOND))
    assert f"{FIRST.title}: chosen: IL-6 inhibitor" in page
    assert f"{SECOND.title}: " in page


def test_an_entry_of_a_decision_that_is_not_served_any_more_does_not_break_the_page():
    audit = ListAuditLog()
    opened(services(audit=audit, first=whom(FIRST, "p2")))  # only the second arises here
    assert assessed(audit) == [SECOND.id]
    page = shown(opened(page_services(BOTH, audit=audit)))
    assert f"of a decision that is not offered here ({SECOND.id})" in page


def test_a_decision_without_a_model_beside_one_that_has_one_says_why():
    broken = NoModel(detail="No model is installed.", remedy="Train one.")
    beside = (Decision(spec=SECOND, predictor=broken),)
    at = opened(page_services(BOTH, beside=beside))
    page = shown(turn(at, SECOND))
    assert "Model unavailable No model is installed. Train one." in page
    assert "52 of 100" in shown(turn(at, FIRST))


def test_turning_belongs_to_one_patient_and_is_kept_for_that_one():
    other = dataclasses.replace(BOTH, patient_id="p2")
    at = opened(services(BOTH, other))
    turn(at, SECOND)
    (found,) = control(open_patient(at, "p2"))
    assert found.value == FIRST.id
    (found,) = control(open_patient(at, "p1"))
    assert found.value == SECOND.id


def launch(decision: str = "", **changes):
    visit = launched(BOTH, decision=decision, **changes)
    return arrive(services(doors=LaunchDoors(visit)), "lid-1")


def test_a_launch_opens_the_decision_that_the_chart_asked_for():
    (found,) = control(launch(SECOND.id))
    assert found.value == SECOND.id


def test_a_launch_that_asks_for_what_does_not_arise_or_is_unknown_opens_what_does():
    for asked in ("", "no-such-decision"):
        (found,) = control(launch(asked))
        assert found.value == FIRST.id
    visit = launched(BOTH, decision=SECOND.id)
    second = whom(SECOND, "p9")
    at = arrive(services(doors=LaunchDoors(visit), second=second), "lid-1")
    assert not control(at)
    assert "52 of 100" in shown(at)


def test_two_launches_side_by_side_turn_apart():
    one, two = launched(BOTH), launched(BOTH, "lid-2")
    ports = services(doors=LaunchDoors(one, two))
    here, there = arrive(ports, "lid-1"), arrive(ports, "lid-2")
    turn(here, SECOND)
    assert control(here)[0].value == SECOND.id
    assert control(there.run())[0].value == FIRST.id


def test_turning_to_what_does_not_arise_is_refused():
    chart = Chart(record=BOTH, decision=FIRST.id, candidates=(FIRST.id,))
    with pytest.raises(KeyError):
        assessing.turn_to(chart, SECOND.id)
    assert chart.decision == FIRST.id


def test_a_decision_is_about_the_card_that_was_shown_though_another_was_turned_to():
    """A second click's run may turn while the first one still writes."""
    audit = ListAuditLog()
    ports = services(audit=audit)
    visit = visit_of(ports)
    chart = Chart(record=BOTH, decision=FIRST.id, candidates=(FIRST.id, SECOND.id))
    card = assessing.assessed(ports, visit, chart)
    chart.decision = SECOND.id
    assessing.decide(ports, visit, chart, card, AuditAction.ACCEPTED, {"chosen": "a"})
    assert audit.events[-1].decision == FIRST.id
    assert [d.decision for d in chart.decided] == [FIRST.id]


def test_what_is_not_in_the_chart_of_either_is_asked_about_before_the_session_ends():
    recorder = FakeRecorder()
    visit = launched(BOTH, recorder=recorder)
    ports = services(doors=LaunchDoors(visit), predictor=NamingPredictor())
    chart = Chart(record=BOTH, decision=FIRST.id, candidates=(FIRST.id, SECOND.id))
    for spec in (FIRST, SECOND):
        chart.decision = spec.id
        card = assessing.assessed(ports, visit, chart)
        assessing.decide(ports, visit, chart, card, AuditAction.DECIDED, {"chosen": "a"})
    first, second = chart.decided
    recorder.receipts[second.audit_id] = recorder._next(second.audit_id)
    assert unwritten(visit, chart)
    recorder.receipts[first.audit_id] = recorder._next(first.audit_id)
    assert not unwritten(visit, chart)


def test_the_worklist_names_every_decision_and_each_patient_once():
    page = shown(start(services(BOTH, dataclasses.replace(BOTH, patient_id="p2"))))
    assert FIRST.title in page
    assert SECOND.title in page
    assert page.count("shows a case") == 2
    assert page.count("Simulated model.") == 1


def test_about_shows_every_decision_until_a_chart_is_open():
    at = go(start(services()), "about")
    page = shown(at)
    assert "About these models" in page
    assert page.index(FIRST.title) < page.index(SECOND.title)
    assert "Compared: IL-6 inhibitor and TNF inhibitor." in page
    assert page.count("A drug class is named only when") == 1
    at = go(open_patient(at, "p1"), "about")
    assert "About this model" in shown(at)
    assert SECOND.title not in shown(at)


def test_one_chart_says_the_same_whether_another_decision_is_served_or_not():
    """The comparison's card, number by number, does not know of the other decision."""
    alone, together = ListAuditLog(), ListAuditLog()
    opened(page_services(BOTH, audit=alone))
    opened(services(audit=together))
    assert alone.events == together.events
    assert alone.events[0].recorded > AS_OF
