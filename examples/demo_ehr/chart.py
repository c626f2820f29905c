"""The records: the demo bundles in memory, what apps wrote since, and whose each resource is."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from datetime import UTC
from pathlib import Path
from typing import Any
from uuid import uuid4

from examples.demo_ehr.errors import FhirError, SetupError
from examples.demo_ehr.intake import taken_in
from examples.demo_ehr.misbehaviour import Json
from examples.demo_ehr.shelf import Clock

READABLE = (
    "Patient", "Observation", "Condition", "MedicationRequest", "MedicationStatement",
    "MedicationAdministration", "Medication", "DocumentReference", "Binary", "Practitioner",
    "Encounter", "RiskAssessment", "AuditEvent",
)  # fmt: skip
WRITABLE = ("RiskAssessment", "DocumentReference", "AuditEvent", "Observation")
CLINICIAN = "demo-rheumatologist"
_MOST = 2_000
"""Resources that apps may add before the demonstration has to be started again."""


class Chart:
    """Every resource by type and id. What an app wrote has versions; what it read never changes."""

    def __init__(
        self, folder: Path, clock: Clock, more: Iterable[Json] = (), *, fresh: bool = False
    ) -> None:
        """`fresh` moves every record's dates, so that it ends today."""
        self._clock = clock
        self._kept: dict[tuple[str, str], Json] = {}
        self._written = 0
        files = sorted(folder.glob("*.json"))
        if not files:
            raise SetupError(f"{folder}: no bundle of a patient (*.json) is there")
        for file in files:
            bundle = json.loads(file.read_text(encoding="utf-8"))
            for resource in taken_in(bundle, clock() if fresh else None):
                self.add(resource)
        for resource in more:
            self.add(resource)
        self.add(_clinician())

    def add(self, resource: Json) -> None:
        """A resource from elsewhere; two of one type and id are refused."""
        key = resource["resourceType"], resource["id"]
        if key in self._kept:
            raise SetupError(f"{key[0]}/{key[1]} is there twice")
        kept = copy.deepcopy(resource)
        kept.setdefault("meta", {}).setdefault("versionId", "1")
        kept["meta"].setdefault("lastUpdated", self._now())
        self._kept[key] = kept

    def patients(self) -> tuple[Json, ...]:
        return self.all_of("Patient")

    def all_of(self, kind: str) -> tuple[Json, ...]:
        return tuple(found for (of, _), found in self._kept.items() if of == kind)

    def get(self, kind: str, identity: str) -> Json | None:
        return self._kept.get((kind, identity))

    def belongs(self, resource: Json, patient: str) -> bool:
        """Whether a token for that patient may see the resource, given the right scope."""
        kind, mine = resource["resourceType"], f"Patient/{patient}"
        if kind == "Patient":
            return bool(resource["id"] == patient)
        if kind in ("Medication", "Binary"):
            # Of nobody by themselves: they are this patient's where this patient's data name them.
            name = f"{kind}/{resource['id']}"
            return any(
                name in _references(other)
                for other in self._kept.values()
                if other["resourceType"] != kind and mine in _references(other)
            )
        return kind == "Practitioner" or patients_of(resource) == {mine}

    def create(self, kind: str, resource: Json) -> Json:
        """Store under an id of our own (the app's is ignored, as R4 has it)."""
        if self._written >= _MOST:
            raise FhirError(422, "too-costly", "The demonstration's memory is full.")
        self._written += 1
        kept = {**copy.deepcopy(resource), "id": uuid4().hex}
        return self._store(kind, kept, 1)

    def update(self, kind: str, identity: str, resource: Json, etag: str) -> Json:
        """Replace the version that the app has seen; `etag` is its If-Match."""
        before = self._kept[kind, identity]
        if etag != self.etag(before):
            raise FhirError(412, "conflict", "If-Match is not the current version.")
        version = int(before["meta"]["versionId"]) + 1
        return self._store(kind, {**copy.deepcopy(resource), "id": identity}, version)

    @staticmethod
    def etag(resource: Json) -> str:
        return f'W/"{resource["meta"]["versionId"]}"'

    def _store(self, kind: str, resource: Json, version: int) -> Json:
        meta = dict(resource.get("meta", {}))
        resource["meta"] = meta | {"versionId": str(version), "lastUpdated": self._now()}
        self._kept[kind, resource["id"]] = resource
        return resource

    def _now(self) -> str:
        return self._clock().astimezone(UTC).isoformat(timespec="milliseconds")


def patients_of(resource: Json) -> set[str]:
    """The patients a resource is about, wherever its type says so."""
    if resource["resourceType"] == "AuditEvent":
        return {name for name in _references(resource) if name.startswith("Patient/")}
    about: set[str] = set()
    for key in ("subject", "patient"):
        reference = resource.get(key)
        if isinstance(reference, dict):
            about.add(str(reference.get("reference", "")))
    return about


def _references(value: Any) -> set[str]:
    """Every reference anywhere inside, and the addresses of attachments."""
    if isinstance(value, list):
        return set().union(*map(_references, value)) if value else set()
    if not isinstance(value, dict):
        return set()
    own = {str(value[key]) for key in ("reference", "url") if isinstance(value.get(key), str)}
    return own.union(*(_references(v) for v in value.values() if isinstance(v, list | dict)))


def _clinician() -> Json:
    name = [{"family": "Demo", "given": ["Dana"], "prefix": ["Dr"]}]
    return {"resourceType": "Practitioner", "id": CLINICIAN, "active": True, "name": name}
