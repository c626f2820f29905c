"""The Patient page of a prognosis, whole: order, choices, trail, entries; no browser."""

from __future__ import annotations

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from decision.clinical.assessment import AuditAction
from decision.clinical.quantities import Moment
from decision.clinical.spec import CriterionResult, Eligibility
from decision.ui.texts import figures, situation, trail
from decision.ui.texts.about import NO_FIGURES
from decision.ui.texts.numbers import inside, quantity
from tests.builders import AS_OF, ListAuditLog
from tests.fakes import observe, page_record, page_services
from tests.prognosis_pages import (
    CHILD,
    FakeHazard,
    make_prognosis,
    prognosis_services,
    prognosis_spec,
)
from tests.screens import bodies, field, go, opened, press, shown

ROOT = Path(__file__).parent.parent
BARE = page_record("c3", observe("hba1c", 5.9, "%"))


def page(audit=None, **changes):
    return opened(prognosis_services(audit=audit, **changes), "c1")


def chosen(at, choice):
    at.segmented_control[0].set_value(choice)
    return at.run()


def decisions(audit):
    return [e for e in audit.events if e.action.value in ("decided", "overrode", "accepted")]


def test_the_order_of_reading_is_identity_banner_class_risk_reasons_due_decision():
    body = bodies(page())
    marks = ["tr-strip", "tr-banner", "tr-class", "tr-risks", ">Reasons<", ">What is due<"]
    places = [body.index(mark) for mark in (*marks, ">Your decision<")]
    assert places == sorted(places)


def test_nothing_on_it_speaks_of_comparing_drugs():
    said = shown(page())
    for words in ("Drug chosen", "Difference", "preference", "both drugs", "favour", "Override"):
        assert words not in said


def test_r13_there_is_nothing_to_accept_and_a_choice_is_needed():
    at = page()
    assert [b.label for b in at.button if b.label in ("Accept", "Override…")] == []
    assert at.segmented_control[0].label == "Next step"
    assert "Choose a next step first; nothing was recorded." in shown(press(at, "Record decision"))


def test_r13_a_choice_is_recorded_in_one_click_with_what_was_displayed():
    audit = ListAuditLog()
    at = press(chosen(page(audit), "monitor"), "Record decision")
    (event,) = decisions(audit)
    assert event.action is AuditAction.DECIDED
    assert event.outcome["chosen"] == "monitor"
    assert event.outcome["displayed"][0].startswith("Stage 2.")
    assert "Recorded: Monitor as due" in shown(at)


def test_r13_against_a_stop_only_with_a_reason_that_fits_one():
    audit = ListAuditLog()
    at = chosen(page(audit, present=("X1",)), "drug")
    assert "This choice needs a reason." in shown(at)
    at = press(at, "Record decision")
    assert decisions(audit) == []
    question = field(at, "Reason for this decision")
    assert question.options == ["Exclusion checked"]
    question.set_value("checked")
    press(at, "Record decision")
    (event,) = decisions(audit)
    assert event.action is AuditAction.DECIDED
    assert event.outcome["against"] == {"X1": "STOP"}
    assert event.outcome["reason"] == "checked"


def test_r13_what_nobody_has_answered_is_told_with_the_choice_and_holds_nobody_up():
    audit = ListAuditLog()
    at = page(audit)
    assert "Not answered for" not in shown(at)
    at = chosen(at, "drug")
    assert "Not answered for teplizumab: 2 cautions that would say STOP or AVOID." in shown(at)
    press(at, "Record decision")
    assert [e.outcome["chosen"] for e in decisions(audit)] == ["drug"]
    assert "Not answered for" not in shown(chosen(page(), "monitor"))


def test_r13_the_trail_tells_every_risk_its_band_and_the_class():
    audit = ListAuditLog()
    page(audit, answer=make_prognosis())
    said = trail.what(prognosis_spec(), audit.events[0])
    assert said == (
        "stage-2: 12 of 100 within 1 year, 23 of 100 within 2 years, 44 of 100 within 5 years; "
        "band: high"
    )


def test_r13_the_trail_tells_the_class_where_there_was_no_estimate():
    audit = ListAuditLog()
    opened(prognosis_services(BARE, audit=audit), "c3")
    assert trail.what(prognosis_spec(), audit.events[0]) == (
        "stage-2: no estimate: required input missing"
    )


def test_without_an_estimate_a_decision_can_be_recorded_and_the_reason_is_optional():
    audit = ListAuditLog()
    at = chosen(opened(prognosis_services(BARE, audit=audit), "c3"), "monitor")
    press(at, "Record decision")
    (event,) = [e for e in audit.events if e.action is AuditAction.WITHOUT_ESTIMATE]
    assert event.outcome["displayed"][1] == "No estimate."


def test_r09_an_entry_narrows_the_range_and_leaves_the_list():
    at = page()
    assert "Index60 not found in the record" in shown(at)
    field(at, "Index60").set_value(1.5)
    said = shown(press(at, "Save and update the answer"))
    assert "Index60 not found" not in said
    assert "Index60 1.5 (entered by clinician): about 3 of 100" in said


