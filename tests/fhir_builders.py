"""FHIR resources written by hand for the reader's tests: small, and valid R4 unless broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from decision.clinical.record import IssueKind, PatientRecord
from fhir.to_record import read_bundle

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
LOCAL = "urn:treatment-response:local"
CRP = (LOINC, "1988-5")
NAME = "Zebulon Marker"
"""Stands wherever a record holds personal or free text; must never reach an issue or a message."""


def concept(system: str, code: str, **more: Any) -> Json:
    return {"coding": [{"system": system, "code": code, "display": NAME}], "text": NAME, **more}


def patient(identity: str = "p1", **more: Any) -> Json:
    return {
        "resourceType": "Patient",
        "id": identity,
        "name": [{"family": NAME, "given": ["Test"]}],
        "gender": "female",
        "birthDate": "1970-05-04",
        **more,
    }


def observation(identity: str = "o1", code: tuple[str, str] = CRP, **more: Any) -> Json:
    resource: Json = {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": concept(*code),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-11-02",
        **more,
    }
    if not any(key.startswith(("value", "component", "dataAbsent")) for key in more):
        resource["valueQuantity"] = quantity(12, "mg/L")
    return {key: value for key, value in resource.items() if value is not None}


def quantity(value: Any, unit: str, **more: Any) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit, **more}


def condition(identity: str = "c1", **more: Any) -> Json:
    return {
        "resourceType": "Condition",
        "id": identity,
        "clinicalStatus": concept(
            "http://terminology.hl7.org/CodeSystem/condition-clinical", "active"
        ),
        "code": concept(SNOMED, "69896004"),
        "subject": {"reference": "Patient/p1"},
        "onsetDateTime": "2020-03",
        **more,
    }


def medication(kind: str = "MedicationRequest", identity: str = "m1", **more: Any) -> Json:
    resource: Json = {
        "resourceType": kind,
        "id": identity,
        "status": "active",
        "medicationCodeableConcept": concept(RXNORM, "6851"),
        "subject": {"reference": "Patient/p1"},
        **({"intent": "order", "authoredOn": "2024-01-15"} if kind == "MedicationRequest" else {}),
        **more,
    }
    return {key: value for key, value in resource.items() if value is not None}


def bundle(*resources: Json, form: str = "collection", **more: Any) -> Json:
    """A Bundle of these resources, with the standard Patient first unless one is among them."""
    if not any(r.get("resourceType") == "Patient" for r in resources):
        resources = (patient(), *resources)
    return {
        "resourceType": "Bundle",
        "type": form,
        "timestamp": "2026-11-16T09:00:00+01:00",
        "entry": [{"resource": r} for r in resources],
        **more,
    }


def record_of(*resources: Json, **more: Any) -> PatientRecord:
    return read_bundle(bundle(*resources, **more), "file.json")


def kinds(record: PatientRecord) -> list[IssueKind]:
    return [issue.kind for issue in record.issues]


def write(folder: Path, name: str, content: object) -> Path:
    """A file with that content: bytes and text as they are, anything else as JSON."""
    path = folder / name
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path
