"""At most three reasons each way, what moves both drugs apart from what moves the gap (D7)."""

from __future__ import annotations

from decision.clinical.assessment import ComparisonCard
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import reasons as words
from decision.ui.texts.reasons import Group


def _column(title: str, groups: tuple[Group, ...], empty: str, last: str = "") -> str:
    body = "".join(f"<h4>{text(g.title)}</h4>{items(g.lines)}" for g in groups)
    return f"<div><h3>{text(title)}</h3>{body or paragraph(empty)}{paragraph(last)}</div>"


def reasons(card: ComparisonCard, *, more: bool = True) -> str:
    """Without `more` where the page itself goes on to say what lies behind them."""
    kinds = items(words.by_modality(card)) if more else ""
    return (
        '<section class="tr-reasons" aria-label="Reasons"><h2>Reasons</h2>'
        + paragraph(words.NOTE)
        + '<div class="tr-two">'
        + _column("Moves both drugs", words.prognostic(card), words.NOTHING)
        + _column("Moves the gap", words.differential(card), "", words.rest(card))
        + "</div>"
        + paragraph(words.baseline(card), "tr-small")
        + (details(words.BY_MODALITY, kinds) if kinds else "")
        + "</section>"
    )
