"""At most three reasons each way, what moves both drugs apart from what moves the gap (R7)."""

from __future__ import annotations

from decision.clinical.assessment import DecisionCard
from decision.ui.components.markup import paragraph, text
from decision.ui.texts import reasons as words
from decision.ui.texts.reasons import Reason


def _list(found: tuple[Reason, ...]) -> str:
    return "".join(f"<li>{text(r.what)} <strong>{text(r.effect)}</strong></li>" for r in found)


def _group(title: str, both: tuple[tuple[Reason, ...], tuple[Reason, ...]], empty: str) -> str:
    inner = _list(both[0]) + _list(both[1])
    body = f"<ul>{inner}</ul>" if inner else paragraph(empty)
    return f"<div><h3>{text(title)}</h3>{body}</div>"


def reasons(card: DecisionCard) -> str:
    return (
        '<section class="tr-reasons" aria-label="Reasons"><h2>Reasons</h2>'
        + paragraph(words.NOTE)
        + '<div class="tr-two">'
        + _group("Moves both drugs", words.prognostic(card), words.nothing("both drugs"))
        + _group("Moves the gap", words.differential(card), words.nothing("the gap"))
        + "</div>"
        + paragraph(words.baseline(card), "tr-small")
        + "</section>"
    )
