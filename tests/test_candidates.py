"""What was looked for behind each input, and why what was there was not used."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.record import DataIssue, IssueKind, Observation
from decision.evidence.candidates import Searched, searched
from decision.rules import derive_features
from tests.clinical_records import SPEC, code_of, eligible, medication, observation


def looked(name: str, *observations: Observation, **about: object) -> Searched:
    found = dataclasses.replace(eligible(observations), **about)
    every = searched(found, SPEC, derive_features(found, SPEC).findings)
    return next(s for s in every if s.feature.id == name)


def why(name: str, *observations: Observation) -> list[str]:
    return [u.why for u in looked(name, *observations).unused]


def test_of_several_results_the_older_ones_were_superseded():
    results = [observation("crp", n, on=f"2026-10-0{n}") for n in (1, 2, 3)]
    one = looked("crp", *results)
    assert one.results == 3
    assert one.measured
    assert [(u.when.day_text, u.why) for u in one.unused] == [
        ("2026-10-02", "a newer one was used"),
        ("2026-10-01", "a newer one was used"),
    ]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (observation("crp", 5, on="2025-01-01"), "older than 90 days"),
        (observation("crp", 5, on="2027-01-01"), "dated after the data"),
        (observation("crp", 5, status="preliminary"), "'preliminary', not final"),
        (observation("crp", 5, unit="g/L"), "its unit is 'g/L', not 'mg/L'"),
        (observation("crp", "high"), "it is not a number"),
    ],
)
def test_a_result_that_gave_no_value_says_why(result, told):
    (said,) = why("crp", result)
    assert told in said


def test_a_newer_result_that_could_not_be_used_is_listed_before_the_used_one_supersedes():
    newer = observation("crp", 9, on="2026-10-28", status="preliminary")
    assert why("crp", observation("crp", 5, on="2026-10-20"), newer) == [
        "its status is 'preliminary', not final"
    ]


def test_results_of_one_time_that_differ_are_all_listed():
    both = [observation("crp", n, id=str(n)) for n in (5, 50)]
    assert why("crp", *both) == ["results of the same time differ"] * 2


def test_a_doubt_that_kept_a_result_out_is_listed_with_the_input():
    doubt = DataIssue(
        kind=IssueKind.IMPLAUSIBLE,
        reference="Observation/9",
        detail="The result is outside what is believable.",
        remedy="Check it.",
        codes=(code_of("crp"),),
    )
    (listed,) = looked("crp", issues=(doubt,)).unused
    assert (listed.reference, listed.why) == ("Observation/9", doubt.detail)
    assert looked("esr", issues=(doubt,)).unused == ()


def test_what_was_searched_names_its_codes_and_how_far_back():
    one = looked("crp")
    assert [c.id for c in one.codelists] == ["crp"]
    assert one.lookback.days == 90
    assert one.results == 0
    assert not one.measured


def test_a_course_of_a_drug_is_no_measured_result():
    taking = medication("methotrexate", start="2018-08-12")
    assert not looked("monotherapy", medications=(taking,)).measured


DAYS = st.dates(date(2020, 1, 1), date(2027, 6, 1)).map(date.isoformat)
STATUS = st.sampled_from(["final", "preliminary", "amended"])


@given(st.lists(st.tuples(DAYS, st.integers(1, 99), STATUS), max_size=12))
def test_every_result_is_used_or_listed_once_with_a_reason(results):
    """Whatever the dates and states: no result disappears."""
    given_ = [
        observation("crp", value, on=day, status=status, id=f"r{n}")
        for n, (day, value, status) in enumerate(results)
    ]
    one = looked("crp", *given_)
    listed = [u.reference for u in one.unused]
    used = [o.source.reference for o in given_ if o.source.reference not in listed]
    assert len(listed) == len(set(listed))
    assert len(used) <= 1
    assert all(u.why for u in one.unused)
    evidence = one.finding.evidence
    assert not used or used == [s.reference for s in evidence.sources]
