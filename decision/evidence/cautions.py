"""Every caution applied to one record: present, absent, or not found, which is never absent."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from decision.clinical.gaps import UncheckedCaution, all_happened
from decision.clinical.record import PatientRecord
from decision.clinical.spec import CautionFinding, CautionRule, DecisionSpec, Presence
from decision.evidence.signs import Sign, Trigger, presence_of, severity_of


def apply(
    rule: CautionRule, trigger: Trigger, record: PatientRecord, spec: DecisionSpec
) -> CautionFinding:
    """One caution applied to one record, saying what was seen and, if nothing was, so; what could
    not be read is said to be unchecked.
    """
    signs = trigger(record, spec)
    presence = presence_of(signs)
    shown = [s for s in signs if presence is Presence.NOT_FOUND or s.presence is presence]
    said = "; ".join(dict.fromkeys(s.words for s in shown))
    references = (r for s in shown for r in s.evidence)
    asks = presence is not Presence.ABSENT and any(s.asks for s in shown)
    arises = asks or presence is not Presence.NOT_FOUND
    applied = dataclasses.replace(
        rule, message=_message(rule, shown), priority=rule.priority if arises else 0
    )
    found = CautionFinding(
        rule=applied,
        presence=presence,
        severity=severity_of(rule, signs),
        detail=f"{said[:1].upper()}{said[1:]}.",
        evidence=tuple(dict.fromkeys(references)),
        entries=rule.entries if asks else (),
        arises=arises,
    )
    gaps = tuple(dict.fromkeys(gap for s in shown for gap in s.unread))
    if presence is not Presence.NOT_FOUND or not gaps:
        return found
    return UncheckedCaution(
        rule=found.rule,
        presence=found.presence,
        severity=found.severity,
        detail=f"{found.detail} {all_happened(gaps)}.",
        evidence=found.evidence,
        entries=found.entries,
        arises=found.arises,
        gaps=gaps,
    )


def _message(rule: CautionRule, shown: Sequence[Sign]) -> dict[str, str]:
    """Per treatment what the signs that fired say, each once; the rule's own words otherwise."""
    fired = [s for s in shown if s.presence is Presence.PRESENT]
    said = {}
    for treatment, own in rule.message.items():
        words = ((s, (s.message or {}).get(treatment, own)) for s in fired)
        parts = dict.fromkeys(f"If confirmed: {w}" if s.unsure else w for s, w in words)
        said[treatment] = " ".join(parts) or own
    return said


def apply_all(
    triggers: Mapping[str, Trigger], record: PatientRecord, spec: DecisionSpec
) -> tuple[CautionFinding, ...]:
    """One finding per rule of the decision, in the order of the rules."""
    return tuple(apply(rule, triggers[rule.id], record, spec) for rule in spec.cautions)
