"""The examination on the page: joints, scores and the sheet, saved together and undone together."""

from __future__ import annotations

import dataclasses
import gc
from datetime import timedelta
from weakref import ref

import pytest

from decision.clinical.assessment import AuditAction
from decision.clinical.codes import LOCAL, LOINC, Code, CodelistEntry, CodeStatus
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.scores.joints import JointExamination, Sign
from decision.rules import derive_features
from decision.ui import entries, examination, visiting
from decision.ui.components import homunculus
from decision.ui.components.questionnaire import questionnaire
from decision.ui.examination import Draft, Sheet, collected, with_figure
from decision.ui.filing import measured
from decision.ui.session import Saved
from decision.ui.texts import examination as texts
from decision.visit import Delivery
from tests.builders import AS_OF, ListAuditLog
from tests.examined import examined_spec
from tests.fakes import (
    CLOSED,
    WAITING,
    FakeRecorder,
    LaunchDoors,
    chart_of,
    launched,
    observe,
    page_record,
    page_services,
)
from tests.screens import arrive, field, open_patient, opened, press, read, shown
from tests.test_ui_entries import SAVE

SPEC = examined_spec()
BARE = page_record("p2")
LAST = Moment.instant(AS_OF - timedelta(days=4))


def known(name, value, unit):
    return dataclasses.replace(observe(name, value, unit), effective=LAST)


KNOWN = page_record(
    "p2",
    known("tender_joints", 12, "{count}"),
    known("swollen_joints", 8, "{count}"),
    known("patient_global", 6.5, "{score}"),
    known("physician_global", 5, "{score}"),
    known("haq", 1.125, "{score}"),
)
BOTH = frozenset(Sign)
SHEET = Sheet(answers=dict.fromkeys(list(examination.ASKED["haq"].categories)[:6], 1))


def asked(record=BARE, spec=SPEC):
    return entries.fields(spec, derive_features(record, spec), ())


def at_page(record=BARE, **options):
    return opened(page_services(record, spec=SPEC, **options), "p2")


def tap(at, *joints):
    for name in joints:
        (button,) = [b for b in at.button if read(b.label).startswith(f"{name}:")]
        button.click().run()
    return at


def complete(at):
    (box,) = [c for c in at.checkbox if c.label == texts.COMPLETE]
    box.check().run()
    return at


def brush(at, code):
    (control,) = [c for c in at.segmented_control if c.label == texts.TAP_MARKS]
    control.set_value(code)
    at.run()
    return at


def test_joints_come_first_then_what_makes_a_score_with_them_then_the_sheet():
    names = [(f.entry.concept, f.group) for f in asked()]
    assert names[:5] == [
        (concept, "Examination and scores")
        for concept in (
            "tender_joints",
            "swollen_joints",
            "patient_global",
            "physician_global",
            "haq",
        )
    ]


def test_a_visit_examines_anew_what_the_record_knows_and_says_what_it_knows():
    hints = {f.entry.concept: f.hint for f in asked(KNOWN)}
    assert hints["tender_joints"] == "In use: 12 (29 Oct 2026)"
    assert hints["haq"].startswith("In use: 1.1")


def test_a_decision_without_joints_has_no_figure():
    at = opened(page_services(page_record("p2")), "p2")
    assert not [b for b in at.button if "wrist" in b.label]


def test_all_joints_are_there_with_a_name_and_a_state():
    joints = [b for b in at_page().button if ": not marked" in read(b.label)]
    assert len(joints) == 28


def test_tapped_joints_count_once_the_examination_is_complete():
    audit = ListAuditLog()
    at = tap(at_page(audit=audit), "Right wrist", "Right MCP 2")
    brush(at, "tender")
    tap(at, "Left knee")
    assert "Swollen 2 · tender 3 of 28 joints so far." in shown(at)
    page = shown(press(complete(at), SAVE))
    assert "Tender joints (of 28): 3 (entered by clinician" in page
    assert "Swollen joints (of 28): 2 (entered by clinician" in page
    assert "Swollen of 28 joints: Right wrist; Right MCP 2." in page
    (event,) = [e for e in audit.events if e.action is AuditAction.ENTERED]
    assert event.outcome["joints"] == {
        "swollen": ["mcp2-right", "wrist-right"],
        "tender": ["knee-left", "mcp2-right", "wrist-right"],
    }


