"""Sentences about writing a decision to the chart: what would be written, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from decision.ui.texts.numbers import dated
from decision.visit import Receipt

WRITE = "Write to the chart"
SEND_AGAIN = "Send again"
WRITING = "Writing to the chart …"
NOT_OFFERED = "Nothing of this decision can be written to the chart."
OUTSTANDING = "Decided earlier, not in the chart"


def offer(offers: Sequence[str], *, entered: bool) -> str:
    """What the click would write, before it is made."""
    if not offers:
        return NOT_OFFERED
    named = " What you entered is named in it as entered by you." if entered else ""
    return f"Not in the chart yet. This would write: {'; '.join(offers)}.{named}"


def receipt(found: Receipt) -> str:
    """What became of it and what can be done, in the recorder's own words."""
    return " ".join(part for part in (dated(found.detail), found.remedy) if part)


def places(found: Receipt) -> str:
    """Where the chart's own staff can look it up; empty where nothing arrived."""
    return f"In the chart as {', '.join(found.resources)}." if found.resources else ""


def of_entry(audit_id: str) -> str:
    """Which decision this is about, as the audit trail below names it."""
    return f"Audit entry {audit_id[:8]}: "


def earlier(found: Receipt) -> str:
    """About a decision that no longer stands."""
    return f"The decision it replaces: {receipt(found)}"
