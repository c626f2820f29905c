"""The record of a comparison: both numbers, the difference, how sure they are, and the reasons."""

from __future__ import annotations

from decision.clinical.assessment import ComparisonCard, range_first
from decision.ui.record.blocks import Icons, Section, listed, part, said, section
from decision.ui.record.parts import grouped
from decision.ui.texts import cautions, estimate, reasons
from decision.ui.texts import verdict as verdicts
from decision.ui.texts.numbers import per_100


def numbers(card: ComparisonCard) -> tuple[Section, ...]:
    """Both numbers with their ranges and what is said of the difference, as on the page."""
    spec, simulated = card.spec, card.model.simulated
    arms = []
    for treatment in estimate.ordered(spec):
        found = card.answer.prediction(treatment.id)
        stops = [f"STOP. {why}" for why in cautions.stop_reasons(card.cautions, treatment.id)]
        between = " ".join(estimate.uncertain(found)) if range_first(card) else ""
        sentence = estimate.sentence(spec, found, simulated)
        arms += part(
            treatment.label,
            *listed(stops),
            *said(cautions.UNCHANGED if stops else ""),
            *said(between),
            *said(f"{sentence} {estimate.detail(found)}"),
            Icons(per_100(found.probability), sentence),
            *said(estimate.reference_class(spec, found, simulated)),
        )
    between_them = (
        *said(verdicts.gap(card), verdicts.verdict(card)),
        *said(verdicts.silence_sentence(card)),
        *said(estimate.association(simulated)),
    )
    return section("estimates", "Estimates", *arms, *part("Difference", *between_them))


def sureness(card: ComparisonCard) -> tuple[Section, ...]:
    """How far the numbers of the first page can be trusted."""
    spec, simulated = card.spec, card.model.simulated
    arms = [
        each
        for t in estimate.ordered(spec)
        for each in part(
            t.label, *said(estimate.calibration(spec, card.answer.prediction(t.id), simulated))
        )
    ]
    sure = "" if verdicts.stopped(card) else estimate.direction(spec, card.answer.contrast)
    ranges = part("Ranges", *said(estimate.explained(card)), *said(sure))
    return section("sureness", "How sure the estimates are", *arms, *ranges)


def why(card: ComparisonCard) -> tuple[Section, ...]:
    return section(
        "reasons",
        "Reasons",
        *said(reasons.NOTE),
        *part("Moves both drugs", *(grouped(reasons.prognostic(card)) or said(reasons.NOTHING))),
        *part("Moves the gap", *grouped(reasons.differential(card)), *said(reasons.rest(card))),
        *said(reasons.baseline(card)),
        *part(reasons.BY_MODALITY, *listed(reasons.by_modality(card))),
    )
