"""Searching one resource type: the parameters of FHIR R4 that this server knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from examples.demo_ehr.errors import FhirError
from examples.demo_ehr.misbehaviour import Json

TOKENS = {
    "Observation": {
        "code": "code",
        "category": "category",
        "status": "status",
        "identifier": "identifier",
    },
    "Condition": {"code": "code", "category": "category", "clinical-status": "clinicalStatus"},
    "MedicationRequest": {"code": "medicationCodeableConcept", "status": "status"},
    "MedicationStatement": {"code": "medicationCodeableConcept", "status": "status"},
    "MedicationAdministration": {"code": "medicationCodeableConcept", "status": "status"},
    "DocumentReference": {"type": "type", "status": "status", "identifier": "identifier"},
    "RiskAssessment": {"identifier": "identifier", "method": "method"},
    "AuditEvent": {},
}
_DATES = {
    "Observation": ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "issued"),
    "Condition": ("recordedDate", "onsetDateTime", "onsetPeriod"),
    "MedicationRequest": ("authoredOn",),
    "MedicationStatement": ("effectiveDateTime", "effectivePeriod", "dateAsserted"),
    "MedicationAdministration": ("effectiveDateTime", "effectivePeriod"),
    "DocumentReference": ("date",),
    "RiskAssessment": ("occurrenceDateTime",),
    "AuditEvent": ("recorded",),
}
_SORTS = {"date", "authoredon", "recorded-date", "effective"}
_CONTROL = {"patient", "subject", "_id", "_count", "_sort", "_include", "_format", "_lastUpdated"}
LARGEST_PAGE = 50
USUAL_PAGE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it was understood; `applied` are the parameters that had an effect."""

    kind: str
    applied: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]
    count: int
    include: bool

    def values(self, *names: str) -> list[str]:
        return [value for name, value in self.applied if name in names]


def understood(kind: str, given: Sequence[tuple[str, str]], deaf_to: Iterable[str] = ()) -> Asked:
    """Read the parameters; an unknown one is ignored and reported, as R4 lets a server do."""
    known = (_CONTROL | set(TOKENS[kind])) - set(deaf_to)
    applied = tuple((name, value) for name, value in given if name in known)
    asked = Asked(
        kind,
        applied,
        tuple(sorted({name for name, _ in given} - known - set(deaf_to))),
        _count([value for name, value in applied if name == "_count"]),
        ("_include", f"{kind}:medication") in applied,
    )
    for value in asked.values("_sort"):
        if value.removeprefix("-") not in _SORTS:
            raise FhirError(400, "not-supported", "_sort: only by date")
    return asked


def _count(values: list[str]) -> int:
    if not values:
        return USUAL_PAGE
    if len(values) > 1 or not re.fullmatch(r"[1-9][0-9]{0,4}", values[0]):
        raise FhirError(400, "invalid", "_count: one positive whole number")
    return min(int(values[0]), LARGEST_PAGE)


def matching(asked: Asked, resources: Iterable[Json]) -> list[Json]:
    """What fits every token parameter, sorted as asked."""
    fields = TOKENS[asked.kind]
    found = [
        resource
        for resource in resources
        if all(
            _fits(resource.get(fields[name]), value)
            for name, value in asked.applied
            if name in fields
        )
        and all(resource["id"] in value.split(",") for value in asked.values("_id"))
    ]
    for value in asked.values("_sort"):
        # Instants of several zones sort as text well enough for a demonstration; no date is last.
        dated = [r for r in found if _date(r)]
        dated.sort(key=_date, reverse=value.startswith("-"))
        found = dated + [r for r in found if not _date(r)]
    return found


def _date(resource: Json) -> str:
    for name in _DATES[resource["resourceType"]]:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start")
        if value:
            return str(value)
    return ""


def _fits(value: Any, parameter: str) -> bool:
    """Any of the tokens, separated by commas; `\\,` is a comma inside one."""
    tokens = [t.replace("\\,", ",") for t in re.split(r"(?<!\\),", parameter)]
    return any(_is(pair, token) for pair in _pairs(value) for token in tokens)


def _is(pair: tuple[str, str], token: str) -> bool:
    system, bar, code = token.rpartition("|")
    if bar and not code:
        return pair[0] == system
    return pair[1] == code and (not bar or pair[0] == system)


def _pairs(value: Any) -> list[tuple[str, str]]:
    """(system, code) of a code, a Coding, a CodeableConcept, an Identifier, or a list of them."""
    if isinstance(value, list):
        return [pair for item in value for pair in _pairs(item)]
    if isinstance(value, str):
        return [("", value)]
    if not isinstance(value, dict):
        return []
    if "coding" in value:
        return _pairs(value["coding"])
    return [(str(value.get("system", "")), str(value.get("code", value.get("value", ""))))]
