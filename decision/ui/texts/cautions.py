"""Sentences about cautions: what was found, what was not, and how well each is sourced."""

from __future__ import annotations

import re
from collections.abc import Sequence

from decision.clinical.gaps import UncheckedCaution
from decision.clinical.spec import (
    CautionFinding,
    CautionRule,
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
"""Gaps that block no prescription are named where there are no more, else counted."""
UNSOURCED = "unsourced, verify"
WORD = re.compile(r"[a-z0-9-]{4,}")


def worst(finding: CautionFinding) -> Severity:
    return min(finding.severity.values(), key=ORDER.index)


def present(findings: Sequence[CautionFinding]) -> tuple[CautionFinding, ...]:
    """Cautions whose trigger was found and that say something of a drug, the hardest first."""
    found = [f for f in findings if f.presence is Presence.PRESENT and worst(f) in NOTABLE]
    return tuple(sorted(found, key=lambda f: ORDER.index(worst(f))))


def says(spec: DecisionSpec, finding: CautionFinding) -> tuple[tuple[tuple[str, ...], str], ...]:
    """(chips, message) of each drug class the caution says something of, in the order of the cards.

    Classes with the same message share it.
    """
    chips: dict[str, list[str]] = {}
    mark = f" ({UNSOURCED})" if finding.rule.unsourced else ""
    for t in ordered(spec):
        severity = finding.severity[t.id]
        if severity in NOTABLE:
            chip = f"{t.label}: {severity_word(severity)}{mark}"
            chips.setdefault(finding.rule.message[t.id], []).append(chip)
    return tuple((tuple(found), message) for message, found in chips.items())


def finding_title(finding: CautionFinding) -> str:
    """The title inside a sentence; an abbreviation keeps its capitals."""
    title = finding.rule.title
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def finding_text(finding: CautionFinding) -> str:
    """What was found, after its title where the two share no word."""
    title, said = finding.rule.title, dated(finding.detail).rstrip(".")
    if set(WORD.findall(title.lower())) & set(WORD.findall(said.lower())):
        return f"{said}."
    return f"{title}: {said}."


def state(finding: CautionFinding) -> str:
    """Its state in a word; a caution that nobody could look for is not one that was not found."""
    if isinstance(finding, UncheckedCaution):
        return "not checked"
    if finding.presence is Presence.NOT_FOUND and not applicable(finding):
        return "not applicable"
    return finding.presence.value


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
    if rule.unsourced:
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


def stop_reasons(findings: Sequence[CautionFinding], treatment: str) -> tuple[str, ...]:
    """The headline of a card whose drug has a STOP; what it means stands in the row of cautions."""
    return tuple(finding_text(f) for f in findings if stops(f, treatment))


def none_present() -> str:
    return "None found among the cautions that the record can answer."


def blocks(rule: CautionRule) -> int:
    """Place of a caution among those to be settled before a prescription, from 1; 0 for none.

    A rule without a place of its own comes after the others if it can say STOP.
    """
    return rule.priority or (LAST_PLACE if Severity.STOP in rule.severity.values() else 0)


LAST_PLACE = 99


def open_cautions(findings: Sequence[CautionFinding]) -> list[CautionFinding]:
    """Those the record leaves open: read, not found, and a question about this patient. What is not
    asked of them, or only informs, is no gap.
    """
    return [
        f
        for f in findings
        if f.presence is Presence.NOT_FOUND
        and not isinstance(f, UncheckedCaution)
        and applicable(f)
    ]


def applicable(finding: CautionFinding) -> bool:
    """False for pregnancy at eighty, and for what warns of nothing, such as a payer's rule."""
    return finding.arises and any(s in NOTABLE for s in finding.rule.severity.values())


def not_found(findings: Sequence[CautionFinding]) -> str:
    """What the form can settle, first and by name; then what could forbid a drug and only the
    chart can say; the others are counted. Silence in a record is never shown as absence.
    """
    gaps = sorted(open_cautions(findings), key=lambda f: blocks(f.rule) or LAST_PLACE + 1)
    ask = [f for f in gaps if f.entries]
    look = [f for f in gaps if not f.entries and blocks(f.rule)]
    others = [f for f in gaps if not f.entries and not blocks(f.rule)]
    if len(others) <= NAMED_AT_MOST:
        look, others = look + others, []
    named = [f.rule.title + (" (known in part)" if f.evidence else "") for f in look]
    if others:
        named.append(plural(len(others), "other" if look else "caution"))
    told = [f"Please confirm: {'; '.join(f.rule.title for f in ask)}."] if ask else []
    if named:
        told.append(f"Not found in the record, which does not mean absent: {'; '.join(named)}.")
    return " ".join(told)


def unchecked(findings: Sequence[CautionFinding]) -> str:
    """Cautions that nobody could look for, because their part of the record could not be read."""
    gaps = [f.rule for f in findings if isinstance(f, UncheckedCaution)]
    return _named("Not checked, because part of the record could not be read", gaps)


def _named(lead: str, gaps: Sequence[CautionRule]) -> str:
    if not gaps:
        return ""
    blocking = sorted((r for r in gaps if blocks(r)), key=blocks)
    shown = [r.title for r in blocking or gaps[:NAMED_AT_MOST]]
    more = len(gaps) - len(shown)
    rest = f"; and {more} more" if more > 0 else ""
    return f"{lead}: {'; '.join(shown)}{rest}."


def counts(findings: Sequence[CautionFinding]) -> str:
    """How many of each state; what only informs is not counted as a caution that was found."""
    tally = {state: sum(f.presence is state for f in findings) for state in Presence}
    told = tally[Presence.PRESENT] - len(present(findings))
    information = f", {told} information only" if told else ""
    unread = sum(isinstance(f, UncheckedCaution) for f in findings)
    silent = len(open_cautions(findings))
    apart = tally[Presence.NOT_FOUND] - unread - silent
    return (
        f"All {plural(len(findings), 'caution')}: {tally[Presence.PRESENT] - told} present"
        f"{information}, {tally[Presence.ABSENT]} absent, {silent} not found "
        f"in the record{f', {unread} not checked' if unread else ''}"
        f"{f', {apart} not applicable' if apart else ''}"
    )


UNCHANGED = "A caution never changes the model's estimate, which is:"
