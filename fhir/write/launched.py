"""What a write needs to know of the launch it belongs to, and the names resources are found by."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field

from decision.clinical.assessment import Card
from decision.clinical.codes import LOCAL, Code
from fhir.fields import Json

NAMESPACE = uuid.UUID("e16b698c-bb3e-551b-a472-404e8addc6fe")
"""`uuid5(NAMESPACE_URL, "urn:treatment-response:write-back")`: every identifier lies under it."""
UUID_SYSTEM = "urn:ietf:rfc:3986"
"""The system R4 gives to identifiers that are themselves URIs (`urn:uuid:...`)."""
RECORD_TYPE = Code(
    system=LOCAL, code="decision-record", display="Record of decision support and decision"
)
"""A local type: no LOINC document code says this, and a wrong one would misfile it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """One patient of one EHR, as opened by one clinician. `kinds` are the resource types that this
    EHR lets us write (its tenant's switches).
    """

    tenant: str
    base: str
    patient_id: str = field(repr=False)
    agent: str = field(repr=False)
    """Who is looking, as the trail names them."""
    fhir_user: str = field(default="", repr=False)
    """`Practitioner/123`; "" where the EHR did not say."""
    encounter: str = field(default="", repr=False)
    """Id of the Encounter, where there is one."""
    kinds: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        return f"Patient/{self.patient_id}"


def assessment_key(card: Card, launched: Launched) -> str:
    """The same for every showing of one answer: same server, patient, rules, model and inputs."""
    model = card.model
    return _key(
        launched, "RiskAssessment", card.spec.id, card.spec.version, model.checksum, card.input_hash
    )


def decision_key(kind: str, decided_id: str, launched: Launched) -> str:
    """The same whenever one decision (its audit id) is written, from whatever process."""
    return _key(launched, kind, decided_id)


def _key(launched: Launched, *parts: str) -> str:
    # As JSON, so that no two lists of parts can run together into the same name.
    return str(uuid.uuid5(NAMESPACE, json.dumps([launched.base, launched.patient_id, *parts])))


def identifier(key: str) -> Json:
    """The Identifier under which a resource of ours is found again on any server."""
    return {"system": UUID_SYSTEM, "value": f"urn:uuid:{key}"}


def pointer(kind: str, key: str, place: str) -> Json:
    """A Reference to one of ours, by its identifier even where nobody can say where it lies."""
    named: Json = {"type": kind, "identifier": identifier(key)}
    return {"reference": place, **named} if place else named


def token(key: str) -> str:
    """The same as a search value."""
    return f"{UUID_SYSTEM}|urn:uuid:{key}"
