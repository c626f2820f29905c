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


def arising(specs: Sequence[DecisionSpec], record: PatientRecord) -> tuple[str, ...]:
    """Ids of the decisions to offer for this record, in the order given: those that are surely for
    this person; where there is none, those not ruled out; where there is none, all.

    Never empty where `specs` is not: a page can then say whom the decision is for.
    """
    standings = {spec.id: _standing(spec, record) for spec in specs}
    for wanted in (Eligibility.MET, Eligibility.UNKNOWN):
        found = tuple(i for i, state in standings.items() if state is wanted)
        if found:
            return found
    return tuple(standings)


def _standing(spec: DecisionSpec, record: PatientRecord) -> Eligibility:
    """Whether the decision is for this person; one criterion that is not met settles it."""
    criteria = spec.eligibility(record, spec)
    if any(c.population and c.state is Eligibility.NOT_MET for c in criteria):
        return Eligibility.NOT_MET
    named = population_of(spec)
    asked = [c.state for c in criteria if c.population or c.id in named]
    return Eligibility.UNKNOWN if Eligibility.UNKNOWN in asked else Eligibility.MET
