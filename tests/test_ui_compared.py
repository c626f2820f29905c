"""What was published beside our estimate: when it agrees, when it differs, when nobody can say."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.ui.components.comparators import comparators
from decision.ui.texts import compared
from decision.ui.texts.compared import Agreement
from decision.ui.texts.numbers import per_100
from tests.prognosis_pages import (
    COMPARATORS,
    SITUATION,
    comparator,
    make_prognosis,
    prognosis_card,
    published,
)

CARD = prognosis_card(make_prognosis((0.12, 0.23, 0.44)))
BY_STAGE, BY_NUMBER, HAZARD, SCORE, *_ = COMPARATORS
SHARES = st.floats(0, 1)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (published(5.0, 0.50), Agreement.AGREES),  # ours is 36 to 52
        (published(5.0, 0.60), Agreement.DIFFERS),
        (published(5.0, 0.60, 0.50, 0.70), Agreement.AGREES),
        (published(5.0, 0.60, 0.54, 0.70), Agreement.DIFFERS),
        (published(5.0, None, 0.20, 0.40), Agreement.AGREES),
        (published(5.0, None, 0.20, 0.30), Agreement.DIFFERS),
        (published(5.0, None, None, 0.30), Agreement.DIFFERS),
        (published(5.0, None, None, 0.40), Agreement.AGREES),
        (published(5.0, None, 0.60, None), Agreement.DIFFERS),
        (published(3.0, 0.44), Agreement.NOT_COMPARABLE),
        (published(10.0, 0.44), Agreement.NOT_COMPARABLE),
        (published(5.0, None), Agreement.NOT_COMPARABLE),
    ],
)
def test_figures_agree_where_both_ranges_by_the_same_time_overlap(found, said):
    assert compared.agreement(found, CARD.answer.risks) is said


@given(point=SHARES, low=SHARES, high=SHARES)
def test_what_agrees_has_a_whole_number_in_common_with_our_range(point, low, high):
    """Whoever checks by eye sees the rounded ends, so those decide."""
    low, high = sorted((low, high))
    said = compared.agreement(published(5.0, point, low, high), CARD.answer.risks)
    ours = CARD.answer.last.interval
    numbers = set(range(per_100(ours.low), per_100(ours.high) + 1))
    theirs = set(range(per_100(low), per_100(high) + 1))
    assert (said is Agreement.AGREES) is bool(numbers & theirs)


def test_one_differing_figure_makes_the_whole_differ():
    mixed = dataclasses.replace(BY_STAGE, risks=(published(2.0, 0.60), published(5.0, 0.44)))
    assert compared.verdict(CARD, mixed) is Agreement.DIFFERS
    assert compared.verdict_sentence(CARD, mixed) == (
        "Differs from our estimate: by 2 years published 60 of 100, ours 17 to 29."
    )


def test_what_differs_says_by_how_much_and_what_agrees_by_when():
    assert compared.verdict_sentence(CARD, BY_STAGE) == (
        "Differs from our estimate: by 2 years published 60 of 100, ours 17 to 29; by 5 years "
        "published 75 of 100, ours 36 to 52."
    )
    assert compared.verdict_sentence(CARD, BY_NUMBER) == (
        "Agrees with our estimate by 5 years: the ranges overlap."
    )


def test_what_differs_says_what_it_does_not_know_and_what_agrees_does_not():
    noted = dataclasses.replace(BY_STAGE, note="an average of everybody")
    assert compared.why_apart(CARD, noted) == "An average of everybody."
    assert compared.why_apart(CARD, dataclasses.replace(BY_NUMBER, note="of children")) == ""
    around = dataclasses.replace(SITUATION, comparators=(noted,))
    # Beside the verdict, and among all that is to be known of it on request.
    assert comparators(around, CARD).count("An average of everybody.") == 2


def test_a_figure_of_another_kind_is_not_comparable():
    assert compared.verdict_sentence(CARD, HAZARD).startswith("Not comparable")


def test_it_is_said_that_other_people_were_counted():
    assert "other people" in comparators(SITUATION, CARD)


def test_agreement_with_what_a_simulation_was_made_from_is_said_to_confirm_nothing():
    """Circular: the simulated cohort was set to such figures before anything was fitted to it."""
    assert CARD.model.simulated
    assert compared.CIRCULAR in comparators(SITUATION, CARD)
    real = dataclasses.replace(CARD, model=dataclasses.replace(CARD.model, simulated=False))
    assert compared.CIRCULAR not in comparators(SITUATION, real)
    assert compared.CIRCULAR not in comparators(SITUATION, None)


def test_what_says_nothing_of_this_person_comes_with_its_reason_and_remedy():
    assert compared.refusal(SCORE) == (
        "Needs glucose and C-peptide at five times, and there are none. Enter the test."
    )
    body = comparators(SITUATION, CARD)
    assert "Not for this person: DPTRS" in body
    assert body.index("Relative hazard") < body.index("Not for this person")


def test_what_is_not_published_is_named_in_one_line_and_has_no_number():
    assert compared.unavailable(SITUATION) == (
        "Not available, because their coefficients are not published: M60, ABRS."
    )
    assert all(c.published for c in compared.applied(SITUATION))


def test_population_validity_licence_and_status_are_there_on_request():
    body = comparators(SITUATION, CARD)
    for words in (
        "Counted in: Children with antibodies from birth cohorts.",
        "Valid for: All five time points are needed.",
        "Licence: Formula published; re-implemented.",
        "Status: Secondary.",
        "Status: Verified.",
    ):
        assert words in body


def test_no_comparator_leaves_no_heading():
    assert comparators(dataclasses.replace(SITUATION, comparators=()), CARD) == ""


def test_letters_of_the_list_are_those_of_the_chart():
    assert [compared.letter_of(CARD, c) for c in COMPARATORS] == ["A", "B", "", "", "", ""]
    assert [m.letters for m in compared.marks(CARD)] == ["A", "A", "B"]


def test_equal_figures_of_two_sources_are_one_mark_with_both_letters():
    twin = comparator("twin", "Another table", "the same", risks=BY_STAGE.risks)
    card = prognosis_card(
        make_prognosis(), situation=dataclasses.replace(SITUATION, comparators=(BY_STAGE, twin))
    )
    assert [m.letters for m in compared.marks(card)] == ["A B", "A B"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (published(5.0, None, None, 0.10), "under 10 of 100"),
        (published(5.0, None, 0.75, None), "over 75 of 100"),
        (published(5.0, None, 0.75, 0.88), "75 to 88 of 100"),
        (published(5.0, 0.44, 0.41, 0.47), "44 of 100 (41 to 47)"),
        (published(5.0, 0.44), "44 of 100"),
    ],
)
def test_a_published_figure_is_said_as_it_was_published(found, said):
    one = comparator("one", "One", "something", risks=(found,))
    card = prognosis_card(situation=dataclasses.replace(SITUATION, comparators=(one,)))
    (mark,) = compared.marks(card)
    assert compared.published(mark) == said


def test_a_time_beyond_the_chart_is_not_drawn():
    assert {m.years for m in compared.marks(CARD)} == {2.0, 5.0}
