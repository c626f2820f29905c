"""Entering what the record lacks: limits, provenance, undo, and whose entries they are."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.assess import assess
from decision.clinical.assessment import AuditAction
from decision.clinical.codes import LOCAL, Code
from decision.clinical.quantities import Quantity
from decision.clinical.record import Origin
from decision.clinical.spec import CriterionResult, Eligibility, Entry, EntryKind, Limits
from decision.rules import derive_features
from decision.ui import assessing, entries
from tests.builders import ListAuditLog
from tests.fakes import (
    COMPLETE,
    FakeSource,
    chart_of,
    observe,
    page_record,
    page_services,
    page_spec,
    visit_of,
)
from tests.screens import field, go, open_patient, opened, press, shown

SAVE = "Save and update the answer"
BARE = page_record("p2")
OTHER = page_record("p3")


def enter(at, **answers):
    for label, answer in answers.items():
        field(at, label.replace("_", " ")).set_value(answer)
    return press(at, SAVE)


def fields_of(record=BARE, spec=None, criteria=()):
    spec = spec or page_spec()
    return entries.fields(spec, derive_features(record, spec), criteria)


def test_the_form_asks_what_is_missing_needed_things_first():
    asked = fields_of(page_record("p", observe("crp", 42, "mg/L")))
    assert [(f.code.code, f.group) for f in asked] == [
        ("tender-local", "Needed for an estimate"),
        ("mtx-local", "Clinical"),
    ]
    assert fields_of(page_record("p", *COMPLETE))[0].hint == "Not known"


def test_limits_and_unit_are_shown_where_the_answer_goes():
    assert [f.hint for f in fields_of()] == ["0 to 28", "Not known", "0 to 500 mg/L"]


def test_an_open_criterion_asks_its_own_question_once():
    question = Entry(
        kind=EntryKind.CHOICE, question="About to start?", concept="mtx", choices={"yes": "Yes"}
    )
    open_question = CriterionResult(id="x", state=Eligibility.UNKNOWN, detail="", entry=question)
    settled = dataclasses.replace(open_question, state=Eligibility.MET)
    assert [f.entry.question for f in fields_of(criteria=(open_question,))][:1] == [
        "About to start?"
    ]
    assert len(fields_of(criteria=(open_question,))) == 3
    assert "About to start?" not in [f.entry.question for f in fields_of(criteria=(settled,))]


@given(st.integers(-100, 100))
def test_exactly_the_supported_counts_are_accepted(value):
    (tender, *_) = fields_of()
    assert (entries.problem(tender, value) == "") == (0 <= value <= 28)


def test_a_refused_value_names_field_value_range_and_remedy():
    (tender, *_) = fields_of()
    assert entries.problem(tender, 31) == (
        "Tender joints: 31 is above the limits (0 to 28). Correct the value; nothing was saved."
    )
    assert "-1 is below the limits" in entries.problem(tender, -1)


@pytest.mark.parametrize("kind", [EntryKind.NUMBER, EntryKind.WHOLE_NUMBER])
@pytest.mark.parametrize(
    "given_", [{}, {"unit": "kg"}, {"limits": Limits(low=0, high=9, citation="test")}]
)
def test_a_number_cannot_be_asked_without_its_unit_and_its_limits(kind, given_):
    with pytest.raises(ValueError, match="'How much\\?' asks for a number: give unit and limits"):
        Entry(kind=kind, question="How much?", concept="weight", **given_)


def test_what_a_criterion_asks_has_its_own_unit_and_limits():
    lines = Entry(
        kind=EntryKind.WHOLE_NUMBER,
        question="How many?",
        concept="lines",
        unit="{lines}",
        limits=Limits(low=0, high=20, citation="test"),
    )
    criterion = CriterionResult(id="x", state=Eligibility.UNKNOWN, detail="", entry=lines)
    asked = fields_of(criteria=(criterion,))[0]
    assert "-1 is below the limits (0 to 20)" in entries.problem(asked, -1)
    assert "21 is above the limits (0 to 20)" in entries.problem(asked, 21)
    assert entries.problem(asked, 0) == entries.problem(asked, 20) == ""
    assert asked.hint.startswith("0 to 20")
    assert asked.code == Code(system=LOCAL, code="lines")
    assert entries.observation(asked, 2, BARE).value == Quantity(value=2, unit="{lines}")


def test_an_entry_is_an_observation_of_this_record_by_the_clinician():
    tender, mtx, _ = fields_of()
    made = entries.observation(tender, 12, BARE)
    assert made.value == Quantity(value=12.0, unit="{count}")
    assert made.effective.earliest == BARE.as_of
    assert made.source.origin is Origin.CLINICIAN
    assert made.codes == (Code(system=LOCAL, code="tender-local"),)
    chosen = entries.observation(mtx, "not-taking", BARE)
    assert chosen.value == Code(system=LOCAL, code="not-taking")
    assert chosen.value.display == "Not taking"


def test_entering_what_is_missing_turns_an_abstention_into_an_answer():
    at = opened(page_services(BARE), "p2")
    assert "No estimate." in shown(at)
    page = shown(enter(at, Tender_joints=12))
    assert "52 of 100 simulated patients like this one" in page
    assert "Tender joints: 12 (entered by clinician, this session only)" in page
    assert "1 entered by clinician" in page
    assert "used, entered by clinician" in shown(go(at, "data"))


def test_the_answer_follows_the_entry():
    assert "44 of 100" in shown(enter(opened(page_services(BARE), "p2"), Tender_joints=20))


def test_a_value_beyond_its_limits_is_refused_and_nothing_is_saved():
    audit = ListAuditLog()
    at = enter(opened(page_services(BARE, audit=audit), "p2"), Tender_joints=31, CRP=10.0)
    page = shown(at)
    assert "Tender joints: 31 is above the limits (0 to 28)" in page
    assert "No estimate." in page
    assert [e.action for e in audit.events] == [AuditAction.ASSESSED]


def test_saving_an_empty_form_says_so():
    assert "Nothing was entered." in shown(press(opened(page_services(BARE), "p2"), SAVE))


def test_entries_are_in_the_trail_before_the_new_assessment():
    audit = ListAuditLog()
    enter(opened(page_services(BARE, audit=audit), "p2"), Tender_joints=12, Methotrexate="taking")
    assert [e.action for e in audit.events] == [
        AuditAction.ASSESSED,
        AuditAction.ENTERED,
        AuditAction.ASSESSED,
    ]
    assert audit.events[1].outcome["entered"] == {
        "tender-local": "12 {count}",
        "mtx-local": "taking",
    }
    assert audit.events[2].outcome["entered"] == ["mtx", "tender"]


def test_an_entry_that_cannot_be_audited_is_not_used():
    audit = ListAuditLog()
    at = opened(page_services(BARE, audit=audit), "p2")
    audit.broken = True
    enter(at, Tender_joints=12)
    audit.broken = False
    assert "No estimate." in shown(go(at, "patient"))


def test_undo_takes_the_answer_back_and_leaves_a_trace():
    audit = ListAuditLog()
    at = enter(opened(page_services(BARE, audit=audit), "p2"), Tender_joints=12)
    page = shown(press(at, "Undo"))
    assert "No estimate." in page
    assert "entered by clinician, this session" not in page
    assert field(at, "Tender joints").value is None
    assert audit.events[-2].outcome["withdrawn"] == {"tender-local": "12 {count}"}


def test_entries_of_one_patient_never_reach_another():
    source = FakeSource(BARE, OTHER)
    audit = ListAuditLog()
    at = enter(opened(page_services(source=source, audit=audit), "p2"), Tender_joints=12)
    page = shown(open_patient(at, "p3"))
    assert "No estimate." in page
    assert "12 (entered" not in page
    assert field(at, "Tender joints").value is None
    assert not any(e.outcome.get("entered") for e in audit.events if e.patient_id == "p3")


def test_what_was_typed_but_not_saved_never_reaches_another_patient():
    at = opened(page_services(BARE, OTHER), "p2")
    field(at, "Tender joints").set_value(12)
    at.run()
    open_patient(at, "p3")
    assert field(at, "Tender joints").value is None
    assert "No estimate." in shown(press(at, SAVE))


def test_back_at_the_first_patient_the_entries_are_still_there_and_listed():
    at = enter(opened(page_services(BARE, OTHER), "p2"), Tender_joints=12)
    open_patient(at, "p3")
    page = shown(open_patient(at, "p2"))
    assert "52 of 100" in page
    assert "Tender joints: 12 (entered by clinician" in page


def test_a_record_that_changed_drops_what_was_entered_on_the_older_one():
    source, audit = FakeSource(BARE), ListAuditLog()
    at = enter(opened(page_services(source=source, audit=audit), "p2"), Tender_joints=12)
    source.records["p2"] = page_record("p2", observe("crp", 3, "mg/L"))
    page = shown(open_patient(at, "p2"))
    assert "No estimate." in page
    assert "entered by clinician, this session" not in page
    assert "Withdrawn, because the record has changed since: Tender joints: 12." in page
    (event,) = [e for e in audit.events if "because" in e.outcome]
    assert event.outcome["withdrawn"] == {"tender-local": "12 {count}"}
    assert "withdrawn tender-local = 12 {count} (the record has changed since)" in page
    assert "Withdrawn" not in shown(open_patient(at, "p2"))


def test_entries_that_a_full_session_gives_up_are_withdrawn_and_said():
    others = [page_record(f"other-{n}") for n in range(20)]
    audit = ListAuditLog()
    at = enter(opened(page_services(BARE, *others, audit=audit), "p2"), Tender_joints=12)
    for other in others:
        assert not [e for e in audit.events if "because" in e.outcome]
        open_patient(at, other.patient_id)
    (event,) = [e for e in audit.events if "because" in e.outcome]
    assert event.patient_id == "p2"
    assert "Withdrawn" not in shown(at)
    page = shown(open_patient(at, "p2"))
    assert "Withdrawn, because a session keeps the last 20 patients: Tender joints: 12." in page


def test_entries_that_cannot_be_withdrawn_in_the_trail_stop_the_page():
    source, audit = FakeSource(BARE), ListAuditLog()
    at = enter(opened(page_services(source=source, audit=audit), "p2"), Tender_joints=12)
    source.records["p2"] = page_record("p2", observe("crp", 3, "mg/L"))
    audit.broken = True
    assert "the audit entry could not be written" in shown(open_patient(at, "p2"))
    audit.broken = False
    assert "Withdrawn, because the record has changed since" in shown(go(at, "patient"))


def test_the_same_entry_again_writes_nothing():
    """As from a second click, whose run finds what the first has saved."""
    services = page_services(BARE, audit=ListAuditLog())
    chart = chart_of(BARE)
    made = entries.observation(fields_of()[0], 12, BARE)
    for _ in range(2):
        assessing.enter(services, visit_of(services), chart, (made,))
    assert [e.action for e in services.audit.events].count(AuditAction.ENTERED) == 1


def test_another_session_sees_nothing_of_it():
    services = page_services(BARE)
    enter(opened(services, "p2"), Tender_joints=12)
    assert "No estimate." in shown(opened(services, "p2"))


def test_after_undo_the_question_can_be_answered_anew():
    at = enter(opened(page_services(BARE), "p2"), Tender_joints=12)
    press(at, "Undo")
    page = shown(enter(at, Tender_joints=20))
    assert "44 of 100" in page
    assert page.count("(entered by clinician, this session only)") == 1


def test_an_entry_for_a_concept_replaces_the_earlier_one_and_no_other():
    audit = ListAuditLog()
    services = page_services(BARE, audit=audit)
    chart = chart_of(BARE)
    tender, mtx, _ = fields_of()
    first = entries.observation(tender, 12, BARE)
    other = entries.observation(mtx, "taking", BARE)
    again = entries.observation(tender, 20, BARE)
    assessing.enter(services, visit_of(services), chart, (first, other))
    assessing.enter(services, visit_of(services), chart, (again,))
    assert chart.entries == (other, again)
    told = [e.outcome for e in audit.events if e.action is AuditAction.ENTERED]
    assert "replaced" not in told[0]
    assert told[1]["replaced"] == {"tender-local": "12 {count}"}
    found = assessing.assessed(services, visit_of(services), chart).features
    assert found.value("tender") == 20
    assert found.value("mtx") == 0


@pytest.mark.parametrize("value", [0, 28])
def test_the_ends_of_the_range_are_allowed(value):
    assert "patients like this one" in shown(
        enter(opened(page_services(BARE), "p2"), Tender_joints=value)
    )


def test_the_port_gets_only_the_record_and_its_entries():
    made = entries.observation(fields_of()[0], 12, BARE)
    services = page_services(BARE)
    found = assess(
        BARE.with_entries((made,)),
        services.decisions[0].spec,
        services.decisions[0].predictor,
        services.audit,
        services.context(visit_of(services)),
    )
    assert found.features.value("tender") == 12
