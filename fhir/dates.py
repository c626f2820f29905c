"""FHIR date, dateTime, instant and Period to `Moment`: no day, hour or zone is ever invented."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone

from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import IssueKind
from fhir.doubts import Doubts
from fhir.fields import Json, clean

# Years outside are typing errors (0202, 9999); the bounds also keep the arithmetic below in range
_YEARS = range(1880, 2201)
_PARTIAL = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_TIMED = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?"
    r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
)
_FIRST_ZONE = timezone(timedelta(hours=14))
_LAST_ZONE = timezone(timedelta(hours=-12))
_TICK = timedelta(microseconds=1)


class UnusableDateError(ValueError):
    """A date that cannot be used; the message says why without repeating the date."""


def moment(value: object) -> Moment:
    """When something happened, as exactly as written.

    A date covers every zone on earth: `2026-11-02` is from its start at UTC+14 to its end at
    UTC-12. A time without a zone likewise spans all zones and is only as precise as its day.

    Raises
    ------
    UnusableDateError
        Not a FHIR date, not in the calendar, or outside the years 1880 to 2200.
    """
    written = clean(value)
    if len(written) <= len("2026-11-02") and (partial := _PARTIAL.fullmatch(written)):
        return _partial(written, partial[1], partial[2], partial[3])
    if not (timed := _TIMED.fullmatch(written)):
        raise UnusableDateError("not written as a FHIR date or time")
    leap = timed[1] is not None and timed[1].startswith(":60")
    try:
        start = datetime.fromisoformat(written.replace(":60", ":59", 1) if leap else written)
    except ValueError:
        raise UnusableDateError("not in the calendar or on the clock") from None
    if start.year not in _YEARS:
        raise UnusableDateError("outside the years 1880 to 2200")
    # a clock without seconds names a minute, and the leap second the end of one
    spread = timedelta(minutes=1) - _TICK if timed[1] is None else timedelta(seconds=1) * leap
    if timed[3] is None:
        return Moment(
            earliest=start.replace(tzinfo=_FIRST_ZONE),
            latest=start.replace(tzinfo=_LAST_ZONE) + spread,
            precision=Precision.DAY,
            text=written,
        )
    return Moment(earliest=start, latest=start + spread, precision=Precision.INSTANT, text=written)


def _partial(written: str, year: str, month: str | None, day: str | None) -> Moment:
    if int(year) not in _YEARS:
        raise UnusableDateError("outside the years 1880 to 2200")
    try:
        first = date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        raise UnusableDateError("not in the calendar") from None
    if day:
        precision, after = Precision.DAY, first + timedelta(days=1)
    elif month:
        precision, after = Precision.MONTH, (first + timedelta(days=31)).replace(day=1)
    else:
        precision, after = Precision.YEAR, first.replace(year=first.year + 1)
    return Moment(
        earliest=datetime(first.year, first.month, first.day, tzinfo=_FIRST_ZONE),
        latest=datetime(after.year, after.month, after.day, tzinfo=_LAST_ZONE) - _TICK,
        precision=precision,
        text=written,
    )


def lacks_zone(when: Moment) -> bool:
    """True when the record gave a clock time but no zone."""
    return when.precision is Precision.DAY and "T" in when.text


def read_moment(parent: Json, key: str, reference: str, doubts: Doubts) -> Moment | None:
    """The moment under `key`; None when there is none, or none that can be used (then noted)."""
    if key not in parent:
        return None
    written = parent[key]
    known = doubts.moments.get(written) if isinstance(written, str) else None
    if known is not None:
        return known
    try:
        when = moment(written)
    except UnusableDateError as problem:
        doubts.add(
            IssueKind.UNUSABLE_DATE,
            reference,
            f"the time in {key} is {problem}",
            "correct the date in the record",
        )
        return None
    if lacks_zone(when):
        doubts.add(
            IssueKind.UNZONED_TIME,
            reference,
            f"the time in {key} has no time zone; it is taken as known to the day",
            "have the source system send times with their zone",
        )
    elif isinstance(written, str):
        doubts.moments[written] = when
    return when


def read_period(
    parent: Json, key: str, reference: str, doubts: Doubts
) -> tuple[Moment | None, Moment | None]:
    """Start and end of the Period under `key`. One that ends before it starts gives neither."""
    period = parent.get(key)
    if not isinstance(period, dict):
        return None, None
    start = read_moment(period, "start", reference, doubts)
    end = read_moment(period, "end", reference, doubts)
    if start and end and _reversed(start, end):
        doubts.add(
            IssueKind.UNUSABLE_DATE,
            reference,
            f"the period in {key} ends before it starts",
            "correct the period in the record",
        )
        return None, None
    return start, end


def _reversed(start: Moment, end: Moment) -> bool:
    """Days of one record compare as written: start and end were hardly noted in two zones."""
    if Precision.INSTANT in (start.precision, end.precision):
        return end.latest < start.earliest
    shared = min(len(start.day_text), len(end.day_text))
    return end.day_text[:shared] < start.day_text[:shared]


def spanning(start: Moment, end: Moment) -> Moment:
    """One moment that covers two; it is shown by its start."""
    return Moment(
        earliest=start.earliest,
        latest=max(start.latest, end.latest),
        precision=start.precision,
        text=start.text,
    )
