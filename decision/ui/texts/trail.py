"""Sentences about the audit trail and the decision that the clinician records in it."""

from __future__ import annotations

from collections.abc import Mapping

from decision.clinical.answers import in_years
from decision.clinical.assessment import (
    Abstention,
    Assessment,
    AuditAction,
    AuditEvent,
    ComparisonCard,
)
from decision.clinical.spec import DecisionSpec, Severity
from decision.ui.texts import decided, exporting, feedback
from decision.ui.texts.cautions import finding_text, present
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import of_100, plural
from decision.ui.texts.risk import horizon_years


def named(shown: Assessment) -> str:
    """The drug class that the estimates favour; empty where none is named or none was made."""
    return (isinstance(shown, ComparisonCard) and shown.preference.treatment) or ""


def against(shown: Assessment, chosen: str) -> tuple[tuple[Severity, str], ...]:
    """STOP and AVOID cautions of the drug chosen, each with what was found and what it means."""
    if chosen not in {t.id for t in shown.spec.treatments}:
        return ()
    return tuple(
        (f.severity[chosen], f"{finding_text(f)} {f.rule.message[chosen]}")
        for f in present(shown.cautions)
        if f.severity[chosen] in (Severity.STOP, Severity.AVOID)
    )


def needs_reason(shown: Assessment, chosen: str) -> bool:
    """True where the choice goes against a STOP, an AVOID or the drug class that was named."""
    favoured = named(shown)
    return bool(against(shown, chosen)) or (favoured != "" and chosen not in ("", favoured))


def action(event: AuditEvent) -> str:
    return event.action.value[0].upper() + event.action.value[1:]


def what(spec: DecisionSpec, event: AuditEvent) -> str:
    """One line on an entry, from its codes; nothing is shown that the entry does not hold."""
    outcome = event.outcome
    if event.action is AuditAction.ASSESSED:
        return _assessed(spec, outcome)
    if event.action is AuditAction.NOTIFIED:
        return str(outcome.get("summary", ""))
    if event.action is AuditAction.ENTERED:
        because = f" ({reason})" if (reason := outcome.get("because")) else ""
        told = "; ".join(
            f"{word} {', '.join(f'{code} = {value}' for code, value in sorted(values.items()))}"
            for word in ("entered", "withdrawn")
            if isinstance(values := outcome.get(word), Mapping)
        )
        return told + because
    if event.action in (AuditAction.WROTE_BACK, AuditAction.NOT_WRITTEN):
        return _written(outcome)
    if event.action is AuditAction.FEEDBACK:
        said = [str(outcome.get(key, "")) for key in ("view", "reason", "note")]
        return feedback.line(spec, *said)
    if event.action is AuditAction.EXPORTED:
        return exporting.taken(str(outcome.get("form", "")), str(outcome.get("sha256", "")))
    parts = []
    if chosen := outcome.get("chosen"):
        opposed = decided.against(spec, decided.against_of(event))
        parts.append(f"chosen: {decided.drug(spec, str(chosen))}{opposed}")
    elif event.action is not AuditAction.ACCEPTED:
        parts.append("no drug named")
    if code := outcome.get("reason"):
        parts.append(f"reason: {spec.reason(str(code))}")
    replaced = outcome.get("replaces")
    if isinstance(replaced, list | tuple) and replaced:
        parts.append(f"replaces {', '.join(str(r)[:8] for r in replaced)}")
    if note := outcome.get("note"):
        parts.append(f"note: {note}")
    return "; ".join(parts) or "as shown"


def elsewhere(event: AuditEvent) -> str:
    """On an entry whose decision is not served here, so that nobody knows its words."""
    return f"of a decision that is not offered here ({event.decision})"


def _written(outcome: Mapping[str, object]) -> str:
    """What became of one write to the chart: of which decision, how it stands, what is there."""
    kept = outcome.get("resources")
    there = ", ".join(str(r) for r in kept) if isinstance(kept, list | tuple) else ""
    what = "results" if outcome.get("what") == "results" else "decision"
    parts = [f"{what} {str(outcome.get('about', ''))[:8]}", str(outcome.get("delivery", ""))]
    return "; ".join(part for part in (*parts, there) if part)


def _assessed(spec: DecisionSpec, outcome: Mapping[str, object]) -> str:
    """What came out; where an event in the chart asked, that nobody was shown it."""
    unseen = " (in the background, not shown)" if outcome.get("shown") == "nothing" else ""
    found = str(outcome.get("classification", "")).replace("_", " ")
    place = f"{found}: " if found else ""
    if outcome.get("answer", outcome.get("shown")) != "card":
        reasons = outcome.get("reasons")
        listed = reasons if isinstance(reasons, list | tuple) else ()
        said = ", ".join(dict.fromkeys(str(r) for r in listed))
        return f"{place}no estimate: {said}{unseen}"
    if isinstance(risks := outcome.get("risks"), Mapping):
        return f"{place}{_foretold(risks, outcome)}{unseen}"
    shown = outcome.get("probabilities")
    probabilities = shown if isinstance(shown, Mapping) else {}
    estimates = [
        f"{t.label} {of_100(float(probabilities[t.id]))}"
        for t in ordered(spec)
        if t.id in probabilities
    ]
    code = outcome.get("preference")
    favoured = spec.treatment(str(code)).label if code else "none named"
    return f"{', '.join(estimates)}; preference: {favoured}{unseen}"


def _foretold(risks: Mapping[str, object], outcome: Mapping[str, object]) -> str:
    """Every risk by its time, shortest first, and what the last was called."""
    found = {y: str(r) for key, r in risks.items() if (y := horizon_years(key)) is not None}
    told = [f"{of_100(float(found[y]))} within {in_years(y)}" for y in sorted(found)]
    band = f"; band: {found_band}" if (found_band := outcome.get("band")) else ""
    return f"{', '.join(told)}{band}"


def of_others(n: int) -> str:
    """Why a trail may be shorter than expected; nothing where there is nobody else."""
    if n == 0:
        return ""
    entries = plural(n, "entry", "entries")
    return (
        f"{entries} of another identity with this id {'is' if n == 1 else 'are'} not shown: "
        "name, birth date, sex or record number differed."
    )


REASON = "Reason for deciding otherwise"
REASON_WITHOUT = "Reason for this decision"
REASON_OPTIONAL = "Reason for this decision (optional)"
REMARK = "Remark (optional; no names)"
AGREES = (
    "The estimates favour this class already: accept it, or choose another; nothing was recorded."
)
NO_REASON = "Choose a reason; nothing was recorded."
REASON_NEEDED = "This choice needs a reason."
INTRO = "Choose, then record. The decision is written to the audit trail."
INTRO_WITHOUT = f"There is no estimate to accept or override. {INTRO}"
EMPTY = "No entry yet."


def chosen_label(spec: DecisionSpec) -> str:
    """What the choice is of: a drug where drugs are compared, else whatever comes next."""
    return "Drug chosen" if spec.prognosis is None else "Next step"


def no_choice(spec: DecisionSpec) -> str:
    """Nothing is recorded without a choice."""
    what = "a drug" if spec.prognosis is None else "a next step"
    return f"Choose {what} first; nothing was recorded."


def intro(shown: Assessment) -> str:
    """What can be done here; a comparison may be accepted, a risk may not."""
    if shown.spec.prognosis is not None:
        return INTRO
    return INTRO_WITHOUT if isinstance(shown, Abstention) else INTRO
