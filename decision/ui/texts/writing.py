"""Sentences about writing a decision to the chart: what would be written, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from decision.ui.texts.numbers import dated
from decision.visit import Delivery, Receipt

WRITE = "Write to the chart"
TRY_AGAIN = "Try again"
WRITING = "Writing to the chart …"
NOT_OFFERED = "Nothing of this decision can be written to the chart."
OUTSTANDING = "Decided earlier, not in the chart"
LEAD = {
    Delivery.SENT: "Written to the chart.",
    Delivery.WAITING: "Not yet in the chart: kept here, to be sent again.",
    Delivery.REFUSED: "Not in the chart: its server refused.",
    Delivery.UNSURE: "It is not certain that this is in the chart.",
}
AGAIN = (Delivery.WAITING, Delivery.UNSURE)
"""States in which another try may help; whatever was written already is not written twice."""


def offer(offers: Sequence[str], *, entered: bool) -> str:
    """What the click would write, before it is made."""
    if not offers:
        return NOT_OFFERED
    named = " What you entered is named in it as entered by you." if entered else ""
    return f"Not in the chart yet. This would write: {'; '.join(offers)}.{named}"


def receipt(found: Receipt) -> str:
    """What became of it, in one line; the references are what the chart's own staff can look up."""
    places = f"({', '.join(found.resources)})" if found.resources else ""
    parts = (LEAD[found.delivery], dated(found.detail), found.remedy, places)
    return " ".join(part for part in parts if part)


def of_entry(audit_id: str) -> str:
    """Which decision this is about, as the audit trail below names it."""
    return f"Audit entry {audit_id[:8]}: "


def earlier(found: Receipt) -> str:
    """About a decision that no longer stands."""
    return f"The decision it replaces: {receipt(found)}"
