"""What cautions say beside an estimate, in words: no number may be read without them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from decision.clinical.assessment import Card, ComparisonCard
from decision.clinical.dates import dated
from decision.clinical.gaps import UncheckedCaution
from decision.clinical.spec import CautionFinding, Presence, Severity, Treatment

WARNINGS = (Severity.STOP, Severity.AVOID, Severity.CAUTION)
"""The hardest first, which is the order of everything here."""
APART = "The estimate takes no account of it."
_WORD = re.compile(r"[a-z0-9-]{4,}")


def in_order(card: Card) -> tuple[Treatment, ...]:
    """By name, never by estimate, as on the page."""
    return tuple(sorted(card.spec.treatments, key=lambda t: t.label))


def warns(finding: CautionFinding, treatment: str, severity: Severity) -> bool:
    return finding.presence is Presence.PRESENT and finding.severity[treatment] is severity


def against(card: Card, treatment: str) -> tuple[str, ...]:
    """What speaks against one treatment: severity, what was found, its value and its date."""
    drug = card.spec.treatment(treatment).label_with_article
    return tuple(
        f"{severity.value} for {drug}: {found(f)}"
        for severity in WARNINGS
        for f in card.cautions
        if warns(f, treatment, severity)
    )


def all_against(card: Card) -> tuple[str, ...]:
    """The same of every treatment; a caution that says the same of two is said once."""
    told = []
    for severity in WARNINGS:
        for f in card.cautions:
            drugs = [t.label_with_article for t in in_order(card) if warns(f, t.id, severity)]
            if drugs:
                told.append(f"{severity.value} for {' and '.join(drugs)}: {found(f)}")
    return tuple(told)


def worst(card: Card, treatment: str) -> str:
    """`STOP` or `AVOID` where one stands against what was chosen; empty where none does."""
    known = {t.id for t in card.spec.treatments}
    return next(
        (
            severity.value
            for severity in (Severity.STOP, Severity.AVOID)
            if treatment in known and any(warns(f, treatment, severity) for f in card.cautions)
        ),
        "",
    )


def open_questions(card: Card) -> tuple[str, ...]:
    """What nobody found and what nobody could look for: neither is absent. Where nothing is
    compared, it says before what.
    """
    open_ones = [
        f
        for f in card.cautions
        if f.presence is Presence.NOT_FOUND
        and f.arises
        and any(s in WARNINGS for s in f.rule.severity.values())
    ]
    open_ones.sort(key=lambda f: f.rule.priority or len(open_ones) + 100)
    drugs = " or ".join(t.label_with_article for t in in_order(card))
    before = "N" if isinstance(card, ComparisonCard) else f"Before {drugs}, n"
    unread = [f for f in open_ones if isinstance(f, UncheckedCaution)]
    silent = [f for f in open_ones if not isinstance(f, UncheckedCaution)]
    return tuple(
        words
        for words in (
            _listed(f"{before}ot found in the record, which does not mean absent", silent),
            _listed(f"{before}ot checked, because part of the record could not be read", unread),
        )
        if words
    )


def found(finding: CautionFinding) -> str:
    """`Neutrophils 1.6 ×10⁹/L on 18 Nov 2026.`, after its title where the two share no word."""
    title = finding.rule.title
    said = dated(finding.detail).rstrip(". ")
    if set(_WORD.findall(title.lower())) & set(_WORD.findall(said.lower())):
        return f"{said}."
    return f"{title}: {said}." if said else f"{title}."


def _listed(lead: str, findings: Iterable[CautionFinding]) -> str:
    titles = list(dict.fromkeys(f.rule.title for f in findings))
    return f"{lead}: {'; '.join(titles)}." if titles else ""
