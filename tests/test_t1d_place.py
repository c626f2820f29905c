"""Where no rules stand, and where a part of the chart could not be read, nothing is called missing
that is there or may be.
"""

from __future__ import annotations

import dataclasses

import pytest

from decision.clinical.record import Gap, GapReason, Part, PatientRecord
from decision.clinical.spec import Eligibility
from tests.t1d_records import (
    confirmed,
    criteria,
    described,
    features,
    person,
    sample,
    spec,
    whole,
)

NOWHERE = ("", "DE")


def unread(record: PatientRecord) -> PatientRecord:
    gap = Gap(
        part=Part.OBSERVATIONS,
        reason=GapReason.FAILED,
        label="Laboratory results",
        detail="The server did not answer.",
        remedy="Open this page again.",
    )
    return dataclasses.replace(record, gaps=(gap,))


@pytest.mark.parametrize("place", NOWHERE)
@pytest.mark.parametrize("glucose", [110, 160, 210])
def test_without_rules_no_notice_says_that_a_glucose_test_is_lacking(place, glucose):
    """The chart holds the whole test: only the rules to judge it by are not there."""
    assert described(whole(glucose_120=glucose), spec(place)).worth_saying == ()
    assert described(person(*confirmed("gad65", "ia2"))).worth_saying


@pytest.mark.parametrize("place", NOWHERE)
def test_without_rules_nobody_is_asked_to_enter_what_could_not_be_judged(place):
    here, record = spec(place), whole()
    found = criteria(record, here)["stageable"]
    assert (found.state, found.entry) == (Eligibility.UNKNOWN, None)
    missing = features(record, here).missing["stratum"]
    for remedy in (found.remedy, missing.remedy):
        assert "no value entered helps" in remedy
        assert "Enter" not in remedy


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (person(*confirmed("gad65", "ia2")), "no glucose test"),
        (person(sample("gad65")), "one sample only"),
        (whole(glucose_120=None), "provisional"),
    ],
)
def test_what_may_lie_where_nobody_could_read_is_not_told_as_missing(record, said):
    assert any(said in words for words in described(record).worth_saying)
    assert described(unread(record)).worth_saying == ()


def test_what_was_found_is_told_although_other_results_could_not_be_read():
    (words,) = described(unread(whole(glucose_120=160))).worth_saying
    assert "Stage 2" in words
