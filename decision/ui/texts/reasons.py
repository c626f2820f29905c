"""Sentences about reasons (display rule D7): text, with value, unit, date and points per 100."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from decision.clinical.assessment import Contribution, DecisionCard
from decision.clinical.features import FeatureVector, Found
from decision.clinical.quantities import Moment
from decision.clinical.record import Origin
from decision.clinical.spec import DecisionSpec, FeatureSpec, Player, ShownAs
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import moment, number, per_100, quantity

MEAN_NOTE = "The effect on both drugs is the mean of the effects on each."
NOTE = "Reasons describe the model, not causes. Changing a value may not change the outcome."
AT_MOST = 3
ENOUGH_WORDS = 3
SMALLEST = 0.005
"""An effect that rounds to 0 of 100 is not a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Reasons that move one thing one way: `Raises both`, then at most three lines."""

    title: str
    lines: tuple[str, ...]


def value_text(feature: FeatureSpec, value: float) -> str:
    """`42 mg/L`, or the words of a yes/no feature."""
    if feature.flag_labels is not None:
        return feature.flag_labels[1 if value >= 0.5 else 0]
    return quantity(value, feature.unit)


def _when(found: Sequence[Found]) -> str:
    """` (4 May 2027)`, or both ends of a span; entries say who said them; no date, no brackets."""
    if any(f.evidence.origin is Origin.CLINICIAN for f in found):
        return " (entered by clinician)"
    moments: list[Moment] = [f.evidence.effective for f in found if f.evidence.effective]
    days = list(dict.fromkeys(moment(m) for m in sorted(moments, key=lambda m: m.earliest)))
    if not days:
        return ""
    return f" ({days[0]})" if len(days) == 1 else f" ({days[0]} to {days[-1]})"


def _single(player: Player, feature: FeatureSpec, value: float) -> str:
    """Words of a yes/no feature that say enough stand alone; others follow their label."""
    said = value_text(feature, value)
    if feature.flag_labels is None:
        return f"{player.label} {said}"
    if len(said.split()) >= ENOUGH_WORDS:
        return said[0].upper() + said[1:]
    return f"{player.label}: {said}"


def player_text(spec: DecisionSpec, features: FeatureVector, player: Player) -> str:
    """`C-reactive protein 42 mg/L (4 May 2027)`; parts that are added up are shown as their sum."""
    known = [(spec.feature(i), f) for i in player.features if isinstance(f := features[i], Found)]
    if not known:
        return f"{player.label} not known"
    when = _when([finding for _, finding in known])
    if player.shown_as is ShownAs.SUM and len(known) == len(player.features):
        return f"{player.label} {number(sum(finding.value for _, finding in known))}{when}"
    if len(player.features) == 1:
        return f"{_single(player, known[0][0], known[0][1].value)}{when}"
    parts = ", ".join(f"{feature.short} {value_text(feature, f.value)}" for feature, f in known)
    return f"{player.label}: {parts}{when}"


def _pick(
    card: DecisionCard, size: Callable[[Contribution], float], titles: tuple[str, str]
) -> tuple[Group, ...]:
    """Upward and downward reasons, the largest first; a way without any reason is left out."""
    players = {p.id: p for p in card.spec.players}
    ranked = sorted(card.answer.explanation.contributions, key=lambda c: -abs(size(c)))
    groups = []
    for title, sign in zip(titles, (1, -1), strict=True):
        found = [c for c in ranked if sign * size(c) >= SMALLEST][:AT_MOST]
        lines = tuple(
            f"{player_text(card.spec, card.features, players[c.player])}: "
            f"by about {abs(per_100(size(c)))} of 100"
            for c in found
        )
        groups.append(Group(title=title, lines=lines))
    return tuple(group for group in groups if group.lines)


def prognostic(card: DecisionCard) -> tuple[Group, ...]:
    """What moves both drugs, as the mean of its two effects."""
    return _pick(card, lambda c: c.prognostic, ("Raises both", "Lowers both"))


def differential(card: DecisionCard) -> tuple[Group, ...]:
    """What moves the gap, towards the first card's drug, then towards the second's."""
    first, second = ordered(card.spec)
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0
    titles = (f"Towards {first.label_with_article}", f"Towards {second.label_with_article}")
    return _pick(card, lambda c: sign * c.differential, titles)


BY_MODALITY = "By kind of data"


def by_modality(card: DecisionCard) -> tuple[str, ...]:
    """What each kind of data as a whole does to both estimates and to their gap, one line each.

    A kind that is absent contributes exactly 0, which is said and not rounded to.
    """
    first, second = ordered(card.spec)
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0
    lines = []
    for found in card.answer.explanation.modalities:
        kind = f"{found.player[:1].upper()}{found.player[1:]} data"
        if found.player in card.answer.absent_modalities:
            lines.append(f"{kind}: {_how_absent(card, found.player)}: exactly 0.")
            continue
        drug = first if sign * found.differential >= 0 else second
        way = "raise" if found.prognostic >= 0 else "lower"
        lines.append(
            f"{kind}: {way} both by {_points(found.prognostic)}; move the gap by "
            f"{_points(found.differential)} towards {drug.label_with_article}."
        )
    return tuple(lines)


def _how_absent(card: DecisionCard, modality: str) -> str:
    known = card.features.values
    some = any(f.modality == modality and f.id in known for f in card.spec.features)
    return "too little measured to be used" if some else "not measured"


def _points(change: float) -> str:
    whole = abs(per_100(change))
    return f"about {whole} of 100" if whole else "under 1 of 100"


def nothing(group: str) -> str:
    return f"No single input moves {group} by 1 of 100 or more."


def baseline(card: DecisionCard) -> str:
    parts = (
        f"{per_100(card.answer.explanation.base[t.id])} of 100 with {t.label_with_article}"
        for t in ordered(card.spec)
    )
    kind = "simulated " if card.model.simulated else ""
    return f"Compared with the average of the {kind}training patients: {', '.join(parts)}."
