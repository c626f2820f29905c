"""Patient to `Identity`, death and standing. Of all numbers only the record number is copied."""

from __future__ import annotations

from datetime import datetime

from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import Identity, IssueKind
from fhir.dates import read_moment
from fhir.doubts import Doubts
from fhir.errors import StandingError
from fhir.fields import Json, child, children, clean, text
from fhir.references import Entry

_SEXES = frozenset({"male", "female", "other", "unknown"})
_NAME_ORDER = ("official", "usual", "")


def check_standing(patient: Entry, file: str, doubts: Doubts) -> None:
    """Whether the Patient still is the one to read; what else it may hold is noted.

    Raises
    ------
    StandingError
        Another record has replaced this one, or an extension changes what it means.
    """
    resource = patient.resource
    if resource.get("modifierExtension"):
        raise StandingError(
            file,
            patient.label,
            "an extension changes its meaning in a way unknown here",
            "read the record at its source, or export it without that extension",
        )
    links = {text(link, "type") for link in children(resource, "link")}
    if "replaced-by" in links:
        raise StandingError(
            file,
            patient.label,
            "another record has replaced this one",
            "export the surviving record",
        )
    if links & {"replaces", "refer"}:
        doubts.add(
            IssueKind.INCOMPLETE,
            patient.label,
            "more about this person is kept under another record, and may be missing here",
            "check that the export holds both records",
        )
    if resource.get("active", True) is not True:
        doubts.add(
            IssueKind.INCOMPLETE,
            patient.label,
            "this record is not in active use, so newer results may be kept elsewhere",
            "check whether the person has another record",
        )


def read_identity(patient: Entry, as_of: datetime, doubts: Doubts) -> Identity:
    """Name, birth date, administrative sex and the hospital's own record number, for the banner."""
    sex = text(patient.resource, "gender")
    return Identity(
        name=_name(_current(patient, "name", as_of, doubts)) or "(no name recorded)",
        birth_date=read_moment(patient.resource, "birthDate", patient.label, doubts),
        sex=sex if sex in _SEXES else "unknown",
        record_number=_record_number(patient, as_of, doubts),
    )


def _current(patient: Entry, key: str, as_of: datetime, doubts: Doubts) -> list[Json]:
    """The names or identifiers that are neither marked old nor ended before the data's own time."""
    found = []
    for item in children(patient.resource, key):
        ended = read_moment(child(item, "period"), "end", patient.label, doubts)
        if text(item, "use") != "old" and not (ended and ended.latest < as_of):
            found.append(item)
    return found


def _name(current: list[Json]) -> str:
    names = [n for n in current if text(n, "use") in _NAME_ORDER]
    names.sort(key=lambda n: _NAME_ORDER.index(text(n, "use")))
    for name in names or current:
        parts = [*_strings(name, "given"), text(name, "family"), *_strings(name, "suffix")]
        if joined := " ".join(p for p in parts if p):
            return joined
        if text(name, "text"):
            return text(name, "text")
    return ""


def _strings(parent: Json, key: str) -> list[str]:
    value = parent.get(key)
    return [clean(v) for v in value] if isinstance(value, list) else []


def _record_number(patient: Entry, as_of: datetime, doubts: Doubts) -> str:
    """The one current number of this hospital; of several none, since any could be the wrong one
    to compare with a wristband.
    """
    numbers = {
        text(identifier, "value")
        for identifier in _current(patient, "identifier", as_of, doubts)
        if any(text(k, "code") == "MR" for k in children(child(identifier, "type"), "coding"))
    } - {""}
    if len(numbers) > 1:
        doubts.add(
            IssueKind.CONFLICT,
            patient.label,
            "there are several current record numbers, and none is shown",
            "identify the patient by name and birth date",
        )
        return ""
    return numbers.pop() if numbers else ""


def read_death(patient: Entry, doubts: Doubts) -> Moment | None:
    """When the patient died; None when the record does not say that they did."""
    resource = patient.resource
    if when := read_moment(resource, "deceasedDateTime", patient.label, doubts):
        return when
    stated = resource.get("deceasedBoolean", False)
    if stated is not True and "deceasedDateTime" not in resource:
        if stated is not False:
            doubts.add(
                IssueKind.MALFORMED,
                patient.label,
                "whether the patient has died is not written as yes or no",
                "check the record before anything else",
            )
        return None
    doubts.add(
        IssueKind.UNUSABLE_DATE,
        patient.label,
        "recorded as deceased, without a usable date",
        "for review only: do not decide on a treatment",
    )
    return Moment(
        earliest=datetime.fromisoformat("1880-01-01T00:00:00Z"),
        latest=datetime.fromisoformat("2200-01-01T00:00:00Z"),
        precision=Precision.UNKNOWN,
        text="",
    )
