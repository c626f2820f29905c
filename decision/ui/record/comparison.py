"""The record of a comparison: both numbers, the difference, how sure they are, and the reasons."""

from __future__ import annotations

from decision.clinical.assessment import ComparisonCard, range_first
from decision.ui.record.blocks import Block, Icons, Part, Section, listed, part, said, section
from decision.ui.record.parts import grouped
from decision.ui.texts import cautions, estimate, reasons
from decision.ui.texts import verdict as verdicts
from decision.ui.texts.numbers import per_100


def numbers(card: ComparisonCard, *, closely: bool = False) -> tuple[Section, ...]:
    """Both numbers with their ranges and what is said of the difference, as on the page; `closely`,
    together with how sure they are.
    """
    spec, simulated = card.spec, card.model.simulated
    arms: list[Part] = []
    for treatment in estimate.ordered(spec):
        found = card.answer.prediction(treatment.id)
        stops = [f"STOP. {why}" for why in cautions.stop_reasons(card.cautions, treatment.id)]
        between = " ".join(estimate.uncertain(found)) if range_first(card) else ""
        number, rest = estimate.headline(spec, found, simulated)
        arms += part(
            treatment.label,
            *listed(stops),
            *said(cautions.UNCHANGED if stops else ""),
            *said(between),
            *said(f"{rest} {estimate.detail(found)}", number),
            Icons(per_100(found.probability), f"{number} {rest}"),
            *said(estimate.reference_class(spec, found, simulated)),
            *said(estimate.calibration(spec, found, simulated) if closely else ""),
        )
    between_them = (
        *said(verdicts.gap(card), verdicts.verdict(card)),
        *said(verdicts.silence_sentence(card)),
        *said(estimate.association(simulated)),
        *(_ranges(card) if closely else ()),
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
    return section("sureness", "How sure the estimates are", *arms, *part("Ranges", *_ranges(card)))


def _ranges(card: ComparisonCard) -> tuple[Block, ...]:
    stopped = verdicts.stopped(card)
    sure = "" if stopped else estimate.direction(card.spec, card.answer.contrast)
    return (*said(estimate.explained(card)), *said(sure))


def why(card: ComparisonCard) -> tuple[Section, ...]:
    return section(
        "reasons",
        "Reasons",
        *said(reasons.NOTE),
        *said(reasons.baseline(card)),
        *part("Moves both drugs", *(grouped(reasons.prognostic(card)) or said(reasons.NOTHING))),
        *part("Moves the gap", *grouped(reasons.differential(card)), *said(reasons.rest(card))),
        *part(reasons.BY_MODALITY, *listed(reasons.by_modality(card))),
    )
