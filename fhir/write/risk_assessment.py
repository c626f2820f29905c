"""A card as a FHIR R4 RiskAssessment: its estimates, what they rest on and what made them.

That the model is simulated is said thrice: in words beside every number, as a code in `method`,
which stays with the resource wherever it is copied, and as a tag, by which a server can be searched
(`meta.tag`), but which some servers drop.
"""

from __future__ import annotations

from collections.abc import Iterator

from decision.clinical.assessment import Card, ComparisonCard
from decision.clinical.codes import LOCAL
from decision.clinical.features import Found
from decision.clinical.record import Origin, PatientRecord
from fhir.fields import Json
from fhir.ids import kind_of
from fhir.write import comparison, prognosis
from fhir.write.cautions import all_against, open_questions
from fhir.write.figures import RESEARCH, SIMULATED, instant, listed, spoken
from fhir.write.launched import Launched, assessment_key, identifier

SIMULATED_CODE = "simulated-model"


def risk_assessment(record: PatientRecord, card: Card, launched: Launched) -> Json:
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
        "prediction": comparison.predictions(card)
        if isinstance(card, ComparisonCard)
        else prognosis.predictions(card),
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


def estimates(card: Card) -> tuple[tuple[str, float], ...]:
    """(code of the outcome, probability) of every prediction, in their order."""
    if isinstance(card, ComparisonCard):
        return comparison.estimates(card)
    return prognosis.estimates(card)


def model_name(card: Card) -> str:
    """Which model, exactly: id, version, and enough of the checksum to tell two apart."""
    model = card.model
    return f"{model.id} {model.version} ({model.checksum[:12]}), rules {card.spec.version}"


def _method(card: Card) -> Json:
    if not card.model.simulated:
        return {"text": model_name(card)}
    return {"coding": [_SIMULATED_CODING], "text": f"{model_name(card)}. {SIMULATED}"}


def note(record: PatientRecord, card: Card) -> str:
    """Cautions, the hardest first, and what is open; what the kind of answer has to say of itself,
    and what was not there. Where nothing is compared, cautions are about what may be given, not
    about the number: there the class comes first.
    """
    spec, missing = card.spec, card.features.missing
    entered = [
        spec.feature(i).short
        for i, f in card.features.findings
        if isinstance(f, Found) and f.evidence.origin is not Origin.RECORD
    ]
    unread = [f"{gap.label} ({gap.reason.value})" for gap in record.gaps]
    warned = (*all_against(card), *open_questions(card))
    return spoken(
        *(
            (*warned, *comparison.remarks(card))
            if isinstance(card, ComparisonCard)
            else (*prognosis.remarks(card), *warned)
        ),
        listed("Entered by clinician", entered),
        listed("Missing", [spec.feature(i).short for i in missing]),
        listed("Not to be had from the record", unread),
        SIMULATED if card.model.simulated else "",
        RESEARCH,
    )


def used(card: Card, launched: Launched) -> tuple[str, ...]:
    """Every resource of the server that a value or a caution rests on, once, in their order.

    What the clinician entered is no resource, and neither is an entry of a file without an id.
    """
    found = (launched.subject if r == "Patient" else r for r in _references(card))
    usable = (r for r in found if r == launched.subject or kind_of(r) not in ("", "Patient"))
    return tuple(dict.fromkeys(usable))


def _references(card: Card) -> Iterator[str]:
    for _, finding in card.features.findings:
        if isinstance(finding, Found):
            for source in finding.evidence.sources:
                if source.origin is Origin.RECORD:
                    yield source.reference
    for caution in card.cautions:
        yield from caution.evidence
