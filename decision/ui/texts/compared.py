"""Sentences about what was published, beside our estimate: agreeing, differing, or not comparable.

Nothing published ever changes our estimate. Two figures are set against each other only where they
are about the same outcome by the same time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from string import ascii_uppercase

from decision.clinical.answers import in_years
from decision.clinical.assessment import HorizonRisk, PrognosisCard
from decision.clinical.dated import Standing
from decision.clinical.situation import Comparator, PublishedRisk, Situation
from decision.ui.texts.numbers import of_100, per_100
from decision.ui.texts.situation import sentence

TITLE = "Published, beside our estimate"
TITLE_ALONE = "Published"
NAMED_AT_MOST = 3
NOTE = (
    "Published figures are averages of other people, who were chosen, tested and followed in other "
    "ways and from other moments; one person may differ from them without either being wrong. They "
    "never change our estimate."
)
CIRCULAR = (
    "The simulation behind our estimate was itself made from published figures, some of these "
    "among them: where they agree, nothing is confirmed."
)
NO_ESTIMATE = "There is no estimate of ours to set them against."
ABOUT = "About these figures"
REFUSED = "Not for this person"


class Agreement(StrEnum):
    """How a published figure stands to our estimate."""

    AGREES = "agrees"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One published figure on the chart; equal ones of several comparators are one mark."""

    years: float
    risk: float | None
    low: float | None
    high: float | None
    named: tuple[tuple[str, str], ...]
    """(letter, label) of each comparator that says so."""

    @property
    def ends(self) -> tuple[float, float] | None:
        """What is drawn beside the point; None where only a point was published."""
        if self.low is None and self.high is None:
            return None
        low = self.low if self.low is not None else (self.risk or 0.0)
        high = self.high if self.high is not None else (1.0 if self.risk is None else self.risk)
        return low, high

    @property
    def letters(self) -> str:
        return " ".join(letter for letter, _ in self.named)


def note(card: PrognosisCard | None) -> str:
    """What must be known before any figure is read."""
    if card is None:
        return f"{NOTE} {NO_ESTIMATE}"
    return f"{NOTE} {CIRCULAR}" if card.model.simulated else NOTE


def applied(situation: Situation) -> tuple[Comparator, ...]:
    return tuple(c for c in situation.comparators if c.said and c.published)


def refused(situation: Situation) -> tuple[Comparator, ...]:
    """Those that are published and say nothing of this person, each with its reason."""
    return tuple(c for c in situation.comparators if c.refused and c.published)


def unavailable(situation: Situation) -> str:
    """Those whose coefficients nobody has published, by name, in one line."""
    names = [c.label for c in situation.comparators if not c.published]
    if not names:
        return ""
    return f"Not available, because their coefficients are not published: {', '.join(names)}."


def ends(found: PublishedRisk) -> tuple[float, float]:
    """The published range; a figure without one is its own, an end that was not given is open."""
    low = found.low if found.low is not None else found.risk
    high = found.high if found.high is not None else found.risk
    return low if low is not None else 0.0, high if high is not None else 1.0


def says_something(found: PublishedRisk) -> bool:
    """Whether there is any number in it at all."""
    return any(n is not None for n in (found.risk, found.low, found.high))


def agreement(found: PublishedRisk, risks: Sequence[HorizonRisk]) -> Agreement:
    """Whether both ranges, in whole numbers as they are shown, have one in common."""
    ours = next((r.interval for r in risks if r.years == found.years), None)
    if ours is None or not says_something(found):
        return Agreement.NOT_COMPARABLE
    low, high = ends(found)
    if per_100(low) <= per_100(ours.high) and per_100(ours.low) <= per_100(high):
        return Agreement.AGREES
    return Agreement.DIFFERS


def verdict(card: PrognosisCard, found: Comparator) -> Agreement:
    """One differing figure makes the whole differ; none by a time of ours, not comparable."""
    said = {agreement(risk, card.answer.risks) for risk in found.risks}
    for way in (Agreement.DIFFERS, Agreement.AGREES):
        if way in said:
            return way
    return Agreement.NOT_COMPARABLE


