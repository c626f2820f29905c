"""A prognosis in a RiskAssessment: one risk for each horizon, and where somebody stands."""

from __future__ import annotations

from calendar import monthrange
from datetime import datetime

from decision.clinical.answers import HorizonRisk, in_years
from decision.clinical.assessment import PrognosisCard
from decision.clinical.codes import LOCAL
from decision.clinical.dates import dated
from decision.clinical.gaps import sentence
from fhir.fields import Json
from fhir.write.figures import RESEARCH, SIMULATED, instant, listed, percentage, ranged, spoken


def estimates(card: PrognosisCard) -> tuple[tuple[str, float], ...]:
    """(code of the outcome, probability), in the order in which they are written."""
    return tuple((_code(card, risk), risk.probability) for risk in card.answer.risks)


def predictions(card: PrognosisCard) -> list[Json]:
    """One for each horizon; the last, which alone has a band, has the band too."""
    made = [_prediction(card, risk) for risk in card.answer.risks]
    made[-1]["qualitativeRisk"] = _band(card)
    return made


def _code(card: PrognosisCard, risk: HorizonRisk) -> str:
    return f"{card.spec.id}.outcome-within.{risk.id}"


def _prediction(card: PrognosisCard, risk: HorizonRisk) -> Json:
    return {
        "outcome": {
            "coding": [{"system": LOCAL, "code": _code(card, risk)}],
            "text": f"{card.spec.outcome.label} {within(risk.years)}",
        },
        "probabilityDecimal": percentage(risk.probability),
        "whenPeriod": {
            "start": instant(card.as_of),
            "end": instant(after(card.as_of, risk.years)),
        },
        "rationale": _rationale(card, risk),
    }


def within(years: float) -> str:
    """`within 5 years`."""
    return f"within {in_years(years)}"


def after(when: datetime, years: float) -> datetime:
    """So many years later, to the month; the last of its month where there is no such day."""
    months = when.month - 1 + round(12 * years)
    year, month = when.year + months // 12, months % 12 + 1
    return when.replace(year=year, month=month, day=min(when.day, monthrange(year, month)[1]))


def _rationale(card: PrognosisCard, risk: HorizonRisk) -> str:
    """What belongs beside the number, for whoever copies one prediction. A caution speaks of a
    treatment, and this risk is that without any: it stands in the note alone.
    """
    kind = f"{'simulated ' if card.model.simulated else ''}{card.situation.people}"
    standing = card.situation.classification
    return spoken(
        f"{percentage(risk.probability):g} of 100 {kind} develop it {within(risk.years)}; "
        f"{ranged(risk.interval)}.",
        f"{standing.label}{'' if standing.settled else ' (not settled)'}.",
        SIMULATED if card.model.simulated else "",
        RESEARCH,
    )


def _band(card: PrognosisCard) -> Json:
    """A code of ours: those of the standard list mean what others have defined."""
    code = f"{card.spec.id}.band.{'-'.join(card.band.split())}"
    return {
        "coding": [{"system": LOCAL, "code": code, "display": card.band}],
        "text": spoken(f"{card.band[:1].upper()}{card.band[1:]}.", _whose(card)),
    }


def remarks(card: PrognosisCard) -> tuple[str, ...]:
    """Where somebody stands by which rules, what was not there to say so, and whose the bands are.
    Published scores stay on the page: beside our number here they would pass for ours.
    """
    standing = card.situation.classification
    settled = "" if standing.settled else " (not settled)"
    return (
        sentence(dated(f"{standing.label}{settled}: {standing.detail}")),
        sentence(f"Rules: {dated(standing.rules)}") if standing.rules else "",
        listed("Missing for that", map(dated, standing.missing)),
        f"Band of the risk {within(card.answer.last.years)}: {card.band}.",
        _whose(card),
    )


def _whose(card: PrognosisCard) -> str:
    return sentence(card.spec.prognosis.band_note) if card.spec.prognosis else ""
