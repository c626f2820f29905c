"""Sentences about the audit trail and the decision that the clinician records in it."""

from __future__ import annotations

from collections.abc import Mapping

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.spec import DecisionSpec
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import of_100, plural

OTHER_CHOICE = ("other", "Another drug or none")


def choices(spec: DecisionSpec) -> dict[str, str]:
    """What can be chosen, coded, in the order of the cards."""
    return {t.id: t.label for t in ordered(spec)} | dict([OTHER_CHOICE])


def action(event: AuditEvent) -> str:
    return event.action.value[0].upper() + event.action.value[1:]


def what(spec: DecisionSpec, event: AuditEvent) -> str:
    """One line on an entry, from its codes; nothing is shown that the entry does not hold."""
    outcome = event.outcome
    if event.action is AuditAction.ASSESSED:
        return _assessed(spec, outcome)
    if event.action is AuditAction.ENTERED:
        return "; ".join(
            f"{word} {', '.join(f'{code} = {value}' for code, value in sorted(values.items()))}"
            for word in ("entered", "withdrawn")
            if isinstance(values := outcome.get(word), Mapping)
        )
    parts = []
    if chosen := outcome.get("chosen"):
        parts.append(f"chosen: {choices(spec).get(str(chosen), str(chosen))}")
    if code := outcome.get("reason"):
        labels = {r.code: r.label for r in spec.override_reasons}
        parts.append(f"reason: {labels.get(str(code), str(code))} ({code})")
    if note := outcome.get("note"):
        parts.append(f"note: {note}")
    return "; ".join(parts) or "as shown"


def _assessed(spec: DecisionSpec, outcome: Mapping[str, object]) -> str:
    if outcome.get("shown") != "card":
        reasons = outcome.get("reasons")
        listed = reasons if isinstance(reasons, list | tuple) else ()
        return "no estimate: " + ", ".join(dict.fromkeys(str(r) for r in listed))
    shown = outcome.get("probabilities")
    probabilities = shown if isinstance(shown, Mapping) else {}
    estimates = [
        f"{t.label} {of_100(float(probabilities[t.id]))}"
        for t in ordered(spec)
        if t.id in probabilities
    ]
    named = outcome.get("preference")
    favoured = spec.treatment(str(named)).label if named else "none named"
    return f"{', '.join(estimates)}; preference: {favoured}"


def of_others(n: int) -> str:
    """Why a trail may be shorter than expected; nothing where there is nobody else."""
    if n == 0:
        return ""
    entries = plural(n, "entry", "entries")
    return (
        f"{entries} of another identity with this id {'is' if n == 1 else 'are'} not shown: "
        "name, birth date, sex or record number differed."
    )


def recorded(action_taken: AuditAction, audit_id: str) -> str:
    said = {AuditAction.ACCEPTED: "Accepted", AuditAction.OVERRODE: "Override recorded"}
    return f"{said[action_taken]}. Audit entry {audit_id[:8]}."


CHOSEN = "Drug chosen (optional)"
REASON = "Reason for deciding otherwise"
REMARK = "Remark (optional; no names)"
NO_REASON = "Choose a reason; nothing was recorded."
INTRO = "Accept or override what is shown. The decision is written to the audit trail."
EMPTY = "No entry yet."
