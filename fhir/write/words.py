"""How a write stands, in a clinician's words: what is there, what is not, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from decision.clinical.writing import Delivery, Receipt
from fhir.write.outbox import Row, State, over

_WHAT = {
    "RiskAssessment": "the risk assessment",
    "DocumentReference": "the document",
    "AuditEvent": "the entry in the chart's audit log",
}
_REFUSED = {
    400: "could not read it",
    403: "did not permit it",
    404: "does not take it",
    405: "does not take it",
    409: "reports a conflict",
    412: "reports that it has several like it",
    413: "finds it too large",
    422: "did not accept its content",
}
KEPT = "Nothing is lost: the decision is in the audit trail, and what was to be written is kept."
ERASED = "The decision is in the audit trail; what was to be written is no longer kept."
_LOOK = (
    "Look in the chart: if it is there, nothing need be done. To send it again is safe where the "
    "chart's server can be searched; elsewhere do so only if it is not in the chart."
)


def receipt(every: Sequence[Row], own: Sequence[Row], now: datetime, obstacle: str = "") -> Receipt:
    """How one decision stands. `every` begins with what goes before its `own` rows; `obstacle` is
    what keeps this launch from sending.
    """
    places = tuple(row.place for row in own if row.state is State.SENT and row.place)
    row = next((row for row in every if row.state is not State.SENT), None)
    if row is None or all(row.state is State.SENT for row in own):
        there = ", ".join(_WHAT[row.kind] for row in own)
        return Receipt(
            delivery=Delivery.SENT, detail=f"Written to the chart: {there}.", resources=places
        )
    delivery, detail, remedy = _open(row, now)
    if obstacle and delivery is Delivery.WAITING:
        detail, remedy = obstacle, KEPT
    if places:
        there = ", ".join(_WHAT[r.kind] for r in own if r.state is State.SENT)
        detail = f"{detail} Already written: {there}."
    return Receipt(delivery=delivery, detail=detail, remedy=remedy, resources=places)


def _open(row: Row, now: datetime) -> tuple[Delivery, str, str]:
    """(how it stands, what, what to do) of the first resource that is not there."""
    what, code = _WHAT[row.kind], f" (status {row.code})" if row.code else ""
    kept = KEPT if row.payload is not None else ERASED
    if row.state is State.REFUSED:
        said = _REFUSED.get(row.code, "refused it")
        detail = f"Not written: {what}. The chart's server {said}{code}."
        if row.payload is None:
            detail = f"Not written: {what}."
        tell = "Tell whoever runs the chart's server, then send it again."
        return Delivery.REFUSED, detail, f"{kept} {tell}" if row.payload is not None else kept
    if row.state is State.UNSURE or over(row, now):
        detail = f"It is not known whether {what} reached the chart: its server did not confirm it"
        return Delivery.UNSURE, f"{detail}{code}.", f"{kept} {_LOOK}"
    if row.state is State.SENDING:
        return Delivery.WAITING, f"Being written: {what}.", "Look here again in a moment."
    if row.code == 401:
        ended = "Access to the chart ended before it was sent."
        again = "Open this page again from the patient's chart, then send it again."
        return Delivery.WAITING, f"Not written yet: {what}. {ended}", f"{kept} {again}"
    busy = f" The chart's server could not be reached or was busy{code}." if row.attempts else ""
    return Delivery.WAITING, f"Not written yet: {what}.{busy}", f"{kept} Send it again later."
