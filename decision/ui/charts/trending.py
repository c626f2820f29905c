"""How charts over time are authored: panels beneath each other on one axis of time.

Every position down the page is given in pixels and every word is a row, because panels of their own
scales would each draw an axis of its own width, and names of months would be those of the browser.
Marks are silent: the chart's one alternative text says what they show, and a reader that is told of
every mark by itself hears nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import altair as alt

from decision.ui.charts.authoring import BASE, DISC, FG, GIVEN, LINE, rows

LEFT, RIGHT = 44, 14
"""Pixels beside the axis of time: numbers to the left, half a mark to the right."""
FONT = 12
MARKS = {
    "value": "circle",
    "entered": "diamond",
    "most": "triangle-down",
    "least": "triangle-up",
}
"""A bound such as `<5` points the way the true value lies."""

WIDTH = alt.ExprRef(expr=f"width - {RIGHT}")
EDGE = alt.ExprRef(expr="width")


def _x(field: str) -> alt.X:
    return alt.X(
        f"{field}:Q",
        axis=None,
        scale=alt.Scale(domain=GIVEN, range=[LEFT, WIDTH], nice=False, zero=False),
    )


def _y(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", axis=None, scale=alt.Scale(domain=GIVEN, nice=False, zero=False))


_ROWS = alt.Chart(rows())
"""One chart for all layers, so that their data is that of the whole."""


def _of(what: str) -> alt.Chart:
    return _ROWS.transform_filter(f"datum.what === '{what}'")


def _at(pixels: int | alt.ExprRef) -> Any:
    return alt.value(pixels)


def _words(what: str, place: Any, **mark: Any) -> alt.Chart:
    told: dict[str, Any] = {
        "aria": False,
        "color": FG,
        "fontSize": FONT,
        "opacity": 1,
        "baseline": "middle",
    }
    marked: alt.Chart = _of(what).mark_text(**(told | mark))
    return marked.encode(x=place, y=_y("y"), text="text:N")


def over_time() -> alt.TopLevelMixin:
    """Panels over time. Rows: `what` is drawn, `x` and `x2` (milliseconds since 1970), `y` and `y2`
    (pixels from the top), `text`, `line` (points of one line share it), `mark` (of a point),
    `style` (of a guide: cited or own) and `tip`.
    """
    far = alt.X2("x2:Q")
    low = alt.Y2("y2:Q")
    tick = _of("tick").mark_rule(aria=False, color=LINE, opacity=1, strokeOpacity=0.35)
    base = _of("base").mark_rule(aria=False, color=LINE, opacity=1)
    band = _of("band").mark_rect(aria=False, color=BASE, opacity=1, cornerRadius=2)
    begin = _of("begin").mark_rule(aria=False, color=BASE, strokeDash=[2, 3], opacity=1)
    guide = _of("guide").mark_rule(aria=False, color=FG, strokeWidth=1.2, opacity=1)
    line = _of("point").mark_line(aria=False, color=DISC, strokeWidth=1.8, opacity=1)
    point = _of("point").mark_point(aria=False, filled=True, size=58, color=DISC, opacity=1)
    dashes = alt.Scale(domain=["cited", "own"], range=[[6, 4], [2, 3]])
    shapes = alt.Scale(domain=list(MARKS), range=list(MARKS.values()))
    return alt.layer(
        tick.encode(x=_x("x"), y=_y("y"), y2=low),
        base.encode(x=_x("x"), x2=far, y=_y("y")),
        band.encode(x=_x("x"), x2=far, y=_y("y"), y2=low, tooltip="tip:N"),
        begin.encode(x=_x("x"), y=_y("y"), y2=low),
        guide.encode(
            x=_x("x"),
            x2=far,
            y=_y("y"),
            strokeDash=alt.StrokeDash("style:N", scale=dashes, legend=None),
        ),
        line.encode(x=_x("x"), y=_y("y"), detail="line:N", order="x:Q"),
        point.encode(
            x=_x("x"),
            y=_y("y"),
            shape=alt.Shape("mark:N", scale=shapes, legend=None),
            tooltip="tip:N",
        ),
        _words("number", _at(LEFT - 8), align="right"),
        _words("title", _at(0), align="left", fontWeight="bold", fontSize=FONT + 1),
        _words("said", _at(EDGE), align="right"),
        _words("drug", _at(LEFT), align="left", limit=alt.ExprRef(expr=f"width - {LEFT}")),
        _words("first", _x("x"), align="left"),
        _words("time", _x("x"), align="center"),
        _words("last", _x("x"), align="right"),
    ).properties(height=100)


CHARTS: Mapping[str, Callable[[], alt.TopLevelMixin]] = {"over_time": over_time}
