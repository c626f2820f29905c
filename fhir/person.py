"""Patient to `Identity` and death. National identifiers are never copied."""

from __future__ import annotations

from datetime import datetime

from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import Identity, IssueKind
from fhir.dates import read_moment
from fhir.doubts import Doubts
from fhir.fields import Json, child, children, clean, text

_SEXES = frozenset({"male", "female", "other", "unknown"})
_NAME_ORDER = ("official", "usual", "")


def read_identity(patient: Json, reference: str, doubts: Doubts) -> Identity:
    """Name, birth date, administrative sex and the hospital's own record number, for the banner."""
    sex = text(patient, "gender")
    return Identity(
        name=_name(patient) or "(no name recorded)",
        birth_date=read_moment(patient, "birthDate", reference, doubts),
        sex=sex if sex in _SEXES else "unknown",
        record_number=_record_number(patient),
    )


def _name(patient: Json) -> str:
    names = [n for n in children(patient, "name") if text(n, "use") in _NAME_ORDER]
    names.sort(key=lambda n: _NAME_ORDER.index(text(n, "use")))
    for name in names or children(patient, "name"):
        given = name.get("given")
        parts = [clean(g) for g in given] if isinstance(given, list) else []
        if joined := " ".join(p for p in [*parts, text(name, "family")] if p):
            return joined
        if text(name, "text"):
            return text(name, "text")
    return ""


def _record_number(patient: Json) -> str:
    for identifier in children(patient, "identifier"):
        kinds = children(child(identifier, "type"), "coding")
        if any(text(k, "code") == "MR" for k in kinds):
            return text(identifier, "value")
    return ""


def read_death(patient: Json, reference: str, doubts: Doubts) -> Moment | None:
    """When the patient died; None when the record does not say that they did."""
    if when := read_moment(patient, "deceasedDateTime", reference, doubts):
        return when
    if patient.get("deceasedBoolean") is not True and "deceasedDateTime" not in patient:
        return None
    doubts.add(
        IssueKind.UNUSABLE_DATE,
        reference,
        "recorded as deceased, without a usable date",
        "for review only: do not decide on a treatment",
    )
    return Moment(
        earliest=datetime.fromisoformat("1880-01-01T00:00:00Z"),
        latest=datetime.fromisoformat("2200-01-01T00:00:00Z"),
        precision=Precision.DAY,
        text="undated",
    )
