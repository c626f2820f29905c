"""The card as a FHIR R4 RiskAssessment: both estimates, what they rest on and what made them.

That the model is simulated is said thrice: in words beside every number, as a code in `method`,
which stays with the resource wherever it is copied, and as a tag, by which a server can be searched
(`_tag`), but which some servers drop.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta

from decision.clinical.assessment import ComparisonCard, Interval, Prediction
from decision.clinical.codes import LOCAL
from decision.clinical.features import Found
from decision.clinical.record import Origin, PatientRecord
from decision.clinical.spec import Severity, Treatment
from fhir.fields import Json
from fhir.ids import kind_of
from fhir.write.cautions import APART, against, all_against, open_questions, warns
from fhir.write.cautions import in_order as in_order
from fhir.write.launched import Launched, assessment_key, identifier

SIMULATED_CODE = "simulated-model"
SIMULATED = (
    "SIMULATED model: trained on generated records, not on patients; for software testing only, "
    "not for any care decision."
)
RESEARCH = "Research use, not a cleared device: supports, and does not replace, clinical judgement."


def risk_assessment(record: PatientRecord, card: ComparisonCard, launched: Launched) -> Json:
    """One RiskAssessment of one card. It holds no decision: deciding anew leaves it as it is."""
    resource: Json = {
        "resourceType": "RiskAssessment",
        "identifier": [identifier(assessment_key(card, launched))],
        "status": "final",
        "method": _method(card),
        "code": {
            "coding": [{"system": LOCAL, "code": card.spec.id, "display": card.spec.title}],
            "text": card.spec.title,
        },
        "subject": {"reference": launched.subject},
        "occurrenceDateTime": instant(card.as_of),
        "performer": {"reference": launched.fhir_user},
        "prediction": [_prediction(card, treatment) for treatment in in_order(card)],
        "note": [{"authorString": model_name(card), "text": note(record, card)}],
    }
    if basis := [{"reference": reference} for reference in used(card, launched)]:
        resource["basis"] = basis
    if card.model.simulated:
        resource["meta"] = {"tag": [_SIMULATED_CODING]}
    if launched.encounter:
        resource["encounter"] = {"reference": f"Encounter/{launched.encounter}"}
    return resource


_SIMULATED_CODING = {"system": LOCAL, "code": SIMULATED_CODE, "display": "SIMULATED model"}


def model_name(card: ComparisonCard) -> str:
    """Which model, exactly: id, version, and enough of the checksum to tell two apart."""
    model = card.model
    return f"{model.id} {model.version} ({model.checksum[:12]}), rules {card.spec.version}"


def _method(card: ComparisonCard) -> Json:
    if not card.model.simulated:
        return {"text": model_name(card)}
    return {"coding": [_SIMULATED_CODING], "text": f"{model_name(card)}. {SIMULATED}"}


def _prediction(card: ComparisonCard, treatment: Treatment) -> Json:
    outcome, found = card.spec.outcome, card.answer.prediction(treatment.id)
    said = f"{outcome.label} by week {outcome.horizon_weeks} with {treatment.label_with_article}"
    until = card.as_of + timedelta(weeks=outcome.horizon_weeks)
    return {
        "outcome": {
            "coding": [
                {"system": LOCAL, "code": f"{card.spec.id}.outcome-with.{treatment.id}"},
            ],
            "text": said,
        },
        "probabilityDecimal": percentage(found.probability),
        "whenPeriod": {"start": instant(card.as_of), "end": instant(until)},
        "rationale": rationale(card, found),
    }


def percentage(probability: float) -> float:
    """R4 wants a percentage: 61, not 0.61. Whole as on the page, but never "never" nor "always"."""
    whole = math.floor(100 * probability + 0.5)
    if 0 < whole < 100:
        return whole
    return min(max(round(100 * probability, 1), 0.1), 99.9)


def rationale(card: ComparisonCard, found: Prediction) -> str:
    """What belongs beside the number, a caution first: whoever copies one prediction copies what
    speaks against it, and R4 has no place for a number and its range at once.
    """
    warned = against(card, found.treatment)
    kind = "simulated patients" if card.model.simulated else "patients"
    parts = [
        *warned,
        APART if warned else "",
        f"{percentage(found.probability):g} of 100 {kind} like this one reach it; likely range "
        f"{_span(found.interval)} of 100 ({_whole(found.interval.level)} %).",
        SIMULATED if card.model.simulated else "",
        RESEARCH,
    ]
    return " ".join(part for part in parts if part)


def note(record: PatientRecord, card: ComparisonCard) -> str:
    """Cautions, the hardest first, and what is open; then the difference, whether a class is named
    and why not, and what was not there.
    """
    spec, missing = card.spec, card.features.missing
    entered = [
        spec.feature(i).short
        for i, f in card.features.findings
        if isinstance(f, Found) and f.evidence.origin is not Origin.RECORD
    ]
    parts = [
        *all_against(card),
        *open_questions(card),
        _difference(card),
        _preference(card),
        _listed("Entered by clinician", entered),
        _listed("Missing", [spec.feature(i).short for i in missing]),
        _listed(
            "Not to be had from the record",
            [f"{gap.label} ({gap.reason.value})" for gap in record.gaps],
        ),
        SIMULATED if card.model.simulated else "",
        RESEARCH,
    ]
    return " ".join(part for part in parts if part)


def _difference(card: ComparisonCard) -> str:
    """Silent beside a STOP, like the page: there the larger estimate is not the question."""
    if any(warns(f, t.id, Severity.STOP) for f in card.cautions for t in card.spec.treatments):
        return ""
    contrast = card.answer.contrast
    a, b = (card.spec.treatment(t).label for t in (contrast.a, contrast.b))
    size, interval = f"{_whole(contrast.difference):+d}", contrast.interval
    ranged = f"{_whole(interval.low):+d} to {_whole(interval.high):+d}"
    return (
        f"Difference, {b} minus {a}: {size} of 100 "
        f"(likely range {ranged}, {_whole(interval.level)} %)."
    )


def _preference(card: ComparisonCard) -> str:
    named = card.preference.treatment
    if named is not None:
        return f"The estimates favour {card.spec.treatment(named).label_with_article}."
    because = "; ".join(reason.value for reason in card.preference.silence)
    return f"No drug class is named{': ' if because else ''}{because}."


def _listed(title: str, items: list[str]) -> str:
    return f"{title}: {', '.join(dict.fromkeys(items))}." if items else ""


def used(card: ComparisonCard, launched: Launched) -> tuple[str, ...]:
    """Every resource of the server that a value or a caution rests on, once, in their order.

    What the clinician entered is no resource, and neither is an entry of a file without an id.
    """
    found = (launched.subject if r == "Patient" else r for r in _references(card))
    usable = (r for r in found if r == launched.subject or kind_of(r) not in ("", "Patient"))
    return tuple(dict.fromkeys(usable))


def _references(card: ComparisonCard) -> Iterator[str]:
    for _, finding in card.features.findings:
        if isinstance(finding, Found):
            for source in finding.evidence.sources:
                if source.origin is Origin.RECORD:
                    yield source.reference
    for caution in card.cautions:
        yield from caution.evidence


def instant(when: datetime) -> str:
    """A FHIR dateTime, always with its zone."""
    if when.tzinfo is None:
        raise ValueError("a time in a resource needs its zone")
    return when.isoformat(timespec="seconds")


def _whole(share: float) -> int:
    return int(math.copysign(math.floor(abs(share) * 100 + 0.5), share))


def _span(interval: Interval) -> str:
    return f"{_whole(interval.low)} to {_whole(interval.high)}"
