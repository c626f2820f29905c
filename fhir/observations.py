"""Observation to `Observation`s: one for the resource and one for each component with a value."""

from __future__ import annotations

import dataclasses

from decision.clinical.codes import LOCAL, Code
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import IssueKind, Observation, ReferenceRange, Source, Value
from fhir.codings import answer_of, codes_of, words_of
from fhir.dates import read_moment, read_period, spanning
from fhir.doubts import Doubts
from fhir.fields import Json, child, children, text
from fhir.modifiers import about_another, modified
from fhir.quantities import NoValue, read_quantity, read_range
from fhir.references import Entry, Subject
from fhir.units import TESTS, TestKind, analytes, known

_USED = frozenset({"preliminary", "final", "amended", "corrected"})
_DROPPED = frozenset({"entered-in-error", "cancelled"})
_SEE_REPORT = "look at the report itself, or enter the value"


def read_observation(entry: Entry, subject: Subject, doubts: Doubts) -> list[Observation]:
    """Every usable result of one resource. What is not usable is noted, unless it is a number of a
    test that no table lists: nothing here would have used it.
    """
    resource = entry.resource
    codes = codes_of(child(resource, "code"), entry.reference, doubts)
    status = text(resource, "status")
    if status in _DROPPED:
        doubts.add(
            IssueKind.ENTERED_IN_ERROR,
            entry.reference,
            f"marked {status.replace('-', ' ')} and not used",
            "nothing to do, unless it was marked so by mistake",
            codes,
        )
        return []
    parts = [(codes, resource)] if _wanted(codes, resource) else []
    for component in children(resource, "component"):
        named = codes_of(child(component, "code"), entry.reference, doubts)
        if _wanted(named, component):
            parts.append((named, component))
    if not parts:
        return []
    every_code = tuple(code for named, _ in parts for code in named)
    if status not in _USED:
        doubts.add(
            IssueKind.NO_VALUE if status == "registered" else IssueKind.MALFORMED,
            entry.reference,
            "the result is not there yet"
            if status == "registered"
            else "its status does not say that it is a result",
            _SEE_REPORT,
            every_code,
        )
        return []
    effective = _effective(resource, entry.reference, every_code, doubts)
    if (
        effective is None
        or about_another(entry, subject, every_code, doubts, effective)
        or modified(resource, entry.reference, every_code, doubts, effective)
    ):
        return []
    frame = _Frame(entry, status, effective)
    found = [o for named, part in parts if (o := _read_part(frame, named, part, doubts))]
    if found and status == "preliminary":
        doubts.add(
            IssueKind.PRELIMINARY,
            entry.reference,
            "the result is preliminary and may still change",
            "check whether the final result is out",
            every_code,
        )
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Frame:
    """What all parts of one resource share."""

    entry: Entry
    status: str
    effective: Moment


def _wanted(codes: tuple[Code, ...], part: Json) -> bool:
    """Listed tests always; of the rest only coded, written and yes/no answers: no unit there."""
    for code in codes:
        if code.system == LOCAL or (code.system, code.code) in TESTS:
            return True
    return "valueCodeableConcept" in part or "valueString" in part or "valueBoolean" in part


def _effective(
    resource: Json, reference: str, codes: tuple[Code, ...], doubts: Doubts
) -> Moment | None:
    """When the result was true; the time of reporting stands in, and is noted as such."""
    for key in ("effectiveDateTime", "effectiveInstant"):
        if when := read_moment(resource, key, reference, doubts):
            return when
    start, end = read_period(resource, "effectivePeriod", reference, doubts)
    if start:
        return spanning(start, end or start)
    if issued := read_moment(resource, "issued", reference, doubts):
        doubts.add(
            IssueKind.INCOMPLETE,
            reference,
            "no usable time of the test; the time of the report stands in, the test may be older",
            "check when the sample was taken",
            codes,
        )
        return issued
    doubts.add(
        IssueKind.UNUSABLE_DATE,
        reference,
        "nothing says when the result was true, so it is not used",
        _SEE_REPORT,
        codes,
    )
    return None


def _read_part(
    frame: _Frame, codes: tuple[Code, ...], part: Json, doubts: Doubts
) -> Observation | None:
    reference = frame.entry.reference
    if len(codes) > 1 and len(analytes(codes)) > 1:
        doubts.add(
            IssueKind.MALFORMED,
            reference,
            "its codes stand for different tests",
            "correct the codes at their source",
            codes,
        )
        return None
    if "component" in part or "hasMember" in part:
        if not any(key.startswith(("value", "dataAbsent")) for key in part):
            return None  # the head of a panel: its values are in its parts
    result = _value(codes, part, reference, doubts)
    if isinstance(result, NoValue):
        doubts.add(result.kind, reference, result.detail, result.remedy, codes, frame.effective)
        return None
    value, reported, limits = result
    interpretations = children(part, "interpretation")
    return Observation(
        codes=codes,
        value=value,
        effective=frame.effective,
        status=frame.status,
        source=Source(
            reference=reference, version=text(child(frame.entry.resource, "meta"), "versionId")
        ),
        reported=reported,
        reference_range=limits,
        interpretation=answer_of(interpretations[0], reference, doubts)
        if interpretations
        else None,
        text=_words(part),
    )


def _words(part: Json) -> str:
    """What was tested and, where the record says so, how."""
    test = words_of(child(part, "code"))
    method = words_of(child(part, "method")) if "method" in part else ""
    return f"{test}; {method}" if test and method else test or method


def _value(
    codes: tuple[Code, ...], part: Json, reference: str, doubts: Doubts
) -> tuple[Value, Quantity | None, ReferenceRange | None] | NoValue:
    keys = [key for key in part if key.startswith("value") and not key.startswith("value_")]
    if "dataAbsentReason" in part:
        return NoValue(IssueKind.NO_VALUE, "recorded as not available", _SEE_REPORT)
    if len(keys) != 1:
        detail = "it has two values" if keys else "it has no value"
        return NoValue(IssueKind.MALFORMED if keys else IssueKind.NO_VALUE, detail, _SEE_REPORT)
    key = keys[0]
    code = known(codes)
    kind = TESTS[code.system, code.code].kind if code else TestKind.CODED
    if code and kind is not TestKind.CODED and key in ("valueQuantity", "valueInteger"):
        quantity = child(part, key) if key == "valueQuantity" else {"value": part[key]}
        converted = read_quantity(code, quantity)
        if isinstance(converted, NoValue):
            return converted
        return converted.value, converted.reported, read_range(code, part, converted)
    if kind is not TestKind.NUMBER and key == "valueCodeableConcept":
        answer = answer_of(child(part, key), reference, doubts) or words_of(child(part, key))
        if answer:
            return answer, None, None
    if kind is not TestKind.NUMBER and key == "valueString" and text(part, key):
        return text(part, key), None, None
    if kind is not TestKind.NUMBER and isinstance(answer := part[key], bool):
        return answer, None, None
    return NoValue(
        IssueKind.NO_VALUE, "its value is not of the kind this test is read from", _SEE_REPORT
    )
