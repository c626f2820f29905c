"""The record of a comparison: both numbers, the difference, how sure they are, and the reasons."""

from __future__ import annotations

from decision.clinical.assessment import ComparisonCard, range_first
from decision.ui.components.markup import items, paragraph, text
from decision.ui.record_parts import grouped, part, section
from decision.ui.texts import cautions, estimate, reasons
from decision.ui.texts import verdict as verdicts


def numbers(card: ComparisonCard) -> str:
    """Both numbers with their ranges and what is said of the difference, as on the page."""
    spec, simulated = card.spec, card.model.simulated
    arms = ""
    for treatment in estimate.ordered(spec):
        found = card.answer.prediction(treatment.id)
        stops = [f"STOP. {why}" for why in cautions.stop_reasons(card.cautions, treatment.id)]
        between = " ".join(estimate.uncertain(found)) if range_first(card) else ""
        arms += part(
            treatment.label,
            items(stops)
            + paragraph(cautions.UNCHANGED if stops else "")
            + paragraph(between)
            + paragraph(f"{estimate.sentence(spec, found, simulated)} {estimate.detail(found)}")
            + paragraph(estimate.reference_class(spec, found, simulated)),
        )
    between = (
        f"<p><strong>{text(verdicts.verdict(card))}</strong> {text(verdicts.gap(card))}</p>"
        + paragraph(verdicts.silence_sentence(card))
        + paragraph(estimate.association(simulated))
    )
    return section("Estimates", arms, part("Difference", between))


def sureness(card: ComparisonCard) -> str:
    """How far the numbers of the first page can be trusted."""
    spec, simulated = card.spec, card.model.simulated
    arms = "".join(
        part(
            t.label, paragraph(estimate.calibration(spec, card.answer.prediction(t.id), simulated))
        )
        for t in estimate.ordered(spec)
    )
    sure = "" if verdicts.stopped(card) else estimate.direction(spec, card.answer.contrast)
    ranges = paragraph(estimate.explained(card)) + paragraph(sure)
    return section("How sure the estimates are", arms, part("Ranges", ranges))


def why(card: ComparisonCard) -> str:
    return section(
        "Reasons",
        paragraph(reasons.NOTE),
        part("Moves both drugs", grouped(reasons.prognostic(card)) or paragraph(reasons.NOTHING)),
        part("Moves the gap", grouped(reasons.differential(card)) + paragraph(reasons.rest(card))),
        paragraph(reasons.baseline(card)),
        part(reasons.BY_MODALITY, items(reasons.by_modality(card))),
    )
