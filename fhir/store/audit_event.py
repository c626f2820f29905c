"""An entry of the trail as FHIR AuditEvent (R4), for a chart that wants to keep one of its own.

It says who did what about whom, when, with which versions, and which entry of our trail holds the
rest. It holds no clinical value: of what was shown or entered, only that it was.
"""

from __future__ import annotations

import re
from typing import Any

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.codes import LOCAL
from fhir.store.database import StoreError

Json = dict[str, Any]

ENTRY = f"{LOCAL}:audit-entry"
"""System of the identifier that names an entry of our trail."""
ACTION = f"{LOCAL}:audit-action"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_ID = r"[A-Za-z0-9\-.]{1,64}"
_USER = re.compile(rf"(?:.*: )?((?:Practitioner|PractitionerRole|RelatedPerson|Patient)/{_ID})")
_EXECUTE, _CREATE = "E", "C"


def audit_event(event: AuditEvent, audit_id: str, *, observer: str, patient_reference: str) -> Json:
    """The AuditEvent of one entry; `observer` is the Device reference, or the name, of this
    installation. `StoreError`, naming an element but no value, when it would not be valid.
    """
    if not re.fullmatch(rf"Patient/{_ID}", patient_reference):
        raise _invalid("entity.what", "Give the patient as a relative reference, Patient/<id>.")
    if event.recorded.utcoffset() is None:
        raise _invalid("recorded", "Give the time of the entry with its zone.")
    body: Json = {
        "resourceType": "AuditEvent",
        "type": {"system": _DICOM, "code": "110110", "display": "Patient Record"},
        "subtype": [{"system": ACTION, "code": event.action.name.lower().replace("_", "-")}],
        "action": _EXECUTE if event.action is AuditAction.ASSESSED else _CREATE,
        "recorded": event.recorded.isoformat(timespec="milliseconds"),
        "outcome": "0",  # the entry precedes what it is about: without it nothing is shown
        "agent": [{**_who(event.agent), "requestor": True}],
        "source": {"observer": _reference_or_name(observer, rf"Device/{_ID}")},
        "entity": [
            {
                "what": {"reference": patient_reference},
                "type": {"system": _TYPE, "code": "1", "display": "Person"},
                "role": {"system": _ROLE, "code": "1", "display": "Patient"},
            },
            {
                "what": {"identifier": {"system": ENTRY, "value": audit_id}},
                "type": {"system": _TYPE, "code": "2", "display": "System Object"},
                "role": {"system": _ROLE, "code": "3", "display": "Report"},
                "detail": [
                    {"type": name, "valueString": value}
                    for name, value in (
                        ("decision", event.decision),
                        ("specification version", event.spec_version),
                        ("model version", event.model_version),
                        ("input hash", event.input_hash),
                        ("about entry", str(event.outcome.get("about", ""))),
                    )
                    if value
                ],
            },
        ],
    }
    _validate(body)
    return body


def _who(agent: str) -> Json:
    """The user of the chart as it names them; anybody else by the name in the trail."""
    if found := _USER.fullmatch(agent):
        return {"who": {"reference": found[1]}}
    return {"who": {"display": agent}, "name": agent}


def _reference_or_name(observer: str, reference: str) -> Json:
    key = "reference" if re.fullmatch(reference, observer) else "display"
    return {key: observer}


def _validate(body: Json) -> None:
    from fhir.resources.R4B.auditevent import AuditEvent as Model  # costs most of a second, once

    try:
        Model.model_validate(body)
    except ValueError:  # its message quotes what was given
        raise _invalid("an element", "Report this, with the version of the product.") from None


def _invalid(element: str, remedy: str) -> StoreError:
    return StoreError(f"the AuditEvent of an entry would not be valid ({element})", remedy)
