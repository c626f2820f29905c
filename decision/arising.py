"""Which decisions arise for a person: by their own criteria of whom they are for, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from decision.clinical.record import Condition, ConditionState, Identity, PatientRecord, Source
from decision.clinical.spec import DecisionSpec, Eligibility

_STRANGER = PatientRecord(
    patient_id="nobody",
    identity=Identity(name="", birth_date=None, sex=""),
    as_of=datetime(2026, 1, 1, tzinfo=UTC),
    conditions=(
        Condition(
            codes=(),
            state=ConditionState.ACTIVE,
            onset=None,
            source=Source(reference="Condition/nobody"),
            text="something that no decision is about",
        ),
    ),
)
"""Somebody with one diagnosis, which no list holds: whom every decision is not for."""


def population_of(spec: DecisionSpec) -> frozenset[str]:
    """Ids of the criteria that say whom the decision is for. A criterion may say so of itself only
    where it is not met; those by which a stranger is ruled out are such, met or not.
    """
    return frozenset(c.id for c in spec.eligibility(_STRANGER, spec) if c.population)


def arising(
    specs: Sequence[DecisionSpec], record: PatientRecord, wanted: str = ""
) -> tuple[str, ...]:
    """Ids of the decisions to offer for this record: those that are surely for this person; where
    there is none, those not ruled out; where there is none, all, the nearest first. The one that is
    `wanted` is among them unless it is ruled out: a card speaks of cautions, too, where the record
    leaves open whether its decision is for this person, and its link must not end elsewhere.

    Never empty where `specs` is not: a page can then say whom the decision is for.
    """
    found = {spec.id: _asked(spec, record) for spec in specs}
    possible = {i: states for i, states in found.items() if Eligibility.NOT_MET not in states}
    settled = {i for i, states in possible.items() if Eligibility.UNKNOWN not in states}
    sure = [i for i in possible if i in settled or (settled and i == wanted)]
    return tuple(sure or possible or sorted(found, key=lambda i: _far(found[i])))


def _asked(spec: DecisionSpec, record: PatientRecord) -> list[Eligibility]:
    """How each criterion turned out that says whom the decision is for."""
    named = population_of(spec)
    criteria = spec.eligibility(record, spec)
    return [c.state for c in criteria if c.population or c.id in named]


def _far(states: list[Eligibility]) -> tuple[int, int]:
    return states.count(Eligibility.NOT_MET), states.count(Eligibility.UNKNOWN)
