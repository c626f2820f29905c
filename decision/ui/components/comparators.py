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
    found = "".join(_item(c, card) for c in compared.applied(situation))
    others = "".join(
        f"<li><strong>{text(c.label)}:</strong> {text(compared.refusal(c))}"
        f"{details(compared.ABOUT, items(compared.about(c)))}</li>"
        for c in compared.refused(situation)
    )
    note = compared.NOTE if card else f"{compared.NOTE} {compared.NO_ESTIMATE}"
    return (
        f'<section class="tr-reasons" aria-label="{text(compared.TITLE)}">'
        f"<h2>{text(compared.TITLE)}</h2>"
        + paragraph(note, "tr-small")
        + (f'<ul class="tr-lines tr-beside">{found}</ul>' if found else "")
        + (details(compared.not_for(situation), f"<ul>{others}</ul>") if others else "")
        + paragraph(compared.unavailable(situation), "tr-small")
        + "</section>"
    )


def _item(found: Comparator, card: PrognosisCard | None) -> str:
    """The letter of the chart, what it says, whether it agrees; everything else on request."""
    letter = compared.letter_of(card, found) if card else ""
    mark = f'<b class="tr-key">{letter}</b> ' if letter else ""
    chip = said = ""
    if card:
        chip = f'<span class="tr-chip">{text(compared.verdict(card, found))}</span>'
        said = compared.verdict_sentence(card, found)
    return (
        f"<li>{mark}<strong>{text(found.label)}:</strong> {text(sentence(found.said))} {chip}"
        f"{paragraph(said, 'tr-small')}"
        f"{details(compared.ABOUT, items(compared.about(found)))}</li>"
    )
