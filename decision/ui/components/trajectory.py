"""The course of the risk as a chart of plain boxes: no script, no picture file, no drawing library.

A page takes out inline SVG, and a chart library would be the largest thing it loads. A clip path
is kept, follows the text colour of either theme, and needs nothing: the band and the line are
boxes cut to shape, the marks are boxes in their place, the numbers are text.
"""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.assessment import PrognosisCard, range_first
from decision.ui.components.markup import details, paragraph, table, text
from decision.ui.texts import compared, trajectory
from decision.ui.texts.compared import Mark
from decision.ui.texts.numbers import per_100

LINES = (0, 25, 50, 75, 100)
HALF_LINE = "1.25px"
STEP_ASIDE = 13
"""Pixels between published marks of one time, so that none hides another or ours."""
LOW = 0.15
"""Below it a number under its point would stand among those of the axis."""
FEWEST_POINTS = 2


def chart(card: PrognosisCard) -> str:
    """The figure, its legend, and the same numbers as a table on request."""
    if len(card.answer.curve) < FEWEST_POINTS:
        return ""
    numbers = table(trajectory.HEAD, trajectory.rows(card), "tr-table tr-outside")
    others = trajectory.beside(card)
    beside = table(trajectory.PUBLISHED_HEAD, others, "tr-table tr-outside") if others else ""
    return (
        f'<section class="tr-card tr-course" aria-label="{text(trajectory.TITLE)}">'
        f"<h2>{text(trajectory.TITLE)}</h2>"
        + _figure(card)
        + paragraph(trajectory.legend(card), "tr-small")
        + details(trajectory.TABLE, numbers + beside)
        + "</section>"
    )


def _figure(card: PrognosisCard) -> str:
    """One picture with one alternative text; what is inside it is not read a second time."""
    last = card.answer.last.years
    inner = (
        "".join(_rule(n) for n in LINES)
        + _band(card, last)
        + _line(card, last)
        + "".join(_horizon(card, i, last) for i in range(len(card.answer.risks)))
        + _published(compared.marks(card), last)
    )
    style = "tr-chart tr-vague" if range_first(card) else "tr-chart"
    times = (0.0, *(found.years for found in card.answer.risks))
    axis = "".join(
        f'<span style="left:{_x(t, last)}">{text(trajectory.tick(t))}</span>' for t in times
    )
    return (
        f'<div class="{style}" role="img" aria-label="{text(trajectory.alternative(card))}">'
        f'<div class="tr-plot">{inner}</div><div class="tr-times">{axis}</div></div>'
    )


def _x(years: float, last: float) -> str:
    return f"{100 * years / last:.2f}%"


def _y(risk: float) -> str:
    """From the top, because boxes are cut from there."""
    return f"{100 * (1 - min(1.0, max(0.0, risk))):.2f}%"


def _rule(n: int) -> str:
    return f'<i class="tr-rule" style="top:{100 - n}%"><b>{n}</b></i>'


def _polygon(style: str, upper: Sequence[str], lower: Sequence[str]) -> str:
    shape = ",".join((*upper, *reversed(lower)))
    return f'<i class="{style}" style="clip-path:polygon({shape})"></i>'


def _band(card: PrognosisCard, last: float) -> str:
    points = [p for p in card.answer.curve if p.years <= last]
    upper = [f"{_x(p.years, last)} {_y(p.high)}" for p in points]
    lower = [f"{_x(p.years, last)} {_y(p.low)}" for p in points]
    return _polygon("tr-band", upper, lower)


def _line(card: PrognosisCard, last: float) -> str:
    """As thick as two and a half pixels, whatever the size of the chart."""
    points = [(_x(p.years, last), _y(p.risk)) for p in card.answer.curve if p.years <= last]
    upper = [f"{x} calc({y} - {HALF_LINE})" for x, y in points]
    lower = [f"{x} calc({y} + {HALF_LINE})" for x, y in points]
    return _polygon("tr-curve", upper, lower)


def _horizon(card: PrognosisCard, i: int, last: float) -> str:
    """The number stands where the line, which only rises, does not: below it, at the end beside;
    near the axis above.
    """
    found = card.answer.risks[i]
    x, y = _x(found.years, last), _y(found.probability)
    style = "tr-value"
    if found.years == last:
        style += " tr-last"
    elif found.probability < LOW:
        style += " tr-above"
    return (
        f'<i class="tr-horizon" style="left:{x}"></i>'
        f'<i class="tr-point" style="left:{x};top:{y}"></i>'
        f'<b class="{style}" style="left:{x};top:{y}">{per_100(found.probability)}</b>'
    )


def _published(found: Sequence[Mark], last: float) -> str:
    """Beside their time, to the left of ours, each with its letter."""
    drawn = ""
    before: dict[float, int] = {}
    for mark in found:
        before[mark.years] = before.get(mark.years, 0) + 1
        aside = f"calc({_x(mark.years, last)} - {STEP_ASIDE * before[mark.years]}px)"
        top = mark.risk
        if mark.ends is not None:
            low, high = mark.ends
            top = high
            style = f"left:{aside};top:{_y(high)};height:{100 * (high - low):.2f}%"
            drawn += f'<i class="tr-whisker" style="{style}"></i>'
        if mark.risk is not None:
            drawn += f'<i class="tr-diamond" style="left:{aside};top:{_y(mark.risk)}"></i>'
        if top is not None:
            drawn += (
                f'<b class="tr-letter" style="left:{aside};top:{_y(top)}">{text(mark.letters)}</b>'
            )
    return drawn
