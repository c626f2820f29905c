"""When a bundle's data were true: its own word for it, never the wall clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from decision.clinical.quantities import Moment, Precision
from fhir.dates import UnusableDateError, moment, read_moment
from fhir.doubts import Doubts
from fhir.fields import Json, child, clean
from fhir.references import Entry

# What has happened: not orders, plans, goals or bills, whose dates may lie ahead or long after
_HAPPENED = frozenset(
    {
        "Observation",
        "Condition",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationAdministration",
        "Encounter",
        "Procedure",
        "DiagnosticReport",
        "Immunization",
    }
)
_TIMES = (
    "effectiveDateTime",
    "effectiveInstant",
    "issued",
    "recordedDate",
    "authoredOn",
    "dateAsserted",
    "performedDateTime",
    "occurrenceDateTime",
)
_PERIODS = ("effectivePeriod", "performedPeriod", "period")
_WIDEST_ZONES = timedelta(days=3)


def as_of(
    bundle: Json, entries: Iterable[Entry], deceased: Moment | None, doubts: Doubts
) -> datetime | None:
    """`Bundle.timestamp`, else `meta.lastUpdated`, else the latest clinical time (death at most).

    None where there is none of the three. A day counts by its last instant, so that nothing of that
    day seems to lie ahead.
    """
    stamp = read_moment(bundle, "timestamp", "Bundle", doubts) or read_moment(
        child(bundle, "meta"), "lastUpdated", "Bundle", doubts
    )
    if stamp:
        return stamp.latest
    latest = _latest(entries)
    if latest and deceased:
        return min(latest, deceased.latest)
    return latest


def _latest(entries: Iterable[Entry]) -> datetime | None:
    """The last instant at which something happened; of a bare month or year only its start, which
    is the part that surely has passed.

    Dates sort as text but for their zone, so only those close to the last need the calendar.
    """
    newest: datetime | None = None
    floor = ""
    for written in sorted(set(_written(entries)), reverse=True):
        if written < floor:
            break
        try:
            when = moment(written)
        except UnusableDateError:
            continue
        vague = when.precision in (Precision.MONTH, Precision.YEAR)
        passed = when.earliest if vague else when.latest
        if newest is None:
            floor = (passed - _WIDEST_ZONES).strftime("%Y-%m-%d")
        newest = passed if newest is None else max(newest, passed)
    return newest


def _written(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.kind not in _HAPPENED:
            continue
        resource = entry.resource
        for key in _TIMES:
            if key in resource:
                yield clean(resource[key])
        for key in _PERIODS:
            if key in resource:
                period = child(resource, key)
                yield clean(period.get("end") or period.get("start"))
