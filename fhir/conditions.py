"""Condition to `Condition`: what the record asserts of a diagnosis, and no more."""

from __future__ import annotations

from decision.clinical.codes import Code
from decision.clinical.quantities import Moment
from decision.clinical.record import Condition, ConditionState, IssueKind, Part, Source
from fhir.codings import codes_of, status_code, words_of
from fhir.dates import read_moment, read_period
from fhir.doubts import Doubts
from fhir.fields import Json, child, text
from fhir.modifiers import modified
from fhir.references import Entry

_CLINICAL = {
    "active": ConditionState.ACTIVE,
    "recurrence": ConditionState.ACTIVE,
    "relapse": ConditionState.ACTIVE,
    "inactive": ConditionState.RESOLVED,
    "remission": ConditionState.RESOLVED,
    "resolved": ConditionState.RESOLVED,
}
_UNSURE = frozenset({"unconfirmed", "provisional", "differential"})


def read_condition(entry: Entry, doubts: Doubts) -> Condition | None:
    """One diagnosis, or None where it was entered in error or says nothing."""
    resource, reference = entry.resource, entry.reference
    codes = codes_of(child(resource, "code"), reference, doubts)
    words = words_of(child(resource, "code"))
    verification = status_code(resource, "verificationStatus")
    if verification == "entered-in-error":
        doubts.add(
            IssueKind.ENTERED_IN_ERROR,
            reference,
            "a diagnosis marked entered in error and not used",
            "nothing to do, unless it was marked so by mistake",
            codes,
        )
        return None
    if modified(resource, reference, codes, doubts):
        doubts.lose(Part.CONDITIONS, codes)
        return None
    if not codes and not words:
        doubts.add(
            IssueKind.MALFORMED,
            reference,
            "a diagnosis without code or text",
            "look at the problem list itself",
        )
        doubts.lose(Part.CONDITIONS, codes)
        return None
    if not codes:
        doubts.add(
            IssueKind.TEXT_ONLY,
            reference,
            "a diagnosis in words alone; rules that look for codes cannot see it",
            "code the diagnosis in the record",
        )
    onset = read_moment(resource, "onsetDateTime", reference, doubts)
    if onset is None:
        onset, _ = read_period(resource, "onsetPeriod", reference, doubts)
    if onset is None and {"onsetAge", "onsetRange", "onsetString"} & resource.keys():
        doubts.add(
            IssueKind.UNUSABLE_DATE,
            reference,
            "the onset is given as an age or in words, not as a date",
            "enter how long the disease has lasted",
            codes,
        )
    state = _state(resource, verification, reference, codes, doubts)
    return Condition(
        codes=codes,
        state=state,
        onset=onset,
        source=Source(reference=reference, version=text(child(resource, "meta"), "versionId")),
        text=words,
    )


def _state(
    resource: Json,
    verification: str | None,
    reference: str,
    codes: tuple[Code, ...],
    doubts: Doubts,
) -> ConditionState:
    if verification == "refuted":
        return ConditionState.REFUTED
    if verification in _UNSURE:
        return ConditionState.UNCONFIRMED
    if verification not in (None, "confirmed"):
        doubts.add(
            IssueKind.MALFORMED,
            reference,
            "its verification status is not one of FHIR's; counted as unconfirmed",
            "correct the diagnosis in the record",
            codes,
        )
        return ConditionState.UNCONFIRMED
    clinical = status_code(resource, "clinicalStatus")
    if clinical in _CLINICAL:
        return _CLINICAL[clinical]
    if _over(resource, reference):
        return ConditionState.RESOLVED
    doubts.add(
        IssueKind.INCOMPLETE,
        reference,
        "a diagnosis that does not say whether it is still active; counted as active",
        "check the problem list",
        codes,
    )
    return ConditionState.ACTIVE


def _over(resource: Json, reference: str) -> Moment | None:
    silent = Doubts()
    return (
        read_moment(resource, "abatementDateTime", reference, silent)
        or read_period(resource, "abatementPeriod", reference, silent)[1]
    )