def test_no_joint_at_all_is_an_examination_too():
    page = shown(press(complete(at_page()), SAVE))
    assert "Tender joints (of 28): 0 (entered" in page
    assert "None of 28 joints is swollen." in page


def test_marks_without_a_complete_examination_are_never_counted():
    audit = ListAuditLog()
    at = tap(at_page(audit=audit), "Right wrist")
    field(at, "Patient global (0 to 10)").set_value(4.0)
    page = shown(press(at, SAVE))
    assert "the examination is not said to be complete" in page
    assert not [e for e in audit.events if e.action is AuditAction.ENTERED]


def test_a_count_typed_beside_a_different_figure_is_refused():
    at = complete(tap(at_page(), "Right wrist"))
    field(at, "Tender joints (of 28)").set_value(4)
    page = shown(press(at, SAVE))
    assert "4 was typed and 1 is marked on the figure" in page
    assert "(entered by clinician" not in page


def test_a_second_tap_clears_and_undo_takes_a_tap_back():
    at = tap(at_page(), "Right wrist", "Left wrist", "Right wrist")
    assert "Swollen 1 · tender 1 " in shown(at)
    assert "Swollen 2 · tender 2 " in shown(press(at, texts.UNDO_TAP))
    assert "Swollen 0 · tender 0 " in shown(press(at, texts.CLEAR))
    assert "Swollen 2 · tender 2 " in shown(press(at, texts.UNDO_TAP))


def test_joints_of_now_beside_scores_of_another_day_are_said_to_be_no_score():
    page = shown(press(complete(at_page(KNOWN)), SAVE))
    assert "Still of another day: Patient global (0 to 10) 6.5 (29 Oct 2026)" in page
    at = complete(at_page(KNOWN))
    field(at, "Patient global (0 to 10)").set_value(4.0)
    field(at, "Physician global (0 to 10)").set_value(3.0)
    assert "Still of another day" not in shown(press(at, SAVE))


def test_clearing_opens_a_complete_examination_again():
    at = press(complete(tap(at_page(), "Right wrist")), texts.CLEAR)
    assert "so far." in shown(at)
    (box,) = [c for c in at.checkbox if c.label == texts.COMPLETE]
    assert box.value is False


def test_an_examination_is_undone_as_a_whole_and_its_marks_stay_for_correction():
    audit = ListAuditLog()
    at = complete(tap(at_page(audit=audit), "Right wrist"))
    field(at, "Patient global (0 to 10)").set_value(4.0)
    page = shown(press(at, SAVE))
    assert "by Practitioner/test: 3 values." in page
    page = shown(press(at, texts.UNDO_ALL))
    assert "(entered by clinician" not in page
    assert "Swollen 1 · tender 1 of 28 joints so far." in page
    assert audit.events[-2].outcome["withdrawn"] == {
        "tender_joints-local": "1 {count}",
        "swollen_joints-local": "1 {count}",
        "patient_global-local": "4 {score}",
    }


def test_what_was_saved_is_not_saved_anew_with_the_next_value():
    """A record that was read again has a later time, and joints of before are not of that time."""
    audit = ListAuditLog()
    at = press(complete(tap(at_page(audit=audit), "Right wrist")), SAVE)
    field(at, "CRP").set_value(30.0)
    at = press(at, SAVE)
    told = [e.outcome["entered"] for e in audit.events if e.action is AuditAction.ENTERED]
    assert [sorted(t) for t in told] == [
        ["swollen_joints-local", "tender_joints-local"],
        ["crp-local"],
    ]
    press(tap(at, "Left wrist"), SAVE)
    assert audit.events[-2].outcome["entered"]["tender_joints-local"] == "2 {count}"


