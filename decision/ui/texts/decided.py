"""Sentences about a decision that was recorded: what, against which caution, why, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from decision.clinical.assessment import Assessment, AuditEvent
from decision.clinical.spec import DecisionSpec, Presence, Severity
from decision.rules import applies
from decision.ui.texts.numbers import day, instant, plural

AGAINST = (Severity.STOP, Severity.AVOID)
CHANGE = "Change"
KEEP = "Keep as recorded"


def against_codes(shown: Assessment, chosen: str) -> dict[str, str]:
    """The STOP and AVOID cautions of what was chosen, rule by rule: what the trail keeps of them,
    because a later reading of the record may find others.
    """
    if chosen not in {t.id for t in shown.spec.treatments}:
        return {}
    return {
        f.rule.id: severity.value
        for severity in AGAINST
        for f in shown.cautions
        if applies(f, chosen, severity)
    }


def unanswered(shown: Assessment, chosen: str) -> str:
    """That a STOP or an AVOID of what is chosen waits for an answer; it holds nobody up."""
    if chosen not in {t.id for t in shown.spec.treatments}:
        return ""
    open_ = [
        f.rule.title
        for f in shown.cautions
        if f.presence is Presence.NOT_FOUND and f.entries and f.rule.severity.get(chosen) in AGAINST
    ]
    if not open_:
        return ""
    return (
        f"Not answered for {_inside(drug(shown.spec, chosen))}: {plural(len(open_), 'caution')} "
        "that would say STOP or AVOID. The form below asks for them."
    )


def against(spec: DecisionSpec, codes: Mapping[str, str], *, named: bool = True) -> str:
    """`, against STOP (low neutrophils)`; without the titles where not `named`."""
    titles = {rule.id: _inside(rule.title) for rule in spec.cautions}
    told = []
    for severity in (s.value for s in AGAINST):
        found = [titles.get(rule, rule) for rule, said in codes.items() if said == severity]
        if found:
            told.append(f"{severity} ({', '.join(found)})" if named else severity)
    return f", against {' and '.join(told)}" if told else ""


def against_of(event: AuditEvent) -> dict[str, str]:
    """What an entry of the trail says that its choice goes against; nothing where it says none."""
    kept = event.outcome.get("against")
    return {str(k): str(v) for k, v in kept.items()} if isinstance(kept, Mapping) else {}


def drug(spec: DecisionSpec, chosen: str) -> str:
    return spec.choices().get(chosen, chosen)


def what(spec: DecisionSpec, chosen: str, codes: Mapping[str, str], reason: str) -> str:
    """`drug B, against STOP (low neutrophils)` and the reason, without the time."""
    because = f". Reason: {spec.reason(reason)}" if reason else ""
    return f"{drug(spec, chosen)}{against(spec, codes)}{because}."


def recorded(
    spec: DecisionSpec,
    chosen: str,
    codes: Mapping[str, str],
    reason: str,
    at: datetime,
    zone: tzinfo | None,
) -> str:
    """The confirmation: it names the drug, for a wrong click is only seen by its name."""
    when = instant(at.astimezone(zone))
    because = f" Reason: {spec.reason(reason)}." if reason else ""
    return f"Recorded: {drug(spec, chosen)}{against(spec, codes)}, {when}.{because}"


def replaced(spec: DecisionSpec, chosen: str, at: datetime, zone: tzinfo | None) -> str:
    """An earlier decision about the same showing: it stays in the trail and no longer stands."""
    return f"Replaced: {drug(spec, chosen)}, {instant(at.astimezone(zone))}."


def differs(spec: DecisionSpec, picked: str, chosen: str) -> str:
    """What is selected is not yet decided."""
    return f"You have selected {drug(spec, picked)}; recorded is {drug(spec, chosen)}."


def earlier(spec: DecisionSpec, event: AuditEvent, zone: tzinfo | None, in_chart: str = "") -> str:
    """A decision of an earlier showing, from the trail."""
    chosen = drug(spec, str(event.outcome.get("chosen", ""))) or "no drug named"
    opposed = against(spec, against_of(event), named=False)
    when = day(event.recorded.astimezone(zone))
    return f"Recorded on {when} by {event.agent}: {chosen}{opposed}. {in_chart}".rstrip()


def _inside(title: str) -> str:
    """A title inside a sentence; an abbreviation keeps its capitals."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
