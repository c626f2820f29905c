"""The cautions row: above the estimates, in three states, per drug class."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.spec import CautionFinding, DecisionSpec, Presence, Severity
from decision.ui.components.markup import details, paragraph, text
from decision.ui.texts import cautions as words
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import dated


def _chip(label: str, severity: Severity) -> str:
    style = "tr-chip tr-chip-stop" if severity is Severity.STOP else "tr-chip"
    return f'<span class="{style}">{text(label)}: {text(words.severity_word(severity))}</span>'


def _chips(spec: DecisionSpec, finding: CautionFinding) -> str:
    return "".join(
        _chip(label, severity)
        for label, severity in words.severities(spec, finding)
        if severity in words.NOTABLE
    )


def row(spec: DecisionSpec, findings: Sequence[CautionFinding]) -> str:
    """What was found, then what could not be found, then everything on request."""
    present = words.present(findings)
    lines = "".join(
        f"<li>{_chips(spec, f)} <strong>{text(f.rule.title)}</strong> {text(words.line(f))}</li>"
        for f in present
    )
    shown = f'<ul class="tr-lines">{lines}</ul>' if lines else paragraph(words.none_present())
    everything = "".join(_full(spec, f) for f in _by_state(findings))
    return (
        '<section class="tr-row" aria-label="Cautions"><h2>Cautions</h2><div>'
        + shown
        + paragraph(words.not_found(findings), "tr-wide")
        + details(
            words.counts(findings),
            paragraph(words.not_found(findings), "tr-narrow")
            + f'<ul class="tr-all">{everything}</ul>',
        )
        + "</div></section>"
    )


def _by_state(findings: Sequence[CautionFinding]) -> list[CautionFinding]:
    order = (Presence.PRESENT, Presence.NOT_FOUND, Presence.ABSENT)
    return sorted(
        findings, key=lambda f: (order.index(f.presence), words.ORDER.index(words.worst(f)))
    )


def _full(spec: DecisionSpec, finding: CautionFinding) -> str:
    """One caution whole: state, trigger, what it says of each drug class, source, what is open."""
    rule = finding.rule
    effects = "".join(
        f"<li>{text(t.label)}: <strong>{text(words.effect(finding, t.id))}.</strong> "
        f"{text(rule.message[t.id])}</li>"
        for t in ordered(spec)
    )
    basis = f"Trigger: {rule.trigger}. {words.source(finding)}. {words.unverified(finding)}"
    return (
        f"<li><strong>{text(rule.title)}</strong> "
        f'<span class="tr-chip">{text(finding.presence.value)}</span> '
        f"{text(dated(finding.detail))}<ul>{effects}</ul>"
        f"{paragraph(basis.strip(), 'tr-small')}</li>"
    )
