"""What a clinician can choose and why, coded so that it can be counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

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


class View(StrEnum):
    """What a clinician thinks of an answer. A closed list."""

    AGREE = "agree"
    DISAGREE = "disagree"
    OTHER = "chose other"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackReason:
    """Why somebody disagrees with an answer; coded so that it can be counted."""

    code: str
    label: str
    about_estimate: bool = False
    """True where it says something of an estimate, and nothing where none was shown."""


DISAGREE = (
    FeedbackReason(code="data-wrong", label="Data used are wrong or old"),
    FeedbackReason(code="data-missing", label="Something that matters is not counted"),
    FeedbackReason(code="too-high", label="Estimate too high", about_estimate=True),
    FeedbackReason(code="too-low", label="Estimate too low", about_estimate=True),
    FeedbackReason(
        code="reasons-implausible", label="Reasons are not plausible", about_estimate=True
    ),
    FeedbackReason(code="should-estimate", label="There should be an answer here"),
    FeedbackReason(code="caution-wrong", label="A caution is wrong or missing"),
    FeedbackReason(code="unclear", label="The page is hard to understand"),
    FeedbackReason(code="other", label="Other"),
)
"""The one list of them. Why something else was chosen is the decision's own list."""


def feedback_reasons(
    view: View, overrides: Sequence[OverrideReason], *, estimated: bool
) -> dict[str, str]:
    """(code, label) of what can be meant by a view; nothing where none is asked for."""
    if view is View.AGREE:
        return {}
    if view is View.OTHER:
        found = fitting(overrides, estimated=estimated, against=False)
        return {reason.code: reason.label for reason in found}
    return {
        reason.code: reason.label
        for reason in DISAGREE
        if (estimated or not reason.about_estimate)
        and not (estimated and reason.code == "should-estimate")
    }
