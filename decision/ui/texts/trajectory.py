"""Sentences about the course of the risk: the text alternative of the chart, and its table."""

from __future__ import annotations

from decision.clinical.answers import in_years
from decision.clinical.assessment import CurvePoint, PrognosisCard
from decision.ui.texts.compared import Mark, marks, published
from decision.ui.texts.numbers import level, number, of_100, per_100

TITLE = "Course of the risk"
TABLE = "The course as a table"
START = "now"
HEAD = ("By", "Estimate", "Likely range")
PUBLISHED_HEAD = ("By", "Published", "Which")


def alternative(card: PrognosisCard) -> str:
    """What somebody reads off the chart who sees it, in the same order."""
    answer = card.answer
    steps = "; ".join(
        f"{of_100(r.probability)} ({per_100(r.interval.low)} to {per_100(r.interval.high)}) "
        f"by {in_years(r.years)}"
        for r in answer.risks
    )
    told = [f"The estimated risk rises from 0 now to {steps}."]
    found = marks(card)
    if found:
        beside = "; ".join(f"{m.letters} {published(m)} by {in_years(m.years)}" for m in found)
        told.append(f"Published beside it: {beside}.")
    return " ".join(told)


def legend(card: PrognosisCard) -> str:
    """What the marks are, in words: no colour has to be told from another."""
    ranged = level(card.answer.last.interval)
    said = f"Line and discs: our estimate; shaded: likely range ({ranged})."
    named = "; ".join(f"{letter} {label}" for letter, label in _letters(marks(card)))
    return f"{said} Diamonds: published for other people ({named})." if named else said


def _letters(found: tuple[Mark, ...]) -> list[tuple[str, str]]:
    told: dict[str, str] = {}
    for mark in found:
        told |= dict(mark.named)
    return sorted(told.items())


def rows(card: PrognosisCard) -> tuple[tuple[str, str, str], ...]:
    """The curve once a year and at every horizon; each number as the model gave it."""
    horizons = {r.years for r in card.answer.risks}
    kept = [p for p in card.answer.curve if p.years in horizons or p.years == int(p.years)]
    return tuple(_row(point) for point in kept if point.years > 0)


def _row(point: CurvePoint) -> tuple[str, str, str]:
    return (
        in_years(point.years),
        of_100(point.risk),
        f"{per_100(point.low)} to {per_100(point.high)}",
    )


def beside(card: PrognosisCard) -> tuple[tuple[str, str, str], ...]:
    """What was published for times on the chart."""
    return tuple(
        (in_years(m.years), published(m), ", ".join(label for _, label in m.named))
        for m in marks(card)
    )


def tick(n: float) -> str:
    return START if n == 0 else f"{number(n)} y"
