"""What a clinician can choose and why, coded so that it can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NO_DRUG = {"continue": "Continue the present drug", "later": "Decide later", "other": "Other"}
"""What can be chosen in every decision besides a drug."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideReason:
    """Why a clinician decided otherwise or without an estimate; coded so that it can be counted."""

    code: str
    label: str
    about_estimate: bool = False
    """True where it says something of an estimate, and nothing where none was shown."""
    against_caution: bool = False
    """True where it can say why a drug was chosen against its STOP or AVOID."""
    otherwise: bool = True
    """False where it says nothing of any other decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherChoice:
    """What may be chosen although the decision does not estimate it; coded, to be counted."""

    code: str
    label: str


def fitting(
    reasons: Sequence[OverrideReason], *, estimated: bool, against: bool
) -> tuple[OverrideReason, ...]:
    """Those that can be meant: `against` a caution only what says why it may be gone against, if
    the decision has any such.
    """
    if against and (found := tuple(r for r in reasons if r.against_caution)):
        return found
    return tuple(r for r in reasons if r.otherwise and (estimated or not r.about_estimate))
