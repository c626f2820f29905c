"""Where somebody stands, first and large: the class, what led to it, and whose rules those are."""

from __future__ import annotations

from decision.clinical.situation import Situation
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import situation as words


def classification(found: Situation) -> str:
    """The class large; unsettled ones say so in words and in a dashed frame, never in red (D11)."""
    place = found.classification
    open_ = "" if place.settled else f'<span class="tr-chip">{text(words.NOT_SETTLED)}</span>'
    considered = items(words.lines(place.considered)) or paragraph(words.NOTHING_CONSIDERED)
    speaking = details(words.SPEAKING, items(words.lines(found.advice))) if found.advice else ""
    style = "tr-class" if place.settled else "tr-class tr-unsettled"
    return (
        f'<section class="{style}" aria-label="Classification">'
        f'<h2><span class="tr-number">{text(place.label)}</span> {open_}</h2>'
        + paragraph(words.sentence(place.detail), "tr-strong")
        + "".join(_fact(kind, lines) for kind, lines in words.facts(place))
        + paragraph(words.sentence(place.rules), "tr-small")
        + f'<div class="tr-folds">{details(words.CONSIDERED, considered)}{speaking}</div>'
        + "</section>"
    )


def _fact(kind: str, lines: tuple[str, ...]) -> str:
    """One kind with its lines beside its name, as many in a row as fit."""
    return f'<div class="tr-fact"><strong>{text(kind)}</strong>{items(lines, "tr-lines")}</div>'
