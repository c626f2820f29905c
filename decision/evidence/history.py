"""The drugs of a record as a clinician tells them: which, from when to when, and why stopped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from decision.clinical.codes import Code
from decision.clinical.dates import moment, month_of
from decision.clinical.quantities import Moment
from decision.clinical.record import MedicationExposure, PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.clinical.summary import StopReason
from decision.evidence.courses import started, taking
from decision.evidence.drug_names import is_named

_RENEWED_WITHIN = timedelta(days=45)
"""Design assumption: prescriptions this close to each other are one course that was renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One drug over one stretch of time. `references` are the resources that say so."""

    name: str
    start: Moment | None
    end: Moment | None
    taken: bool
    """Whether it is being taken at the record's own time."""
    reason: StopReason | None
    """Why it was stopped, where the record says so in a code of the decision."""
    references: tuple[str, ...]

    @property
    def begun(self) -> str:
        return self.name[:1].upper() + self.name[1:]


def courses(record: PatientRecord, spec: DecisionSpec) -> tuple[Course, ...]:
    """Every drug of the decision's history that was begun: what is being taken first, then what was
    stopped, the newest first in each.
    """
    found = [
        course
        for drug in spec.history.drugs
        for course in _courses(record, spec, drug.replace("_", " "), _exposed(record, spec, drug))
    ]
    return tuple(sorted(found, key=lambda c: (not c.taken, -_last(c))))


def failed(record: PatientRecord, spec: DecisionSpec, treatment: str) -> tuple[Course, ...]:
    """Drugs of one treatment that were stopped for a coded reason that speaks against another drug
    of it, the newest first. A drug whose code is on no list is recognised by its name.
    """
    listed = [c for c in (*spec.history.drugs, treatment) if c in spec.codelists]
    members = _members(spec, treatment)
    found: list[Course] = []
    for drug in members:
        found += _courses(record, spec, drug.replace("_", " "), _exposed(record, spec, drug))
    known = [spec.codelists[c] for c in listed]
    strange = [
        e
        for e in record.medications
        if started(e, record) and not any(k.matches(e.codes) for k in known)
    ]
    for name in spec.treatment(treatment).names:
        found += _courses(record, spec, name, [e for e in strange if is_named(name, _words(e))])
    told = [c for c in found if c.reason is not None and c.reason.against and not c.taken]
    unique = {c.references: c for c in sorted(told, key=_last)}
    return tuple(sorted(unique.values(), key=_last, reverse=True))


def stopped(course: Course) -> str:
    """`Adalimumab was stopped on 22 Oct 2026: primary failure.`"""
    end = course.end
    day = moment(end) if end is not None and month_of(end)[1] else ""
    when = f" {'on' if day[:1].isdigit() and ' ' in day else 'in'} {day}" if day else ""
    why = f": {course.reason.words}" if course.reason else ""
    return f"{course.begun} was stopped{when}{why}."


def told(course: Course) -> str:
    """`Methotrexate since Feb 2021.` or `Adalimumab Mar–Oct 2026, stopped: primary failure.`"""
    start = month_of(course.start) if course.start else ("", "")
    end = month_of(course.end) if course.end else ("", "")
    first, last = " ".join(filter(None, start)), " ".join(filter(None, end))
    if course.taken:
        return f"{course.begun} since {first}." if first else f"{course.begun}."
    if start == end:
        first = ""
    elif first and last and start[0] and end[0] and start[1] == end[1]:
        first = start[0]
    period = f"{first}–{last}" if first and last else last or (f"from {first}" if first else "")
    why = f"stopped: {course.reason.words}" if course.reason else "stopped"
    return f"{course.begun}{f' {period}' if period else ''}, {why}."


def _members(spec: DecisionSpec, treatment: str) -> tuple[str, ...]:
    """The single drugs of a treatment; the treatment's own list where the history names none."""
    whole = spec.codelists.get(treatment)
    if whole is None:
        return ()
    of_it = tuple(
        drug
        for drug in spec.history.drugs
        if any(whole.matches((e.code,)) for e in spec.codelists[drug].entries if not e.prefix)
    )
    return of_it or (treatment,)


def _exposed(record: PatientRecord, spec: DecisionSpec, drug: str) -> list[MedicationExposure]:
    return [e for e in record.exposed(spec.codelists[drug]) if started(e, record)]


def _courses(
    record: PatientRecord, spec: DecisionSpec, name: str, exposures: list[MedicationExposure]
) -> list[Course]:
    """Renewed prescriptions of one drug together; they come oldest first."""
    found: list[Course] = []
    for exposure in exposures:
        reason = _reason(exposure, spec)
        new = Course(
            name=name,
            start=exposure.start,
            end=exposure.end,
            taken=taking(exposure, record),
            reason=reason,
            references=(exposure.source.reference,),
        )
        if found and _renews(found[-1], new):
            last = found.pop()
            new = Course(
                name=name,
                start=last.start or new.start,
                end=new.end,
                taken=new.taken or last.taken,
                reason=reason,
                references=last.references + new.references,
            )
        found.append(new)
    return found


def _renews(last: Course, new: Course) -> bool:
    if last.reason is not None:
        return False
    if last.taken or last.end is None or new.start is None:
        return True
    return new.start.earliest <= last.end.latest + _RENEWED_WITHIN


def _reason(exposure: MedicationExposure, spec: DecisionSpec) -> StopReason | None:
    """Free text is never interpreted."""
    code = exposure.stop_reason
    if not isinstance(code, Code):
        return None
    return next((r for r in spec.history.stop_reasons if code in spec.codelists[r.id]), None)


def _words(exposure: MedicationExposure) -> str:
    return " | ".join((exposure.text, *(code.display for code in exposure.codes)))


def _last(course: Course) -> float:
    """When it was last known to be taken: by its start while it is, else by its end."""
    when = course.start if course.taken else course.end or course.start
    return when.earliest.timestamp() if when else 0.0
