"""The rows of a chart over time, in pixels: bars of treatment, then one panel for each series."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from decision.clinical.series import Point, Series
from decision.evidence.periods import Period, Treatments
from decision.ui.texts import trends as words
from decision.ui.texts.numbers import day, month, number

Row = dict[str, str | float | None]

LANE, BAR = 27, 8
PANEL, TITLE, PLOT = 104, 30, 62
TIMES = 22
CLOSEST = 13
"""Pixels between two numbers beside a panel, so that neither covers the other."""
MOST_TICKS = 5
STEPS = (1, 2, 3, 6, 12, 24, 60, 120, 240)
"""Months between two ticks."""
SHORTEST = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Picture:
    """Rows with what they need: how tall the chart is, and from when to when it goes."""

    rows: tuple[Row, ...]
    height: int
    first: float
    last: float


def picture(
    drawn: Sequence[Series], treatments: Treatments, first: datetime, last: datetime
) -> Picture:
    """The same series, treatments and time always give the same rows, in the same order."""
    start = min(first, last - SHORTEST)
    top = LANE * len(treatments.periods)
    foot = top + PANEL * len(drawn)
    rows = list(_times(start, last, top, foot))
    for place, period in enumerate(treatments.periods):
        rows += _lane(period, LANE * place, max(period.start, start), last, foot, start)
    for place, series in enumerate(drawn):
        rows += _panel(series, top + PANEL * place, start, last)
    return Picture(tuple(rows), foot + TIMES, _ms(start), _ms(last))


def _row(what: str, y: float, **more: str | float | None) -> Row:
    row: Row = {
        "what": what,
        "x": None,
        "x2": None,
        "y": y,
        "y2": None,
        "text": None,
        "line": None,
        "mark": None,
        "style": None,
        "tip": None,
    }
    row.update(more)
    return row


def _ms(when: datetime) -> float:
    return round(when.timestamp() * 1000)


def _lane(
    period: Period, top: float, begun: datetime, last: datetime, foot: float, start: datetime
) -> Iterator[Row]:
    told = period.words
    low = top + LANE - 3
    ends = {"x": _ms(begun), "x2": _ms(min(period.end, last))}
    yield _row("drug", top + 8, text=told)
    yield _row("band", low - BAR, y2=low, tip=told, **ends)
    if period.since and period.start > start:
        yield _row("begin", low, x=_ms(begun), y2=foot)


def _panel(series: Series, top: float, start: datetime, last: datetime) -> Iterator[Row]:
    cited = [g.value for g in series.trend.guides(last.date())]
    own = [value for value, _ in words.own_limits(series)]
    low, high = _bounds(series, [*cited, *own])
    head, ends = top + TITLE, {"x": _ms(start), "x2": _ms(last)}

    def y(value: float) -> float:
        return round(head + (high - value) / (high - low) * PLOT, 2)

    yield _row("title", top + 11, text=words.name_of(series))
    yield _row("said", top + 11, text=words.newest(series))
    yield _row("base", y(low), **ends)
    for value in cited:
        yield _row("guide", y(value), style="cited", **ends)
    for value in own:
        yield _row("guide", y(value), style="own", **ends)
    for value in _numbers([*cited, *own, high, low], y):
        yield _row("number", y(value), text=number(value))
    for line, stretch in enumerate(series.stretches):
        for point in stretch:
            yield _row(
                "point",
                y(point.value),
                x=_ms(point.when.middle),
                line=f"{series.trend.id} {line}",
                mark=_mark(point),
                tip=words.tip(series, point),
            )


def _mark(point: Point) -> str:
    if point.comparator:
        return "most" if point.comparator.startswith("<") else "least"
    return "entered" if point.entered else "value"


def _bounds(series: Series, limits: Sequence[float]) -> tuple[float, float]:
    """Round ends that hold every value and limit, and what the series' axis shows at least."""
    values = [p.value for p in series.points]
    least = series.trend.least or (0.0, max(values))
    low, high = min(*values, *limits, least[0]), max(*values, *limits, least[1])
    if low == high:
        low, high = low - 1, high + 1
    step = _step((high - low) / 4)
    return math.floor(round(low / step, 6)) * step, math.ceil(round(high / step, 6)) * step


def _step(rough: float) -> float:
    """The nearest of 1, 2 and 5 times a power of ten, from above."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= rough)


def _numbers(wanted: Sequence[float], y: Callable[[float], float]) -> list[float]:
    """Limits first, then the ends, as many as stand apart."""
    kept: list[float] = []
    for value in wanted:
        if all(abs(y(value) - y(other)) >= CLOSEST for other in kept):
            kept.append(value)
    return kept


def _times(start: datetime, last: datetime, top: float, foot: float) -> Iterator[Row]:
    ticks = _ticks(start.date(), last.date())
    span = (last - start) / timedelta(days=1)
    years = len(ticks) > 1 and all(t.month == 1 for t in ticks)
    if len(ticks) < 2:
        yield _row("first", foot + 12, x=_ms(start), text=day(start))
        yield _row("last", foot + 12, x=_ms(last), text=day(last))
        return
    for tick in ticks:
        when = datetime(tick.year, tick.month, 1, tzinfo=UTC)
        share = (when - start) / timedelta(days=1) / span
        what = "first" if share < 0.07 else "last" if share > 0.93 else "time"
        yield _row("tick", top, x=_ms(when), y2=foot)
        told = str(tick.year) if years else month(tick)
        yield _row(what, foot + 12, x=_ms(when), text=told)


def _ticks(start: date, last: date) -> list[date]:
    """First days of months, evenly apart and few."""
    for step in STEPS:
        months = range(start.year * 12 + start.month, last.year * 12 + last.month)
        ticks = [date(m // 12, m % 12 + 1, 1) for m in months if m % 12 % min(step, 12) == 0]
        if step > 12:
            ticks = [t for t in ticks if t.year % (step // 12) == 0]
        if len(ticks) <= MOST_TICKS:
            return ticks
    return []
