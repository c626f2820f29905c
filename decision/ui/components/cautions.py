"""The cautions row: above the estimates, in three states, per drug class."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.spec import CautionFinding, DecisionSpec, Presence, Severity
from decision.ui.components.markup import details, paragraph, text
from decision.ui.texts import cautions as words
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import dated


def _chip(words: str, *, stop: bool) -> str:
    return f'<span class="tr-chip{" tr-chip-stop" if stop else ""}">{text(words)}</span>'


def _line(spec: DecisionSpec, finding: CautionFinding) -> str:
    """The finding, then what it says of each drug class; the source is in the folded list."""
    said = " ".join(
        "".join(_chip(c, stop=f": {Severity.STOP}" in c) for c in chips) + text(message)
        for chips, message in words.says(spec, finding)
    )
    return f"<li><strong>{text(words.finding_text(finding))}</strong> {said}</li>"


def row(spec: DecisionSpec, findings: Sequence[CautionFinding]) -> str:
    """What was found, then what could not be found, then everything on request."""
    lines = "".join(_line(spec, f) for f in words.present(findings))
    shown = f'<ul class="tr-lines">{lines}</ul>' if lines else paragraph(words.none_present())
    everything = "".join(_full(spec, f) for f in _by_state(findings))
    return (
        '<section class="tr-row" aria-label="Cautions"><h2>Cautions</h2><div>'
        + shown
        + paragraph(words.unchecked(findings), "tr-strong")
        + paragraph(words.not_found(findings))
        + details(words.counts(findings), f'<ul class="tr-all">{everything}</ul>')
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
        f'<span class="tr-chip">{text(words.state(finding))}</span> '
        f"{text(dated(finding.detail))}<ul>{effects}</ul>"
        f"{paragraph(basis.strip(), 'tr-small')}</li>"
    )
