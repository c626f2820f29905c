"""Sentences about reasons (display rule D7): text, with value, unit, date and points per 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from decision.clinical.assessment import Card, ComparisonCard, Contribution
from decision.clinical.features import FeatureVector, Found
from decision.clinical.quantities import Moment
from decision.clinical.record import Origin
from decision.clinical.spec import DecisionSpec, FeatureSpec, Player, ShownAs
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import dated, moment, number, per_100, quantity, unit

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
    step = feature.entry.step if feature.entry is not None else 1.0
    decimals = len(f"{step:g}".partition(".")[2])
    if decimals > 2:  # a score that moves in eighths is read in eighths
        return f"{value:.{decimals}f} {unit(feature.unit)}".rstrip()
    return quantity(value, feature.unit)


def found_text(feature: FeatureSpec, found: Found) -> str:
    """The record's own words where a number or a yes says too little, else the value."""
    words = dated(found.evidence.words)
    return words or value_text(feature, found.value)


def _when(found: Sequence[Found]) -> str:
    """` (4 May 2027)`, or both ends of a span; entries say who said them; no date, no brackets."""
    if any(f.evidence.origin is Origin.CLINICIAN for f in found):
        return " (entered by clinician)"
    days = _days(found)
    if not days:
        return ""
    return f" ({days[0]})" if len(days) == 1 else f" ({days[0]} to {days[-1]})"


def dated_parts(player: Player, features: FeatureVector) -> str:
    """`joints 22 Nov, globals 17 Nov 2026` where the parts of a sum are not of one day: a sum of
    two visits must not pass for one. Empty where they are, or where the decision names no parts.
    """
    parts: dict[str, list[Found]] = {}
    for feature_id, label in player.parts.items():
        if isinstance(finding := features[feature_id], Found) and finding.evidence.effective:
            parts.setdefault(label, []).append(finding)
    days = {label: _days(found) for label, found in parts.items()}
    if len({day for found in days.values() for day in found}) < 2:
        return ""
    spans = []
    for label, found in days.items():
        entered = all(f.evidence.origin is Origin.CLINICIAN for f in parts[label])
        ends = found if len(found) == 1 else [found[0], found[-1]]
        spans.append((f"{label}{' entered' if entered else ''}", ends))
    *earlier, last = spans
    year = last[1][-1][-4:]
    if all(day.endswith(f" {year}") for _, ends in spans for day in ends):
        earlier = [(label, [day[:-5] for day in ends]) for label, ends in earlier]
        last = (last[0], [*(day[:-5] for day in last[1][:-1]), last[1][-1]])
    return ", ".join(f"{label} {' to '.join(ends)}" for label, ends in (*earlier, last))


def _days(found: Sequence[Found]) -> list[str]:
    moments: list[Moment] = [f.evidence.effective for f in found if f.evidence.effective]
    return list(dict.fromkeys(moment(m) for m in sorted(moments, key=lambda m: m.earliest)))


def _single(player: Player, feature: FeatureSpec, found: Found) -> str:
    """Words of a yes/no feature that say enough stand alone; others follow their label."""
    said = found_text(feature, found)
    if feature.flag_labels is None and not found.evidence.words:
        return f"{player.label} {said}"
    if len(said.split()) >= ENOUGH_WORDS:
        return said[0].upper() + said[1:]
    return f"{player.label}: {said}"


def player_text(
    spec: DecisionSpec, features: FeatureVector, player: Player, *, days: bool = True
) -> str:
    """`C-reactive protein 42 mg/L (4 May 2027)`; parts that are added up are shown as their sum.
    Without its `days` for a label of a chart, beside which a table has them.
    """
    known = [(spec.feature(i), f) for i in player.features if isinstance(f := features[i], Found)]
    if not known:
        return f"{player.label} not known"
    when = _when([finding for _, finding in known]) if days else ""
    if player.shown_as is ShownAs.SUM and len(known) == len(player.features):
        parts = dated_parts(player, features) if days else ""
        when = f" ({parts})" if parts else when
        return f"{player.label} {number(sum(finding.value for _, finding in known))}{when}"
    if len(player.features) == 1:
        words = known[0][1].evidence.words
        return f"{_single(player, *known[0])}{'' if words else when}"
    parts = ", ".join(f"{feature.short} {found_text(feature, f)}" for feature, f in known)
    return f"{player.label}: {parts}{when}"


def groups(
    card: Card, found: Sequence[tuple[str, float, str]], titles: tuple[str, str]
) -> tuple[Group, ...]:
    """Upward and downward reasons, the largest first; a way without any reason is left out.

    `found` are (player, size, its words).
    """
    players = {p.id: p for p in card.spec.players}
    ranked = sorted(found, key=lambda item: -abs(item[1]))
    both = []
    for title, sign in zip(titles, (1, -1), strict=True):
        lines = tuple(
            f"{player_text(card.spec, card.features, players[player])}: {words}"
            for player, size, words in ranked
            if sign * size > 0
        )
        both.append(Group(title=title, lines=lines[:AT_MOST]))
    return tuple(group for group in both if group.lines)


