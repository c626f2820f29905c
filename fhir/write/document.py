"""The record of what was shown and decided, as a FHIR R4 DocumentReference."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from decision.clinical.assessment import DecisionCard
from decision.clinical.writing import ChosenTreatment
from fhir.errors import NotWritableError
from fhir.fields import Json
from fhir.write.launched import (
    RECORD_TYPE,
    DocumentFile,
    Launched,
    decision_key,
    identifier,
)
from fhir.write.risk_assessment import SIMULATED, instant

LONGEST = 1_000_000
"""Characters of base64; proxies in front of EHRs have been seen to refuse larger bodies."""
_TYPE = {
    "system": RECORD_TYPE.system,
    "code": RECORD_TYPE.code,
    "display": RECORD_TYPE.display,
}


def document_reference(
    card: DecisionCard,
    decided: ChosenTreatment,
    document: DocumentFile,
    launched: Launched,
    now: datetime,
) -> Json:
    """One document of one decision; its links are added by `linked` when it is sent.

    `NotWritableError` for a document over 1 MB as base64.
    """
    data = base64.b64encode(document.content).decode("ascii")
    if len(data) > LONGEST:
        raise NotWritableError("the document is larger than 1 MB")
    resource: Json = {
        "resourceType": "DocumentReference",
        "identifier": [identifier(decision_key("DocumentReference", decided.audit_id, launched))],
        "status": "current",
        "type": {
            "coding": [_TYPE],
            "text": RECORD_TYPE.display,
        },
        "subject": {"reference": launched.subject},
        "date": instant(now),
        "author": [{"reference": launched.fhir_user}],
        "description": description(card, decided),
        "content": [
            {
                "attachment": {
                    "contentType": document.content_type,
                    "data": data,
                    "size": len(document.content),
                    "hash": _sha1(document.content),
                    "title": document.title,
                    "creation": instant(now),
                }
            }
        ],
    }
    if launched.encounter:
        resource["context"] = {"encounter": [{"reference": f"Encounter/{launched.encounter}"}]}
    return resource


def linked(document: Json, *, assessment: Json | None, earlier: Json | None) -> Json:
    """The document with what it belongs to and what it replaces (References)."""
    resource = dict(document)
    if assessment:
        context: Json = resource.get("context", {})
        resource["context"] = {**context, "related": [assessment]}
    if earlier:
        resource["relatesTo"] = [{"code": "replaces", "target": earlier}]
    return resource


def description(card: DecisionCard, decided: ChosenTreatment) -> str:
    """The decision in one line, for a list of documents."""
    labels = {t.id: t.label for t in card.spec.treatments}
    labels |= {choice.code: choice.label for choice in card.spec.other_choices}
    reasons = {reason.code: reason.label for reason in card.spec.override_reasons}
    chosen = labels.get(decided.chosen, decided.chosen) or "as shown"
    because = f" (reason: {reasons.get(decided.reason, decided.reason)})" if decided.reason else ""
    simulated = f" {SIMULATED}" if card.model.simulated else ""
    action = decided.action.value
    return f"{card.spec.title}. Decision, {action}: {chosen}{because}.{simulated}"


def _sha1(content: bytes) -> str:
    """R4 asks for SHA-1 here, against damage on the way and not against anybody."""
    return base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode("ascii")
