"""Predictors that come from who the patient is and since when the disease is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from decision.clinical.codes import Codelist
from decision.clinical.features import Evidence, Finding, Found, Missing, MissingReason
from decision.clinical.quantities import Moment, Precision, Quantity, whole_years_between
from decision.clinical.record import (
    Condition,
    ConditionState,
    Observation,
    Origin,
    Part,
    PatientRecord,
    Source,
)
from decision.clinical.spec import FeatureSpec
from decision.evidence.select import Reading, latest
from decision.evidence.unread import overshadowed, unread

DAYS_IN_YEAR = 365.25

Codelists = Mapping[str, Codelist]

_PATIENT = Source(reference="Patient")


def _demographic(how: str) -> Evidence:
    # No reference with an id and no birth date: evidence is shown, copied and logged.
    return Evidence(sources=(_PATIENT,), effective=None, origin=Origin.RECORD, how=how)


def age(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Completed years at the record's own time; a birth year alone gives the middle of the two."""
    born = record.identity.birth_date
    if born is None:
        return Missing(reason=MissingReason.NOT_FOUND, detail="No birth date in the record.")
    youngest, oldest = whole_years_between(born, record.as_of)
    if youngest < 0:
        return Missing(
            reason=MissingReason.UNUSABLE,
            detail="The birth date is later than the record. Correct it at the source.",
        )
    exact = youngest == oldest or born.precision in (Precision.DAY, Precision.INSTANT)
    how = "from the birth date" if exact else f"birth {born.precision.value} only: middle taken"
    return Found(value=(youngest + oldest) / 2, evidence=_demographic(how))


def male(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """1 male, 0 female, as recorded; the model knows no third value and must not guess."""
    sex = record.identity.sex
    if sex in ("male", "female"):
        return Found(value=float(sex == "male"), evidence=_demographic("recorded sex"))
    if sex in ("", "unknown"):
        return Missing(reason=MissingReason.NOT_FOUND, detail="No sex in the record.")
    return Missing(
        reason=MissingReason.UNUSABLE,
        detail=f"The recorded sex is {sex!r}; the model was built on male and female only.",
    )


def _years(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() / 86400 / DAYS_IN_YEAR


def _earliest_onset(conditions: tuple[Condition, ...]) -> tuple[Condition, Moment] | None:
    dated = [
        (c, c.onset)
        for c in conditions
        if c.onset is not None and c.state in (ConditionState.ACTIVE, ConditionState.RESOLVED)
    ]
    return min(dated, key=lambda pair: pair[1].earliest, default=None)


def disease_duration(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """A stated duration plus the time since it was stated, else the time since recorded onset.

    The feature's first concept is the stated duration, its second the diagnosis.
    """

    def read(observation: Observation) -> Reading | str:
        value = observation.value
        if not isinstance(value, Quantity) or value.unit != feature.unit:
            return "it is not a number of years"
        passed = max(0.0, _years(observation.effective.middle, record.as_of))
        return round(value.value + passed, 1), f"{value} stated, plus the time since"

    stated = latest(record, feature, codelists, read)
    if isinstance(stated, Found):
        return stated
    diagnosis = codelists[feature.concepts[1]]
    gaps = (*stated.gaps, *unread(record, Part.CONDITIONS, diagnosis))
    onset = _earliest_onset(record.diagnosed(diagnosis))
    return overshadowed(_since(onset, record) if onset else stated, gaps)


def _since(onset: tuple[Condition, Moment], record: PatientRecord) -> Finding:
    condition, moment = onset
    if moment.earliest > record.as_of:
        return Missing(
            reason=MissingReason.UNUSABLE,
            detail=f"The recorded onset {moment.day_text} is later than the record.",
        )
    return Found(
        value=round(max(0.0, _years(moment.middle, record.as_of)), 1),
        evidence=Evidence(
            sources=(condition.source,),
            effective=moment,
            origin=condition.source.origin,
            how=f"from the recorded onset {moment.day_text}",
        ),
    )
