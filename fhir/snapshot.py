"""When a bundle's data were true: its own word for it, never the wall clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from decision.clinical.quantities import Moment
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
_WIDEST_ZONES = timedelta(hours=26)


def as_of(
    bundle: Json, entries: Iterable[Entry], deceased: Moment | None, doubts: Doubts
) -> datetime | None:
    """`Bundle.timestamp`, else `meta.lastUpdated`, else the latest clinical time (death at most).

    None where there is none of the three. An inexact time counts by its last instant, so that
    nothing in the bundle seems to lie ahead of it.
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
    """The last instant at which something happened.

    Days compare as text, so only those close to the last day need the calendar.
    """
    newest: datetime | None = None
    floor = ""
    for written in _written(entries):
        if written[:10] < floor:
            continue
        try:
            latest = moment(written).latest
        except UnusableDateError:
            continue
        if newest is None or latest > newest:
            newest = latest
            floor = (latest - 2 * _WIDEST_ZONES).strftime("%Y-%m-%d")
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
