"""A comparison in a RiskAssessment: one estimate for each treatment, and how they differ."""

from __future__ import annotations

from datetime import timedelta

from decision.clinical.answers import Prediction, per_100
from decision.clinical.assessment import ComparisonCard
from decision.clinical.codes import LOCAL
from decision.clinical.spec import Severity, Treatment
from fhir.fields import Json
from fhir.write.cautions import APART, against, in_order, warns
from fhir.write.figures import RESEARCH, SIMULATED, instant, percentage, ranged, spoken


def estimates(card: ComparisonCard) -> tuple[tuple[str, float], ...]:
    """(code of the outcome, probability), in the order in which they are written."""
    return tuple((_code(card, t), card.answer.prediction(t.id).probability) for t in in_order(card))


def predictions(card: ComparisonCard) -> list[Json]:
    """One for each treatment."""
    return [_prediction(card, treatment) for treatment in in_order(card)]


def _code(card: ComparisonCard, treatment: Treatment) -> str:
    return f"{card.spec.id}.outcome-with.{treatment.id}"


def _prediction(card: ComparisonCard, treatment: Treatment) -> Json:
    outcome, found = card.spec.outcome, card.answer.prediction(treatment.id)
    said = f"{outcome.label} by week {outcome.horizon_weeks} with {treatment.label_with_article}"
    until = card.as_of + timedelta(weeks=outcome.horizon_weeks)
    return {
        "outcome": {"coding": [{"system": LOCAL, "code": _code(card, treatment)}], "text": said},
        "probabilityDecimal": percentage(found.probability),
        "whenPeriod": {"start": instant(card.as_of), "end": instant(until)},
        "rationale": _rationale(card, found),
    }


def _rationale(card: ComparisonCard, found: Prediction) -> str:
    """What belongs beside the number, a caution first: whoever copies one prediction copies what
    speaks against it, and R4 has no place for a number and its range at once.
    """
    warned = against(card, found.treatment)
    kind = "simulated patients" if card.model.simulated else "patients"
    return spoken(
        *warned,
        APART if warned else "",
        f"{percentage(found.probability):g} of 100 {kind} like this one reach it; "
        f"{ranged(found.interval)}.",
        SIMULATED if card.model.simulated else "",
        RESEARCH,
    )


def remarks(card: ComparisonCard) -> tuple[str, ...]:
    """The difference, and whether a class is named and why not."""
    return (_difference(card), _preference(card))


def _difference(card: ComparisonCard) -> str:
    """Silent beside a STOP, like the page: there the larger estimate is not the question."""
    if any(warns(f, t.id, Severity.STOP) for f in card.cautions for t in card.spec.treatments):
        return ""
    contrast = card.answer.contrast
    a, b = (card.spec.treatment(t).label for t in (contrast.a, contrast.b))
    interval = contrast.interval
    span = f"{per_100(interval.low):+d} to {per_100(interval.high):+d}"
    return (
        f"Difference, {b} minus {a}: {per_100(contrast.difference):+d} of 100 "
        f"(likely range {span}, {per_100(interval.level)} %)."
    )


def _preference(card: ComparisonCard) -> str:
    named = card.preference.treatment
    if named is not None:
        return f"The estimates favour {card.spec.treatment(named).label_with_article}."
    because = "; ".join(reason.value for reason in card.preference.silence)
    return f"No drug class is named{': ' if because else ''}{because}."
