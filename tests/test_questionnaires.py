"""The score of a questionnaire from its categories, by its authors' own rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.scores import ScoreError
from decision.clinical.scores.questionnaires import ASKED, HAQ_DI, score

CATEGORIES = list(HAQ_DI.categories)
points = st.integers(0, 3)
sheets = st.dictionaries(st.sampled_from(CATEGORIES), points, max_size=8)
aids = st.sets(st.sampled_from(CATEGORIES))


def answers(*given_points: int) -> dict[str, int]:
    return dict(zip(CATEGORIES, given_points, strict=False))


def test_the_sheet_has_its_eight_categories_and_no_question_of_it():
    assert len(CATEGORIES) == 8
    assert ASKED == {"haq": HAQ_DI}


@pytest.mark.parametrize(
    ("given_points", "helped", "expected"),
    [
        ((0, 0, 0, 0, 0, 0, 0, 0), (), 0.0),
        ((3, 3, 3, 3, 3, 3, 3, 3), (), 3.0),
        ((1, 1, 1, 1, 1, 1, 1, 2), (), 1.125),
        ((1, 1, 1, 1, 1, 1), (), 1.0),
        ((0, 1, 2, 3, 0, 1, 2), (), 1.286),
        ((0, 1, 0, 0, 0, 0, 0, 0), ("arising",), 0.25),
        ((0, 0, 0, 0, 0, 0, 0, 0), ("eating", "grip"), 0.5),
        ((3, 2, 0, 0, 0, 0, 0, 0), ("dressing", "arising"), 0.625),
    ],
)
def test_the_score_is_the_mean_with_help_counted_as_two_at_least(given_points, helped, expected):
    assert score(HAQ_DI, answers(*given_points), helped) == expected


@given(sheets, aids)
def test_there_is_a_score_from_six_categories_on_and_it_lies_on_the_scale(given_sheet, helped):
    found = score(HAQ_DI, given_sheet, helped)
    assert (found is None) is (len(given_sheet) < 6)
    assert found is None or 0 <= found <= 3


@given(sheets, aids)
def test_help_never_lowers_a_score(given_sheet, helped):
    without, with_help = score(HAQ_DI, given_sheet), score(HAQ_DI, given_sheet, helped)
    assert without is None or (with_help is not None and with_help >= without)


@pytest.mark.parametrize("wrong", [4, -1])
def test_an_answer_beyond_the_sheet_is_refused(wrong):
    with pytest.raises(ScoreError, match="arising must be a whole number from 0 to 3"):
        score(HAQ_DI, {"arising": wrong})


def test_a_category_of_another_sheet_is_refused():
    with pytest.raises(ScoreError, match="HAQ-DI has no category 'sleep'"):
        score(HAQ_DI, {"sleep": 1})
