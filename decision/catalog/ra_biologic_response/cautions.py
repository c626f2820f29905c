"""Every caution applied to one record: present, absent, or not found, which is never absent."""

from __future__ import annotations

from decision.clinical.record import PatientRecord
from decision.clinical.spec import CautionFinding, DecisionSpec, Presence, Severity


def find_cautions(record: PatientRecord, spec: DecisionSpec) -> tuple[CautionFinding, ...]:
    """One finding per rule of the decision, in the order of the rules."""
    return tuple(
        CautionFinding(
            rule=rule,
            presence=Presence.NOT_FOUND,
            severity=dict.fromkeys(rule.severity, Severity.NONE),
            detail="Not looked for.",
        )
        for rule in spec.cautions
    )
