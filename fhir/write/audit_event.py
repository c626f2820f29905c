"""An entry of the trail as FHIR AuditEvent (R4), for a chart that wants to keep one of its own.

It says who did what about whom, when, with which versions, and which entry of our trail holds the
rest. It holds no clinical value: of what was shown or entered, only that it was.
"""

from __future__ import annotations

import re

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.codes import LOCAL
from fhir.fields import Json
from fhir.ids import ID
from fhir.write.launched import Launched

ENTRY = f"{LOCAL}:audit-entry"
"""System of the identifier that names an entry of our trail."""
ACTION = f"{LOCAL}:audit-action"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_USER = re.compile(rf"(?:.*: )?((?:Practitioner|PractitionerRole|RelatedPerson|Patient)/{ID})")
_EXECUTE, _CREATE = "E", "C"
_OBSERVER = "treatment-response"
"""Where the entry was made, as the chart's audit log names it."""


def audit_event(event: AuditEvent, audit_id: str, launched: Launched) -> Json:
    """The AuditEvent of one entry about the patient of a launch."""
    return {
        "resourceType": "AuditEvent",
        "type": {"system": _DICOM, "code": "110110", "display": "Patient Record"},
        "subtype": [{"system": ACTION, "code": event.action.name.lower().replace("_", "-")}],
        "action": _EXECUTE if event.action is AuditAction.ASSESSED else _CREATE,
        "recorded": event.recorded.isoformat(timespec="milliseconds"),
        "outcome": "0",  # the entry precedes what it is about: without it nothing is shown
        "agent": [{**_who(event.agent), "requestor": True}],
        "source": {"observer": {"display": _OBSERVER}},
        "entity": [
            {
                "what": {"reference": launched.subject},
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


def _who(agent: str) -> Json:
    """The user of the chart as it names them; anybody else by the name in the trail."""
    if found := _USER.fullmatch(agent):
        return {"who": {"reference": found[1]}}
    return {"who": {"display": agent}, "name": agent}
