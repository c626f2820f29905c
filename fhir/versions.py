"""Marks of other FHIR versions: read as R4, they would lose a status or a drug in silence."""

from __future__ import annotations

from fhir.fields import Json

_R5_KEYS = {
    "MedicationRequest": ("medication",),
    "MedicationStatement": ("medication",),
    "MedicationAdministration": ("medication", "occurenceDateTime", "occurencePeriod"),
    "Observation": ("triggeredBy", "instantiatesReference"),
}
_STU3_KEYS = {
    "Observation": ("related",),
    "MedicationStatement": ("taken",),
    "MedicationAdministration": ("notGiven",),
    "Condition": ("assertedDate",),
    "Patient": ("animal",),
}


_MARKED = frozenset(
    {"MedicationOrder", "DiagnosticOrder", "MedicationUsage", *_R5_KEYS, *_STU3_KEYS}
)


def other_version(resource: Json) -> str:
    """Name of the FHIR version a resource seems to be of, or "" where nothing speaks against R4."""
    kind = str(resource.get("resourceType"))
    if kind not in _MARKED:
        return ""
    if kind in ("MedicationOrder", "DiagnosticOrder"):
        return "DSTU2"
    if kind == "MedicationUsage":
        return "R5"
    for key in _R5_KEYS.get(kind, ()):
        if key in resource:
            return "R5"
    for key in _STU3_KEYS.get(kind, ()):
        if key in resource:
            return "STU3"
    if kind == "Condition" and any(
        isinstance(resource.get(key), str) for key in ("clinicalStatus", "verificationStatus")
    ):
        return "STU3"
    return ""
