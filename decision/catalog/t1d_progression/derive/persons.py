"""Age to the day, and what somebody answered: symptoms, relatives, other causes, treatment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from decision.clinical.codes import Codelist
from decision.clinical.features import Evidence, Finding, Found, Missing, MissingReason
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import Observation, Origin, PatientRecord, Source
from decision.clinical.spec import FeatureSpec
from decision.evidence.results import antibody_reading
from decision.evidence.select import FINAL, Reading, latest, on_record

Codelists = Mapping[str, Codelist]

_PATIENT = Source(reference="Patient")


def age_years(born: Moment, on: date) -> float:
    """Completed years and the share of the running one, so that every birthday is a whole number:
    days divided by 365.25 would make somebody 7.997 on the eighth.
    """
    exact = born.precision in (Precision.DAY, Precision.INSTANT)
    # The middle of a day that spans every zone may be told as the next one.
    birth = date.fromisoformat(born.day_text) if exact else born.middle.date()
    years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    last, following = _birthday(birth, birth.year + years), _birthday(birth, birth.year + years + 1)
    return years + (on - last).days / (following - last).days


def _birthday(birth: date, year: int) -> date:
    """Who was born on a leap day has the birthday on 1 March of other years."""
    try:
        return birth.replace(year=year)
    except ValueError:
        return birth.replace(year=year, month=birth.month + 1, day=1)


def age_at(record: PatientRecord) -> float | None:
    """Exact age at the record's own time; None where no birth date says it."""
    born = record.identity.birth_date
    if born is None or born.precision is Precision.UNKNOWN:
        return None
    years = age_years(born, record.as_of.date())
    return years if years >= 0 else None


def age(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Exact age at the record's own time; a birth month or year alone gives the middle of it."""
    born = record.identity.birth_date
    if born is None or born.precision is Precision.UNKNOWN:
        return Missing(
            reason=MissingReason.NOT_FOUND,
            detail="No birth date in the record.",
        )
    years = age_years(born, record.as_of.date())
    if years < 0:
        return Missing(
            reason=MissingReason.UNUSABLE,
            detail="The birth date is later than the record. Correct it at the source.",
        )
    exact = born.precision in (Precision.DAY, Precision.INSTANT)
    how = "from the birth date" if exact else f"birth {born.precision.value} only: middle taken"
    # No birth date in the evidence: it is shown, copied and logged.
    evidence = Evidence(sources=(_PATIENT,), effective=None, origin=Origin.RECORD, how=how)
    return Found(value=years, evidence=evidence)


def answered(
    record: PatientRecord, codelists: Codelists, concept: str
) -> tuple[bool, Observation] | None:
    """The newest answer, yes or no, to a question of ours; None where nobody answered it."""
    for said in on_record(record, codelists[concept]):
        reading = antibody_reading(said, codelists) if said.status in FINAL else ""
        if not isinstance(reading, str):
            return reading[0] == 1, said
    return None


def stated(record: PatientRecord, codelists: Codelists, concept: str) -> bool:
    """True only where somebody said so."""
    answer = answered(record, codelists, concept)
    return answer is not None and answer[0]


def yes_or_no(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """The newest answer to the feature's question as 1 or 0."""

    def read(observation: Observation) -> Reading | str:
        return antibody_reading(observation, codelists)

    return latest(record, feature, codelists, read)
