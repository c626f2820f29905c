"""The record of what was shown and decided, as a FHIR R4 DocumentReference."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from decision.clinical.assessment import Card, ComparisonCard
from decision.clinical.writing import ChosenTreatment, Document
from fhir.errors import NotWritableError
from fhir.fields import Json
from fhir.write.cautions import worst
from fhir.write.figures import instant
from fhir.write.launched import (
    RECORD_TYPE,
    Launched,
    decision_key,
    identifier,
)

LONGEST = 1_000_000
"""Characters of base64; proxies in front of EHRs have been seen to refuse larger bodies."""
_TYPE = {
    "system": RECORD_TYPE.system,
    "code": RECORD_TYPE.code,
    "display": RECORD_TYPE.display,
}


def document_reference(
    card: Card,
    decided: ChosenTreatment,
    document: Document,
    launched: Launched,
    now: datetime,
) -> Json:
    """One document of one decision; its links are added by `linked` when it is sent.

    `NotWritableError` for a document over 1 MB as base64, and for a decision that chose nothing.
    """
    if not decided.chosen:
        raise NotWritableError("the decision names no drug and no other choice")
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


def description(card: Card, decided: ChosenTreatment) -> str:
    """The decision in one line, for a list of documents."""
    chosen = card.spec.choices().get(decided.chosen, decided.chosen)
    against = worst(card, decided.chosen)
    model = " (simulated model)" if card.model.simulated else ""
    return (
        f"Chosen: {chosen}{f', against {against}' if against else ''}. "
        f"Decision support, {_about(card)}{model}."
    )


def _about(card: Card) -> str:
    """`TNF or IL-6 inhibitor`: a word that ends both names is said once. Where nothing is compared,
    the decision's title.
    """
    if not isinstance(card, ComparisonCard):
        return card.spec.title
    a, b = (t.label for t in card.spec.treatments)
    first, _, last = a.rpartition(" ")
    return f"{first} or {b}" if first and b.endswith(f" {last}") else f"{a} or {b}"


def _sha1(content: bytes) -> str:
    """R4 asks for SHA-1 here, against damage on the way and not against anybody."""
    return base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode("ascii")
