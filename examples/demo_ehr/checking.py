"""What a resource must have before this server stores it: by hand, independent of the product's."""

from __future__ import annotations

import re
from typing import Any

from examples.demo_ehr.errors import FhirError
from examples.demo_ehr.misbehaviour import Json

_REQUIRED = {
    "RiskAssessment": ("status", "subject"),
    "DocumentReference": ("status", "content"),
    "AuditEvent": ("type", "recorded", "agent", "source"),
    "Observation": ("status", "code", "subject"),
}
_STATUS = {
    "RiskAssessment": {"registered", "preliminary", "final", "amended", "corrected", "cancelled",
                       "entered-in-error", "unknown"},
    "DocumentReference": {"current", "superseded", "entered-in-error"},
    "Observation": {"registered", "preliminary", "final", "amended", "corrected", "cancelled",
                    "entered-in-error", "unknown"},
}  # fmt: skip
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def check(kind: str, resource: Any) -> Json:
    """The resource, or a 422 that names the element; a 400 where it is no resource of that type."""
    if not isinstance(resource, dict) or resource.get("resourceType") != kind:
        raise FhirError(400, "invalid", f"the body is not a {kind}")
    for name in _REQUIRED[kind]:
        if not resource.get(name):
            raise FhirError(422, "required", f"{kind}.{name} is missing")
    if kind in _STATUS and resource["status"] not in _STATUS[kind]:
        raise FhirError(422, "code-invalid", f"{kind}.status is not of its value set")
    _no_empty(resource, kind)
    if kind == "RiskAssessment":
        _predictions(resource)
        _instant(resource.get("occurrenceDateTime"), "RiskAssessment.occurrenceDateTime")
    if kind == "Observation":
        _instant(resource.get("effectiveDateTime"), "Observation.effectiveDateTime")
        if len([name for name in resource if name.startswith("value")]) > 1:
            raise FhirError(422, "structure", "Observation.value[x] is there twice")
    if kind == "AuditEvent":
        _instant(resource["recorded"], "AuditEvent.recorded")
    return resource


def _predictions(resource: Json) -> None:
    for prediction in resource.get("prediction", []):
        if {"probabilityDecimal", "probabilityRange"} <= prediction.keys():
            raise FhirError(422, "structure", "prediction.probability[x] is there twice")
        share = prediction.get("probabilityDecimal", 0)
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 100:
            raise FhirError(422, "value", "prediction.probabilityDecimal is no percentage")


def _instant(value: Any, name: str) -> None:
    if value is not None and not (isinstance(value, str) and _INSTANT.fullmatch(value)):
        raise FhirError(422, "value", f"{name} has no zone or no seconds")


def _no_empty(value: Any, where: str) -> None:
    """FHIR JSON has no null, no empty string, list or object."""
    if value is None or value in ("", [], {}):
        raise FhirError(422, "structure", f"{where} is empty")
    if isinstance(value, dict):
        for name, inner in value.items():
            _no_empty(inner, f"{where}.{name}")
    if isinstance(value, list):
        for inner in value:
            _no_empty(inner, where)
