"""Searches that could not be (fully) read, set against what a rule looks for: within a gap,
absence says nothing.
"""

from __future__ import annotations

import dataclasses
import re

from decision.clinical.codes import Codelist
from decision.clinical.features import Finding, Found, Missing, MissingReason
from decision.clinical.gaps import explained
from decision.clinical.record import Gap, Origin, Part, PatientRecord
from decision.clinical.spec import DecisionSpec, Presence
from decision.evidence.signs import Sign

_SILENT = re.compile(r"\b([Nn])ot found\b")


def unread(record: PatientRecord, part: Part, *codelists: Codelist) -> tuple[Gap, ...]:
    """The gaps in which a fact of that part with a code of one of these lists may lie."""
    return tuple(
        gap
        for gap in record.gaps
        if gap.part is part
        and any(not gap.codes or codelist.matches(gap.codes) for codelist in codelists)
    )


def overshadowed(finding: Finding, gaps: tuple[Gap, ...], *, as_absent: bool = False) -> Finding:
    """The finding as it stands where these gaps may hold more of the same.

    What was found stays, with the caveat; what was not found, is too old or (`as_absent`) was
    inferred from absence is missing because it could not be read. An entry of the clinician fills
    the gap.
    """
    gaps = tuple(gap for gap in dict.fromkeys(gaps) if gap not in finding.gaps)
    if not gaps:
        return finding
    if isinstance(finding, Found) and not as_absent:
        if finding.evidence.origin is Origin.CLINICIAN:
            return finding
        doubt = "newer or other entries may exist that could not be read"
        told = "; ".join(part for part in (finding.evidence.caveat, doubt) if part)
        evidence = dataclasses.replace(finding.evidence, caveat=told)
        return dataclasses.replace(finding, evidence=evidence, gaps=finding.gaps + gaps)
    why = " ".join(dict.fromkeys(explained(gap) for gap in gaps))
    if isinstance(finding, Found):
        return Missing(reason=MissingReason.NOT_READ, detail=why, gaps=gaps)
    every = (*finding.gaps, *gaps)
    if finding.reason is MissingReason.NOT_FOUND:
        return dataclasses.replace(finding, reason=MissingReason.NOT_READ, detail=why, gaps=every)
    if finding.reason is MissingReason.TOO_OLD:
        detail = f"{why} Of what was read: {finding.detail}"
        return dataclasses.replace(
            finding, reason=MissingReason.NOT_READ, detail=detail, gaps=every
        )
    return dataclasses.replace(finding, detail=f"{finding.detail} {why}", gaps=every)


def unless_unread(
    sign: Sign, record: PatientRecord, spec: DecisionSpec, part: Part, *concepts: str
) -> Sign:
    """The sign, or that it was not checked where its concepts lie in a gap.

    What is present stays; so does what the clinician answered.
    """
    gaps = unread(record, part, *(spec.codelists[concept] for concept in concepts))
    if not gaps or sign.presence is Presence.PRESENT or _by_clinician(sign, record):
        return sign
    words = sign.words
    if not sign.unread:
        words, silent = _SILENT.subn(r"\1ot checked", words)
        words = words if silent else f"{words}; not fully checked"
    return dataclasses.replace(
        sign,
        presence=Presence.NOT_FOUND,
        words=words,
        settles=False,
        asks=True,
        unread=tuple(dict.fromkeys((*sign.unread, *gaps))),
    )


def _by_clinician(sign: Sign, record: PatientRecord) -> bool:
    entered = {
        o.source.reference for o in record.observations if o.source.origin is Origin.CLINICIAN
    }
    return bool(sign.evidence) and entered.issuperset(sign.evidence)
