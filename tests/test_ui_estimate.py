"""Display rules D1 to D7 (docs/display_rules.md) on texts and markup; D1 is tested as r01."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.assess import assess
from decision.clinical.assessment import (
    Comparison,
    ComparisonCard,
    DomainCheck,
    Interval,
)
from decision.clinical.spec import Modality
from decision.ui.components.estimates import estimates
from decision.ui.components.icons import icons
from decision.ui.components.reasons import reasons as reasons_markup
from decision.ui.texts import cautions, estimate, reasons, verdict
from tests.builders import CONTEXT, FakePredictor, ListAuditLog, make_answer
from tests.fakes import COMPLETE, TenderPredictor, contribution, page_record, page_spec


def card_of(answer: Comparison | None = None, *, stop: bool = False) -> ComparisonCard:
    chosen = FakePredictor(answer) if answer else TenderPredictor()
    found = assess(
        page_record("p1", *COMPLETE), page_spec(stop=stop), chosen, ListAuditLog(), CONTEXT
    )
    assert isinstance(found, ComparisonCard)
    return found


def difference_of(a: float, b: float, half: float = 0.2) -> str:
    card = card_of(make_answer(a, b, half_difference=half))
    return estimate.difference(card.spec, card.answer)


def test_r01_headline_has_number_outcome_week_and_drug_class():
    card = card_of(make_answer(0.36, 0.38))
    sentence = estimate.sentence(card.spec, card.answer.prediction("b"), simulated=True).replace(
        "\u00a0", " "
    )
    assert sentence == (
        "38 of 100 simulated patients like this one reach low disease activity (CDAI ≤ 10) by "
        "week 24 with an IL-6 inhibitor."
    )


def test_r01_the_range_follows_with_its_level_and_no_percent_repeats_the_number():
    card = card_of(make_answer(0.36, 0.38))
    detail = estimate.detail(card.answer.prediction("b"))
    assert detail == "Likely range 23 to 53 of 100 (90 %)."


@given(st.floats(0, 1), st.floats(0, 1))
def test_r01_the_denominator_is_always_100(a, b):
    card = card_of(make_answer(a, b))
    said = " ".join(verdict.shown(card))
    assert re.search(r"\b1 in \d", said) is None
    assert set(re.findall(r"of (\d+)\b", said)) == {"100"}


def test_r02_the_difference_names_the_larger_estimate_first():
    assert difference_of(0.36, 0.50).startswith(
        "14 more of 100 reach the outcome with an IL-6 inhibitor than with a TNF inhibitor "
        "(likely range 6 fewer to 34 more, 90 %)."
    )
    assert difference_of(0.50, 0.36).startswith(
        "14 more of 100 reach the outcome with a TNF inhibitor than with an IL-6 inhibitor "
        "(likely range 6 fewer to 34 more, 90 %)."
    )


def test_r02_a_range_on_one_side_of_zero_says_more_once():
    assert "(likely range 4 to 24 more, 90 %)" in difference_of(0.36, 0.50, half=0.1)


def test_r02_below_the_margin_nothing_is_called_more():
    assert difference_of(0.40, 0.402).startswith("The estimates are fewer than 1 of 100")


def test_r02_a_range_says_with_which_drug_there_are_more_even_below_the_margin():
    assert difference_of(0.40, 0.42) == (
        "The estimates are 2 of 100 apart (likely range 18 fewer to 22 more with an IL-6 inhibitor "
        "than with a TNF inhibitor, 90 %)."
    )


@given(a=st.floats(0.01, 0.99), b=st.floats(0.01, 0.99))
def test_r02_the_difference_is_that_of_the_two_numbers_on_the_cards(a, b):
    """45 beside 34 shown as "10 more" reads as an error, and is one to whoever checks it by eye."""
    answer = make_answer(a, b)
    spec = page_spec()
    numbers = [
        int(estimate.headline(spec, p, False)[0].split()[0])
        for p in answer.predictions
        if estimate.headline(spec, p, False)[0][:1].isdigit()
    ]
    said = estimate.difference(spec, answer)
    size = abs(numbers[0] - numbers[1])
    found = re.search(r"(\d+|fewer than 1)(?: more)? of 100", said)[1]
    assert found == (str(size) if size else "fewer than 1")
    assert "rounded" not in said


def test_r02_what_rounding_hides_is_said_where_it_kept_us_silent():
    card = card_of(make_answer(0.345, 0.394, half_difference=0.01))
    assert estimate.difference(card.spec, card.answer).startswith("The estimates are 4 of 100")
    hidden = card_of(make_answer(0.3449, 0.3945, half_difference=0.01))
    said = verdict.silence(hidden)
    assert estimate.difference_shown(hidden.answer) == 5
    assert any("(4.96 before rounding) is below 5 of 100" in reason for reason in said)


@pytest.mark.parametrize(
    ("a", "b", "positive", "share", "drug"),
    [
        (0.36, 0.38, 0.64, "64 of 100", "an IL-6 inhibitor"),
        (0.38, 0.36, 0.36, "64 of 100", "a TNF inhibitor"),
        (0.10, 0.60, 0.9999, "more than 99 of 100", "an IL-6 inhibitor"),
    ],
)
def test_r02_how_sure_the_direction_is_stands_folded_and_names_no_drug(a, b, positive, share, drug):
    answer = make_answer(a, b)
    contrast = dataclasses.replace(answer.contrast, probability_positive=positive)
    card = card_of(dataclasses.replace(answer, contrast=contrast))
    words = estimate.direction(card.spec, card.answer.contrast)
    assert words.startswith(
        f"In {share} plausible values of the difference, the estimate with {drug}"
    )
    assert "names no drug class by itself" in words
    assert re.search(r"better|favour|prefer", words) is None
    assert f"<details><summary>{estimate.DIRECTION}</summary>" in estimates(card)


def test_r02_the_estimate_is_called_an_association():
    assert "not a proven treatment effect" in estimates(card_of())


def test_r03_every_card_has_outcome_horizon_reference_class_and_its_size():
    markup = estimates(card_of()).replace("\u00a0", " ")
    for arm in markup.split('<section class="tr-card">')[1:]:
        assert "low disease activity (CDAI ≤ 10) by week 24" in arm
        assert "patients like this one" in arm
        assert "Based on 400 simulated patients starting" in arm


WIDE = Interval(low=0.1, high=0.61, level=0.9)


def unusual(card: ComparisonCard) -> ComparisonCard:
    domain = DomainCheck(p_value=0.2, culprit="crp", outside_usual=(("crp", 214.0, 0.0, 160.0),))
    return dataclasses.replace(card, answer=dataclasses.replace(card.answer, domain=domain))


def test_r04_an_unusual_value_puts_the_range_first_and_greys_the_point():
    markup = estimates(unusual(card_of()))
    assert markup.index("Between 37 and 67") < markup.index("52 of 100")
    assert "<div class=\"tr-grey\"><p><strong class='tr-number'>52 of 100" in markup


def test_d04_a_wide_range_does_the_same_in_both_cards():
    assert 'class="tr-grey"' not in estimates(card_of(make_answer(0.36, 0.38, half=0.24)))
    answer = make_answer(0.36, 0.38)
    wide = dataclasses.replace(answer.prediction("a"), interval=WIDE)
    one = dataclasses.replace(answer, predictions=(wide, answer.prediction("b")))
    assert estimates(card_of(one)).count('class="tr-grey"') == 2


def test_r05_local_calibration_has_band_n_events_share_and_range():
    card = card_of(make_answer(0.36, 0.38))
    checked = card.answer.prediction("b")
    assert estimate.calibration(card.spec, checked, simulated=False) == (
        "Checked on 84 validation patients scored 33 to 43: 31 (37 %, 95 % range 27 to 48) "
        "reached the outcome."
    )


@pytest.mark.parametrize(("estimated", "way"), [(0.26, "more"), (0.49, "fewer")])
def test_d05_an_estimate_outside_what_was_seen_is_called_so(estimated, way):
    card = card_of(make_answer(0.36, estimated))
    said = estimate.calibration(card.spec, card.answer.prediction("b"), simulated=False)
    assert said.endswith(f"In this band {way} reached it than estimated.")


def test_r05_too_few_to_check_says_only_that():
    card = card_of()
    prediction = card.answer.prediction("b")
    band = dataclasses.replace(prediction.calibration, n=19, events=7)
    few = dataclasses.replace(prediction, calibration=band)
    said = estimate.calibration(card.spec, few, simulated=False)
    assert said.startswith("Too few validation patients")
    assert "(19; at least 20 needed)" in said
    assert "reached" not in said


@given(st.floats(0, 1))
def test_r06_always_100_marks_and_as_many_discs_as_the_text_says(probability):
    markup = icons(probability, "x")
    assert markup.count("<i ") == 100
    assert markup.count("tr-disc") == int(probability * 100 + 0.5)


def test_r06_the_alternative_text_states_the_finding():
    markup = estimates(card_of(make_answer(0.36, 0.38)))
    assert markup.count('role="img"') == 2
    assert (
        'aria-label="38 of 100 simulated patients like this one reach low disease activity'
        in markup
    )


@pytest.mark.parametrize(("a", "b"), [(0.2, 0.7), (0.7, 0.2)])
def test_r06_the_order_is_by_name_and_never_by_estimate(a, b):
    markup = estimates(card_of(make_answer(a, b)))
    assert markup.index("<h2>IL-6 inhibitor") < markup.index("<h2>TNF inhibitor")


def with_effects(card: ComparisonCard, effects: list[tuple[float, float]]) -> ComparisonCard:
    contributions = tuple(contribution("crp", {"a": a, "b": b}) for a, b in effects)
    explanation = dataclasses.replace(card.answer.explanation, contributions=contributions)
    return dataclasses.replace(
        card, answer=dataclasses.replace(card.answer, explanation=explanation)
    )


def test_r07_at_most_three_reasons_each_way_the_largest_first():
    shifts = [(s, s) for s in (0.02, -0.03, 0.05, 0.04, 0.01, -0.06)]
    up, down = reasons.prognostic(with_effects(card_of(), shifts))
    assert [re.search(r"(\d+) of 100", line)[1] for line in up.lines] == ["5", "4", "2"]
    assert [re.search(r"(\d+) of 100", line)[1] for line in down.lines] == ["6", "3"]


def test_r07_what_moves_both_is_apart_from_what_moves_the_gap():
    card = with_effects(card_of(), [(-0.04, 0.04)])
    assert reasons.prognostic(card) == ()
    (towards,) = reasons.differential(card)
    assert towards.title == "Towards an IL-6 inhibitor"
    assert towards.lines == ("CRP 42 mg/L (2 Nov 2026): by about 8 of 100",)


def test_r07_the_gap_points_the_other_way_when_the_sign_does():
    (towards,) = reasons.differential(with_effects(card_of(), [(0.04, -0.04)]))
    assert towards.title == "Towards a TNF inhibitor"


def test_r07_what_rounds_to_nothing_is_no_reason():
    card = with_effects(card_of(), [(0.004, 0.004)])
    assert reasons.prognostic(card) == ()
    assert "No single input moves both drugs" in reasons_markup(card)


def test_d07_a_reason_for_both_names_its_effect_on_each_drug():
    (lowers,) = reasons.prognostic(with_effects(card_of(), [(-0.06, -0.01)]))
    assert lowers.lines == (
        "CRP 42 mg/L (2 Nov 2026): IL-6 inhibitor \u22121, TNF inhibitor \u22126 of 100",
    )


def test_d07_opposite_effects_are_no_reason_for_both():
    assert reasons.prognostic(with_effects(card_of(), [(0.09, -0.01)])) == ()


def test_d07_only_a_published_modifier_of_2_of_100_moves_the_gap_and_the_rest_adds_up():
    card = with_effects(card_of(), [(0.0, 0.015)])
    tender = contribution("tender", {"a": 0.0, "b": -0.03})
    both = (*card.answer.explanation.contributions, tender)
    explanation = dataclasses.replace(card.answer.explanation, contributions=both)
    answer = dataclasses.replace(card.answer, explanation=explanation)
    card = dataclasses.replace(card, answer=answer)
    assert reasons.differential(card) == ()
    assert reasons.rest(card) == "All inputs together: about 2 of 100 towards a TNF inhibitor."
    large = (contribution("crp", {"a": 0.0, "b": 0.05}), tender)
    explanation = dataclasses.replace(explanation, contributions=large)
    card = dataclasses.replace(card, answer=dataclasses.replace(answer, explanation=explanation))
    (towards,) = reasons.differential(card)
    assert towards.lines == ("CRP 42 mg/L (2 Nov 2026): by about 5 of 100",)
    assert reasons.rest(card).startswith("Everything else together: about 3 of 100 towards a TNF")


def test_r07_each_kind_of_data_has_its_line_and_an_absent_one_is_exactly_zero():
    card = card_of()
    kinds = (
        contribution(Modality.CLINICAL, {"a": 0.02, "b": 0.10}),
        contribution(Modality.SEROLOGICAL, {"a": -0.03, "b": -0.031}),
        contribution(Modality.TRANSCRIPTOMIC, {"a": 0.0, "b": 0.0}),
    )
    explanation = dataclasses.replace(card.answer.explanation, modalities=kinds)
    answer = dataclasses.replace(card.answer, explanation=explanation)
    card = dataclasses.replace(card, answer=answer)
    assert reasons.by_modality(card) == (
        "Clinical data: raise both by about 6 of 100; move the gap by about 8 of 100 towards "
        "an IL-6 inhibitor.",
        "Serological data: lower both by about 3 of 100; move the gap by under 1 of 100 towards "
        "a TNF inhibitor.",
        "Transcriptomic data: not measured: exactly 0.",
    )
    panel = reasons_markup(card).split("<details><summary>By kind of data</summary>")[1]
    assert panel.count("<li>") == 3


def test_r07_a_kind_with_too_few_values_is_not_called_unmeasured():
    card = card_of()
    answer = dataclasses.replace(card.answer, absent_modalities=(Modality.SEROLOGICAL,))
    lines = reasons.by_modality(dataclasses.replace(card, answer=answer))
    assert lines[1] == "Serological data: too little measured to be used: exactly 0."


def test_r07_the_reminder_stands_with_the_reasons():
    assert "Reasons describe the model, not causes" in reasons_markup(card_of())


def test_an_interval_that_starts_at_zero_is_read_in_words():
    assert estimate.signed_span(Interval(low=0.0, high=0.2, level=0.9)) == (
        "no difference to 20 more"
    )


def test_a_caution_changes_no_number_on_the_card():
    with_stop, without = card_of(stop=True), card_of()
    assert with_stop.answer == without.answer
    assert cautions.stop_reasons(with_stop.cautions, "b")
    for line in verdict.shown(without)[:2]:
        assert line in verdict.shown(with_stop)
    assert "52 of 100" in estimates(with_stop)
