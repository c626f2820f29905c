"""Series over time: nothing invented, nothing lost, one unit, one day to a score."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.codes import LOINC
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import DataIssue, Gap, GapReason, IssueKind, Observation, Part
from decision.clinical.series import Series
from decision.evidence.series import series_of
from tests import fhir_builders as fhir
from tests import t1d_records
from tests.clinical_records import AS_OF, COMPONENTS, SPEC, code_of, observation, record
from tests.fakes import observe as seen
from tests.fakes import page_record, page_spec


def series(name: str, *observations: Observation, **about: object) -> Series:
    found = dataclasses.replace(record(observations), **about)
    return next(s for s in series_of(found, SPEC) if s.trend.id == name)


def drawn(found: Series) -> list[tuple[str, float]]:
    return [(p.when.day_text, p.value) for p in found.points]


def visit(day: str, **changed: float) -> tuple[Observation, ...]:
    return tuple(observation(of, v, on=day) for of, v in {**COMPONENTS, **changed}.items())


DAYS = st.dates(date(2015, 1, 1), date(2026, 10, 31)).map(date.isoformat)
VALUES = st.integers(1, 400).map(float)
HISTORY = st.dictionaries(DAYS, VALUES, max_size=12)


@given(HISTORY, st.randoms())
def test_the_order_of_the_record_does_not_matter(history, random):
    results = [observation("crp", v, on=day) for day, v in history.items()]
    shuffled = random.sample(results, len(results))
    assert series("crp", *results) == series("crp", *shuffled)
    assert drawn(series("crp", *results)) == sorted(history.items())


@given(st.lists(st.tuples(DAYS, VALUES, st.sampled_from(["final", "preliminary"])), max_size=20))
def test_every_result_is_one_point_or_is_listed_with_its_reason(results):
    """Whatever the days and values: nothing is drawn twice, invented or lost."""
    given_ = [
        observation("crp", v, on=day, status=status, id=f"r{n}")
        for n, (day, v, status) in enumerate(results)
    ]
    found = series("crp", *given_)
    points = [p.sources[0].reference for p in found.points]
    listed = [u.references[0] for u in found.undrawn]
    assert sorted(points + listed) == sorted(o.source.reference for o in given_)
    assert all(len(p.sources) == 1 for p in found.points)
    assert all(u.why for u in found.undrawn)
    values = {o.source.reference: o.value.value for o in given_}
    assert all(values[p.sources[0].reference] == p.value for p in found.points)


@given(st.lists(st.tuples(DAYS, st.integers(1, 300)), min_size=1, unique_by=lambda r: r[0]))
def test_the_same_history_in_another_unit_draws_the_same_points(history):
    """A laboratory that changes its unit must not bend a line."""

    def read(unit: str, factor: float) -> Series:
        results = (
            fhir.observation(
                f"o{n}",
                effectiveDateTime=day,
                valueQuantity=fhir.quantity(round(value * factor, 6), unit),
            )
            for n, (day, value) in enumerate(history)
        )
        found = fhir.record_of(*results)
        return next(s for s in series_of(found, SPEC) if s.trend.id == "crp")

    assert drawn(read("mg/L", 1)) == drawn(read("mg/dL", 0.1))
    assert drawn(read("mg/L", 1)) == drawn(read("ug/mL", 1))
    assert read("mg/dL", 0.1).unit == "mg/L"


def test_glucose_in_either_unit_is_one_series():
    both = (
        t1d_records.result("fasting_glucose", 90, "mg/dL", "2026-02-10"),
        t1d_records.result("fasting_glucose", 5.5, "mmol/L", "2026-08-20"),
    )
    found = fhir.record_of(*both, timestamp=t1d_records.NOW)
    (glucose,) = [s for s in series_of(found, t1d_records.SPEC) if s.trend.id == "fasting_glucose"]
    assert [round(p.value) for p in glucose.points] == [90, 99]
    assert glucose.unit == "mg/dL"


def test_units_that_nothing_converts_are_listed_and_the_newest_is_drawn():
    found = series("crp", observation("crp", 9, on="2026-05-01", unit="index"))
    assert found.points == ()
    assert "not converted" in found.undrawn[0].why
    assays = [
        t1d_records.result("gad65_antibody", 20, "[IU]/mL", "2025-02-10"),
        t1d_records.result("gad65_antibody", 5, "index", "2026-02-10"),
    ]
    record_ = fhir.record_of(*assays, timestamp=t1d_records.NOW)
    (gada,) = [s for s in series_of(record_, t1d_records.SPEC) if s.trend.short == "GADA"]
    assert (gada.unit, [p.value for p in gada.points]) == ("index", [5])
    assert "the two are not converted" in gada.undrawn[0].why


def test_an_unreadable_unit_is_listed_from_the_doubts_of_the_record():
    doubt = DataIssue(
        kind=IssueKind.UNKNOWN_UNIT,
        reference="Observation/9",
        detail="The unit is not known for this test.",
        remedy="Enter the value.",
        codes=(code_of("crp"),),
    )
    found = series("crp", issues=(doubt,))
    assert [(u.references, u.why) for u in found.undrawn] == [(("Observation/9",), doubt.detail)]
    copy = dataclasses.replace(doubt, kind=IssueKind.DUPLICATE)
    assert series("crp", issues=(copy,)).undrawn == ()


@pytest.mark.parametrize(
    ("result", "why"),
    [
        (observation("crp", 5, on="2027-01-01"), "dated after the data"),
        (observation("crp", 5, on="2024"), "only its year is recorded"),
        (observation("crp", 5, status="preliminary"), "'preliminary', not final"),
        (observation("crp", "high"), "it is not a number"),
    ],
)
def test_what_has_no_place_on_the_axis_is_listed(result, why):
    found = series("crp", result)
    assert found.points == ()
    assert why in found.undrawn[0].why


def test_a_result_without_a_date_is_listed():
    when = Moment(
        earliest=datetime(1900, 1, 1, tzinfo=UTC),
        latest=AS_OF,
        precision=Precision.UNKNOWN,
        text="",
    )
    undated = dataclasses.replace(observation("crp", 5), effective=when)
    (listed,) = series("crp", undated).undrawn
    assert listed.why == "its date is not recorded"
    assert drawn(series("crp", observation("crp", 5, on="2026-03"))) == [("2026-03", 5)]


def test_two_results_of_one_day_that_differ_are_both_listed_and_neither_is_drawn():
    found = series(
        "crp", observation("crp", 5, id="a"), observation("crp", 50, id="b"), *visit("2026-01-05")
    )
    assert found.points == ()
    assert [u.why for u in found.undrawn] == ["another result of the same time differs"] * 2
    same = series("crp", observation("crp", 5, id="a"), observation("crp", 5, id="b"))
    assert len(same.points) == 2


def test_two_instants_of_one_day_are_two_points():
    morning = observation("crp", 5, on="2026-10-20T08:00:00+01:00")
    evening = observation("crp", 9, on="2026-10-20T20:00:00+01:00")
    assert [p.value for p in series("crp", evening, morning).points] == [5, 9]


def test_what_the_clinician_enters_stands_against_the_record_of_that_day():
    today = "2026-11-02"
    recorded, entered = (
        observation("crp", 5, on=today),
        observation("crp", 42, on="2026-11-02T12:00:00+00:00", by="clinician"),
    )
    found = series("crp", recorded, entered)
    assert [(p.value, p.entered) for p in found.points] == [(42, True)]
    assert found.undrawn[0].why == "replaced by what was entered"


def test_a_bound_stays_a_bound_and_interrupts_the_line():
    found = series(
        "crp",
        observation("crp", 8, on="2026-06-01"),
        observation("crp", 1, on="2026-07-01", comparator="<"),
        observation("crp", 4, on="2026-08-01"),
    )
    assert [p.comparator for p in found.points] == ["", "<", ""]
    assert [len(s) for s in found.stretches] == [1, 1, 1]


@given(st.lists(DAYS, min_size=1, max_size=15, unique=True))
def test_no_line_bridges_a_long_gap_and_stretches_hold_every_point(days):
    found = series("crp", *(observation("crp", n, on=d) for n, d in enumerate(days)))
    assert tuple(p for stretch in found.stretches for p in stretch) == found.points
    for stretch in found.stretches:
        for one, other in itertools.pairwise(stretch):
            assert other.when.middle - one.when.middle <= found.trend.joined_within
    limit = found.trend.joined_within
    for before, after in itertools.pairwise(found.stretches):
        assert after[0].when.middle - before[-1].when.middle > limit


def test_a_joint_count_that_may_be_of_66_joints_is_refused_by_the_predictors_own_rule():
    entries = SPEC.codelists["tender_joints"].entries
    unsaid = next(e.code for e in entries if e.code.system == LOINC and "28" not in e.code.display)
    found = series("tender_joints", observation("tender_joints", 12, code=unsaid))
    assert found.points == ()
    assert found.undrawn[0].why == "it does not say that 28 joints were counted"
    assert drawn(series("swollen_joints", *visit("2026-03-02"))) == [("2026-03-02", 6)]


def test_scores_are_worked_out_from_one_day():
    results = (*visit("2026-03-02"), observation("crp", 7, on="2026-03-02"))
    assert drawn(series("cdai", *results)) == [("2026-03-02", 26.5)]
    # 4, 5, 7 mg/L, 50 mm: the printed vector of docs/evidence.md
    vector = (
        *visit("2026-03-02", tender_joints=4, swollen_joints=5, patient_global=5),
        observation("crp", 7, on="2026-03-02"),
        observation("esr", 7, on="2026-03-02"),
    )
    assert [round(p.value, 2) for p in series("das28_crp", *vector).points] == [4.15]
    assert [round(p.value, 2) for p in series("das28_esr", *vector).points] == [3.81]


def test_the_parts_of_two_visits_never_make_one_score():
    joints = [o for o in visit("2026-03-02") if "joints" in o.source.reference]
    globals_ = [o for o in visit("2026-03-03") if "global" in o.source.reference]
    assert series("cdai", *joints, *globals_).points == ()
    near = series("das28_crp", *visit("2026-03-02"), observation("crp", 7, on="2026-03-01"))
    assert near.points == ()
    assert near.undrawn[0].why == "CRP is not of the same day"


@given(st.lists(st.tuples(st.sampled_from([*COMPONENTS, "crp"]), DAYS), max_size=30))
def test_a_score_has_a_point_only_where_every_part_is_of_that_day(parts):
    results = [observation(of, 5, on=day) for of, day in dict.fromkeys(parts)]
    by_day: dict[str, set[str]] = {}
    for of, day in parts:
        by_day.setdefault(day, set()).add(of)
    whole = {day for day, there in by_day.items() if set(COMPONENTS) <= there}
    found = series("cdai", *results)
    assert {p.when.day_text for p in found.points} == whole
    for point in found.points:
        assert len(point.sources) == len(COMPONENTS)
        assert all(s.reference.endswith(point.when.day_text) for s in point.sources)


def test_a_score_is_not_worked_out_of_bounds_or_beyond_its_scale():
    bound = (
        *visit("2026-03-02"),
        observation("crp", 1, on="2026-03-02", comparator="<"),
    )
    assert series("das28_crp", *bound).undrawn[0].why == "a part is reported as a bound"
    beyond = series("cdai", *visit("2026-03-02", patient_global=11))
    assert beyond.undrawn[0].why == "it is not defined for these values"


def test_an_entry_of_today_does_not_complete_an_older_visit():
    old = [o for o in visit("2026-10-20") if "tender" not in o.source.reference]
    entered = observation("tender_joints", 3, on="2026-11-02T12:00:00+00:00", by="clinician")
    found = series("cdai", *old, entered)
    assert found.points == ()
    assert found.undrawn[0].why == "Tender joints is not of the same day"


def test_gaps_of_the_record_go_with_the_series_they_may_hide():
    gap = Gap(
        part=Part.OBSERVATIONS,
        reason=GapReason.FAILED,
        label="blood tests",
        detail="503",
        remedy="again",
        codes=(code_of("crp"),),
    )
    assert series("crp", gaps=(gap,)).gaps == (gap,)
    assert series("das28_crp", gaps=(gap,)).gaps == (gap,)
    assert series("esr", gaps=(gap,)).gaps == ()


def test_a_decision_that_says_nothing_of_trends_shows_its_measured_inputs():
    found = series_of(page_record("p1", seen("crp", 42, "mg/L")), page_spec())
    assert [(s.trend.id, len(s.points)) for s in found] == [("tender", 0), ("crp", 1)]


def test_the_laboratorys_limits_stay_with_the_point():
    (point,) = series("crp", observation("crp", 7, high=5)).points
    assert point.limits is not None
    assert point.limits.high == 5


def test_a_month_is_far_enough_apart_from_a_year():
    assert timedelta(days=31) < series("crp").trend.joined_within < timedelta(days=366)
