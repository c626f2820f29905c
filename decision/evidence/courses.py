"""Courses of drugs: begun, being taken, and what evidence they are."""

from __future__ import annotations

from decision.clinical.features import Evidence
from decision.clinical.record import MedicationExposure, MedicationState, Origin, PatientRecord


def started(exposure: MedicationExposure, record: PatientRecord) -> bool:
    """Taken at some time up to the record's own time; an order not yet begun does not count."""
    begun = exposure.start is None or exposure.start.earliest <= record.as_of
    return exposure.state is not MedicationState.PLANNED and begun


def taking(exposure: MedicationExposure, record: PatientRecord) -> bool:
    """Taken at the record's own time, going by its status; the reader notes an end in the past."""
    return exposure.state is MedicationState.ACTIVE and started(exposure, record)


def evidence_of_courses(
    exposures: tuple[MedicationExposure, ...], how: str, *, caveat: str = "", words: str = ""
) -> Evidence:
    """The listed courses as evidence, dated by the start of the last; none where none is listed."""
    return Evidence(
        sources=tuple(e.source for e in exposures),
        effective=exposures[-1].start if exposures else None,
        origin=Origin.RECORD,
        how=how,
        caveat=caveat,
        words=words,
    )


def period(exposure: MedicationExposure) -> str:
    """`2024-01 to 2025-03`, `from 2024-01`, `until 2025-03`, or that no date is recorded."""
    start = exposure.start.day_text if exposure.start else ""
    end = exposure.end.day_text if exposure.end else ""
    if start and end:
        return f"{start} to {end}"
    return f"from {start}" if start else f"until {end}" if end else "dates not recorded"
