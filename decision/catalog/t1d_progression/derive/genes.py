"""Genetic scores of a record: each under its own code, with its version and stated ancestry."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from decision.catalog.t1d_progression.genetics import (
    ANCESTRY_NOTE,
    SCORE_OF_CONCEPT,
    Ancestry,
    GeneticScore,
    Grs2,
    require,
)
from decision.clinical.codes import Code, Codelist
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Origin, PatientRecord
from decision.clinical.refusal import RefusalError
from decision.evidence.select import FINAL, on_record

Codelists = Mapping[str, Codelist]

ANCESTRIES: Mapping[str, Ancestry] = MappingProxyType(
    {
        "ancestry_european": Ancestry.EUROPEAN,
        "ancestry_african": Ancestry.AFRICAN,
        "ancestry_other": Ancestry.OTHER,
    }
)
"""What the answer lists of stated ancestry mean."""

ENTERED_VERSION = "as entered by the clinician"


def ancestry(record: PatientRecord, codelists: Codelists) -> tuple[Ancestry, Observation | None]:
    """The newest ancestry that is stated in a code of ours; unknown where none is."""
    for said in on_record(record, codelists["genetic_ancestry"]):
        if said.status in FINAL and isinstance(said.value, Code):
            for concept, meant in ANCESTRIES.items():
                if said.value in codelists[concept]:
                    return meant, said
    return Ancestry.UNKNOWN, None


def result_of(record: PatientRecord, codelists: Codelists, concept: str) -> Observation | None:
    """The newest usable result under one score's own code."""
    return next(
        (
            o
            for o in on_record(record, codelists[concept])
            if o.status in FINAL and isinstance(o.value, Quantity) and not o.value.comparator
        ),
        None,
    )


def typed(record: PatientRecord, codelists: Codelists, concept: str) -> GeneticScore | None:
    """The newest score of one type; RefusalError where its type, version or value is refused.

    The version is what the result says of its method: a score without one cannot be checked.
    """
    result = result_of(record, codelists, concept)
    if result is None or not isinstance(result.value, Quantity):
        return None
    by_hand = result.source.origin is Origin.CLINICIAN
    version = ENTERED_VERSION if by_hand else result.text.partition("; ")[-1]
    kind = SCORE_OF_CONCEPT[concept]
    return kind(value=result.value.value, version=version, ancestry=ancestry(record, codelists)[0])


def grs2_of(record: PatientRecord, codelists: Codelists) -> Grs2 | None:
    """GRS2 where the record has it; RefusalError where it has a score of another type alone, or
    none that the model may read.
    """
    found = typed(record, codelists, "grs2")
    if found is not None:
        return require(Grs2, found)
    for concept in SCORE_OF_CONCEPT:
        if result_of(record, codelists, concept) is not None:
            require(Grs2, typed(record, codelists, concept))
    return None


def score_for_comparators(record: PatientRecord, codelists: Codelists) -> object:
    """GRS2, else another type, else a bare number, which every reader refuses; None for nothing."""
    for concept in SCORE_OF_CONCEPT:
        result = result_of(record, codelists, concept)
        if result is None:
            continue
        try:
            return typed(record, codelists, concept)
        except RefusalError:
            return result.value
    return None


def foreign(meant: Ancestry) -> str:
    """Why a score is not read by the model for that ancestry; empty where it is."""
    if meant is Ancestry.EUROPEAN:
        return ""
    stated = "no ancestry is stated with it" if meant is Ancestry.UNKNOWN else f"ancestry {meant}"
    return f"{stated}. {ANCESTRY_NOTE}"