def test_saved_scores_are_kept_until_an_answer_changes_or_the_whole_is_undone():
    draft = (
        Draft().answered("haq", SHEET).said_complete(True).saved(JointExamination(), {"haq": SHEET})
    )
    typed = [(f, None) for f in asked()]
    assert collected(typed, draft, figure=True).answers == ()
    beside = Draft().said_complete(True).saved(None, {})
    assert len(collected(typed, beside, figure=True).answers) == 2
    changed = draft.answered("haq", Sheet(answers={**SHEET.answers, "reach": 3}))
    assert len(collected(typed, changed, figure=True).answers) == 1
    again = draft.reopened().said_complete(True)
    assert len(collected(typed, again, figure=True).answers) == 3


def test_the_marks_of_one_patient_never_reach_another():
    at = tap(opened(page_services(BARE, page_record("p3"), spec=SPEC), "p2"), "Right wrist")
    assert "Swollen 0 · tender 0 " in shown(open_patient(at, "p3"))
    assert "Swollen 1 · tender 1 " in shown(open_patient(at, "p2"))


def test_once_the_visit_ends_nothing_holds_its_chart_any_more():
    """Not even the callbacks of the joints, which Streamlit keeps as long as the window is open."""
    doors = LaunchDoors(launched(BARE, "mine"))
    at = arrive(page_services(BARE, spec=SPEC, doors=doors), "mine")
    tap(at, "Right wrist")
    (chart,) = at.session_state["charts"].values()
    assert chart.draft.joints.count(Sign.TENDER) == 1
    held = ref(chart)
    del chart
    doors.end("mine", {})
    at.run()
    gc.collect()
    assert held() is None


class Anew(BaseException):
    """As Streamlit starts the page over: by what no page catches."""


@pytest.mark.parametrize("now", [CLOSED, launched(KNOWN, "other")])
def test_a_part_of_the_page_draws_nothing_once_the_visit_is_not_this_one(monkeypatch, now):
    """A tap runs the figure alone, without the page that would see that the launch is over."""
    visit = launched(BARE, "mine")
    scopes = []

    def rerun(scope):
        scopes.append(scope)
        raise Anew

    monkeypatch.setattr(visiting.st, "rerun", rerun)
    monkeypatch.setattr(visiting.st, "fragment", lambda part: part)
    monkeypatch.setattr(visiting, "current", lambda services: now)
    for draw in (
        lambda: homunculus.figure(page_services(BARE), visit, chart_of(BARE)),
        lambda: questionnaire(page_services(BARE), visit, chart_of(BARE), "haq"),
    ):
        with pytest.raises(Anew):
            draw()
    assert scopes == ["app", "app"]


def test_a_global_read_in_millimetres_is_asked_about_and_never_divided():
    field_of = {f.entry.concept: f for f in asked()}
    said = entries.problem(field_of["patient_global"], 55.0)
    assert "If it was read from a line of 100 mm, enter 5.5." in said
    assert "enter" not in entries.problem(field_of["tender_joints"], 55)
    assert "100 mm" not in entries.problem(field_of["haq"], 30.0)
    assert entries.problem(field_of["patient_global"], 5.5) == ""


def test_the_sheet_gives_the_score_that_is_filed_under_the_models_own_concept():
    draft = Draft().answered("haq", SHEET)
    typed = [(f, None) for f in asked()]
    found = collected(typed, draft, figure=True)
    assert [(f.entry.concept, a) for f, a in found.answers] == [("haq", 1.0)]
    assert found.sheets == {"haq": SHEET}
    function = next(f for f in asked() if f.entry.concept == "haq")
    against = collected([(function, 2.0)], draft, figure=True)
    assert "2 was typed and the answers give 1" in against.problems[0]
    assert collected([(function, 1.0)], draft, figure=True).problems == ()


def test_too_few_answers_give_no_score():
    draft = Draft().answered("haq", Sheet(answers={"grip": 3}))
    assert collected([(f, None) for f in asked()], draft, figure=True).answers == ()
    assert texts.sheet_score(examination.ASKED["haq"], None, 1) == (
        "HAQ-DI: 5 categories more needed."
    )


def test_only_both_counts_together_make_a_figure():
    assert with_figure(asked())
    assert not with_figure(f for f in asked() if f.entry.concept != "tender_joints")


def listed(concept: str, number: str):
    """The decision's list of a concept with a LOINC code in it."""
    found = SPEC.codelists[concept]
    more = CodelistEntry(code=Code(system=LOINC, code=number), status=CodeStatus.VERIFIED)
    lists = {**SPEC.codelists, concept: dataclasses.replace(found, entries=(*found.entries, more))}
    return dataclasses.replace(SPEC, codelists=lists)


