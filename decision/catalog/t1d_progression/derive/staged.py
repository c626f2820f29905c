"""The stage of one record: staging as this decision does it, under the rules of a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.criteria import Criterion
from decision.catalog.t1d_progression.derive import glucose, samples
from decision.catalog.t1d_progression.derive.persons import answered
from decision.catalog.t1d_progression.limits import lookback
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.staging import (
    NEEDED,
    OldInput,
    Outcome,
    Staging,
    Stratum,
    stage,
)
from decision.catalog.t1d_progression.tables import parameter
from decision.clinical.codes import Codelist
from decision.clinical.record import ConditionState, Gap, Origin, Part, PatientRecord, Source
from decision.evidence.unread import unread

Codelists = Mapping[str, Codelist]

HELD = frozenset({ConditionState.ACTIVE, ConditionState.RESOLVED})
"""States of a diagnosis that say it is or was there."""

STRATA = tuple(Stratum)
"""In the order of the model's numbers."""

_MOST_UNUSABLE = int(parameter("unusable-results-shown"))
"""Results that are refused one by one: nobody reads a page of them."""

READ = (*(kind.concept for kind in Kind), *glucose.CONCEPTS)
"""Everything a stage may rest on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """A stage with what it rests on, and what was on record and could not be used or read."""

    staging: Staging
    sources: tuple[Source, ...]
    unusable: tuple[str, ...]
    gaps: tuple[Gap, ...]
    symptoms: bool
    diagnosed: bool = False
    """Type 1 diabetes is among the diagnoses: stage 3, whatever the values are by now."""

    @property
    def old(self) -> tuple[OldInput, ...]:
        """Inputs to be flagged for their age. A random glucose and the values between fasting and
        2 hours of an old test decide nothing and are left out.
        """
        by_glucose = {criterion.value for criterion in Criterion} - {*NEEDED, Criterion.HBA1C}
        return tuple(one for one in self.staging.old if one.label not in by_glucose)


def symptoms_stated(record: PatientRecord, codelists: Codelists) -> bool:
    """True where symptoms of hyperglycaemia are stated, and of now."""
    answer = answered(record, codelists, "symptoms_of_hyperglycaemia")
    if answer is None or not answer[0]:
        return False
    within = lookback("symptoms")
    return within is None or answer[1].effective.within(within, record.as_of)


def staged(record: PatientRecord, codelists: Codelists, place: Place) -> Staged:
    """One record staged at its own time."""
    seen = [samples.seen(record, kind, codelists) for kind in Kind]
    values = glucose.values(record, codelists)
    symptoms = symptoms_stated(record, codelists)
    found = stage(
        samples.profile_of(seen),
        values.measurements,
        as_of=record.as_of,
        jurisdiction=place.jurisdiction,
        symptoms=symptoms,
        switched_on=place.switched_on,
    )
    if diagnosed := has_type_1(record, codelists):
        found = replace(found, outcome=Outcome.STAGE_3, reason="type 1 diabetes is diagnosed")
    used = {m.source for m in found.considered}
    measured = (o.source for o in record.observations if o.source.reference in used)
    unjudged = (
        f"{kind} of {one.unusable}" for kind, one in zip(Kind, seen, strict=True) if one.unusable
    )
    return Staged(
        staging=found,
        sources=(*(s for one in seen for s in one.sources), *dict.fromkeys(measured)),
        unusable=_in_short((*unjudged, *values.unusable)),
        gaps=_gaps(record, codelists),
        symptoms=symptoms,
        diagnosed=diagnosed,
    )


def _in_short(told: tuple[str, ...]) -> tuple[str, ...]:
    """Each once; of very many the first, and how many more there are."""
    each = tuple(dict.fromkeys(told))
    more = len(each) - _MOST_UNUSABLE
    return (*each[:_MOST_UNUSABLE], f"{more} more results were not used") if more > 0 else each


def has_type_1(record: PatientRecord, codelists: Codelists) -> bool:
    """Whether type 1 diabetes is recorded as there. A presymptomatic stage has a code of the same
    category and is no diabetes.
    """
    before = codelists["presymptomatic_type_1"]
    return any(
        c.state in HELD and not before.matches(c.codes)
        for c in record.diagnosed(codelists["type_1_diabetes"])
    )


def _gaps(record: PatientRecord, codelists: Codelists) -> tuple[Gap, ...]:
    """Where a value may lie that would change the stage, unless the clinician gave it."""
    if not record.gaps:
        return ()
    answered_for = {
        concept
        for concept in READ
        for o in record.observed(codelists[concept])
        if o.source.origin is Origin.CLINICIAN
    }
    answered_for |= {
        kind.concept
        for kind in Kind
        for o in record.observed(codelists[kind.stated])
        if o.source.origin is Origin.CLINICIAN
    }
    left = [codelists[concept] for concept in READ if concept not in answered_for]
    return unread(record, Part.OBSERVATIONS, *left)
