"""Reasons of a risk (D7): at most three each way, and whole numbers that anybody can add up."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from decision.ui.components.risk_reasons import reasons as markup
from decision.ui.texts import risk_reasons as words
from decision.ui.texts.numbers import per_100
from decision.ui.texts.reasons import NOTE
from tests.prognosis_pages import COMPLETE_CHILD, make_prognosis, prognosis_card

SIZES = st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=8)
FOUR = st.fixed_dictionaries(
    {p: st.floats(-0.09, 0.09) for p in ("hba1c", "index60", "grs2", "bmi")}
)


@given(SIZES, st.integers(-1, 1))
def test_r07_whole_numbers_add_up_and_stay_close_to_the_exact_ones(parts, off):
    """The total is rounded by itself, so it may be 1 off the parts' own sum; the last part, which
    is everything else, takes what no other part can.
    """
    total = per_100(sum(parts)) + off
    whole = words.adding_up(parts, total)
    assert sum(whole) == total
    assert all(abs(w - 100 * p) < 1 + 1e-6 for w, p in zip(whole[:-1], parts, strict=False))
    assert abs(whole[-1] - 100 * parts[-1]) <= 2 + 1e-6


@given(FOUR)
def test_r07_average_reasons_and_the_rest_give_the_risk_that_is_shown(effects):
    card = prognosis_card(make_prognosis(effects=effects), record=COMPLETE_CHILD)
    _, rows = words.table(card)
    for column in range(1, 4):
        *parts, total = (int(row[column].replace("\u2212", "-")) for row in rows)
        assert sum(parts) == total == per_100(card.answer.risks[column - 1].probability)


def test_r07_a_reason_has_its_value_its_date_and_its_points():
    card = prognosis_card(make_prognosis(), record=COMPLETE_CHILD)
    raised, lowered = words.reasons(card)
    assert (raised.title, lowered.title) == ("Raises the risk", "Lowers the risk")
    assert raised.lines == ("HbA1c 5.9 % (2 Nov 2026): about 6 of 100",)
    assert lowered.lines[0].startswith("BMI 18.2 kg/m²")


@given(FOUR)
def test_r07_at_most_three_each_way_the_largest_first(effects):
    card = prognosis_card(make_prognosis(effects=effects), record=COMPLETE_CHILD)
    for group in words.reasons(card):
        assert 1 <= len(group.lines) <= 3


def test_r07_the_rest_is_said_even_where_it_is_next_to_nothing():
    card = prognosis_card(make_prognosis())
    assert words.rest(card) == "Everything else together moves it by under 1 of 100."


def test_r07_without_a_reason_worth_naming_all_inputs_stand_together():
    card = prognosis_card(make_prognosis(effects={"hba1c": 0.001, "bmi": 0.0}))
    assert words.reasons(card) == ()
    assert words.rest(card).startswith("All inputs together")


def test_r07_the_baseline_names_whom_it_is_the_average_of():
    assert words.baseline(prognosis_card(make_prognosis())) == (
        "Counted from the average of simulated people with the same inputs known (stage 2), "
        "recalibrated for this site: 40 of 100 within 5 years."
    )


def test_r07_reasons_are_no_causes_and_every_time_is_there_on_request():
    body = markup(prognosis_card(make_prognosis()))
    assert NOTE in body
    assert words.BY_HORIZON in body
    for head in ("within 1 year", "within 2 years", "within 5 years"):
        assert head in body


def test_r07_a_kind_of_data_says_what_it_does_as_a_whole():
    assert words.by_modality(prognosis_card(make_prognosis())) == (
        "Serological data: raise the risk by about 6 of 100.",
    )


def test_r11_no_reason_is_red():
    assert re.search(r"tr-(stop|chip-stop)", markup(prognosis_card(make_prognosis()))) is None
