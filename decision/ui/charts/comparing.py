"""The charts of the page that compares and gives reasons. Imports Altair: authoring only."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import altair as alt

from decision.ui.charts.authoring import (
    BASE,
    BEHIND,
    DISC,
    FG,
    FONT,
    GIVEN,
    IN_ORDER,
    LINE,
    LOWERS,
    PADDING,
    RAISES,
    RING,
    STEP,
    TOTAL,
    in_rows,
    label_axis,
    number_axis,
    rows,
)

BAR = 14


def _labels() -> alt.Y:
    return alt.Y("label:N", sort=IN_ORDER, axis=label_axis(), scale=alt.Scale(padding=0.1))


def _of_100(field: str) -> alt.X:
    axis = number_axis(format="d", tickMinStep=1)
    return alt.X(field, axis=axis, scale=alt.Scale(domain=GIVEN, zero=False, nice=False))


def waterfall() -> alt.TopLevelMixin:
    """From the average to the estimate, one row per reason, each where the one before it ended.

    Rows: `label`, `kind` (base, raises, lowers, none, total), `start`, `end`, `shown` (its number
    in words), `right` and `left` (where that number stands, one of them null), `following` (the
    next label, null in the last row).
    """
    base = alt.Chart(rows())
    kinds = ["base", "raises", "lowers", "none", "total"]
    colours = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=kinds, range=[BASE, RAISES, LOWERS, BASE, TOTAL]),
        legend=None,
    )
    ends = "datum.kind == 'base' || datum.kind == 'total'"
    link = base.transform_filter("isValid(datum.following)").mark_rule(
        color=LINE, strokeDash=[3, 3], opacity=1
    )
    bar = base.transform_filter(f"!({ends})").mark_bar(height=BAR, opacity=1, minBandSize=1)
    tick = base.transform_filter(ends).mark_tick(
        thickness=5, height=BAR + 8, opacity=1, orient="vertical"
    )
    right = base.transform_filter("isValid(datum.right)").mark_text(
        align="left", dx=6, color=FG, fontSize=FONT, fontWeight="bold", opacity=1
    )
    left = base.transform_filter("isValid(datum.left)").mark_text(
        align="right", dx=-6, color=FG, fontSize=FONT, fontWeight="bold", opacity=1
    )
    return in_rows(
        alt.layer(
            link.encode(y=_labels(), y2=alt.Y2("following:N"), x=_of_100("end:Q")),
            bar.encode(y=_labels(), x=_of_100("start:Q"), x2="end:Q", color=colours),
            tick.encode(y=_labels(), x=_of_100("end:Q"), color=colours),
            right.encode(y=_labels(), x=_of_100("right:Q"), text="shown:N"),
            left.encode(y=_labels(), x=_of_100("left:Q"), text="shown:N"),
        )
    )


def ranges() -> alt.TopLevelMixin:
    """Estimates with their ranges on one scale, of 100. Rows: `label`, `low`, `high`, `point` (null
    where the range speaks alone), `shown` and `at` (where it stands), `zero` (null where nothing is
    compared with zero).
    """
    base = alt.Chart(rows())
    x = _of_100("low:Q")
    zero = base.transform_filter("isValid(datum.zero)").mark_rule(color=FG, opacity=1)
    rule = base.mark_rule(strokeWidth=5, color=DISC, opacity=1, strokeCap="round")
    point = base.transform_filter("isValid(datum.point)").mark_point(
        filled=True, size=130, color=DISC, stroke=FG, strokeWidth=1.5, opacity=1
    )
    halo = base.mark_text(
        align="center",
        dy=-15,
        color=BEHIND,
        stroke=BEHIND,
        strokeWidth=9,
        strokeJoin="round",
        fontSize=FONT,
        fontWeight="bold",
        opacity=1,
    )
    said = base.mark_text(
        align="center", dy=-15, color=FG, fontSize=FONT, fontWeight="bold", opacity=1
    )
    return in_rows(
        alt.layer(
            zero.encode(x=_of_100("zero:Q")),
            halo.encode(y=_labels(), x=_of_100("at:Q"), text="shown:N"),
            rule.encode(y=_labels(), x=x, x2="high:Q"),
            point.encode(y=_labels(), x=_of_100("point:Q")),
            said.encode(y=_labels(), x=_of_100("at:Q"), text="shown:N"),
        ),
        STEP + 12,
    )


def kinds() -> alt.TopLevelMixin:
    """What each kind of data does, as bars from zero. Rows: `label`, `effect` (of 100), `zero`,
    `way` (raises, lowers, none), `shown`, `right` and `left` (as in `waterfall`).
    """
    base = alt.Chart(rows())
    colours = alt.Color(
        "way:N",
        scale=alt.Scale(domain=["raises", "lowers", "none"], range=[RAISES, LOWERS, BASE]),
        legend=None,
    )
    zero = base.mark_rule(color=FG, opacity=1)
    bar = base.mark_bar(height=BAR, opacity=1)
    right = base.transform_filter("isValid(datum.right)").mark_text(
        align="left", dx=6, color=FG, fontSize=FONT, fontWeight="bold", opacity=1
    )
    left = base.transform_filter("isValid(datum.left)").mark_text(
        align="right", dx=-6, color=FG, fontSize=FONT, fontWeight="bold", opacity=1
    )
    return in_rows(
        alt.layer(
            zero.encode(x=_of_100("zero:Q")),
            bar.encode(y=_labels(), x=_of_100("zero:Q"), x2="effect:Q", color=colours),
            right.encode(y=_labels(), x=_of_100("right:Q"), text="shown:N"),
            left.encode(y=_labels(), x=_of_100("left:Q"), text="shown:N"),
        )
    )


def calibration() -> alt.TopLevelMixin:
    """What became of those who were scored alike, over the whole scale, with this patient's band.

    Rows: `low`, `high` and `middle` of the band as scored, `observed`, `least` and `most` (null
    where too few), all of 100; `own` (whether the patient is in it); `floor` and `ceiling`, the
    ends of the scale, and `equal`, the points of the diagonal.
    """
    base = alt.Chart(rows())
    axis = number_axis(format="d", values=[0, 20, 40, 60, 80, 100])
    whole = alt.Scale(domain=[0, 100], nice=False)
    x, y = alt.X("middle:Q", axis=axis, scale=whole), alt.Y("observed:Q", axis=axis, scale=whole)
    band = base.transform_filter("datum.own").mark_rect(color=DISC, opacity=0.22)
    perfect = base.mark_line(color=LINE, strokeDash=[4, 4], opacity=1)
    limits = base.transform_filter("isValid(datum.least)").mark_rule(
        color=FG, strokeWidth=1.5, opacity=1
    )
    point = base.transform_filter("isValid(datum.observed)").mark_point(
        filled=True, size=70, color=RING, stroke=FG, strokeWidth=1.2, opacity=1
    )
    own = base.transform_filter("datum.own && isValid(datum.observed)").mark_point(
        filled=True, size=150, color=DISC, stroke=FG, strokeWidth=1.5, opacity=1
    )
    return alt.layer(
        band.encode(
            x=alt.X("low:Q", axis=axis, scale=whole),
            x2="high:Q",
            y=alt.Y("floor:Q", axis=axis, scale=whole),
            y2="ceiling:Q",
        ),
        perfect.encode(x=alt.X("equal:Q", axis=axis, scale=whole), y=alt.Y("equal:Q", axis=axis)),
        limits.encode(x=x, y=alt.Y("least:Q", axis=axis, scale=whole), y2="most:Q"),
        point.encode(x=x, y=y),
        own.encode(x=x, y=y),
    ).properties(height=240, padding=PADDING)


CHARTS: Mapping[str, Callable[[], alt.TopLevelMixin]] = {
    "waterfall": waterfall,
    "ranges": ranges,
    "kinds": kinds,
    "calibration": calibration,
}
