"""The decision that stands for a patient by the trail, whatever session it was made in."""

from __future__ import annotations

from decision.clinical.assessment import Assessment, AuditAction, AuditEvent, AuditTrail
from decision.ui.assessing import decided_of
from decision.ui.session import Decided

DECISIONS = (
    AuditAction.ACCEPTED,
    AuditAction.DECIDED,
    AuditAction.OVERRODE,
    AuditAction.WITHOUT_ESTIMATE,
)


def latest(kept: AuditTrail, decision: str) -> tuple[Decided, AuditEvent] | None:
    """The last decision of that kind (a specification's id) about this person, by anyone."""
    for audit_id, event in reversed(kept.entries):
        if event.action in DECISIONS and event.decision == decision:
            about = str(event.outcome.get("about", ""))
            at = event.recorded
            return decided_of(audit_id, about, event.action, event.outcome, at), event
    return None


def entry(kept: AuditTrail, audit_id: str) -> AuditEvent | None:
    """The entry of that id, where the trail has it about this person."""
    return dict(kept.entries).get(audit_id)


def same_answer(kept: AuditTrail, event: AuditEvent, shown: Assessment) -> bool:
    """Whether a decision was about just what is shown now: the same inputs, rules and model."""
    now = entry(kept, shown.audit_id)
    return now is not None and (
        (now.input_hash, now.spec_version, now.model_version)
        == (event.input_hash, event.spec_version, event.model_version)
    )
