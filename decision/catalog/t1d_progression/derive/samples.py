"""Islet autoantibodies of a record: samples as the laboratory judged them, or as somebody states
what all samples say. Not tested is never negative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from decision.catalog.t1d_progression.antibodies import (
    Antibody,
    Kind,
    Profile,
    Sample,
    State,
    judged,
)
from decision.clinical.codes import Code, Codelist
from decision.clinical.record import Observation, PatientRecord, Source
from decision.evidence.results import antibody_reading
from decision.evidence.select import FINAL, on_record

Codelists = Mapping[str, Codelist]

STATED: Mapping[str, State] = MappingProxyType(
    {
        "antibody_confirmed": State.CONFIRMED,
        "antibody_one_sample": State.UNCONFIRMED,
        "antibody_negative": State.NEGATIVE,
    }
)
"""What the answer lists of a statement mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One antibody of a record: what its samples say and the results that say so."""

    antibody: Antibody | None
    results: tuple[Observation, ...]
    stated: Observation | None
    unusable: str = ""
    """Why the newest result that could not be used was not; empty where there is none."""

    @property
    def sources(self) -> tuple[Source, ...]:
        return tuple(o.source for o in (*filter(None, [self.stated]), *self.results))


def seen(record: PatientRecord, kind: Kind, codelists: Codelists) -> Seen:
    """Every sample of one antibody; a statement counts unless a sample is surely newer."""
    samples: list[Sample] = []
    used: list[Observation] = []
    unusable = ""
    for result in on_record(record, codelists[kind.concept]):
        why = "" if result.status in FINAL else f"its status is {result.status!r}, not final"
        reading = why or antibody_reading(result, codelists)
        if isinstance(reading, str):
            unusable = unusable or f"{result.effective.day_text}: {reading}"
            continue
        samples.append(Sample(positive=reading[0] == 1, taken=result.effective, assay=result.text))
        used.append(result)
    found = judged(kind, samples) if samples else None
    stated = _stated(record, kind, codelists)
    if stated is None or any(
        sample.taken.earliest > stated[1].effective.latest for sample in samples
    ):
        return Seen(antibody=found, results=tuple(used), stated=None, unusable=unusable)
    state, said = stated
    antibody = Antibody(
        kind=kind,
        state=state,
        first_positive=found.first_positive if found else None,
        sampled=said.effective,
    )
    return Seen(antibody=antibody, results=tuple(used), stated=said)


def _stated(
    record: PatientRecord, kind: Kind, codelists: Codelists
) -> tuple[State, Observation] | None:
    for said in on_record(record, codelists[kind.stated]):
        if said.status in FINAL and isinstance(said.value, Code):
            for concept, state in STATED.items():
                if said.value in codelists[concept]:
                    return state, said
    return None


def profile_of(every: Iterable[Seen]) -> Profile | None:
    """Every antibody that was tested; None where none was."""
    tested = tuple(one.antibody for one in every if one.antibody is not None)
    return Profile(tested=tested) if tested else None