def verdict_sentence(card: PrognosisCard, found: Comparator) -> str:
    """`Agrees`, `Differs` or neither; by which times, and, where they differ, by how much."""
    way = verdict(card, found)
    if way is Agreement.NOT_COMPARABLE:
        return "Not comparable: no published risk of the same outcome by the same time."
    told = [risk for risk in found.risks if agreement(risk, card.answer.risks) is way]
    if way is Agreement.AGREES:
        when = " and ".join(dict.fromkeys(in_years(risk.years) for risk in told))
        return f"Agrees with our estimate by {when}: the ranges overlap."
    apart = "; ".join(f"by {in_years(r.years)} {_apart(card, r)}" for r in told)
    return f"Differs from our estimate: {apart}."


def why_apart(card: PrognosisCard, found: Comparator) -> str:
    """What must be known of a figure that differs; the rest of its notes can wait."""
    return sentence(found.note) if verdict(card, found) is Agreement.DIFFERS else ""


def _apart(card: PrognosisCard, found: PublishedRisk) -> str:
    ours = next(r for r in card.answer.risks if r.years == found.years)
    low, high = per_100(ours.interval.low), per_100(ours.interval.high)
    return f"published {_figure(found.risk, found.low, found.high)}, ours {low} to {high}"


def _figure(risk: float | None, low: float | None, high: float | None) -> str:
    """`44 of 100 (41 to 47)`, the range alone, or the one end that was given."""
    if low is not None and high is not None:
        span = f"{per_100(low)} to {per_100(high)}"
        return f"{span} of 100" if risk is None else f"{of_100(risk)} ({span})"
    if risk is not None:
        return of_100(risk)
    if high is not None:
        return f"under {of_100(high)}"
    return "no figure" if low is None else f"over {of_100(low)}"


def published(mark: Mark) -> str:
    return _figure(mark.risk, mark.low, mark.high)


def marks(card: PrognosisCard) -> tuple[Mark, ...]:
    """What was published for a time on the chart, in the order of the times."""
    last = card.answer.last.years
    found: dict[tuple[float, float | None, float | None, float | None], list[tuple[str, str]]] = {}
    for letter, one in zip(ascii_uppercase, charted(card), strict=False):
        for risk in one.risks:
            if 0 < risk.years <= last and says_something(risk):
                key = (risk.years, risk.risk, risk.low, risk.high)
                found.setdefault(key, []).append((letter, one.label))
    return tuple(
        Mark(years=y, risk=r, low=low, high=high, named=tuple(dict.fromkeys(named)))
        for (y, r, low, high), named in sorted(found.items(), key=lambda item: item[0][0])
    )


def charted(card: PrognosisCard) -> tuple[Comparator, ...]:
    """Those with a figure for a time on the chart; their order gives their letters."""
    last = card.answer.last.years
    return tuple(c for c in applied(card.situation) if any(0 < r.years <= last for r in c.risks))


def letter_of(card: PrognosisCard, found: Comparator) -> str:
    """By which the chart names it; empty where it is not on the chart."""
    ids = [c.id for c in charted(card)]
    return ascii_uppercase[ids.index(found.id)] if found.id in ids[: len(ascii_uppercase)] else ""


def about(found: Comparator) -> tuple[str, ...]:
    """Everything a reader must know before leaning on it."""
    status = found.status.value
    rows = (
        ("Counted in", found.population),
        ("Units", found.units),
        ("Valid for", found.validity),
        ("Licence", found.licence),
        ("Source", found.source),
        ("Status", status if found.status is not Standing.VERIFIED else "verified"),
        ("Note", found.note),
    )
    return tuple(f"{name}: {sentence(words)}" for name, words in rows if words)


def not_for(situation: Situation) -> str:
    """Which say nothing of this person; of many the first, and how many more."""
    names = [c.label for c in refused(situation)]
    more = len(names) - NAMED_AT_MOST
    rest = f"; and {more} more" if more > 0 else ""
    return f"{REFUSED}: {'; '.join(names[:NAMED_AT_MOST])}{rest}"


def refusal(found: Comparator) -> str:
    """Why it says nothing of this person, and what would change that."""
    return f"{sentence(found.refused)} {sentence(found.remedy)}".strip()
