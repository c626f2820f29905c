"""The rows of a chart over time: in place, in order, and no more points than there are results."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.inputs import Verification
from decision.clinical.quantities import Moment
from decision.clinical.record import Origin, ReferenceRange, Source
from decision.clinical.series import Point, Series
from decision.clinical.trends import Guide, Trend
from decision.evidence.periods import Treatments, treatments_of
from decision.ui.charts import frozen
from decision.ui.components import trend_rows
from decision.ui.components.trend_rows import LANE, PANEL, Picture, Row, picture
from tests.clinical_records import AS_OF, SPEC, medication, record

NO_TREATMENT = Treatments(periods=(), earlier=(), undated=())
START = datetime(2020, 1, 1, tzinfo=UTC)
LOW = Guide(value=10, words="low up to here", citation="a paper", verification=Verification.PARTLY)


def point(day: int, value: float, comparator: str = "", *, entered: bool = False) -> Point:
    origin = Origin.CLINICIAN if entered else Origin.RECORD
    return Point(
        when=Moment.instant(START + timedelta(days=day)),
        value=value,
        comparator=comparator,
        sources=(Source(reference=f"Observation/{day}", origin=origin),),
    )


def series(*points: Point, **about: object) -> Series:
    trend = Trend(id="x", label="Ex", short="X", group="All", unit="mg/L", concepts=("x",))
    trend = dataclasses.replace(trend, **about)  # type: ignore[arg-type]
    return Series(trend=trend, unit="mg/L", points=points, undrawn=())


def rows(what: str, *drawn: Series, treatments: Treatments = NO_TREATMENT) -> list[Row]:
    return [r for r in made(*drawn, treatments=treatments).rows if r["what"] == what]


def made(*drawn: Series, treatments: Treatments = NO_TREATMENT) -> Picture:
    return picture(drawn, treatments, START, AS_OF)


POINTS = st.lists(
    st.tuples(st.integers(0, 2400), st.floats(-50, 500)),
    min_size=1,
    max_size=40,
    unique_by=lambda p: p[0],
)


@given(POINTS, st.booleans())
def test_every_point_has_one_mark_inside_its_own_panel(points, limited):
    """Whatever the values: no mark leaves its panel, none is drawn twice or left out."""
    found = series(
        *(point(d, v) for d, v in sorted(points)),
        guides=(lambda on: (LOW,)) if limited else (lambda on: ()),
    )
    marks = rows("point", found)
    assert [r["x"] for r in marks] == sorted(
        (START + timedelta(days=d)).timestamp() * 1000 for d, _ in points
    )
    assert all(trend_rows.TITLE - 0.01 <= r["y"] <= PANEL for r in marks)
    lower = sorted(zip((v for _, v in sorted(points)), (r["y"] for r in marks), strict=True))
    assert [y for _, y in lower] == sorted((r["y"] for r in marks), reverse=True)


@given(POINTS)
def test_numbers_beside_a_panel_never_cover_each_other(points):
    found = series(*(point(d, v) for d, v in sorted(points)), guides=lambda on: (LOW,))
    places = sorted(r["y"] for r in rows("number", found))
    assert all(b - a >= trend_rows.CLOSEST for a, b in itertools.pairwise(places))
    assert "10" in [r["text"] for r in rows("number", found)]


def test_panels_stand_beneath_each_other_in_the_order_given():
    one, two = series(point(1, 5), point(9, 6)), series(point(1, 5), point(9, 6), short="Y")
    titles = rows("title", one, two)
    assert [r["text"] for r in titles] == ["X (mg/L)", "Y (mg/L)"]
    assert titles[1]["y"] - titles[0]["y"] == PANEL
    assert [r["text"] for r in rows("title", two, one)] == ["Y (mg/L)", "X (mg/L)"]
    assert made(one, two).height == made(one).height + PANEL


def test_a_panel_says_its_newest_value_and_day():
    (said,) = rows("said", series(point(1, 5), point(9, 6.5)))
    assert said["text"] == "6.5 mg/L on 10 Jan 2020"


def test_marks_differ_by_form_for_entries_and_bounds():
    marks = rows(
        "point",
        series(point(1, 5, "<"), point(2, 6), point(3, 7, entered=True), point(4, 8, ">=")),
    )
    assert [r["mark"] for r in marks] == ["most", "value", "entered", "least"]
    spec = frozen.spec("over_time")
    shapes = next(
        layer["encoding"]["shape"]["scale"]
        for layer in spec["layer"]
        if "shape" in layer["encoding"]
    )
    assert shapes["domain"] == ["value", "entered", "most", "least"]
    assert len(set(shapes["range"])) == 4


def test_a_line_ends_where_a_gap_begins():
    marks = rows("point", series(point(1, 5), point(50, 6), point(900, 7), point(930, 8)))
    lines = [r["line"] for r in marks]
    assert lines[0] == lines[1] != lines[2] == lines[3]


def test_a_cited_limit_is_dashed_and_the_laboratorys_own_is_dotted():
    own = dataclasses.replace(point(9, 6), limits=ReferenceRange(high=5))
    guides = rows("guide", series(point(1, 5), own, guides=lambda on: (LOW,)))
    assert [r["style"] for r in guides] == ["cited", "own"]
    assert guides[0]["y"] < guides[1]["y"]


def test_bars_are_above_the_panels_and_carry_their_words():
    found = treatments_of(
        record(
            (),
            (),
            [
                medication("methotrexate", start="2018-01-01"),
                medication("adalimumab", "stopped", start="2022-03-01", end="2023-03-01"),
            ],
        ),
        SPEC,
        START,
    )
    drawn = series(point(1, 5), point(9, 6))
    told = [r["text"] for r in rows("drug", drawn, treatments=found)]
    assert told == ["Methotrexate since Jan 2018.", "Adalimumab Mar 2022–Mar 2023, stopped."]
    first, second = rows("band", drawn, treatments=found)
    whole = made(drawn, treatments=found)
    assert (first["x"], first["x2"]) == (whole.first, whole.last)
    assert first["x"] < second["x"] < second["x2"] < first["x2"]
    assert max(r["y2"] for r in (first, second)) <= 2 * LANE
    assert len(rows("begin", drawn, treatments=found)) == 1
    assert rows("title", drawn, treatments=found)[0]["y"] > 2 * LANE


@given(st.dates(date(1990, 1, 1), date(2026, 10, 1)))
def test_times_along_the_axis_are_few_and_inside(first):
    start = datetime(first.year, first.month, first.day, tzinfo=UTC)
    found = picture((series(point(1, 5)),), NO_TREATMENT, start, AS_OF)
    told = [r for r in found.rows if r["what"] in ("first", "time", "last")]
    assert 2 <= len(told) <= trend_rows.MOST_TICKS
    assert all(found.first <= r["x"] <= found.last for r in told)
    assert len({r["text"] for r in told}) == len(told)
    assert sorted(r["x"] for r in told) == [r["x"] for r in told]


def test_one_moment_alone_still_has_an_axis():
    found = picture((series(point(1, 5)),), NO_TREATMENT, AS_OF, AS_OF)
    assert found.last - found.first >= timedelta(days=30).total_seconds() * 1000


@pytest.mark.parametrize("values", [(0.0, 0.0), (5.0, 5.0), (-3.0, -3.0), (1e-6, 2e-6)])
def test_an_axis_of_equal_or_tiny_values_has_two_ends(values):
    found = rows("number", series(*(point(n, v) for n, v in enumerate(values))))
    assert len(found) >= 2


def test_every_row_has_the_same_fields_as_the_chart_reads():
    keys = {tuple(r) for r in made(series(point(1, 5), point(9, 6))).rows}
    assert len(keys) == 1
    spec = frozen.spec("over_time")
    fields = {
        channel["field"]
        for layer in spec["layer"]
        for channel in layer["encoding"].values()
        if isinstance(channel, dict) and "field" in channel
    }
    assert fields <= set(next(iter(keys)))


def test_the_chart_draws_every_kind_of_row_and_its_text_follows_the_theme():
    spec = frozen.spec("over_time")
    kinds = {layer["transform"][0]["filter"].split("'")[1] for layer in spec["layer"]}
    own = dataclasses.replace(point(9, 6), limits=ReferenceRange(high=5))
    drawn = made(series(point(1, 5), own)).rows
    assert {r["what"] for r in drawn} <= kinds
    for layer in spec["layer"]:
        if layer["mark"]["type"] == "text":
            assert layer["mark"]["color"] == {
                "expr": "luminance(background) > 0.5 ? '#222' : '#eee'"
            }
            assert layer["mark"]["fontSize"] >= 12
