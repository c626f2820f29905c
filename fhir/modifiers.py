"""What turns a resource into something other than it seems, so that it must not be used."""

from __future__ import annotations

from collections.abc import Iterable

from decision.clinical.codes import Code
from decision.clinical.quantities import Moment
from decision.clinical.record import IssueKind
from fhir.doubts import Doubts
from fhir.fields import Json, children, text
from fhir.references import Entry, Subject

_PARTS = ("component", "dosage", "dosageInstruction")
_FOCUS_CODE = "http://hl7.org/fhir/StructureDefinition/observation-focusCode"


def modified(
    resource: Json,
    reference: str,
    codes: Iterable[Code],
    doubts: Doubts,
    effective: Moment | None = None,
) -> bool:
    """True, and noted, where a modifier extension says that the resource or a part of it means
    something else. FHIR forbids use of what carries a modifier not understood; none is here.
    """
    parts = [part for key in _PARTS if key in resource for part in children(resource, key)]
    if not any(part.get("modifierExtension") for part in (resource, *parts)):
        return False
    doubts.add(
        IssueKind.MALFORMED,
        reference,
        "an extension changes its meaning in a way unknown here, so it is not used",
        "look at it in the record itself",
        codes,
        effective,
    )
    return True


def about_another(
    entry: Entry, subject: Subject, codes: Iterable[Code], doubts: Doubts, effective: Moment
) -> bool:
    """True, and noted, where a result in this patient's chart is about somebody or something else:
    a fetus, a donor, a device. Any focus that is not plainly the patient counts.
    """
    if "focus" not in entry.resource and "extension" not in entry.resource:
        return False
    focus = entry.resource.get("focus") or []
    targets = focus if isinstance(focus, list) else [focus]
    coded = any(text(e, "url") == _FOCUS_CODE for e in children(entry.resource, "extension"))
    if not coded and all(
        isinstance(target, dict) and subject.is_meant_by(target, entry.base) for target in targets
    ):
        return False
    doubts.add(
        IssueKind.OTHER_PATIENT,
        entry.reference,
        "the result is about somebody or something else than the patient, so it is not used",
        "look at it in the record itself",
        codes,
        effective,
    )
    return True
