"""Records written in a few words, for tests and for the decision's own cases; no FHIR involved.

A concept stands for the first exact code of its list, so that no test repeats a code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from decision.catalog import load
from decision.clinical.codes import LOCAL, RXNORM, Code
from decision.clinical.quantities import Moment, Precision, Quantity
from decision.clinical.record import (
    Condition,
    ConditionState,
    DataIssue,
    Identity,
    MedicationExposure,
    MedicationState,
    Observation,
    Origin,
    PatientRecord,
    ReferenceRange,
    Source,
    Value,
)

SPEC = load("ra_biologic_response")
AS_OF = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
RECENT = "2026-10-20"


def code_of(concept: str) -> Code:
    """The local code of the concept, else its first exact one, else its first category."""
    entries = SPEC.codelists[concept].entries
    exact = [e.code for e in entries if not e.prefix] or [e.code for e in entries]
    return next((c for c in exact if c.system == LOCAL), exact[0])


def moment(text: str) -> Moment:
    """A day, month or year without a zone, or an instant with one, as a record reader gives it."""
    if "T" in text:
        return Moment.instant(datetime.fromisoformat(text))
    parts = [int(p) for p in text.split("-")]
    start = datetime(parts[0], *([*parts[1:], 1, 1][:2]), tzinfo=UTC)
    precision = (Precision.YEAR, Precision.MONTH, Precision.DAY)[len(parts) - 1]
    end = {
        Precision.YEAR: datetime(start.year + 1, 1, 1, tzinfo=UTC),
        Precision.MONTH: datetime(
            start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=UTC
        ),
        Precision.DAY: start + timedelta(days=1),
    }[precision]
    widest_zones = timedelta(hours=14), timedelta(hours=12)
    return Moment(
        earliest=start - widest_zones[0],
        latest=end + widest_zones[1],
        precision=precision,
        text=text,
    )


def observation(
    of: str,
    value: float | str | bool | None = None,
    *,
    answer: str = "",
    unit: str | None = None,
    on: str = RECENT,
    comparator: str = "",
    low: float | None = None,
    high: float | None = None,
    interpretation: str = "",
    status: str = "final",
    by: str = "record",
    text: str = "",
    code: Code | None = None,
    id: str = "",  # noqa: A002  the word of a case file
) -> Observation:
    """A result of a concept: a number in its feature's unit, an answer (a concept), or a text."""
    held: Value
    if answer:
        held = code_of(answer)
    elif isinstance(value, bool | str):
        held = value
    else:
        units = {f.concepts[0]: f.unit for f in SPEC.features if f.concepts}
        held = Quantity(
            value=float(value or 0), unit=units[of] if unit is None else unit, comparator=comparator
        )
    ranged = low is not None or high is not None
    return Observation(
        codes=(code or code_of(of),),
        value=held,
        effective=moment(on),
        status=status,
        source=Source(
            reference=f"Observation/{id or of}-{on}",
            origin=Origin.CLINICIAN if by == "clinician" else Origin.RECORD,
        ),
        reference_range=ReferenceRange(low=low, high=high) if ranged else None,
        interpretation=code_of(interpretation) if interpretation else None,
        text=text,
    )


def condition(of: str, state: str = "active", onset: str = "") -> Condition:
    return Condition(
        codes=(code_of(of),),
        state=ConditionState(state),
        onset=moment(onset) if onset else None,
        source=Source(reference=f"Condition/{of}-{state}"),
    )


def medication(
    of: str = "uncoded",
    state: str = "active",
    *,
    start: str = "",
    end: str = "",
    stop: str = "",
    stop_text: str = "",
    named: str = "",
    display: str = "",
) -> MedicationExposure:
    """A drug of a concept; with `named` or `display` one that no code list knows."""
    strange = (Code(system=RXNORM, code="9999999", display=display),) if display else ()
    return MedicationExposure(
        codes=strange if named or display else (code_of(of),),
        text=named,
        state=MedicationState(state),
        start=moment(start) if start else None,
        end=moment(end) if end else None,
        source=Source(reference=f"MedicationRequest/{of}-{state}-{start}"),
        stop_reason=code_of(stop) if stop else (stop_text or None),
    )


def record(
    observations: Iterable[Observation] = (),
    conditions: Iterable[Condition] = (),
    medications: Iterable[MedicationExposure] = (),
    *,
    born: str = "1972-05-04",
    sex: str = "female",
    deceased: str = "",
    issues: Iterable[DataIssue] = (),
) -> PatientRecord:
    """A woman of 54 with what is given and nothing else."""
    return PatientRecord(
        patient_id="patient-1",
        identity=Identity(name="Test Person", birth_date=moment(born) if born else None, sex=sex),
        as_of=AS_OF,
        deceased=moment(deceased) if deceased else None,
        observations=tuple(observations),
        conditions=tuple(conditions),
        medications=tuple(medications),
        issues=tuple(issues),
    )


COMPONENTS: Mapping[str, float] = {
    "tender_joints": 9,
    "swollen_joints": 6,
    "patient_global": 6.0,
    "physician_global": 5.5,
}


def activity(**changed: float) -> tuple[Observation, ...]:
    """Joint counts and globals of one visit: CDAI 26.5 unless changed."""
    return tuple(observation(of, value) for of, value in {**COMPONENTS, **changed}.items())


def eligible(
    observations: Iterable[Observation] = (),
    conditions: Iterable[Condition] = (),
    medications: Iterable[MedicationExposure] = (),
    **about: str,
) -> PatientRecord:
    """A woman of 54 with active arthritis on methotrexate, and what is given."""
    return record(
        (*activity(), *observations),
        (condition("rheumatoid_arthritis", onset="2018-06"), *conditions),
        (medication("methotrexate", start="2018-08-12"), *medications),
        **about,
    )
