"""Calls of the CDS Hooks service about the demo patients, as a client that prefetches all sends."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fhir.rest.searches import Search

Json = dict[str, Any]
PATIENTS = Path(__file__).parent.parent / "examples" / "demo_patients"


def patient_ids() -> list[str]:
    """`demo-01` and so on: the files are named by it and one word more."""
    return sorted(path.stem.rpartition("-")[0] for path in PATIENTS.glob("demo-*.json"))


def resources_of(patient: str) -> list[Json]:
    """As a server has them: what a file calls by `urn:uuid:` has a reference of its own there."""
    bundle = json.loads(next(PATIENTS.glob(f"{patient}-*.json")).read_text(encoding="utf-8"))
    written = json.dumps([entry["resource"] for entry in bundle["entry"]])
    for entry in bundle["entry"]:
        resource, address = entry["resource"], entry.get("fullUrl", "")
        if address.startswith("urn:"):
            written = written.replace(address, f"{resource['resourceType']}/{resource['id']}")
    found: list[Json] = json.loads(written)
    return found


def prefetch_of(patient: str, chosen: Sequence[Search]) -> Json:
    """What a client that satisfies every template sends; null where it finds nothing."""
    resources = resources_of(patient)
    found: Json = {"patient": next(r for r in resources if r["resourceType"] == "Patient")}
    for search in chosen:
        matches = [r for r in resources if r["resourceType"] == search.kind and asks(search, r)]
        found[search.key] = searchset(*matches) if matches else None
    return found


def asks(search: Search, resource: Json) -> bool:
    """Whether a search by these codes finds the resource; one without codes finds all."""
    if not search.codes:
        return True
    held = [resource.get("code", {}), *(c.get("code", {}) for c in resource.get("component", []))]
    wanted = {(code.system, code.code) for code in search.codes}
    codings = [coding for concept in held for coding in concept.get("coding", [])]
    return any((c.get("system"), c.get("code")) in wanted for c in codings)


def searchset(*resources: Json, **more: Any) -> Json:
    """The answer to a search, on one page."""
    entries = [{"resource": r, "search": {"mode": "match"}} for r in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}


def patient_view(patient: str, chosen: Sequence[Search]) -> Json:
    """A call when a chart is opened, in the published shape, with everything prefetched."""
    return {
        "hookInstance": str(uuid.uuid4()),
        "hook": "patient-view",
        "context": {"userId": "Practitioner/example", "patientId": patient, "encounterId": "89284"},
        "prefetch": prefetch_of(patient, chosen),
    }


def order_select(patient: str, chosen: Sequence[Search], system: str, code: str) -> Json:
    """A call when a drug was selected, in the published shape, with everything prefetched."""
    order = {
        "resourceType": "MedicationRequest",
        "id": "draft-103",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
    }
    body = patient_view(patient, chosen) | {"hook": "order-select"}
    body["context"] |= {
        "selections": ["MedicationRequest/draft-103"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
    }
    return body
