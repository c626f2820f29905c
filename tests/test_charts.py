"""The frozen charts are what is authored, say everything they must, and cost nothing to load."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import altair as alt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.exceptions import ValidationError

from decision.ui.charts import frozen
from decision.ui.charts.author import authored
from decision.ui.charts.authoring import LABELS, MOST_TICKS
from tests.test_house import ROOT

FOLDER = ROOT / "decision" / "ui" / "charts"
FG = {"expr": "luminance(background) > 0.5 ? '#222' : '#eee'"}


def specs() -> list[Any]:
    return [pytest.param(frozen.spec(name), id=name) for name in frozen.names()]


def every(found: Any, key: str) -> Iterator[Any]:
    """Every value under that key, at any depth."""
    if isinstance(found, dict):
        for k, value in found.items():
            if k == key:
                yield value
            yield from every(value, key)
    elif isinstance(found, list):
        for value in found:
            yield from every(value, key)


def test_the_frozen_files_are_what_the_author_writes():
    files = {p.name.removesuffix(".vl.json"): p.read_text() for p in FOLDER.glob("*.vl.json")}
    assert files == authored()


@pytest.mark.parametrize("spec", specs())
def test_altair_accepts_every_frozen_chart(spec: dict[str, Any]):
    assert alt.Chart.from_dict({**spec, "data": {"values": []}}).to_dict()


def test_altair_would_refuse_a_property_that_is_misspelt():
    spec = frozen.spec("waterfall")
    spec["layer"][0]["mark"]["opcity"] = 1
    with pytest.raises(ValidationError):
        alt.Chart.from_dict({**spec, "data": {"values": []}})


@pytest.mark.parametrize("spec", specs())
def test_every_mark_is_opaque_where_it_carries_a_meaning(spec: dict[str, Any]):
    """Vega-Lite draws marks at 70 % unless told otherwise; only what lies behind others may be
    lighter.
    """
    for mark in every(spec, "mark"):
        assert mark["opacity"] == 1 or (mark["type"] in ("rect", "area") and mark["opacity"] < 0.4)


@pytest.mark.parametrize("spec", specs())
def test_every_text_follows_the_background_it_stands_on(spec: dict[str, Any]):
    texts = [m for m in every(spec, "mark") if m["type"] == "text"]
    assert all(mark["color"] == FG for mark in texts if "stroke" not in mark)
    halos = [mark for mark in texts if "stroke" in mark]
    assert all(mark["color"] == mark["stroke"] == {"expr": "background"} for mark in halos)
    shown = [axis for axis in every(spec, "axis") if axis is not None]
    assert shown or texts  # a chart without axes writes its own numbers
    assert all(axis["labelColor"] == FG for axis in shown)


@pytest.mark.parametrize("spec", specs())
def test_no_axis_or_legend_has_words_of_its_own(spec: dict[str, Any]):
    """Words of a chart could not be translated with the page."""
    assert all(axis is None or axis["title"] is None for axis in every(spec, "axis"))
    assert all(legend is None for legend in every(spec, "legend"))
    assert list(every(spec, "title")) == [None] * len(list(every(spec, "title")))


@pytest.mark.parametrize("spec", specs())
def test_axes_drop_no_label_and_have_few_ticks(spec: dict[str, Any]):
    for encoding in every(spec, "encoding"):
        for channel in encoding.values():
            axis = channel.get("axis")
            if not axis:
                continue
            if channel["type"] == "nominal":
                assert axis["labelOverlap"] is False
                assert axis["labelLimit"] == LABELS
            else:
                assert len(axis.get("values", [])) <= MOST_TICKS
                assert axis.get("tickCount", 0) <= MOST_TICKS


@pytest.mark.parametrize("spec", specs())
def test_rows_have_a_fixed_pitch_and_an_order_that_is_said(spec: dict[str, Any]):
    nominal = [
        channel
        for encoding in every(spec, "encoding")
        for name, channel in encoding.items()
        if name in ("x", "y") and channel.get("type") == "nominal"
    ]
    assert all(channel["sort"] == [] for channel in nominal)
    if nominal:
        assert spec["height"]["step"] >= 24


def test_a_filled_chart_says_the_order_of_its_rows_in_every_layer():
    rows = [{"label": name} for name in ("Average", "B", "A", "Estimate", "B")]
    spec = frozen.filled("waterfall", rows, {"x": (10.0, 40.0)})
    orders = [e["y"]["sort"] for e in every(spec, "encoding")]
    assert orders == [["Average", "B", "A", "Estimate"]] * len(orders)
    assert all(e["x"]["scale"]["domain"] == [10.0, 40.0] for e in every(spec, "encoding"))


def test_a_scale_that_nobody_bounds_is_left_to_the_rows():
    spec = frozen.filled("waterfall", [{"label": "A"}], {})
    assert all("domain" not in e["x"]["scale"] for e in every(spec, "encoding"))


def test_filling_a_chart_changes_no_other():
    frozen.filled("waterfall", [{"label": "A"}], {"x": (0.0, 1.0)})
    again = frozen.spec("waterfall")
    assert all(e["y"]["sort"] == [] for e in every(again, "encoding"))


@given(
    st.lists(
        st.tuples(
            st.none() | st.text(),
            st.none() | st.floats(allow_nan=False),
            st.booleans(),
        ),
        min_size=1,
    )
)
def test_rows_arrive_as_they_were_given(given_rows: list[tuple[Any, ...]]):
    """Written by hand from buffers, so held against the reader of Arrow."""
    rows = [{"text": a, "number": b, "flag": c} for a, b, c in given_rows]
    read = frozen.table(rows).to_pydict()
    texts = [row["text"] for row in rows]
    if any(text is not None for text in texts):
        assert read["text"] == texts
    numbers = [None if math.isnan(x) else x for x in read["number"]]
    assert numbers == [row["number"] for row in rows]
    assert read["flag"] == [float(row["flag"]) for row in rows]


def test_serving_loads_neither_altair_nor_pandas_to_draw():
    """Measured where nothing else is imported, because this process has both."""
    program = (
        "import sys; from decision.ui.charts import frozen\n"
        "frozen.draw('waterfall', [{'label': 'A', 'x': None}], alt='A', key='a')\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'altair', 'pandas'}))"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout.replace("'", '"')) == []
