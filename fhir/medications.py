"""MedicationRequest, -Statement and -Administration to `MedicationExposure`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from decision.clinical.codes import Code
from decision.clinical.quantities import Moment
from decision.clinical.record import IssueKind, MedicationExposure, MedicationState, Source
from fhir.codings import answer_of, codes_of, words_of
from fhir.dates import read_moment, read_period
from fhir.doubts import Doubts
from fhir.fields import Json, child, children, text
from fhir.losses import lose_drug
from fhir.modifiers import modified
from fhir.references import Entry, Library

_PLANS = frozenset({"proposal", "plan", "option"})
_STATES = {
    "MedicationRequest": {
        "active": MedicationState.ACTIVE,
        "completed": MedicationState.STOPPED,
        "stopped": MedicationState.STOPPED,
        "on-hold": MedicationState.STOPPED,
        "draft": MedicationState.PLANNED,
    },
    "MedicationStatement": {
        "active": MedicationState.ACTIVE,
        "completed": MedicationState.STOPPED,
        "stopped": MedicationState.STOPPED,
        "on-hold": MedicationState.STOPPED,
        "intended": MedicationState.PLANNED,
    },
    # one administration is over once given: whether the course goes on is for the next one to say
    "MedicationAdministration": {
        "in-progress": MedicationState.ACTIVE,
        "completed": MedicationState.STOPPED,
        "stopped": MedicationState.STOPPED,
        "on-hold": MedicationState.STOPPED,
    },
}
_NEVER_TAKEN = {
    "cancelled": "cancelled before anything was given",
    "not-taken": "recorded as not taken",
    "not-done": "recorded as not given",
}


def read_medication(
    entry: Entry, library: Library, as_of: datetime, doubts: Doubts
) -> MedicationExposure | None:
    """One drug over one period, or None where the record says it was never taken or cannot say."""
    resource, reference = entry.resource, entry.reference
    medication = library.medication(child(resource, "medicationReference"), entry)
    drug = _drug(resource, medication)
    codes = codes_of(drug, reference, doubts)
    words = words_of(drug)
    status = text(resource, "status")
    if not _counts(resource, status, reference, codes, doubts):
        return None
    if any(modified(part, reference, codes, doubts) for part in (resource, medication or {})):
        lose_drug(codes, doubts)
        return None
    if not codes and not words:
        doubts.add(
            IssueKind.MALFORMED,
            reference,
            "the drug is neither coded nor named in this file",
            "have the referenced Medication included, or look at the medication list",
        )
        lose_drug(codes, doubts)
        return None
    if not codes:
        doubts.add(
            IssueKind.TEXT_ONLY,
            reference,
            "a drug in words alone; rules that look for codes cannot see it",
            "code the drug in the record",
        )
    course = _course(resource, reference, doubts)
    state = _STATES[entry.kind][status]
    if text(resource, "intent") in _PLANS or (course.start and course.start.earliest > as_of):
        state = MedicationState.PLANNED
    if status == "on-hold":
        doubts.add(
            IssueKind.INCOMPLETE,
            reference,
            "a drug on hold; counted as not taken now",
            "check whether it is being taken",
            codes,
        )
    if state is MedicationState.ACTIVE and course.end and course.end.latest < as_of:
        doubts.add(
            IssueKind.INCOMPLETE,
            reference,
            "called active although its period has ended; counted as taken",
            "check whether it is still being taken",
            codes,
        )
    return MedicationExposure(
        codes=codes,
        state=state,
        start=course.start,
        end=course.end,
        source=Source(reference=reference, version=text(child(resource, "meta"), "versionId")),
        stop_reason=_stop_reason(resource, reference, doubts),
        text=words,
    )


def _counts(
    resource: Json, status: str, reference: str, codes: tuple[Code, ...], doubts: Doubts
) -> bool:
    """False, with the reason noted, where no exposure follows from the resource."""
    kind = text(resource, "resourceType")
    if status == "entered-in-error":
        doubts.add(
            IssueKind.ENTERED_IN_ERROR,
            reference,
            "a drug marked entered in error and not used",
            "nothing to do, unless it was marked so by mistake",
            codes,
        )
    elif status in _NEVER_TAKEN or resource.get("doNotPerform") is True:
        doubts.add(
            IssueKind.INCOMPLETE,
            reference,
            f"a drug {_NEVER_TAKEN.get(status, 'that is not to be given')}; not counted as taken",
            "check the medication list if it was taken after all",
            codes,
        )
    elif status not in _STATES[kind]:
        doubts.add(
            IssueKind.MALFORMED,
            reference,
            "its status does not say whether the drug was taken; not counted as taken",
            "check the medication list",
            codes,
        )
        lose_drug(codes, doubts)
    else:
        return True
    return False


def _drug(resource: Json, medication: Json | None) -> Json:
    """The concept that names the drug, directly or through the Medication referred to."""
    if concept := child(resource, "medicationCodeableConcept"):
        return concept
    if medication and (concept := child(medication, "code")):
        return concept
    return {"text": text(child(resource, "medicationReference"), "display")}


@dataclass(frozen=True, slots=True)
class _Course:
    start: Moment | None
    end: Moment | None


def _course(resource: Json, reference: str, doubts: Doubts) -> _Course:
    """From when to when: the period stated, else of the dosage; an order at least when written."""
    if "effectivePeriod" in resource:
        return _Course(*read_period(resource, "effectivePeriod", reference, doubts))
    if when := read_moment(resource, "effectiveDateTime", reference, doubts):
        given = resource["resourceType"] == "MedicationAdministration"
        return _Course(when, when if given else None)
    start = end = None
    for dosage in children(resource, "dosageInstruction") + children(resource, "dosage"):
        repeat = child(child(dosage, "timing"), "repeat")
        start, end = read_period(repeat, "boundsPeriod", reference, doubts)
        if start or end:
            break
    return _Course(start or read_moment(resource, "authoredOn", reference, doubts), end)


def _stop_reason(resource: Json, reference: str, doubts: Doubts) -> Code | str | None:
    """A MedicationRequest has one reason, the other two have a list; the first counts."""
    concept = child(resource, "statusReason")
    listed = children(resource, "statusReason")
    reason = concept or (listed[0] if listed else {})
    return answer_of(reason, reference, doubts) or words_of(reason) or None
