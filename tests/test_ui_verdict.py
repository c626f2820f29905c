"""What may be said of a preference beside STOP, AVOID and a small or uncertain difference."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import (
    AbstentionCause,
    AbstentionReason,
    ComparisonCard,
    SilenceReason,
)
from decision.clinical.spec import CautionFinding, Presence, Severity
from decision.rules import causes_after_model
from decision.ui.components.estimates import estimates
from decision.ui.texts import estimate, pages, verdict
from tests.builders import make_answer
from tests.fakes import make_rule, page_spec
from tests.test_ui_estimate import card_of


def caution(title: str, a: Severity, b: Severity) -> CautionFinding:
    rule = make_rule("X", title, a, b)
    return CautionFinding(rule=rule, presence=Presence.PRESENT, severity=rule.severity, detail="x")


NEUTROPHILS = caution("Low neutrophils", Severity.NONE, Severity.STOP)
TUBERCULOSIS = caution("Tuberculosis", Severity.STOP, Severity.STOP)
HEART = caution("Heart failure", Severity.AVOID, Severity.NONE)
SURE = make_answer(0.30, 0.60, half_difference=0.1)
OPEN = make_answer(0.36, 0.50)
SAME = make_answer(0.36, 0.39, half_difference=0.01)


def told(answer=OPEN, *cautions: CautionFinding) -> ComparisonCard:
    """A card whose preference was judged with these cautions present."""
    card = card_of(answer, stop=any(Severity.STOP in c.severity.values() for c in cautions))
    return dataclasses.replace(card, cautions=cautions)


@pytest.mark.parametrize("answer", [SURE, OPEN, SAME])
def test_a_stop_comes_before_anything_the_estimates_say(answer):
    card = told(answer, NEUTROPHILS)
    assert verdict.verdict(card) == (
        "No preference stated: STOP for an IL-6 inhibitor (low neutrophils)."
    )
    both = told(answer, NEUTROPHILS, TUBERCULOSIS)
    assert verdict.verdict(both) == "STOP for both: neither can be started."


def test_beside_a_stop_both_numbers_stay_and_no_difference_is_worded():
    card = told(OPEN, NEUTROPHILS)
    markup = estimates(card)
    assert verdict.gap(card) == ""
    assert "more of 100" not in markup
    assert "plausible values of the difference" not in markup
    assert "50 of 100" in markup
    assert "36 of 100" in markup


def test_an_avoid_is_said_where_no_class_is_named_and_nothing_else_is_left_to_decide():
    card = told(OPEN, HEART)
    assert verdict.verdict(card) == (
        "No clear preference from the estimates; AVOID applies to a TNF inhibitor: heart failure."
    )
    assert "can decide" not in verdict.silence_sentence(card)


def test_an_avoid_is_said_where_a_class_is_named():
    assert verdict.verdict(told(SURE, HEART)) == (
        "The estimates favour an IL-6 inhibitor; AVOID applies to a TNF inhibitor: heart failure."
    )
    assert verdict.verdict(told(SURE)) == "The estimates favour an IL-6 inhibitor."
    assert verdict.silence_sentence(told(SURE)) == ""


def test_a_range_across_zero_is_uncertain_and_not_the_same():
    assert verdict.verdict(told(OPEN)) == "No clear preference: the difference is uncertain."
    assert "includes no difference" in verdict.silence_sentence(told(OPEN))
    assert verdict.silence_sentence(told(OPEN)).endswith("patient preference can decide.")


def test_below_the_margin_is_about_the_same_even_when_sure():
    assert verdict.verdict(told(SAME)) == "No clear preference: about the same."
    assert "below 5 of 100" in verdict.silence_sentence(told(SAME))
    assert verdict.gap(told(SAME)).startswith("The estimates are 3 of 100 apart")


def test_thin_overlap_is_said_with_its_number():
    thin = told(make_answer(0.30, 0.60, half_difference=0.1, comparable=1))
    assert verdict.verdict(thin) == "No preference stated."
    assert "only 1 comparable patient (everyone)" in verdict.silence_sentence(thin)


@pytest.mark.parametrize("reason", [r for r in SilenceReason if r is not r.STOP_CAUTION])
def test_every_reason_for_silence_but_a_stop_has_its_words(reason):
    card = told()
    silent = dataclasses.replace(card.preference, treatment=None, silence=(reason,))
    assert len(verdict.silence(dataclasses.replace(card, preference=silent))) == 1


def test_a_range_is_explained_once_and_blames_only_what_is_missing():
    card = told()
    assert estimate.explained(card) == (
        "The true figure lies in such a range for about 90 of 100 simulated patients; it is wide "
        "because much was not measured."
    )
    assert estimates(card).count("The true figure lies") == 1


def test_a_patient_unlike_the_others_is_told_every_unusual_value():
    outside = (("crp", 240.0, 1.0, 160.0), ("tender", 0.0, 1.0, 24.0))
    domain = dataclasses.replace(OPEN.domain, p_value=0.002, outside_usual=outside)
    (cause,) = causes_after_model(page_spec(), dataclasses.replace(OPEN, domain=domain))
    assert cause.detail.startswith("Two values lie outside what the model has seen.")
    assert cause.remedy.startswith("Check first: CRP, Tender joints.")
    assert pages.outside(page_spec(), cause) == (
        ("CRP", "240 mg/L", "1 to 160"),
        ("Tender joints", "0", "1 to 24"),
    )
    told = pages.abstained(page_spec(), (cause,))
    assert "CRP; 240 mg/L; 1 to 160" in told
    assert told[1].count("CRP") == 1
    assert cause.features == ("crp", "tender")


@given(
    low=st.floats(0.01, 100),
    width=st.floats(0.5, 100),
    beyond=st.floats(0.01, 50),
    up=st.booleans(),
)
def test_a_value_outside_its_range_reads_as_outside_however_it_is_rounded(low, width, beyond, up):
    """`39` beside `19 to 39` would look like an error of ours."""
    value = low + width + beyond if up else low - beyond
    cause = AbstentionCause(
        reason=AbstentionReason.OUT_OF_DOMAIN,
        detail="",
        remedy="",
        outside=(("crp", value, low, low + width),),
    )
    ((_, here, usual),) = pages.outside(page_spec(), cause)
    shown = float(here.split()[0].replace(",", ""))
    ends = [float(end.replace(",", "")) for end in usual.split(" to ")]
    assert shown < ends[0] or shown > ends[1]
