"""Sentences about writing a decision to the chart: what would be written, and what became of it."""

from __future__ import annotations

from datetime import tzinfo

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.spec import DecisionSpec
from decision.ui.texts import decided
from decision.ui.texts.numbers import dated, day
from decision.visit import Delivery, Receipt

SEND_AGAIN = "Send again"
WRITING = "Writing to the chart …"
NOT_OFFERED = "Nothing of this decision can be written to the chart."
NO_ESTIMATE = "Not written to the chart: there was no estimate."
OFFER = "Not in the chart yet. This would write:"
NO_ORDER = "No order is placed."
ENTERED = "The values that you entered appear in the document only."
ENTERED_APART = (
    "The values that you entered appear in the document. What you measured can be filed as results "
    "where it is listed."
)
READ_SINCE = (
    "It can no longer be written: the record has been read again since, and the data may have "
    "changed. Record the decision again to write it."
)
SOMEBODY_ELSE = "Only whoever recorded it can write it."
NOT_IN_CHART = "Not in the chart."
END_ANYWAY = "One decision is not in the chart. End anyway?"
END = "End anyway"
STAY = "Stay"


def write(drug: str) -> str:
    """The button says what it writes."""
    return f"Write to the chart: {drug}"


def rest(*, entered: bool, results: bool = False) -> str:
    """What holds whatever is written; `results` where the chart takes them as well."""
    if not entered:
        return NO_ORDER
    return f"{NO_ORDER} {ENTERED_APART if results else ENTERED}"


def receipt(found: Receipt) -> str:
    """What became of it and what can be done, in the recorder's own words."""
    return " ".join(part for part in (dated(found.detail), found.remedy) if part)


def about(drug: str) -> str:
    """Which decision the next words are about."""
    return f"Decision: {drug}. "


def in_chart(found: Receipt | None) -> str:
    """How a decision of an earlier showing stands."""
    if found is None:
        return NOT_IN_CHART
    if found.delivery is Delivery.SENT:
        return "In the chart."
    return f"Not fully in the chart{_lacking(found)}."


def outstanding(
    spec: DecisionSpec | None,
    event: AuditEvent | None,
    found: Receipt,
    agent: str,
    zone: tzinfo | None,
) -> str:
    """Which decision of which day is not wholly there, and what of it; `agent` is who is looking.

    The trail may not have the entry under this person's present name and number, and it may be of a
    decision that is not offered here any more.
    """
    lacking = _lacking(found)
    if event is None or spec is None:
        return f"An earlier decision is not fully in the chart{lacking}."
    if event.action is AuditAction.ENTERED:
        when = day(event.recorded.astimezone(zone))
        return f"What was entered on {when} by {event.agent} is not fully in the chart{lacking}."
    chosen = decided.drug(spec, str(event.outcome.get("chosen", "")))
    when = day(event.recorded.astimezone(zone))
    whose = f"Your decision of {when}"
    if event.agent != agent:
        whose = f"The decision of {when} by {event.agent}"
    return f"{whose} ({chosen}) is not fully in the chart{lacking}."


def _lacking(found: Receipt) -> str:
    return f": {', '.join(found.lacking)}" if found.lacking else ""


def earlier(found: Receipt) -> str:
    """About a decision that no longer stands."""
    return f"The decision it replaces: {receipt(found)}"
