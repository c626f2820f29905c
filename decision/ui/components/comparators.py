"""Published figures beside our estimate, each with what it says and whether the two agree."""

from __future__ import annotations

from decision.clinical.assessment import PrognosisCard
from decision.clinical.situation import Comparator, Situation
from decision.ui.components.markup import details, items, paragraph, text
from decision.ui.texts import compared
from decision.ui.texts.situation import sentence


def comparators(situation: Situation, card: PrognosisCard | None) -> str:
    """Without a card they still stand, with nothing of ours to be set against."""
    if not situation.comparators:
        return ""
    applied = compared.applied(situation)
    found = "".join(_item(c, card) for c in applied)
    refused = "".join(
        f"<li><strong>{text(c.label)}:</strong> {text(compared.refusal(c))}"
        f"{items(compared.about(c))}</li>"
        for c in compared.refused(situation)
    )
    about = "".join(
        f"<li><strong>{text(c.label)}</strong>{items(compared.about(c))}</li>" for c in applied
    )
    title = text(compared.TITLE if card else compared.TITLE_ALONE)
    folds = details(compared.ABOUT, f"<ul>{about}</ul>") if about else ""
    folds += details(compared.not_for(situation), f"<ul>{refused}</ul>") if refused else ""
    return (
        f'<section class="tr-reasons" aria-label="{title}"><h2>{title}</h2>'
        + paragraph(compared.note(card), "tr-small")
        + (f'<ul class="tr-lines tr-beside">{found}</ul>' if found else "")
        + paragraph(compared.unavailable(situation), "tr-small")
        + f'<div class="tr-folds">{folds}</div>'
        + "</section>"
    )


def _item(found: Comparator, card: PrognosisCard | None) -> str:
    """The letter of the chart, what it says, and whether it agrees."""
    letter = compared.letter_of(card, found) if card else ""
    mark = f'<b class="tr-key">{letter}</b> ' if letter else ""
    said = compared.verdict_sentence(card, found) if card else ""
    why = compared.why_apart(card, found) if card else ""
    return (
        f"<li>{mark}<strong>{text(found.label)}:</strong> {text(sentence(found.said))}"
        f"{paragraph(f'{said} {why}'.strip(), 'tr-small')}</li>"
    )
