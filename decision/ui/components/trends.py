"""Values over time: sentences first, the picture of them, and every number on request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from decision.clinical.record import PatientRecord
from decision.clinical.series import Series
from decision.evidence.periods import Treatments
from decision.ui.charts import frozen
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.components.trend_rows import picture
from decision.ui.texts import trends as words

CHART = "over_time"
FOOT = 20
"""Pixels that the page leaves below every chart."""


def since(series: Sequence[Series], record: PatientRecord, years: int | None) -> datetime:
    """The first moment shown: that of the first point, or so many years before the data."""
    points = [p.when.earliest for s in series for p in s.points]
    first = min(points, default=record.as_of)
    return first if years is None else max(first, record.as_of - timedelta(days=365.25 * years))


def groups(series: Sequence[Series]) -> dict[str, list[Series]]:
    """Series with a point by their heading, in the decision's order."""
    found: dict[str, list[Series]] = {}
    for one in series:
        if one.points:
            found.setdefault(one.trend.group, []).append(one)
    return found


def several(series: Sequence[Series]) -> list[Series]:
    """What is worth a panel: one value has no course."""
    return [s for s in series if len(s.points) > 1]


def heading(group: str) -> str:
    return f'<div class="tr tr-doc"><h2>{text(group)}</h2></div>'


def said(series: Sequence[Series], on: date) -> str:
    """What the series of a heading say in words, beneath their picture; whose its lines are."""
    lines = "".join(f"<li>{text(' '.join(words.sentences(s)))}</li>" for s in series)
    guides = [line for s in several(series) for line in words.lines_of(s, on)]
    whose = details(words.LINES, items(guides)) if guides else ""
    return f'<div class="tr tr-small"><ul class="tr-trend">{lines}</ul>{whose}</div>'


def chart(
    group: str, series: Sequence[Series], treatments: Treatments, first: datetime, last: datetime
) -> None:
    """The panels of one heading, in its place, under the bars of treatment."""
    found = picture(series, treatments, first, last)
    frozen.draw(
        CHART,
        found.rows,
        alt=words.alternative(group, series, treatments),
        key=f"trend-chart-{series[0].trend.id}",
        domains={"x": (found.first, found.last), "y": (found.height, 0)},
        height=found.height + FOOT,
    )


def treated(treatments: Treatments) -> str:
    """Every course in words: the bars repeat it."""
    told = items(words.treatments(treatments))
    return f'<div class="tr-doc"><h2>{words.TREATMENT}</h2>{told}</div>'


def values(series: Sequence[Series]) -> str:
    """Every number that is drawn, a table for each series."""
    tables = "".join(
        f"<h3>{text(words.name_of(s))}</h3>"
        + table(words.VALUES_HEAD, words.value_rows(s), "tr-table")
        for s in series
        if s.points
    )
    return f'<div class="tr tr-doc">{tables}</div>'


def rest(series: Sequence[Series]) -> str:
    """What has no value, what may be missing, and what has no place in a picture."""
    rows = [words.not_drawn_row(s, one) for s in series for one in s.undrawn]
    listed = table(words.NOT_DRAWN_HEAD, rows, "tr-table") if rows else ""
    return (
        '<div class="tr tr-doc">'
        + paragraph(words.unread(series), "tr-strong")
        + paragraph(words.absent([s for s in series if not s.points]))
        + (details(words.not_drawn(len(rows)), listed) if rows else "")
        + "</div>"
    )
