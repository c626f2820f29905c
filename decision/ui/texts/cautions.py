"""Sentences about cautions: what was found, what was not, and how well each is sourced."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.spec import (
    CautionFinding,
    DecisionSpec,
    Presence,
    Severity,
    Verification,
)
from decision.rules import stops
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import dated, plural

ORDER = tuple(Severity)
"""From the hardest to the mildest, as the severities are declared."""
NOTABLE = (Severity.STOP, Severity.AVOID, Severity.CAUTION, Severity.FAVOUR)
NAMED_AT_MOST = 3


def worst(finding: CautionFinding) -> Severity:
    return min(finding.severity.values(), key=ORDER.index)


def present(findings: Sequence[CautionFinding]) -> tuple[CautionFinding, ...]:
    """Cautions whose trigger was found and that say something of a drug, the hardest first."""
    found = [f for f in findings if f.presence is Presence.PRESENT and worst(f) in NOTABLE]
    return tuple(sorted(found, key=lambda f: ORDER.index(worst(f))))


def severities(spec: DecisionSpec, finding: CautionFinding) -> tuple[tuple[str, Severity], ...]:
    """(drug class, severity) in the order of the cards."""
    return tuple((t.label, finding.severity[t.id]) for t in ordered(spec))


def severity_word(severity: Severity) -> str:
    words = {Severity.NONE: "no caution", Severity.INFORMATION: "information"}
    return words.get(severity, severity.value)


def effect(finding: CautionFinding, treatment: str) -> str:
    """What the caution says of a drug class, or would say if its trigger were present."""
    if finding.presence is Presence.PRESENT:
        return severity_word(finding.severity[treatment])
    severity = finding.rule.severity[treatment]
    if severity is Severity.NONE:
        return severity_word(severity)
    return f"{severity_word(severity)} if present"


def source(finding: CautionFinding) -> str:
    """Where the rule comes from and of when, as far as that is known."""
    rule = finding.rule
    if not rule.source or "to be supplied" in rule.source:
        return "Source: to be supplied"
    known = "" if "to be supplied" in rule.source_date else rule.source_date
    when = f" ({known})" if known and known not in rule.source else ""
    return f"Source: {rule.source.rstrip('.')}{when}"


def unverified(finding: CautionFinding) -> str:
    """What of this rule is still to be verified; empty when every part has been checked."""
    rule = finding.rule
    if rule.verification is Verification.VERIFIED:
        return ""
    return rule.outstanding or "To be verified."


def line(finding: CautionFinding) -> str:
    """What was found, where the rule comes from and whether that has been checked."""
    mark = " (to be verified)" if unverified(finding) else ""
    return f"{dated(finding.detail).rstrip('.')}. {source(finding)}{mark}."


def stop_reasons(findings: Sequence[CautionFinding], treatment: str) -> tuple[str, ...]:
    """The headline of a card whose drug has a STOP; its source stands in the row of cautions."""
    return tuple(
        f"{f.rule.title}: {dated(f.detail).rstrip('.')}. {f.rule.message[treatment].rstrip('.')}."
        for f in findings
        if stops(f, treatment)
    )


def stopped(spec: DecisionSpec, findings: Sequence[CautionFinding]) -> tuple[str, ...]:
    """Drug classes a STOP applies to, in the order of the cards."""
    return tuple(
        t.label_with_article for t in ordered(spec) if any(stops(f, t.id) for f in findings)
    )


def none_present() -> str:
    return "None found among the cautions that the record can answer."


def not_found(findings: Sequence[CautionFinding]) -> str:
    """The gaps, named; silence in a record is never shown as absence."""
    gaps = [f.rule.title for f in findings if f.presence is Presence.NOT_FOUND]
    if not gaps:
        return ""
    named = ", ".join(gaps[:NAMED_AT_MOST])
    more = len(gaps) - NAMED_AT_MOST
    rest = f" and {more} more" if more > 0 else ""
    return f"Not found in the record, which does not mean absent: {named}{rest}."


def counts(findings: Sequence[CautionFinding]) -> str:
    tally = {state: sum(f.presence is state for f in findings) for state in Presence}
    return (
        f"All {plural(len(findings), 'caution')}: {tally[Presence.PRESENT]} present, "
        f"{tally[Presence.ABSENT]} absent, {tally[Presence.NOT_FOUND]} not found in the record"
    )


UNCHANGED = "A caution never changes the model's estimate, which is:"
