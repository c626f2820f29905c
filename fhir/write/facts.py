"""What the trail needs to know for an entry about a write, kept beside what is still to be sent.

A write may be tried again by a process that never read the patient's record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from decision.clinical.assessment import AuditAction, AuditEvent, AuditTrail
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import Identity
from fhir.fields import Json


class Trail(Protocol):
    """The audit trail, as far as writing needs it."""

    def append(self, event: AuditEvent) -> str: ...

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail: ...


def facts_of(event: AuditEvent) -> Json:
    """As JSON: whom the entry of a decision is about, and by which rules and model."""
    who = event.identity
    return {
        "patient_id": event.patient_id,
        "name": who.name,
        "birth_date": _moment_json(who.birth_date) if who.birth_date else None,
        "sex": who.sex,
        "record_number": who.record_number,
        "server": who.server,
        "decision": event.decision,
        "spec_version": event.spec_version,
        "model_version": event.model_version,
        "input_hash": event.input_hash,
    }


def event_of(
    facts: Json,
    action: AuditAction,
    agent: str,
    recorded: datetime,
    outcome: Mapping[str, object],
) -> AuditEvent:
    """An entry about the same person, rules and model."""
    born = facts["birth_date"]
    return AuditEvent(
        recorded=recorded,
        action=action,
        agent=agent,
        patient_id=facts["patient_id"],
        identity=Identity(
            name=facts["name"],
            birth_date=None if born is None else _moment(born),
            sex=facts["sex"],
            record_number=facts["record_number"],
            server=facts["server"],
        ),
        decision=facts["decision"],
        spec_version=facts["spec_version"],
        model_version=facts["model_version"],
        input_hash=facts["input_hash"],
        outcome=outcome,
    )


def _moment_json(when: Moment) -> Json:
    return {
        "earliest": when.earliest.isoformat(),
        "latest": when.latest.isoformat(),
        "precision": when.precision.value,
        "text": when.text,
    }


def _moment(kept: Json) -> Moment:
    return Moment(
        earliest=datetime.fromisoformat(kept["earliest"]),
        latest=datetime.fromisoformat(kept["latest"]),
        precision=Precision(kept["precision"]),
        text=kept["text"],
    )
