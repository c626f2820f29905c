"""Resources that were there and could not be used: the record holds less than the chart, so that
absence in it says nothing there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from decision.clinical.codes import ATC, Code
from decision.clinical.record import Gap, GapReason, Part
from fhir.codings import codes_of, status_code
from fhir.doubts import Doubts, Loss, public
from fhir.fields import Json, child, children, text

PARTS = {
    "Observation": Part.OBSERVATIONS,
    "Condition": Part.CONDITIONS,
    "MedicationRequest": Part.MEDICATIONS,
    "MedicationStatement": Part.MEDICATIONS,
    "MedicationAdministration": Part.MEDICATIONS,
}
_SAYS_NOTHING = frozenset({"entered-in-error", "cancelled", "not-taken", "not-done"})
_WHOLE_ATC = 7
_LOOK = "Look at the chart itself, and have the entries corrected at their source."


def lose(versions: Sequence[Json], doubts: Doubts) -> None:
    """Of a resource, in all its versions, that was just noted and left out: what the record lacks
    without it. Nothing where it says itself that it does not count.
    """
    counting = [version for version in versions if not _says_nothing(version)]
    part = PARTS.get(text(counting[0], "resourceType")) if counting else None
    if part is None:
        return
    codes = tuple(code for version in counting for code in _codes(version))
    if part is Part.OBSERVATIONS:
        if public(codes):  # results are looked for by code alone
            doubts.lose(part, codes)
    elif part is Part.MEDICATIONS:
        lose_drug(codes, doubts)
    else:
        doubts.lose(part, codes)


def lose_drug(codes: Sequence[Code], doubts: Doubts) -> None:
    """A drug left out. A product's code is on no list of substances, and its name would have told
    what it is: only the ATC code of a substance surely says which drugs it is not.
    """
    surely = any(code.system == ATC and len(code.code) >= _WHOLE_ATC for code in codes)
    doubts.lose(Part.MEDICATIONS, codes if surely else ())


def _says_nothing(resource: Json) -> bool:
    """Whether it was entered in error, or says that nothing was given."""
    stated = (text(resource, "status"), status_code(resource, "verificationStatus"))
    return not _SAYS_NOTHING.isdisjoint(stated) or resource.get("doNotPerform") is True


def gaps_of(losses: Sequence[Loss]) -> tuple[Gap, ...]:
    """One gap for each part that lost something; without codes where one loss has none."""
    return tuple(_gap(part, [x for x in losses if x.part is part]) for part in _parts(losses))


def _parts(losses: Iterable[Loss]) -> Iterable[Part]:
    return dict.fromkeys(loss.part for loss in losses)


def _gap(part: Part, losses: Sequence[Loss]) -> Gap:
    whole = any(not loss.codes for loss in losses)
    why = " ".join(dict.fromkeys(loss.detail for loss in losses))
    number = "One entry" if len(losses) == 1 else f"{len(losses)} entries"
    return Gap(
        part=part,
        reason=GapReason.CUT_OFF,
        label=part.value,
        detail=f"{number} could not be used. {why}",
        remedy=_LOOK,
        codes=() if whole else tuple(dict.fromkeys(c for loss in losses for c in loss.codes)),
    )


def _codes(resource: Json) -> tuple[Code, ...]:
    silent = Doubts()
    concepts = [child(resource, "code"), child(resource, "medicationCodeableConcept")]
    concepts += [child(component, "code") for component in children(resource, "component")]
    return tuple(code for concept in concepts for code in codes_of(concept, "", silent))
