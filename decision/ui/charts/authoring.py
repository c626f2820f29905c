"""What every authored chart shares: colours, text, axes. Imports Altair, so nothing that serves
pages may import this.
"""

from __future__ import annotations

from typing import Any

import altair as alt

FG = alt.ExprRef(expr="luminance(background) > 0.5 ? '#222' : '#eee'")
"""Colour of every text and thin line: no single one reads on white and on dark. An expression
follows a theme that is switched while the page is open, and prints dark on paper.
"""
BEHIND = alt.ExprRef(expr="background")
"""The colour of the page itself: a halo that keeps words apart from lines behind them."""
DISC, RING = "#2f6fde", "#8a94a0"
RAISES, LOWERS = "#0072b2", "#d55e00"
TOTAL, BASE = "#5b6fb5", "#768692"
"""At least 3:1 on both backgrounds (dashboard palette), and never the only sign of a meaning."""
LINE = "#8a94a0"

FONT = 13
STEP = 34
"""Pixels of a row: two lines of a label, or a target that a finger hits."""
LABELS = 170
"""Pixels for the labels of rows: less than half of the narrowest page."""
MOST_TICKS = 6
PADDING = {"left": 0, "right": 12, "top": 4, "bottom": 0}
"""Around a chart: the page has its own distances."""

IN_ORDER: list[str] = []
"""As the sort of a channel: the order of the rows that are passed in. Vega-Lite would keep the
order of the data it saw first when rows change.
"""
GIVEN: list[float] = []
"""As the domain of a scale: given with the rows, so that charts beside each other share one."""


def rows() -> alt.NamedData:
    """The data of a chart: whatever is passed in when it is drawn."""
    return alt.NamedData(name="rows")


def label_axis() -> alt.Axis:
    """Names of rows: every one of them, lines broken where the words say so."""
    return alt.Axis(
        title=None,
        labelExpr="split(datum.label, '\\n')",
        # Two lines stand around the middle of their row, not below it.
        labelBaseline={
            "condition": {"test": "indexof(datum.label, '\\n') >= 0", "value": "bottom"},
            "value": "middle",
        },
        labelOverlap=False,
        labelLimit=LABELS,
        labelColor=FG,
        labelFontSize=FONT,
        labelLineHeight=15,
        labelPadding=6,
        domain=False,
        ticks=False,
        grid=False,
    )


def number_axis(**more: Any) -> alt.Axis:
    """Numbers along an axis: few ticks, faint lines, no title (titles are text of the page)."""
    told: dict[str, Any] = {
        "title": None,
        "tickCount": MOST_TICKS,
        "labelColor": FG,
        "labelFontSize": FONT,
        "labelFlush": False,
        "grid": True,
        "gridColor": LINE,
        "gridOpacity": 0.35,
        "domainColor": LINE,
        "tickColor": LINE,
    }
    return alt.Axis(**(told | more))


def in_rows(chart: alt.LayerChart | alt.FacetChart, step: int = STEP) -> alt.TopLevelMixin:
    """As tall as its rows need and as wide as its place."""
    return chart.properties(
        height={"step": step},
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        padding=PADDING,
    )


def written(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The specification as it is frozen: checked by Altair, without data and without its version,
    which the page's own library decides.
    """
    found: dict[str, Any] = chart.to_dict()
    return {k: v for k, v in found.items() if k not in ("$schema", "data", "config", "datasets")}
