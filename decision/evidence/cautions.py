"""Every caution applied to one record: present, absent, or not found, which is never absent."""

from __future__ import annotations

from collections.abc import Mapping

from decision.clinical.record import PatientRecord
from decision.clinical.spec import CautionFinding, CautionRule, DecisionSpec, Presence
from decision.evidence.signs import Trigger, presence_of, severity_of


def apply(
    rule: CautionRule, trigger: Trigger, record: PatientRecord, spec: DecisionSpec
) -> CautionFinding:
    """One caution applied to one record, saying what was seen and, if nothing was, so."""
    signs = trigger(record, spec)
    presence = presence_of(signs)
    shown = [s for s in signs if presence is not Presence.PRESENT or s.presence is presence]
    said = "; ".join(dict.fromkeys(s.words for s in shown))
    if presence is Presence.NOT_FOUND:
        said = f"{said}. This does not mean that it is not there"
    references = (r for s in shown for r in s.evidence)
    return CautionFinding(
        rule=rule,
        presence=presence,
        severity=severity_of(rule, signs),
        detail=f"{said}.",
        evidence=tuple(dict.fromkeys(references)),
    )


def apply_all(
    triggers: Mapping[str, Trigger], record: PatientRecord, spec: DecisionSpec
) -> tuple[CautionFinding, ...]:
    """One finding per rule of the decision, in the order of the rules."""
    return tuple(apply(rule, triggers[rule.id], record, spec) for rule in spec.cautions)
