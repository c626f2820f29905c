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
from decision.ui.texts.numbers import plural

ORDER = tuple(Severity)
"""From the hardest to the mildest, as the severities are declared."""
NOTABLE = (Severity.STOP, Severity.AVOID, Severity.CAUTION, Severity.FAVOUR)
NAMED_AT_MOST = 4


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


def unverified(finding: CautionFinding) -> str:
    """`to be verified` with what exactly; empty when every part has been checked."""
    rule = finding.rule
    if rule.verification is Verification.VERIFIED and not rule.outstanding:
        return ""
    return f"to be verified: {rule.outstanding}" if rule.outstanding else "to be verified"


def line(finding: CautionFinding) -> str:
    """What was found, where the rule comes from and whether that has been checked."""
    rule = finding.rule
    source = f"Source: {rule.source}" if rule.source else "Source: to be supplied"
    mark = unverified(finding)
    return f"{finding.detail.rstrip('.')}. {source}{' (to be verified)' if mark else ''}."


def stop_reasons(findings: Sequence[CautionFinding], treatment: str) -> tuple[str, ...]:
    return tuple(
        f"{f.rule.title}: {f.detail.rstrip('.')}. {f.rule.message[treatment].rstrip('.')}. "
        f"Source: {f.rule.source}."
        for f in findings
        if stops(f, treatment)
    )


def stopped(spec: DecisionSpec, findings: Sequence[CautionFinding]) -> tuple[str, ...]:
    """Drug classes a STOP applies to, in the order of the cards."""
    return tuple(t.label for t in ordered(spec) if any(stops(f, t.id) for f in findings))


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
    return f"Not found in the record: {named}{rest}. This does not mean absent or not done."


def counts(findings: Sequence[CautionFinding]) -> str:
    tally = {state: sum(f.presence is state for f in findings) for state in Presence}
    return (
        f"All {plural(len(findings), 'caution')}: {tally[Presence.PRESENT]} present, "
        f"{tally[Presence.ABSENT]} absent, {tally[Presence.NOT_FOUND]} not found in the record"
    )


def summary(spec: DecisionSpec, findings: Sequence[CautionFinding]) -> str:
    """Per drug class the hardest severity present, for one line at the top."""
    parts = []
    for treatment in ordered(spec):
        found = {f.severity[treatment.id] for f in present(findings)} & set(NOTABLE)
        hardest = min(found, key=ORDER.index).value if found else "none found"
        parts.append(f"{treatment.label}: {hardest}")
    return " · ".join(parts)


UNCHANGED = "A caution never changes the model's estimate, which is:"
