"""The risks: the last one large with its icons, the shorter ones as rows of the same form."""

from __future__ import annotations

from decision.clinical.assessment import HorizonRisk, PrognosisCard, range_first
from decision.ui.components.estimates import headline
from decision.ui.components.icons import icons
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import inputs, risk
from decision.ui.texts.estimate import HOW_GOOD, detail


def _headline(card: PrognosisCard) -> str:
    last = card.answer.last
    return headline(
        risk.headline(card, last),
        detail(last),
        risk.uncertain(last) if range_first(card) else None,
    )


def _row(card: PrognosisCard, found: HorizonRisk) -> str:
    """A shorter horizon in one line, in the form of the headline: range first where that is."""
    when, number, ranged = risk.short(found)
    first, second = (ranged, number) if range_first(card) else (number, ranged)
    return f"<li>{text(when)}: <strong>{text(first)}</strong>, {text(second)}</li>"


def _shorter(card: PrognosisCard) -> str:
    rows = "".join(_row(card, found) for found in card.answer.risks[:-1])
    return f'<ul class="tr-lines tr-horizons">{rows}</ul>' if rows else ""


def _how_good(card: PrognosisCard) -> str:
    """What each number rests on, one click away (D3, D5)."""
    checks = items(risk.calibration(card, found) for found in card.answer.risks)
    return details(
        HOW_GOOD,
        checks
        + paragraph(risk.reference_class(card))
        + paragraph(f"{risk.explained(card)} {risk.association(card)}"),
    )


def _other_icons(card: PrognosisCard) -> str:
    grids = "".join(
        paragraph(risk.sentence(card, found), "tr-small")
        + icons(found.probability, risk.sentence(card, found))
        for found in card.answer.risks[:-1]
    )
    return details(risk.OTHER_ICONS, grids) if grids else ""


def risks(card: PrognosisCard) -> str:
    """What was not measured comes before the numbers it widens (D9)."""
    last = card.answer.last
    lines = items(inputs.unusual(card), "tr-lines tr-strong")
    return (
        '<section class="tr-card tr-risks" aria-label="Risk"><h2>Risk</h2>'
        + lines
        + paragraph(inputs.without(card))
        + _headline(card)
        + icons(last.probability, risk.sentence(card, last))
        + _shorter(card)
        + paragraph(risk.band(card), "tr-small")
        + f'<div class="tr-folds">{_how_good(card)}{_other_icons(card)}</div>'
        + "</section>"
    )
