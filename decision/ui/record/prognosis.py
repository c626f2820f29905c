"""The record of a prognosis: the class, the risks, what was published, the reasons, what is due."""

from __future__ import annotations

from decision.clinical.assessment import PrognosisCard, range_first
from decision.clinical.situation import Comparator, Situation
from decision.ui.record.blocks import Block, Icons, Section, grid, led, listed, part, said, section
from decision.ui.record.parts import grouped
from decision.ui.texts import compared, estimate, inputs, risk, risk_reasons, situation, trajectory
from decision.ui.texts import reasons as shared
from decision.ui.texts.numbers import per_100


def place(standing: Situation) -> tuple[Section, ...]:
    """Where the person stands, in the page's words."""
    found = standing.classification
    facts = (part(kind, *listed(lines)) for kind, lines in situation.facts(found))
    return section(
        "classification",
        "Classification",
        *said(found.label if found.settled else f"{found.label} ({situation.NOT_SETTLED})"),
        *said(situation.sentence(found.detail)),
        *(each for told in facts for each in told),
        *said(situation.sentence(found.rules)),
    )


def risks(card: PrognosisCard) -> tuple[Section, ...]:
    """Every horizon as its own sentence, in the form that the page gave it."""
    lines = []
    for found in card.answer.risks:
        between = f"{' '.join(risk.uncertain(found))} " if range_first(card) else ""
        lines.append(f"{between}{risk.sentence(card, found)} {estimate.detail(found)}")
    return section(
        "estimates",
        "Risk",
        *listed(inputs.unusual(card)),
        *said(inputs.without(card)),
        *listed(lines),
        *(Icons(per_100(r.probability), risk.sentence(card, r)) for r in card.answer.risks),
        *said(risk.band(card)),
        *said(risk.association(card)),
    )


def sureness(card: PrognosisCard, *, folded: bool = True) -> tuple[Section, ...]:
    """How far the numbers of the first page can be trusted; with what the page keeps `folded`."""
    course = grid(trajectory.HEAD, trajectory.rows(card)) if folded else ()
    return section(
        "sureness",
        "How sure the estimates are",
        *listed(risk.calibration(card, found) for found in card.answer.risks),
        *said(risk.reference_class(card)),
        *said(risk.explained(card)),
        *part(
            trajectory.TITLE,
            *said(trajectory.alternative(card)),
            *course,
        ),
    )


def published(
    standing: Situation, card: PrognosisCard | None, *, folded: bool = True
) -> tuple[Section, ...]:
    """What was published, beside our estimate where there is one, agreeing or not, and why the rest
    says nothing.
    """
    if not standing.comparators:
        return ()
    applied, refused = compared.applied(standing), compared.refused(standing)
    told = [part(c.label, *_comparator(card, c)) for c in applied] if folded else []
    brief = () if folded else led((f"{c.label}:", _verdict(card, c)) for c in applied)
    why_not = part(compared.REFUSED, *listed(f"{c.label}: {compared.refusal(c)}" for c in refused))
    return section(
        "published",
        compared.TITLE if card else compared.TITLE_ALONE,
        *said(compared.note(card)),
        *(each for found in told for each in found),
        *brief,
        *(why_not if folded else said(f"{compared.not_for(standing)}." if refused else "")),
        *said(compared.unavailable(standing)),
    )


def _comparator(card: PrognosisCard | None, found: Comparator) -> tuple[Block, ...]:
    return (*said(_verdict(card, found)), *listed(compared.about(found)))


def _verdict(card: PrognosisCard | None, found: Comparator) -> str:
    against = compared.verdict_sentence(card, found) if card else ""
    return f"{situation.sentence(found.said)} {against}".rstrip()


def why(card: PrognosisCard, *, folded: bool = True) -> tuple[Section, ...]:
    """What moved the risk at the longest time; with what the page keeps `folded`, at every time."""
    head, rows = risk_reasons.table(card)
    return section(
        "reasons",
        "Reasons",
        *said(shared.NOTE),
        *said(risk_reasons.baseline(card)),
        *grouped(risk_reasons.reasons(card)),
        *said(risk_reasons.rest(card)),
        *(
            part(risk_reasons.BY_HORIZON, *grid(head, rows), *said(risk_reasons.UNKNOWN))
            if folded
            else ()
        ),
        *part(shared.BY_MODALITY, *listed(risk_reasons.by_modality(card))),
    )


def due(standing: Situation, *, folded: bool = True) -> tuple[Section, ...]:
    """What the rules of the place said on the day; `folded`, all that was considered for it."""
    topics = (
        part(
            topic,
            *(
                block
                for p in told
                for block in (
                    *said(situation.sentence(p.text)),
                    *listed(situation.lines(p.details)),
                    *said(situation.rule(p)),
                )
            ),
        )
        for topic, told in situation.by_topic(standing.prompts)
    )
    empty = () if standing.prompts else said(situation.NOTHING_DUE)
    considered = listed(situation.lines(standing.classification.considered)) if folded else ()
    return (
        *section("due", situation.DUE, *empty, *(each for found in topics for each in found)),
        *section("considered", situation.CONSIDERED, *considered),
    )
