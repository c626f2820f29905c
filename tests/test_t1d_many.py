"""A chart with a lifetime of results: each is looked at a fixed number of times, and what it says
stays readable. A patient on a ward has a thousand glucose values.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.catalog.t1d_progression.antibodies import (
    Kind,
    Sample,
    State,
    judged,
    on_two_days,
    surely_other_day,
)
from decision.catalog.t1d_progression.criteria import Criterion, Measurement
from decision.catalog.t1d_progression.derive.staged import _MOST_UNUSABLE, _in_short
from decision.clinical.codes import ICD10CM, SNOMED, Code, Codelist, CodelistEntry, CodeStatus
from decision.clinical.quantities import Moment, Precision, Quantity
from tests.t1d_people import AS_OF, MULTIPLE, ago, normal, profile, staged

MANY = 1_500
AT_MOST = 12
"""How often the time of one value may be asked for."""


def fasting(value: float, taken: Moment) -> Measurement:
    quantity = Quantity(value=value, unit="mg/dL")
    return Measurement(criterion=Criterion.FASTING_GLUCOSE, quantity=quantity, taken=taken)


def every_hour(n: int, value: float = 150) -> list[Measurement]:
    return [fasting(value, Moment.instant(AS_OF - timedelta(days=30, hours=i))) for i in range(n)]


@pytest.fixture
def asked(monkeypatch) -> list[int]:
    """How often the middle of a moment was worked out."""
    times = [0]
    middle = Moment.middle.fget

    def counted(self: Moment):
        times[0] += 1
        return middle(self)

    monkeypatch.setattr(Moment, "middle", property(counted))
    return times


def test_many_values_are_each_looked_at_a_few_times(asked):
    staged(measurements=[*normal(), *every_hour(MANY)])
    assert MANY <= asked[0] < AT_MOST * MANY


def test_many_values_of_one_moment_are_each_looked_at_a_few_times(asked):
    same = [fasting(150, ago(30)) for _ in range(MANY)]
    staged(measurements=[*normal(), *same])
    assert MANY <= asked[0] < AT_MOST * MANY


def test_many_positive_samples_of_one_day_are_compared_as_one(monkeypatch):
    days: list[str] = []
    text = Moment.day_text.fget
    monkeypatch.setattr(Moment, "day_text", property(lambda self: days.append("") or text(self)))
    samples = [Sample(positive=True, taken=Moment.instant(AS_OF)) for _ in range(MANY)]
    assert judged(Kind.GADA, samples).state is State.UNCONFIRMED
    assert MANY <= len(days) < 2 * MANY


def test_of_many_earlier_values_in_stage_3_range_the_newest_are_told_and_the_rest_counted():
    found = staged(measurements=[*normal(), *(fasting(150 + i, ago(30 + i)) for i in range(40))])
    told = [note for note in found.notes if "stage 3 range" in note]
    assert len(told) == 6
    assert told[-1] == "35 more earlier values in stage 3 range"
    assert "150 mg/dL" in told[0]


def test_a_note_that_says_the_same_is_said_once():
    bounds = [
        Measurement(
            criterion=Criterion.FASTING_GLUCOSE,
            quantity=Quantity(value=120, unit="mg/dL", comparator="<"),
            taken=ago(1),
        )
        for _ in range(3)
    ]
    found = staged(profile(*MULTIPLE), measurements=bounds)
    assert len(found.notes) == len(set(found.notes))
    assert any("could not be compared" in note for note in found.notes)


WRITTEN = {
    "2026": Precision.YEAR,
    "2025": Precision.YEAR,
    "2026-05": Precision.MONTH,
    "2026-06": Precision.MONTH,
    "2026-05-04": Precision.DAY,
    "2026-05-05": Precision.DAY,
    "2026-05-04T08:00:00Z": Precision.INSTANT,
    "2026-05-04T09:00:00Z": Precision.INSTANT,
    "": Precision.UNKNOWN,
}
MOMENTS = st.sampled_from(
    [
        Moment(earliest=AS_OF, latest=AS_OF, precision=precision, text=text)
        for text, precision in WRITTEN.items()
    ]
)


@given(st.lists(MOMENTS, max_size=6))
def test_two_days_are_told_as_by_looking_at_every_pair(given_moments):
    """The short way must never confirm an antibody that the long way would not."""
    pairs = any(surely_other_day(a, b) for a in given_moments for b in given_moments)
    assert on_two_days(given_moments) == pairs


CODES = st.sampled_from(["E10", "E10.9", "E1", "E11", "e10.9", "", "44054006"])


@given(code=CODES.filter(bool), system=st.sampled_from([ICD10CM, SNOMED]))
def test_a_category_takes_in_what_begins_with_it_in_its_own_system_alone(code, system):
    """The list is asked in loops, which must answer as the definition does."""
    listed = [(ICD10CM, "E10", True), (SNOMED, "44054006", False), (SNOMED, "E11", False)]
    codelist = Codelist(
        id="x",
        version="1",
        citation="none",
        entries=tuple(
            CodelistEntry(
                code=Code(system=s, code=c, display=""), status=CodeStatus.VERIFIED, prefix=p
            )
            for s, c, p in listed
        ),
    )
    means = any(s == system and (code.startswith(c) if p else code == c) for s, c, p in listed)
    assert codelist.matches([Code(system=system, code=code, display="")]) is means


def test_of_very_many_unusable_results_some_are_named_and_the_rest_counted():
    found = _in_short((*map(str, range(_MOST_UNUSABLE + 30)), "0", "1"))
    assert found[:_MOST_UNUSABLE] == tuple(map(str, range(_MOST_UNUSABLE)))
    assert found[_MOST_UNUSABLE:] == ("30 more results were not used",)
    assert _in_short(("a", "b", "a")) == ("a", "b")