def met_by_nobody(*, population):
    """A page whose one criterion is not met."""
    rule = CriterionResult(
        id="range", state=Eligibility.NOT_MET, detail="In range of disease.", population=population
    )
    return dataclasses.replace(prognosis_spec(), eligibility=lambda record, spec: (rule,))


def test_whoever_gets_no_risk_for_what_was_found_can_still_be_decided_about():
    """A value that must be repeated at once is the last moment to take the form away."""
    at = opened(page_services(CHILD, spec=met_by_nobody(population=False)), "c1")
    said = shown(at)
    assert "Not eligible" in said
    assert "Your decision" in said
    assert field(at, "Index60")


def test_whoever_the_decision_is_not_for_is_asked_nothing():
    at = opened(page_services(CHILD, spec=met_by_nobody(population=True)), "c1")
    assert "Your decision" not in shown(at)
    assert not at.number_input


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Genetic risk score", "genetic risk score"),
        ("HbA1c", "HbA1c"),
        ("IA-2 antibodies", "IA-2 antibodies"),
        ("Index60", "Index60"),
        ("BMI", "BMI"),
        ("", ""),
    ],
)
def test_a_title_inside_a_sentence_keeps_the_capitals_of_an_abbreviation(title, said):
    assert inside(title) == said


def test_a_long_list_of_details_folds_after_its_beginning():
    short, long = tuple("abcde"), tuple("abcdef")
    assert situation.folded(short) == (short, ())
    assert situation.folded(long) == (long[:4], long[4:])


def test_an_age_has_one_decimal():
    assert quantity(6.53, "a") == "6.5 years"
    assert quantity(54.0, "a") == "54 years"


def test_r10_the_data_page_marks_an_unusual_value():
    answer = make_prognosis(unusual=(("hba1c", 5.9, 4.8, 5.7),))
    assert "outside the usual range" in shown(go(page(answer=answer), "data"))


def test_somebody_who_died_is_said_to_have_once_and_before_the_class():
    died = dataclasses.replace(CHILD, deceased=Moment.instant(AS_OF))
    body = bodies(opened(prognosis_services(died), "c1"))
    assert body.count("The record says that this patient died") == 1
    assert body.index("this patient died") < body.index("tr-class")
    assert "Your decision" not in body


def test_r14_the_about_page_leads_with_the_longest_time_within_each_stratum():
    said = shown(go(page(), "about"))
    assert figures.NOTE in said
    assert "SIMULATED people whom the model was not trained on" in said
    assert NO_FIGURES not in said
    assert "When a drug class is named" not in said


METRICS = {
    "development.stage_2.5y.auc": 0.78,
    "held_out.overall.5y.auc": 0.82,
    "held_out.stage_2.5y.auc": 0.73,
    "held_out.stage_2.5y.auc_oracle": 0.79,
    "held_out.stage_2.5y.brier": 0.195,
    "held_out.stage_2.5y.oe": 0.999,
    "held_out.stage_2.complete.5y.auc": 0.75,
    "held_out.stage_2.1y.auc": 0.70,
    "contrast.answered": 8.0,
}


def test_r14_strata_come_before_everybody_and_no_figure_is_lost():
    found = figures.figures(prognosis_spec(), METRICS)
    first = [f.row for f in figures.shown_first(found)]
    assert first[0] == ("Stage 2", "5 years", "0.730 (ceiling 0.790)", "0.195", "0.999", "–", "–")
    assert [row[0] for row in first] == ["Stage 2", "Stage 2, everything measured", "Everybody"]
    assert len(found) == 5


def test_r14_a_model_without_figures_has_none():
    assert figures.figures(prognosis_spec(), {}) == ()
    assert figures.shown_first(()) == ()


def test_r14_a_real_model_is_not_called_simulated():
    real = dataclasses.replace(FakeHazard().identity, simulated=False)
    assert "SIMULATED" not in figures.validated_over_time(real)


DISEASES = (
    r"diabet|arthrit|rheumat|antibod|autoimmun|HbA1c|glucose|insulin|teplizumab|biologic|methotrex"
    r"|interleukin|IL-6|TNF|CDAI|DAS28|\bstage\b|\bjoint"
)


def literals(path: Path) -> list[str]:
    """Every string of a source that is not a docstring: what may reach a page."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "decision" / "ui").rglob("*.py")), ids=lambda p: p.stem
)
def test_no_page_names_a_disease_or_a_drug(path):
    """What a page says of either comes from the decision's own data. Joints are counted by an
    instrument that is no decision's: it is drawn wherever one asks for its counts.
    """
    said = [s for s in literals(path) if re.search(DISEASES, s, re.IGNORECASE)]
    assert [s for s in said if path.stem not in INSTRUMENT or re.search(OTHERS, s, re.I)] == []


INSTRUMENT = {"assessing", "examination", "homunculus"}
OTHERS = DISEASES.removesuffix(r"|\bjoint")
