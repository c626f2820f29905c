"""The record of a prognosis: the class, the risks, what was published, the reasons, what is due."""

from __future__ import annotations

from decision.clinical.assessment import PrognosisCard, range_first
from decision.clinical.situation import Comparator
from decision.ui.components.markup import items, paragraph, table
from decision.ui.record_parts import grouped, part, section
from decision.ui.texts import compared, estimate, inputs, risk, risk_reasons, situation, trajectory
from decision.ui.texts import reasons as shared


def place(card: PrognosisCard) -> str:
    """Where the person stands, in the page's words."""
    found = card.situation.classification
    return section(
        "Classification",
        paragraph(found.label if found.settled else f"{found.label} ({situation.NOT_SETTLED})"),
        paragraph(situation.sentence(found.detail)),
        "".join(part(kind, items(lines)) for kind, lines in situation.facts(found)),
        paragraph(situation.sentence(found.rules)),
    )


def risks(card: PrognosisCard) -> str:
    """Every horizon as its own sentence, in the form that the page gave it."""
    lines = []
    for found in card.answer.risks:
        between = f"{' '.join(risk.uncertain(found))} " if range_first(card) else ""
        lines.append(f"{between}{risk.sentence(card, found)} {estimate.detail(found)}")
    return section(
        "Risk",
        items(inputs.unusual(card)),
        paragraph(inputs.without(card)),
        items(lines),
        paragraph(risk.band(card)),
        paragraph(risk.association(card)),
    )


def sureness(card: PrognosisCard) -> str:
    """How far the numbers of the first page can be trusted."""
    return section(
        "How sure the estimates are",
        items(risk.calibration(card, found) for found in card.answer.risks),
        paragraph(risk.reference_class(card)),
        paragraph(risk.explained(card)),
        part(
            trajectory.TITLE,
            paragraph(trajectory.alternative(card)) + table(trajectory.HEAD, trajectory.rows(card)),
        ),
    )


def published(card: PrognosisCard) -> str:
    """What was published beside it, agreeing or not, and why the rest says nothing."""
    found = card.situation
    return section(
        compared.TITLE,
        paragraph(compared.note(card)),
        "".join(part(c.label, _comparator(card, c)) for c in compared.applied(found)),
        part(
            compared.REFUSED,
            items(f"{c.label}: {compared.refusal(c)}" for c in compared.refused(found)),
        ),
        paragraph(compared.unavailable(found)),
    )


def _comparator(card: PrognosisCard, found: Comparator) -> str:
    said = f"{situation.sentence(found.said)} {compared.verdict_sentence(card, found)}"
    return paragraph(said) + items(compared.about(found))


def why(card: PrognosisCard) -> str:
    head, rows = risk_reasons.table(card)
    return section(
        "Reasons",
        paragraph(shared.NOTE),
        paragraph(risk_reasons.baseline(card)),
        grouped(risk_reasons.reasons(card)),
        paragraph(risk_reasons.rest(card)),
        part(risk_reasons.BY_HORIZON, table(head, rows) + paragraph(risk_reasons.UNKNOWN)),
        part(shared.BY_MODALITY, items(risk_reasons.by_modality(card))),
    )


def due(card: PrognosisCard) -> str:
    """What the rules of the place said on the day."""
    topics = (
        part(
            topic,
            "".join(
                paragraph(situation.sentence(p.text))
                + items(situation.lines(p.details))
                + paragraph(situation.rule(p))
                for p in told
            ),
        )
        for topic, told in situation.by_topic(card.situation.prompts)
    )
    empty = "" if card.situation.prompts else paragraph(situation.NOTHING_DUE)
    considered = items(situation.lines(card.situation.classification.considered))
    return section(situation.DUE, empty, *topics) + section(situation.CONSIDERED, considered)