def saved_by(audit=None, recorder=None):
    visit = launched(BARE, recorder=recorder or FakeRecorder(results=True))
    services = page_services(doors=LaunchDoors(visit), spec=SPEC, audit=audit or ListAuditLog())
    at = arrive(services, visit.handle)
    complete(tap(at, "Right wrist"))
    field(at, "Patient global (0 to 10)").set_value(4.0)
    field(at, "CRP").set_value(30.0)
    return visit, press(at, SAVE)


def test_what_was_measured_is_offered_value_by_value_and_filed_on_one_click():
    visit, at = saved_by()
    page = shown(at)
    assert "Tender joints (of 28): 1. Tender of 28 joints: Right wrist." in page
    assert visit.recorder.filed == []
    page = shown(press(at, "File 3 results in the chart"))
    ((record, filed),) = visit.recorder.filed
    assert [v.observation.codes[0].code for v in filed.values] == [
        "tender_joints-local",
        "swollen_joints-local",
        "patient_global-local",
    ]
    assert record.patient_id == "p2"
    assert "The chart's server kept both." in page
    assert "To undo here takes nothing back from the chart" in page
    assert "File 3 results" not in " ".join(b.label for b in at.button)


def test_what_could_not_be_filed_can_be_sent_again():
    visit, at = saved_by(recorder=FakeRecorder(WAITING, results=True))
    press(at, "File 3 results in the chart")
    press(at, "Send again")
    assert visit.recorder.receipts[visit.recorder.retried[0]].delivery is Delivery.SENT


@pytest.mark.parametrize("recorder", [None, FakeRecorder(results=False)])
def test_where_the_chart_takes_no_results_nothing_is_offered(recorder):
    visit = launched(BARE, recorder=recorder)
    services = page_services(doors=LaunchDoors(visit), spec=SPEC)
    at = press(complete(arrive(services, visit.handle)), SAVE)
    assert "(entered by clinician" in shown(at)
    assert not [b for b in at.button if b.label.startswith("File")]


def test_a_loinc_code_goes_along_only_where_the_decision_lists_it():
    (tender, *_) = asked()
    entry = entries.observation(tender, 3.0, BARE)
    saved = Saved(at=AS_OF, audit_id="a", entries=(entry,))
    for spec, codes in ((SPEC, ()), (listed("tender_joints", "88981-6"), ("88981-6",))):
        found = measured(spec, saved)
        assert found is not None
        assert tuple(c.code for c in found.values[0].codes) == codes


def test_a_score_counted_from_the_sheet_has_its_own_code_and_a_typed_one_has_none():
    function = next(f for f in asked() if f.entry.concept == "haq")
    entry = entries.observation(function, 1.0, BARE)
    typed = measured(SPEC, Saved(at=AS_OF, audit_id="a", entries=(entry,)))
    scored = measured(SPEC, Saved(at=AS_OF, audit_id="a", entries=(entry,), sheets={"haq": SHEET}))
    assert typed is not None
    assert scored is not None
    assert typed.values[0].codes == ()
    assert [c.code for c in scored.values[0].codes] == ["75874-8"]
    assert "Dressing and grooming 1" in scored.values[0].how[0]
    assert scored.values[0].observation.value == Quantity(value=1.0, unit="{score}")


def test_what_was_typed_from_a_laboratory_is_no_result_of_this_visit():
    crp = next(f for f in asked() if f.entry.concept == "crp")
    entry = entries.observation(crp, 30.0, BARE)
    assert entry.codes == (Code(system=LOCAL, code="crp-local"),)
    assert measured(SPEC, Saved(at=AS_OF, audit_id="a", entries=(entry,))) is None


def test_which_joints_were_found_is_told_joint_by_joint():
    found = JointExamination().marked("wrist-left", BOTH).marked("pip3-right", {Sign.TENDER})
    assert texts.sites(found) == (
        "Swollen of 28 joints: Left wrist.",
        "Tender of 28 joints: Right PIP 3; Left wrist.",
    )
