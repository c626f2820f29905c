"""At most three reasons each way for the last risk; every time on request (D7)."""

from __future__ import annotations

from decision.clinical.assessment import PrognosisCard
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.texts import reasons as shared
from decision.ui.texts import risk_reasons as words
from decision.ui.texts.reasons import Group


def _column(group: Group) -> str:
    return f"<div><h3>{text(group.title)}</h3>{items(group.lines)}</div>"


def reasons(card: PrognosisCard, *, more: bool = True) -> str:
    """Without `more` where the page itself goes on to say what lies behind them."""
    kinds = items(words.by_modality(card))
    groups = "".join(_column(g) for g in words.reasons(card))
    head, rows = words.table(card)
    numbers = table(head, rows, "tr-table tr-numbers") + paragraph(words.UNKNOWN)
    every = details(words.BY_HORIZON, numbers)
    by_kind = details(shared.BY_MODALITY, kinds) if kinds else ""
    return (
        '<section class="tr-reasons" aria-label="Reasons"><h2>Reasons</h2>'
        + paragraph(shared.NOTE, "tr-small")
        + paragraph(words.baseline(card))
        + (f'<div class="tr-two">{groups}</div>' if groups else "")
        + paragraph(words.rest(card))
        + (f'<div class="tr-folds">{every}{by_kind}</div>' if more else "")
        + "</section>"
    )
