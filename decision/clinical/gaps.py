"""What lies in a gap of the record is left open: absence there says nothing about the patient."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from decision.clinical.record import Gap, GapReason, Part
from decision.clinical.spec import CautionFinding, CriterionResult

_HAPPENED = {
    GapReason.NOT_PERMITTED: "could not be read (not permitted)",
    GapReason.FAILED: "could not be read",
    GapReason.CUT_OFF: "could be read only in part",
}

PARTS = {
    Part.OBSERVATIONS: "Test results and scores",
    Part.CONDITIONS: "Diagnoses",
    Part.MEDICATIONS: "Medication lists",
    Part.EXPRESSION: "Gene expression files",
}
"""What a clinician calls the parts of a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadCriterion(CriterionResult):
    """A criterion (state `UNKNOWN`) that these gaps leave open, not the record's silence."""

    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UncheckedCaution(CautionFinding):
    """A caution (presence `NOT_FOUND`) whose trigger may lie in these gaps: it was not checked."""

    gaps: tuple[Gap, ...]


def happened(gap: Gap) -> str:
    """`C-reactive protein could not be read (not permitted)`, without a full stop."""
    return f"{gap.label[:1].upper()}{gap.label[1:]} {_HAPPENED[gap.reason]}"


def all_happened(gaps: Iterable[Gap]) -> str:
    """What could not be read, each said once."""
    return "; ".join(dict.fromkeys(happened(gap) for gap in gaps))


def parts_happened(gaps: Iterable[Gap]) -> str:
    """`Medication lists could not be read (not permitted)`: each part once, however many searches
    it took.
    """
    return "; ".join(dict.fromkeys(f"{PARTS[g.part]} {_HAPPENED[g.reason]}" for g in gaps))


def sentence(words: str) -> str:
    """The words, ended by a full stop unless they end a sentence already; empty stays empty."""
    told = words.strip()
    return told if not told or told[-1] in ".!?" else f"{told}."


def explained(gap: Gap) -> str:
    """What happened, and the details that came with it."""
    return " ".join(part for part in (f"{happened(gap)}.", sentence(gap.detail)) if part)
