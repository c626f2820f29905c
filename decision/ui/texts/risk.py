"""Sentences about risks over time (display rules D1 to D5): what, by when, how sure."""

from __future__ import annotations

from decision.clinical.answers import in_years
from decision.clinical.assessment import HorizonRisk, PrognosisCard
from decision.ui.texts import estimate
from decision.ui.texts.estimate import checked
from decision.ui.texts.numbers import (
    count,
    of_100,
    per_100,
    span,
    unbroken,
)

WITHIN = "Within"
RECALIBRATED = (
    "They were of other sites; the risks shown are recalibrated for this one, where it may be more "
    "or less frequent."
)
OTHER_ICONS = "Icons for the shorter times"
ESTIMATED = "an estimated "
"""Not everybody was followed so long: how many developed it is the number times a share."""


def horizon_years(horizon: str) -> float | None:
    """5 from `5y`, the key of a horizon in the trail; None for what is none."""
    digits, unit = horizon[:-1], horizon[-1:]
    return float(digits) if unit == "y" and digits.replace(".", "", 1).isdecimal() else None


def people(card: PrognosisCard) -> str:
    """Who the risk is about; simulated ones are called so."""
    return f"{'simulated ' if card.model.simulated else ''}{card.situation.people}"


def headline(card: PrognosisCard, risk: HorizonRisk) -> tuple[str, str]:
    """The number, and the rest of the one sentence that anchors it: who, what, by when (D1, D3)."""
    what = unbroken(card.spec.outcome.label)
    return of_100(risk.probability), f"{people(card)} develop {what} within {in_years(risk.years)}."


def sentence(card: PrognosisCard, risk: HorizonRisk) -> str:
    """The headline as one string: the alternative of the icons, and what the trail keeps."""
    return " ".join(headline(card, risk))


def short(risk: HorizonRisk) -> tuple[str, str, str]:
    """(by when, number, range) of a row below the headline, which has named who and what."""
    return (
        f"{WITHIN} {in_years(risk.years)}",
        of_100(risk.probability),
        f"likely range {span(risk.interval)}",
    )


def band(card: PrognosisCard) -> str:
    """What the last risk is called, and whose word that is; no word stands without its number."""
    if not card.band or card.spec.prognosis is None:
        return ""
    last, note = card.answer.last, card.spec.prognosis.band_note
    return f"Band at {in_years(last.years)}: {card.band}{_other_bands(card, last)}. {note}".strip()


def _other_bands(card: PrognosisCard, last: HorizonRisk) -> str:
    """The bands at the ends of the range where they are others: one word must not hide them."""
    if card.spec.prognosis is None:
        return ""
    ends = (last.interval.low, last.interval.high)
    low, high = (card.spec.prognosis.band(end, card.answer.stratum) for end in ends)
    return "" if low == high == card.band else f", its range from {low} to {high}"


def uncertain(risk: HorizonRisk) -> tuple[str, str]:
    """The form for values outside the usual range: the range first (D4, D10)."""
    return f"Between {per_100(risk.interval.low)} and {per_100(risk.interval.high)}", (
        f"of 100 within {in_years(risk.years)}. The data for this person do not support a narrower "
        "estimate."
    )


def explained(card: PrognosisCard) -> str:
    """What a range is, said once for every horizon."""
    held = of_100(card.answer.last.interval.level)
    kind = "simulated people" if card.model.simulated else "people"
    wide = "; it is wider because something was not measured" if card.answer.missing_costs else ""
    checked_on = " (About says how many it held)" if card.model.simulated else ""
    return f"Such a range is meant to hold the true figure for {held} {kind}{checked_on}{wide}."


def reference_class(card: PrognosisCard) -> str:
    """On whom it rests (D3); all of them, not only similar ones."""
    answer = card.answer
    kind = "simulated people" if card.model.simulated else "people"
    return (
        f"Based on {count(answer.reference_n)} {kind} ({answer.stratum_label}), of whom "
        f"{count(answer.reference_events)} developed it while they were followed (all, not only "
        f"similar ones). {RECALIBRATED}"
    )


def calibration(card: PrognosisCard, risk: HorizonRisk) -> str:
    """How people scored like this one fared by that horizon (D5); with too few, only that."""
    kind = "simulated validation people" if card.model.simulated else "validation people"
    fewest = card.spec.thresholds["smallest_calibration_band"].value
    told = checked(risk.calibration, risk.probability, fewest, kind, "developed", ESTIMATED)
    return f"{WITHIN} {in_years(risk.years)}: {told}"


ASSOCIATION = "It describes what happened to such {kind}; it is no forecast for one person."


def association(card: PrognosisCard) -> str:
    return ASSOCIATION.format(kind="simulated people" if card.model.simulated else "people")


def shown(card: PrognosisCard) -> tuple[str, ...]:
    """What the clinician read, word for word, for the audit trail."""
    place = card.situation.classification
    lines = [f"{sentence(card, risk)} {estimate.detail(risk)}" for risk in card.answer.risks]
    return (f"{place.label}. {place.detail}".strip(), *lines, *filter(None, (band(card),)))
