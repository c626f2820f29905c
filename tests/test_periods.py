"""Treatment over time: what has a bar, how wide, and what is only said."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime

from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.record import Gap, GapReason, MedicationExposure, Part
from decision.evidence.periods import Treatments, treatments_of
from tests.clinical_records import AS_OF, SPEC, medication, record

FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def treatments(*given: MedicationExposure, first: datetime = FIRST, **about: object) -> Treatments:
    return treatments_of(dataclasses.replace(record((), (), given), **about), SPEC, first)


def test_a_drug_that_is_taken_reaches_the_data_and_has_no_end():
    (period,) = treatments(medication("methotrexate", start="2025-02-01")).periods
    assert period.going
    assert period.end == AS_OF
    assert period.start.date().isoformat() == "2025-01-31"  # a day without a zone begins earliest
    assert period.words == "Methotrexate since Feb 2025."


def test_a_month_of_stopping_counts_to_its_last_day():
    course = medication("adalimumab", "stopped", start="2025-02", end="2025-06")
    (period,) = treatments(course).periods
    assert period.end.date().isoformat() >= "2025-06-30"
    assert not period.going


def test_overlapping_treatments_are_both_there_in_the_order_they_began():
    both = treatments(
        medication("adalimumab", "stopped", start="2025-02-01", end="2026-03-01"),
        medication("methotrexate", start="2024-06-01"),
    )
    assert [p.course.name for p in both.periods] == ["methotrexate", "adalimumab"]
    assert both.periods[0].end > both.periods[1].start


def test_a_stopped_drug_without_a_day_of_stopping_has_no_bar_and_is_said():
    found = treatments(medication("adalimumab", "stopped", start="2025-02-01"))
    assert found.periods == ()
    assert found.undated == ("Adalimumab from Feb 2025, stopped.",)


def test_a_taken_drug_without_a_beginning_has_no_bar_and_is_said():
    assert treatments(medication("methotrexate")).undated == ("Methotrexate.",)


def test_a_drug_whose_beginning_is_unknown_starts_with_the_time_shown():
    (period,) = treatments(medication("adalimumab", "stopped", end="2025-06-01")).periods
    assert (period.since, period.start) == (False, FIRST)


def test_what_was_over_before_the_time_shown_is_said_and_not_drawn():
    found = treatments(medication("adalimumab", "stopped", start="2019-01-01", end="2020-01-01"))
    assert found.periods == ()
    assert found.earlier == ("Adalimumab Jan 2019–Jan 2020, stopped.",)


def test_an_order_that_has_not_begun_is_no_treatment():
    assert treatments(medication("adalimumab", "planned", start="2026-12-01")) == treatments()


def test_where_drugs_could_not_be_read_that_is_kept():
    gap = Gap(part=Part.MEDICATIONS, reason=GapReason.FAILED, label="drugs", detail="", remedy="")
    assert treatments(gaps=(gap,)).gaps == (gap,)
    other = dataclasses.replace(gap, part=Part.OBSERVATIONS)
    assert treatments(gaps=(other,)).gaps == ()


DRUGS = st.sampled_from(["methotrexate", "adalimumab", "tocilizumab", "sulfasalazine"])
DATES = st.dates(date(2015, 1, 1), date(2027, 6, 1)).map(date.isoformat)


@given(st.lists(st.tuples(DRUGS, DATES, DATES, st.booleans()), max_size=8))
def test_no_bar_runs_backwards_or_beyond_the_data_and_no_course_is_lost(listed):
    """Whatever a list says: orders of 2027, ends before beginnings, renewals."""
    given_ = [
        medication(drug, "active" if taken else "stopped", start=start, end="" if taken else end)
        for drug, start, end, taken in listed
    ]
    found = treatments(*given_)
    for period in found.periods:
        assert period.start <= period.end <= AS_OF
        assert period.end >= FIRST
    begun = {d for d, start, _, _ in listed if start < "2026-11-01"}
    said = " ".join((*(p.words for p in found.periods), *found.earlier, *found.undated)).lower()
    assert all(drug in said for drug in begun)
