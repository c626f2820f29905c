"""The audit trail of one patient, newest first, as it stands in the file."""

from __future__ import annotations

from datetime import tzinfo

from decision.clinical.assessment import AuditTrail
from decision.clinical.spec import DecisionSpec
from decision.ui.components.markup import paragraph, table
from decision.ui.texts import trail
from decision.ui.texts.numbers import instant

HEAD = ("When", "Action", "What", "Who", "Entry")


def rows(spec: DecisionSpec, kept: AuditTrail, zone: tzinfo | None) -> str:
    """Times stand in the zone of the page, which is that of the data."""
    found = [
        (
            instant(event.recorded.astimezone(zone)),
            trail.action(event),
            trail.what(spec, event),
            event.agent,
            audit_id[:8],
        )
        for audit_id, event in reversed(kept.entries)
    ]
    shown = table(HEAD, found, "tr-table") if found else paragraph(trail.EMPTY)
    return shown + paragraph(trail.of_others(kept.of_others))
