"""The audit trail of one patient, newest first, as it stands in the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo

from decision.clinical.assessment import AuditEvent, AuditTrail
from decision.clinical.spec import DecisionSpec
from decision.ui.components.markup import paragraph, table
from decision.ui.texts import trail
from decision.ui.texts.numbers import instant

HEAD = ("When", "Action", "What", "Who", "Entry")


def rows(specs: Mapping[str, DecisionSpec], kept: AuditTrail, zone: tzinfo | None) -> str:
    """Times stand in the zone of the page, which is that of the data. `specs` are by id."""
    several = len({event.decision for _, event in kept.entries}) > 1
    found = [
        (
            instant(event.recorded.astimezone(zone)),
            trail.action(event),
            _what(specs.get(event.decision), event, several=several),
            event.agent,
            audit_id[:8],
        )
        for audit_id, event in reversed(kept.entries)
    ]
    shown = table(HEAD, found, "tr-table") if found else paragraph(trail.EMPTY)
    return shown + paragraph(trail.of_others(kept.of_others))


def _what(spec: DecisionSpec | None, event: AuditEvent, *, several: bool) -> str:
    """The line on an entry, worded by its own decision, and of which it is where there are more."""
    if spec is None:
        return trail.elsewhere(event)
    said = trail.what(spec, event)
    return f"{spec.title}: {said}" if several else said
