"""The one formatter: what a clinician reads for a number, a unit, a date."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.assessment import Interval
from decision.clinical.quantities import Moment, Precision
from decision.ui.texts import numbers


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.384, "38 of 100"),
        (0.385, "39 of 100"),
        (0.0049, "fewer than 1 of 100"),
        (0.0, "fewer than 1 of 100"),
        (0.9951, "more than 99 of 100"),
        (0.03, "3 of 100"),
        (0.97, "97 of 100"),
    ],
)
def test_a_probability_reads_as_a_natural_frequency(probability, text):
    assert numbers.of_100(probability) == text


@given(st.floats(min_value=-1, max_value=1))
def test_rounding_is_symmetric_because_the_sign_of_a_difference_is_a_convention(value):
    assert numbers.per_100(-value) == -numbers.per_100(value)


@given(st.floats(min_value=0, max_value=1))
def test_rounding_never_moves_a_number_by_more_than_half_of_one_in_the_hundred(value):
    assert abs(numbers.per_100(value) - 100 * value) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (42.0, "mg/L", "42 mg/L"),
        (1.625, "{score}", "1.62"),
        (26.37, "kg/m2", "26.4 kg/m²"),
        (1.6, "10*9/L", "1.6 ×10⁹/L"),
        (12.0, "{count}", "12"),
        (314.4, "pg/mL", "314 pg/mL"),
        (100.0, "mg/L", "100 mg/L"),
        (0.0, "mg/L", "0 mg/L"),
        (54.5, "a", "54.5 years"),
    ],
)
def test_a_quantity_has_its_unit_and_no_false_digits(value, unit, text):
    assert numbers.quantity(value, unit) == text


def test_a_moment_is_as_exact_as_the_record():
    early = datetime(2027, 5, 4, tzinfo=UTC)
    texts = {Precision.YEAR: "2027", Precision.MONTH: "May 2027", Precision.DAY: "4 May 2027"}
    for precision, text in texts.items():
        when = Moment(earliest=early, latest=early, precision=precision, text="2027-05-04")
        assert numbers.moment(when) == text
    assert numbers.moment(Moment.instant(early)) == "4 May 2027"
    assert numbers.moment(None) == "date not recorded"


def test_an_instant_says_its_zone():
    paris = timezone(timedelta(hours=1))
    assert numbers.instant(datetime(2027, 5, 4, 9, 12, tzinfo=UTC)) == "4 May 2027, 09:12 UTC"
    assert (
        numbers.instant(datetime(2027, 5, 4, 9, 12, tzinfo=paris)) == "4 May 2027, 09:12 UTC+01:00"
    )


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "same day"), (1, "1 day"), (89, "89 days"), (120, "4 months"), (1200, "3 years")],
)
def test_the_age_of_a_finding_counts_from_the_data_not_from_today(days, text):
    as_of = datetime(2027, 5, 4, 12, tzinfo=UTC)
    assert numbers.age_of(Moment.instant(as_of - timedelta(days=days)), as_of) == text


def test_dates_inside_a_sentence_are_written_like_all_others():
    assert numbers.dated("low on 2026-10-30, below 2.0") == "low on 30 Oct 2026, below 2.0"
    assert numbers.dated("code 2026-13-30 stays") == "code 2026-13-30 stays"


def test_counts_agree_with_their_nouns():
    assert numbers.plural(1, "input") == "1 input"
    assert numbers.plural(1412, "input") == "1,412 inputs"
    assert numbers.plural(2, "doubt", "doubts") == "2 doubts"


def test_a_range_is_written_per_hundred():
    assert numbers.span(Interval(low=0.274, high=0.5, level=0.9)) == "27 to 50"
    assert numbers.level(Interval(low=0.274, high=0.5, level=0.9)) == "90 %"


def test_a_comparison_sign_never_leaves_its_number_alone_on_a_line():
    assert numbers.unbroken("(CDAI ≤ 10)") == "(CDAI\u00a0≤\u00a010)"


def test_an_age_counts_the_days_between_the_written_dates():
    as_of = datetime(2026, 11, 16, 8, tzinfo=UTC)
    assert numbers.age_of(Moment.instant(datetime(2026, 11, 12, 17, tzinfo=UTC)), as_of) == "4 days"
