"""Sentences about what a clinician thinks of an answer (D13)."""

from __future__ import annotations

from datetime import datetime, tzinfo

from decision.clinical.assessment import Abstention, Assessment
from decision.clinical.choices import View, feedback_reasons
from decision.clinical.spec import DecisionSpec
from decision.ui.texts.numbers import instant

TITLE = "Your view of this answer"
WHY = "Why"
REMARK = "Remark (optional; no names)"
CHANGE = "Change feedback"
VIEWS = {
    View.AGREE: "Agree",
    View.DISAGREE: "Disagree…",
    View.OTHER: "Chose other…",
}
_SAID = {
    View.AGREE: "Feedback recorded: agree, {when}.",
    View.DISAGREE: "Feedback recorded: disagree, {when}. Reason: {reason}.",
    View.OTHER: "Feedback recorded: chose other, {when}. Reason: {reason}.",
}
_LINE = {
    View.AGREE: "agree",
    View.DISAGREE: "disagree; reason: {reason}",
    View.OTHER: "chose other; reason: {reason}",
}
_NOTED = "{line}; note: {note}"


def reasons(shown: Assessment, view: View) -> dict[str, str]:
    """(code, label) of what can be meant by it about this answer."""
    estimated = not isinstance(shown, Abstention)
    return feedback_reasons(view, shown.spec.override_reasons, estimated=estimated)


def recorded(shown: Assessment, view: View, reason: str, at: datetime, zone: tzinfo | None) -> str:
    """The confirmation."""
    words = reasons(shown, view).get(reason, reason)
    return _SAID[view].format(when=instant(at.astimezone(zone)), reason=words)


def line(spec: DecisionSpec, view: str, reason: str, note: str) -> str:
    """One line of the trail, from its codes."""
    if view not in set(View):
        return view
    known = View(view)
    words = feedback_reasons(known, spec.override_reasons, estimated=True)
    words |= feedback_reasons(known, spec.override_reasons, estimated=False)
    told = _LINE[known].format(reason=words.get(reason, reason))
    return _NOTED.format(line=told, note=note) if note else told
