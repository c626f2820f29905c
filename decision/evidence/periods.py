"""Treatment over time: the courses of a record that have a place on an axis, and those without."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from decision.clinical.quantities import Precision
from decision.clinical.record import Gap, Part, PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.evidence.history import Course, courses, told
from decision.evidence.unread import unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One course between two instants. `since` is False where its beginning is not known, `going`
    True where it is still being taken.
    """

    course: Course
    start: datetime
    end: datetime
    going: bool
    since: bool = True

    @property
    def words(self) -> str:
        """`Methotrexate since Feb 2021.`"""
        return told(self.course)


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatments:
    """Courses in the order they began; those over before the time shown, and those whose dates give
    them no place, only in words.
    """

    periods: tuple[Period, ...]
    earlier: tuple[str, ...]
    undated: tuple[str, ...]
    gaps: tuple[Gap, ...] = ()


def treatments_of(record: PatientRecord, spec: DecisionSpec, first: datetime) -> Treatments:
    """Every course of the decision's drugs, with those that overlap the time from `first` on."""
    periods: list[Period] = []
    earlier: list[Period] = []
    undated: list[str] = []
    for course in courses(record, spec):
        period = _period(course, record, first)
        if period is None:
            undated.append(told(course))
        else:
            (periods if period.end >= first else earlier).append(period)
    lists = [spec.codelists[drug] for drug in spec.history.drugs]
    return Treatments(
        periods=tuple(sorted(periods, key=_began)),
        earlier=tuple(p.words for p in sorted(earlier, key=_began)),
        undated=tuple(undated),
        gaps=tuple(unread(record, Part.MEDICATIONS, *lists)) if lists else (),
    )


def _began(period: Period) -> tuple[datetime, str]:
    return period.start, period.course.name


def _period(course: Course, record: PatientRecord, first: datetime) -> Period | None:
    """As wide as the record allows: a month of beginning counts from its first day, a month of
    stopping to its last. None where nothing says when it was stopped, or when at all.
    """
    start, end = course.start, course.end
    if start is not None and start.precision is Precision.UNKNOWN:
        start = None
    if end is not None and end.precision is Precision.UNKNOWN:
        end = None
    if not course.taken and end is None:
        return None
    if start is None and course.taken:
        return None
    until = record.as_of if course.taken or end is None else min(end.latest, record.as_of)
    began = min(first, until) if start is None else start.earliest
    if began > until:
        return None
    return Period(
        course=course, start=began, end=until, going=course.taken, since=start is not None
    )