def change(effect: float) -> str:
    """An effect in whole numbers of 100, with its sign."""
    return signed(per_100(effect))


def signed(whole: int) -> str:
    """`+6`, `0`, or a minus sign that is one."""
    return "0" if whole == 0 else f"{whole:+d}".replace("-", "\u2212")


def prognostic(card: ComparisonCard) -> tuple[Group, ...]:
    """What moves both drugs the same way, with its effect on each.

    An input that raises one drug and lowers the other belongs to the gap alone.
    """
    found = [
        (c.player, c.prognostic, _on_each(card, c))
        for c in card.answer.explanation.contributions
        if all(abs(e) >= SMALLEST and e * c.prognostic > 0 for e in c.effects.values())
    ]
    return groups(card, found, ("Raises both", "Lowers both"))


def _on_each(card: ComparisonCard, found: Contribution) -> str:
    each = ", ".join(f"{t.label} {change(found.effects[t.id])}" for t in ordered(card.spec))
    return f"{each} of 100"


def _gap(card: ComparisonCard) -> float:
    """Sign that makes an effect on the gap positive towards the first card's drug."""
    return 1.0 if card.answer.contrast.b == ordered(card.spec)[0].id else -1.0


def _movers(card: ComparisonCard) -> list[tuple[Contribution, float]]:
    """Inputs published as modifiers, with effects large enough to be said."""
    modifiers = {column.player for column in card.spec.columns if column.modifier}
    smallest = card.spec.thresholds["smallest_reason"].value
    sized = [(c, _gap(card) * c.differential) for c in card.answer.explanation.contributions]
    large = [(c, size) for c, size in sized if c.player in modifiers and abs(size) >= smallest]
    ranked = sorted(large, key=lambda item: -abs(item[1]))
    return [item for sign in (1, -1) for item in [r for r in ranked if sign * r[1] > 0][:AT_MOST]]


def differential(card: ComparisonCard) -> tuple[Group, ...]:
    """What moves the gap, towards the first card's drug, then towards the second's."""
    first, second = ordered(card.spec)
    titles = (f"Towards {first.label_with_article}", f"Towards {second.label_with_article}")
    found = [(c.player, size, f"by {points(size)}") for c, size in _movers(card)]
    return groups(card, found, titles)


def rest(card: ComparisonCard) -> str:
    """Everything that is not listed, in one line, so that the effects on the gap still add up."""
    listed = {c.player for c, _ in _movers(card)}
    left = sum(
        _gap(card) * c.differential
        for c in card.answer.explanation.contributions
        if c.player not in listed
    )
    first, second = ordered(card.spec)
    drug = first if left >= 0 else second
    who = "Everything else together" if listed else "All inputs together"
    return f"{who}: {points(left)} towards {drug.label_with_article}."


BY_MODALITY = "By kind of data"


def by_modality(card: ComparisonCard) -> tuple[str, ...]:
    """What each kind of data as a whole does to both estimates and to their gap, one line each.

    A kind that is absent contributes exactly 0, which is said and not rounded to.
    """
    first, second = ordered(card.spec)
    sign = 1.0 if card.answer.contrast.b == first.id else -1.0
    lines = []
    for found in card.answer.explanation.modalities:
        if found.player in card.answer.absent_modalities:
            lines.append(absent_kind(card, found.player))
            continue
        drug = first if sign * found.differential >= 0 else second
        way = "raise" if found.prognostic >= 0 else "lower"
        lines.append(
            f"{kind_of_data(found.player)}: {way} both by {points(found.prognostic)}; "
            f"move the gap by {points(found.differential)} towards {drug.label_with_article}."
        )
    return tuple(lines)


def kind_of_data(modality: str) -> str:
    """`Serological data`."""
    return f"{modality[:1].upper()}{modality[1:]} data"


def absent_kind(card: Card, modality: str) -> str:
    """What is said of a kind of data that is absent: its effect is exactly 0 and not rounded to it.
    Nothing of it may be there, or less than its quorum.
    """
    known = card.features.values
    some = any(f.modality == modality and f.id in known for f in card.spec.features)
    why = "too little measured to be used" if some else "not measured"
    return f"{kind_of_data(modality)}: {why}: exactly 0."


def points(effect: float) -> str:
    """`about 6 of 100`, without its sign, which a word beside it gives."""
    whole = abs(per_100(effect))
    return f"about {whole} of 100" if whole else "under 1 of 100"


NOTHING = "No single input moves both drugs the same way by 1 of 100 or more."


def baseline(card: ComparisonCard) -> str:
    parts = (
        f"{per_100(card.answer.explanation.base[t.id])} of 100 with {t.label_with_article}"
        for t in ordered(card.spec)
    )
    kind = "simulated " if card.model.simulated else ""
    return f"Compared with the average of the {kind}training patients: {', '.join(parts)}."
