"""A chart as it stood at the end of an earlier day: nothing that was written later may be in it.

A row of a training table must know no more than the page would have known. Rules, by resource:

- A result counts by the day it was true, not the day it was reported: blood drawn before the first
  dose is a baseline even where the laboratory answers later.
- A diagnosis counts from the day it was recorded, or, where that is not said, from its onset. One
  that says neither is left out: it may have been made after the start.
- A drug counts from its start. One that ended later was being taken, so end and reason are taken
  away. One that was stopped on no stated day is made `unknown`: it then counts as a part of the
  chart that could not be read, never as taken or as stopped.
- A death that lies ahead is taken away.
- Days compare as written: `2025-03` counts as past only once March is over.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable

from fhir.fields import Json, child, children, text

_DRUGS = frozenset({"MedicationRequest", "MedicationStatement", "MedicationAdministration"})
_OVER = frozenset({"completed", "stopped", "on-hold"})
_WHEN = ("effectiveDateTime", "effectiveInstant", "issued", "date", "authoredOn", "created")


def as_it_stood(resources: Iterable[Json], day: str) -> tuple[Json, ...]:
    """The resources known at the end of `day` (YYYY-MM-DD), as they were then."""
    found = []
    for resource in resources:
        known = _then(resource, day)
        if known is not None:
            found.append(known)
    return tuple(found)


def passed(written: str, day: str) -> bool:
    """Whether a date as written surely lies on or before `day`; of a month, once it is over."""
    whole = written[:10]
    return bool(whole) and whole + "-99-99"[: 10 - len(whole)] <= day


def started_on(resource: Json) -> str:
    """From when a drug was taken, as written; "" where nothing says."""
    if when := text(resource, "effectiveDateTime"):
        return when
    for period in _periods(resource):
        if start := text(period, "start"):
            return start
    return text(resource, "authoredOn")


def ended_on(resource: Json) -> str:
    """Until when a drug was taken, as written; "" where nothing says."""
    if resource.get("resourceType") == "MedicationAdministration" and (
        when := text(resource, "effectiveDateTime")
    ):
        return when
    return next((end for p in _periods(resource) if (end := text(p, "end"))), "")


def _periods(resource: Json) -> list[Json]:
    """Where a period of taking may be said, in the order in which the reader looks."""
    dosages = children(resource, "dosageInstruction") + children(resource, "dosage")
    bounds = [child(child(child(d, "timing"), "repeat"), "boundsPeriod") for d in dosages]
    return [child(resource, "effectivePeriod"), *bounds]


def _then(resource: Json, day: str) -> Json | None:
    kind = text(resource, "resourceType")
    if kind == "Patient":
        return _alive(resource, day)
    if kind == "Medication":
        return resource
    if kind == "Condition":
        return _diagnosed(resource, day)
    if kind in _DRUGS:
        return _taken(resource, day)
    period = child(resource, "effectivePeriod") or child(resource, "period")
    written = next((w for key in _WHEN if (w := text(resource, key))), "")
    return (
        resource if passed(written or text(period, "end") or text(period, "start"), day) else None
    )


def _alive(resource: Json, day: str) -> Json:
    died = text(resource, "deceasedDateTime")
    if passed(died, day) or not {"deceasedDateTime", "deceasedBoolean"} & resource.keys():
        return resource
    return {k: v for k, v in resource.items() if not k.startswith("deceased")}


def _diagnosed(resource: Json, day: str) -> Json | None:
    onset = text(resource, "onsetDateTime") or text(child(resource, "onsetPeriod"), "start")
    if not passed(text(resource, "recordedDate") or onset, day):
        return None
    over = text(resource, "abatementDateTime") or text(child(resource, "abatementPeriod"), "end")
    if not over or passed(over, day):
        return resource
    kept = {k: v for k, v in resource.items() if not k.startswith("abatement")}
    system = "http://terminology.hl7.org/CodeSystem/condition-clinical"
    return kept | {"clinicalStatus": {"coding": [{"system": system, "code": "active"}]}}


def _taken(resource: Json, day: str) -> Json | None:
    if not passed(started_on(resource), day):
        return None
    if text(resource, "status") not in _OVER:
        return _open_ended(resource, day)
    end = ended_on(resource)
    if passed(end, day):
        return resource
    if end:
        return {
            k: v for k, v in _open_ended(resource, day).items() if not k.startswith("statusReason")
        } | {"status": "active"}
    # One dose that was given is over on its own day, which has passed.
    return {k: v for k, v in resource.items() if k != "statusReason"} | {"status": "unknown"}


def _open_ended(resource: Json, day: str) -> Json:
    """The drug without an end that lies ahead."""
    if passed(ended_on(resource), day) or not ended_on(resource):
        return resource
    kept = copy.deepcopy(resource)
    for period in _periods(kept):
        period.pop("end", None)
    return kept
