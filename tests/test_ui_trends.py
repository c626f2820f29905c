"""The Trends page in every state, with fakes of the ports; no browser."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta

import pyarrow
import pytest

from decision.clinical.inputs import Verification
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import (
    DataIssue,
    Gap,
    GapReason,
    IssueKind,
    Observation,
    Part,
    Source,
)
from decision.clinical.trends import Guide, Trend
from decision.ui.texts import trends as words
from tests.builders import AS_OF
from tests.fakes import FEATURES, observe, page_record, page_services, page_spec
from tests.screens import bodies, field, go, opened, press, shown, start

GUIDE = Guide(
    value=10,
    words="low up to here",
    citation="Smith 2020",
    verification=Verification.PARTLY,
)
TRENDS = tuple(
    Trend(
        id=f.id,
        label=f.label,
        short=f.label,
        group="Blood" if f.id == "crp" else "Joints",
        unit=f.unit,
        concepts=f.concepts,
        guides=(lambda on: (GUIDE,)) if f.id == "crp" else (lambda on: ()),
    )
    for f in FEATURES
    if f.flag_labels is None
)


def crp(days: float, value: float, comparator: str = "", **about: object) -> Observation:
    made = observe("crp", value, "mg/L")
    return dataclasses.replace(
        made,
        value=Quantity(value=value, unit="mg/L", comparator=comparator),
        effective=Moment.instant(AS_OF - timedelta(days=days)),
        source=Source(reference=f"Observation/{days:g}"),
        **about,
    )


def services(*observations: Observation, **about: object):
    record = page_record("p1", observe("tender", 12), *observations, **about)
    return page_services(record, spec=page_spec(trends=TRENDS))


def page(*observations: Observation, **about: object):
    return go(opened(services(*observations, **about)), "trends")


def charts(at) -> list[object]:
    return [e.proto for e in at.get("vega_lite_chart")]


def drawn(chart) -> list[dict[str, object]]:
    return pyarrow.ipc.open_stream(chart.data.data).read_all().to_pylist()


COURSE = (crp(300, 40), crp(200, 20), crp(10, 4))


def test_values_over_time_are_drawn_and_said():
    at = page(*COURSE)
    said = shown(at)
    assert "CRP: 4 mg/L on 23 Oct 2026, lower by 16 than 20 mg/L on 16 Apr 2026." in said
    assert "First 40 mg/L on 6 Jan 2026." in said
    assert (
        "Of 3 values the lowest is 4 mg/L on 23 Oct 2026, the highest 40 mg/L on 6 Jan 2026" in said
    )
    (chart,) = charts(at)
    points = [r for r in drawn(chart) if r["what"] == "point"]
    assert len(points) == 3
    assert [p["x"] for p in points] == sorted(p["x"] for p in points)


def test_somebody_who_was_better_and_is_worse_again_is_not_told_an_improvement():
    said = shown(page(crp(300, 40), crp(200, 3), crp(10, 22)))
    assert "CRP: 22 mg/L on 23 Oct 2026, higher by 19 than 3 mg/L on 16 Apr 2026." in said
    assert "lower by" not in said


def test_the_alternative_text_of_a_chart_says_what_it_shows():
    (chart,) = charts(page(*COURSE))
    assert chart.alt.startswith("Blood. CRP: 4 mg/L on 23 Oct 2026, lower by 16 than 20 mg/L")
    assert "The record lists no treatment that this page draws." in chart.alt


def test_a_limit_is_drawn_only_with_whose_it_is():
    at = page(*COURSE)
    (chart,) = charts(at)
    assert [r["style"] for r in drawn(chart) if r["what"] == "guide"] == ["cited"]
    assert "CRP, dashed line at 10 mg/L: low up to here (Smith 2020; partly verified)." in shown(at)


def test_one_value_is_said_and_draws_no_panel():
    at = page(crp(10, 4))
    assert "CRP: 4 mg/L on 23 Oct 2026, measured once." in shown(at)
    assert charts(at) == []


def test_nothing_recorded_is_said():
    record = page_record("p1")
    at = go(opened(page_services(record, spec=page_spec(trends=TRENDS))), "trends")
    said = shown(at)
    assert words.NOTHING in said
    assert "No value in this time: Tender joints; CRP." in said
    assert charts(at) == []
    assert [t for t in at.toggle if t.label == words.AS_TABLE] == []


def test_a_gap_is_named_and_not_bridged():
    at = page(crp(600, 9), crp(590, 8), crp(10, 4))
    assert "No value between 22 Mar 2025 and 23 Oct 2026." in shown(at)
    (chart,) = charts(at)
    assert len({r["line"] for r in drawn(chart) if r["what"] == "point"}) == 2


def test_bounds_are_told_as_bounds_and_give_no_direction():
    at = page(crp(300, 40), crp(10, 5, "<"))
    said = shown(at)
    assert (
        "CRP: 40 mg/L on 6 Jan 2026, <5 mg/L on 23 Oct 2026. 2 values, some of them limits." in said
    )
    assert words.TRIANGLE in said
    (chart,) = charts(at)
    assert [r["mark"] for r in drawn(chart) if r["what"] == "point"] == ["value", "most"]


def test_the_table_holds_the_numbers_of_the_chart_and_comes_on_request():
    at = page(*COURSE)
    assert "Observation/200" not in bodies(at).replace("data-label", "")
    (toggle,) = [t for t in at.toggle if t.label == words.AS_TABLE]
    toggle.set_value(True).run()
    body = bodies(at)
    for n in (300, 200, 10):
        assert f"Observation/{n}" in body
    values = [r for r in drawn(charts(at)[0]) if r["what"] == "point"]
    listed = body.split("<h3>CRP (mg/L)</h3>")[1].split("</table>")[0]
    assert listed.count("<tr>") - 1 == len(values)


def test_what_is_not_drawn_is_listed_with_its_reason_and_source():
    doubt = DataIssue(
        kind=IssueKind.UNKNOWN_UNIT,
        reference="Observation/odd",
        detail="The unit is not known for this test.",
        remedy="Enter the value.",
        codes=crp(1, 1).codes,
    )
    at = page(*COURSE, crp(-30, 9), issues=(doubt,))
    said = shown(at)
    assert "2 results not drawn, and why" in said
    assert "it is dated after the data" in said
    assert "The unit is not known for this test Observation/odd" in said


def test_where_results_could_not_be_read_the_page_says_so():
    gap = Gap(
        part=Part.OBSERVATIONS,
        reason=GapReason.NOT_PERMITTED,
        label="blood tests",
        detail="403",
        remedy="Ask.",
        codes=crp(1, 1).codes,
    )
    said = shown(page(*COURSE, gaps=(gap,)))
    assert "Values may be missing here: Blood tests could not be read (not permitted)." in said


def test_a_shorter_time_leaves_values_out_and_says_how_many():
    at = page(crp(1500, 60), crp(700, 50), *COURSE)
    (choice,) = [g for g in at.button_group if g.label == words.TIME_SHOWN]
    choice.set_value("1").run()
    assert "2 values before 2 Nov 2025 left out by the time chosen." in shown(at)
    (chart,) = charts(at)
    assert len([r for r in drawn(chart) if r["what"] == "point"]) == 3
    assert "First 40 mg/L on 6 Jan 2026." in shown(at)


def test_a_time_is_offered_only_where_it_would_leave_something_out():
    at = page(*COURSE)
    assert words.TIME_SHOWN not in [g.label for g in at.button_group]


def test_what_was_entered_today_is_marked_as_entered():
    at = opened(services())
    field(at, "CRP").set_value(9.0)
    press(at, "Save and update the answer")
    said = shown(go(at, "trends"))
    assert "CRP: 9 mg/L on 2 Nov 2026, measured once. Entered here: 1 of them." in said


def test_three_thousand_results_are_all_drawn():
    many = tuple(crp(n + 1, n % 90 + 1) for n in range(3000))
    at = page(*many)
    (chart,) = charts(at)
    assert sum(r["what"] == "point" for r in drawn(chart)) == 3000
    assert "Of 3,000 values" in shown(at)


def test_the_page_has_one_first_heading_and_one_for_each_kind_in_the_decisions_order():
    body = bodies(page(*COURSE))
    assert body.count("<h1>") == 1
    assert [h.split("<")[0] for h in body.split("<h2>")[1:]] == ["Treatment", "Joints", "Blood"]


def test_a_series_name_from_a_record_does_nothing():
    hostile = dataclasses.replace(
        crp(10, 4), source=Source(reference="Observation/<b>x</b>"), status="<i>final</i>"
    )
    body = bodies(page(*COURSE[:2], hostile))
    assert "<b>x</b>" not in body
    assert "&lt;i&gt;final" in body


@pytest.mark.parametrize("observations", [(), COURSE, COURSE[:1]])
def test_nobody_is_shown_before_a_patient_is_chosen(observations):
    at = go(start(services(*observations)), "trends")
    assert "CRP" not in shown(at)
    assert charts(at) == []


def test_the_spec_is_sent_with_its_scales_bounded():
    (chart,) = charts(page(*COURSE))
    spec = json.loads(chart.spec)
    for layer in spec["layer"]:
        for channel in ("x", "y"):
            if "scale" in layer["encoding"].get(channel, {}):
                assert len(layer["encoding"][channel]["scale"]["domain"]) == 2
