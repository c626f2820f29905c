"""Rows of a waterfall (D7): from the average to the number on the page, in whole numbers that add
up to it. What is too small or too many to list is summed, and said to be.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decision.clinical.assessment import Card, ComparisonCard, HorizonRisk, PrognosisCard
from decision.clinical.spec import Player
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import per_100
from decision.ui.texts.reasons import SMALLEST, player_text, signed
from decision.ui.texts.risk_reasons import adding_up

MOST = 8
"""Inputs that a waterfall lists by name."""
_UNIT = re.compile(r"(?:^|(?<=\s))([\d.,]+) (?=\S)")
"""Between a number and its unit no line may end."""
LINE = 25
LINES = 2
AVERAGE, REST = "Average", "All other inputs together"
MIDDLE, DIFFERENCE, ESTIMATE, RISK = "Middle of both", "Difference", "Estimate", "Risk"
ROOM = 0.16
"""Share of a scale that is left at its ends for the numbers beside the bars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row: where it begins and ends, of 100. `label` is broken for a chart, `words` is all of
    it; `kind` is base, raises, lowers, none or total.
    """

    label: str
    words: str
    kind: str
    start: int
    end: int

    @property
    def shown(self) -> str:
        """The number beside the row: an effect with its sign, an end without."""
        whole = self.end if self.kind in ("base", "total") else self.end - self.start
        return str(whole) if self.kind in ("base", "total") and whole >= 0 else signed(whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """What it is of, and its rows from top to bottom."""

    title: str
    steps: tuple[Step, ...]

    @property
    def scale(self) -> tuple[float, float]:
        """Low and high end of its own scale, with room for the numbers."""
        ends = [value for step in self.steps for value in (step.start, step.end)]
        room = max(2.0, ROOM * (max(ends) - min(ends)))
        return min(ends) - room, max(ends) + room


def broken(words: str) -> str:
    """In lines short enough for a label; what does not fit ends in an ellipsis."""
    lines = textwrap.wrap(_UNIT.sub("\\1\u00a0", words), LINE, break_long_words=True)
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], textwrap.shorten(" ".join(lines[LINES - 1 :]), LINE + 1)]
        if lines[-1].endswith("[...]"):
            lines[-1] = f"{lines[-1][:-5].rstrip()[: LINE - 1]}…"
    return "\n".join(lines)


def waterfall(
    title: str,
    ends: tuple[tuple[str, int], tuple[str, int]],
    listed: Sequence[tuple[str, str, float]],
    rest: float,
) -> Waterfall:
    """Rows of one waterfall.

    `ends` are the average and the number on the page with their labels; `listed` are (label, words,
    exact effect) from top to bottom; `rest` is what all others add up to.
    """
    (first, base), (last, total) = ends
    wholes = adding_up((*(effect for *_, effect in listed), rest), total - base)
    steps = [Step(label=first, words=first, kind="base", start=base, end=base)]
    at = base
    others = [(broken(REST), REST, rest)]
    for (label, words, _), whole in zip((*listed, *others), wholes, strict=True):
        kind = "raises" if whole > 0 else "lowers" if whole < 0 else "none"
        steps.append(Step(label=label, words=words, kind=kind, start=at, end=at + whole))
        at += whole
    steps.append(Step(label=last, words=last, kind="total", start=total, end=total))
    return Waterfall(title=title, steps=tuple(steps))


def _labels(card: Card, players: Sequence[Player]) -> dict[str, tuple[str, str]]:
    """(label, words) by player. Two that would read alike in a chart are told apart."""
    found: dict[str, tuple[str, str]] = {}
    for player in players:
        label = broken(player_text(card.spec, card.features, player, days=False))
        if any(label == other for other, _ in found.values()):
            label = broken(player.label)
        found[player.id] = (label, player_text(card.spec, card.features, player))
    return found


def _chosen(card: Card, sizes: Mapping[str, float], smallest: float = SMALLEST) -> list[Player]:
    """The largest, in their order; none that rounds to nothing."""
    found = [p for p in card.spec.players if sizes.get(p.id, 0.0) >= smallest]
    return sorted(found, key=lambda p: -sizes[p.id])[:MOST]


def of_drugs(card: ComparisonCard) -> tuple[Waterfall, ...]:
    """One per drug, in the neutral order, with the same rows in the same order."""
    explained = card.answer.explanation
    effects = {c.player: c.effects for c in explained.contributions}
    sizes = {player: max(abs(e) for e in each.values()) for player, each in effects.items()}
    chosen = _chosen(card, sizes)
    labels = _labels(card, chosen)
    found = []
    for treatment in ordered(card.spec):
        exact = [(*labels[p.id], effects[p.id][treatment.id]) for p in chosen]
        p = card.answer.prediction(treatment.id).probability
        base = explained.base[treatment.id]
        rest = p - base - sum(effect for *_, effect in exact)
        ends = ((AVERAGE, per_100(base)), (ESTIMATE, per_100(p)))
        found.append(waterfall(treatment.label, ends, exact, rest))
    return tuple(found)


def of_both(card: ComparisonCard, title: str) -> Waterfall:
    """What moves both drugs: from the middle of both averages to the middle of both estimates."""
    explained, spec = card.answer.explanation, card.spec
    effects = {c.player: c.prognostic for c in explained.contributions}
    chosen = _chosen(card, {player: abs(e) for player, e in effects.items()})
    labels = _labels(card, chosen)
    exact = [(*labels[p.id], effects[p.id]) for p in chosen]
    base = sum(explained.base[t.id] for t in spec.treatments) / 2
    middle = sum(p.probability for p in card.answer.predictions) / 2
    rest = middle - base - sum(effect for *_, effect in exact)
    return waterfall(title, ((AVERAGE, per_100(base)), (MIDDLE, per_100(middle))), exact, rest)


def of_gap(card: ComparisonCard, title: str) -> Waterfall:
    """What moves the drugs apart, positive towards the first card's. Both ends are differences of
    the whole numbers beside them, as everywhere on the page.
    """
    first, second = ordered(card.spec)
    explained = card.answer.explanation
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0
    effects = {c.player: sign * c.differential for c in explained.contributions}
    chosen = _chosen(card, {player: abs(e) for player, e in effects.items()})
    labels = _labels(card, chosen)
    exact = [(*labels[p.id], effects[p.id]) for p in chosen]
    one, other = (card.answer.prediction(t.id).probability for t in (first, second))
    base_one, base_other = (explained.base[t.id] for t in (first, second))
    rest = one - other - (base_one - base_other) - sum(effect for *_, effect in exact)
    ends = (
        (AVERAGE, per_100(base_one) - per_100(base_other)),
        (DIFFERENCE, per_100(one) - per_100(other)),
    )
    return waterfall(title, ends, exact, rest)


def of_risk(card: PrognosisCard, horizon: HorizonRisk, title: str) -> Waterfall:
    """What moves the risk by one horizon."""
    explained = card.answer.explanation
    effects = {e.player: e.effects[horizon.id] for e in explained.effects}
    chosen = _chosen(card, {player: abs(e) for player, e in effects.items()})
    labels = _labels(card, chosen)
    exact = [(*labels[p.id], effects[p.id]) for p in chosen]
    base = explained.base[horizon.id]
    rest = horizon.probability - base - sum(effect for *_, effect in exact)
    ends = ((AVERAGE, per_100(base)), (RISK, per_100(horizon.probability)))
    return waterfall(title, ends, exact, rest)


def told(found: Waterfall) -> str:
    """The rows as one sentence: the alternative of the chart."""
    rows = "; ".join(f"{step.words} {step.shown}" for step in found.steps)
    return f"{found.title}, of 100: {rows}."
