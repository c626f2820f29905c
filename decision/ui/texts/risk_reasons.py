"""Sentences about what moves a risk (D7): exact effects, in whole numbers that add up."""

from __future__ import annotations

import math
from collections.abc import Sequence

from decision.clinical.answers import in_years
from decision.clinical.assessment import HorizonRisk, PrognosisCard, RiskEffect
from decision.ui.texts.numbers import of_100, per_100
from decision.ui.texts.reasons import (
    AT_MOST,
    SMALLEST,
    Group,
    absent_kind,
    groups,
    kind_of_data,
    player_text,
    signed,
)
from decision.ui.texts.reasons import points as points

RAISES, LOWERS = "Raises the risk", "Lowers the risk"
BY_HORIZON = "Reasons at every time"
AVERAGE = "Average"
OTHERS = "Everything else together"
RISK = "Risk"
UNKNOWN = "What is not known moves nothing: it has exactly 0."


def adding_up(parts: Sequence[float], total: int) -> tuple[int, ...]:
    """Whole numbers of 100, each within 1 of its exact part, that add up to the `total` that is
    shown; the parts whose rounding moves them least give way (largest remainder).
    """
    floors = [math.floor(100 * part) for part in parts]
    left = total - sum(floors)
    ranked = sorted(range(len(parts)), key=lambda i: floors[i] - 100 * parts[i])
    for i in ranked[: max(0, left)]:
        floors[i] += 1
    over = min(0, left) + max(0, left - len(parts))
    if floors:
        floors[-1] += over
    return tuple(floors)


def _ranked(card: PrognosisCard, horizon: HorizonRisk) -> tuple[RiskEffect, ...]:
    """Those listed: at most three each way, the largest first, none that rounds to nothing."""
    found = sorted(card.answer.explanation.effects, key=lambda e: -abs(e.effects[horizon.id]))
    large = [e for e in found if abs(e.effects[horizon.id]) >= SMALLEST]
    up = [e for e in large if e.effects[horizon.id] > 0][:AT_MOST]
    down = [e for e in large if e.effects[horizon.id] < 0][:AT_MOST]
    return (*up, *down)


def _whole(
    card: PrognosisCard, horizon: HorizonRisk, listed: Sequence[RiskEffect]
) -> tuple[tuple[int, ...], int]:
    """(the listed effects, everything else) in whole numbers; with the base they give the risk."""
    exact = [e.effects[horizon.id] for e in listed]
    base = card.answer.explanation.base[horizon.id]
    rest = horizon.probability - base - math.fsum(exact)
    shown = per_100(horizon.probability) - per_100(base)
    *each, others = adding_up((*exact, rest), shown)
    return tuple(each), others


def _about(whole: int) -> str:
    return f"about {abs(whole)} of 100" if whole else "under 1 of 100"


def reasons(card: PrognosisCard) -> tuple[Group, ...]:
    """What raises and what lowers the last risk, each with its value, date and points."""
    last = card.answer.last
    listed = _ranked(card, last)
    each, _ = _whole(card, last, listed)
    found = [
        (e.player, e.effects[last.id], _about(whole)) for e, whole in zip(listed, each, strict=True)
    ]
    return groups(card, found, (RAISES, LOWERS))


def baseline(card: PrognosisCard) -> str:
    """From where the effects count: base, reasons and the rest give the number that is shown."""
    last = card.answer.last
    kind = "simulated people" if card.model.simulated else "people"
    base = of_100(card.answer.explanation.base[last.id])
    return (
        f"Counted from the average of {kind} with the same inputs known "
        f"({card.answer.stratum_label}), recalibrated for this site: {base} within "
        f"{in_years(last.years)}."
    )


def rest(card: PrognosisCard) -> str:
    """Everything that is not listed, in one line, so that all of it adds up to the number shown."""
    last = card.answer.last
    listed = _ranked(card, last)
    _, others = _whole(card, last, listed)
    who = OTHERS if listed else "All inputs together"
    way = "raises" if others > 0 else "lowers" if others < 0 else "moves"
    return f"{who} {way} it by {_about(others)}."


def table(card: PrognosisCard) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """(head, rows): every reason at every horizon; each column adds up to its risk."""
    horizons = card.answer.risks
    players = {p.id: p for p in card.spec.players}
    effects = card.answer.explanation.effects
    kept = [e for e in effects if any(abs(e.effects[h.id]) >= SMALLEST for h in horizons)]
    kept.sort(key=lambda e: -abs(e.effects[horizons[-1].id]))
    columns = [_whole(card, h, kept) for h in horizons]
    base = card.answer.explanation.base
    rows = [
        (AVERAGE, *(str(per_100(base[h.id])) for h in horizons)),
        *(
            (
                player_text(card.spec, card.features, players[e.player]),
                *(signed(each[i]) for each, _ in columns),
            )
            for i, e in enumerate(kept)
        ),
        (OTHERS, *(signed(others) for _, others in columns)),
        (RISK, *(str(per_100(h.probability)) for h in horizons)),
    ]
    head = ("Of 100", *(f"within {in_years(h.years)}" for h in horizons))
    return head, tuple(rows)


def by_modality(card: PrognosisCard) -> tuple[str, ...]:
    """What each kind of data as a whole does to the last risk; an absent kind has exactly 0."""
    last = card.answer.last
    lines = []
    for found in card.answer.explanation.modalities:
        if found.player in card.answer.absent_modalities:
            lines.append(absent_kind(card, found.player))
            continue
        effect = found.effects[last.id]
        way = "raise" if effect >= 0 else "lower"
        lines.append(f"{kind_of_data(found.player)}: {way} the risk by {points(effect)}.")
    return tuple(lines)
