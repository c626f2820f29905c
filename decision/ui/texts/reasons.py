"""Sentences about reasons (display rule R7): text, with value, unit, date and points per 100."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from decision.clinical.assessment import Contribution, DecisionCard
from decision.clinical.features import FeatureVector, Found
from decision.clinical.quantities import Moment
from decision.clinical.record import Origin
from decision.clinical.spec import DecisionSpec, FeatureSpec, Player, Transform
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import moment, number, per_100, quantity

NOTE = "Reasons describe the model, not causes. Changing a value may not change the outcome."
AT_MOST = 3
SMALLEST = 0.005
"""An effect that rounds to 0 of 100 is not a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One line: what, and which way by how much."""

    what: str
    effect: str
    points: int


def value_text(feature: FeatureSpec, value: float) -> str:
    """`42 mg/L`, or the words of a yes/no feature."""
    if feature.flag_labels is not None:
        return feature.flag_labels[1 if value >= 0.5 else 0]
    return quantity(value, feature.unit)


def _when(found: Sequence[Found]) -> str:
    """The date, or both ends when the parts are of different days; entries say who said them."""
    if any(f.evidence.origin is Origin.CLINICIAN for f in found):
        return "entered by clinician"
    moments: list[Moment] = [f.evidence.effective for f in found if f.evidence.effective]
    days = list(dict.fromkeys(moment(m) for m in sorted(moments, key=lambda m: m.earliest)))
    if not days:
        return "no date"
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


def _is_sum(spec: DecisionSpec, player: Player) -> bool:
    return any(
        c.transform is Transform.LOG_SUM and c.inputs == player.features for c in spec.columns
    )


def player_text(spec: DecisionSpec, features: FeatureVector, player: Player) -> str:
    """`C-reactive protein 42 mg/L (4 May 2027)`; parts that are added up are shown as their sum."""
    known = [(spec.feature(i), f) for i in player.features if isinstance(f := features[i], Found)]
    if not known:
        return f"{player.label} not known"
    when = _when([finding for _, finding in known])
    if len(player.features) > 1 and _is_sum(spec, player) and len(known) == len(player.features):
        return f"{player.label} {number(sum(finding.value for _, finding in known))} ({when})"
    if len(known) == 1:
        value = value_text(known[0][0], known[0][1].value)
        glue = ": " if known[0][0].flag_labels is not None else " "
        return f"{player.label}{glue}{value} ({when})"
    parts = ", ".join(f"{feature.short} {value_text(feature, f.value)}" for feature, f in known)
    return f"{player.label}: {parts} ({when})"


def _pick(
    card: DecisionCard,
    size: Callable[[Contribution], float],
    word: Callable[[float], str],
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """(raising, lowering), each at most three, the largest first."""
    players = {p.id: p for p in card.spec.players}
    ranked = sorted(card.answer.explanation.contributions, key=lambda c: -abs(size(c)))
    found = [
        Reason(
            what=player_text(card.spec, card.features, players[c.player]),
            effect=word(size(c)),
            points=per_100(size(c)),
        )
        for c in ranked
        if abs(size(c)) >= SMALLEST
    ]
    up = tuple(r for r in found if r.points > 0)[:AT_MOST]
    down = tuple(r for r in found if r.points < 0)[:AT_MOST]
    return up, down


def prognostic(card: DecisionCard) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """What moves both drugs, as the mean of its two effects."""

    def word(effect: float) -> str:
        return f"{'raises' if effect > 0 else 'lowers'} both by about {abs(per_100(effect))} of 100"

    return _pick(card, lambda c: c.prognostic, word)


def differential(card: DecisionCard) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """What moves the gap: (towards the first card's drug, towards the second's)."""
    first, second = ordered(card.spec)
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0

    def word(effect: float) -> str:
        drug = first if effect > 0 else second
        points = abs(per_100(effect))
        return f"shifts the gap by about {points} of 100 towards {drug.label_with_article}"

    return _pick(card, lambda c: sign * c.differential, word)


def nothing(group: str) -> str:
    return f"No single input moves {group} by 1 of 100 or more."


def baseline(card: DecisionCard) -> str:
    parts = (
        f"{per_100(card.answer.explanation.base[t.id])} of 100 with {t.label_with_article}"
        for t in ordered(card.spec)
    )
    kind = "simulated " if card.model.simulated else ""
    return f"Compared with the average of the {kind}training patients: {', '.join(parts)}."
