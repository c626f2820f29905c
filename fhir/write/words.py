"""How a write stands, in a clinician's words: what is there, what is not, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from decision.clinical.writing import Delivery, Receipt
from fhir.write.outbox import Row, State, given_up, over

_WHAT = {
    "RiskAssessment": "the risk assessment",
    "DocumentReference": "the document",
    "AuditEvent": "the entry in the chart's audit log",
    "Observation": "the results entered here",
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
KEPT = "Nothing is lost: what was to be written is kept."
ERASED = "The decision is in the audit trail; what was to be written is no longer kept."
GIVEN_UP = "These values were taken back here, or are too old to be sent; they are not sent again."
_SAFE = "Send again; it will not be filed twice."
_LOOK = {
    "RiskAssessment": "Look in the chart",
    "DocumentReference": "Look under Documents",
    "AuditEvent": "Have somebody look in the chart's audit log",
    "Observation": "Look at the chart's results",
}
_NAME = {
    "RiskAssessment": "risk assessment",
    "DocumentReference": "document",
    "AuditEvent": "entry in the audit log",
    "Observation": "results entered here",
}


def receipt(
    every: Sequence[Row],
    own: Sequence[Row],
    now: datetime,
    obstacle: str = "",
    findable: Callable[[str], bool] = lambda _: False,
) -> Receipt:
    """How one decision stands. `every` begins with what goes before its `own` rows; `obstacle` is
    what keeps this launch from sending; `findable` says of which kinds none is filed twice.
    """
    own = [row for row in own if not given_up(row)] or own
    every = [row for row in every if not given_up(row)] or every
    places = tuple(row.place for row in own if row.state is State.SENT and row.place)
    row = next((row for row in every if row.state is not State.SENT), None)
    if row is None or all(row.state is State.SENT for row in own):
        there = _listed(own)
        return Receipt(
            delivery=Delivery.SENT, detail=f"Written to the chart: {there}.", resources=places
        )
    delivery, detail, remedy = _open(row, now, findable)
    if obstacle and delivery is Delivery.WAITING:
        detail, remedy = obstacle, KEPT
    if places:
        there = _listed([r for r in own if r.state is State.SENT])
        detail = f"{detail} Already written: {there}."
    lacking = tuple(dict.fromkeys(_lacks(r, now) for r in own if r.state is not State.SENT))
    return Receipt(
        delivery=delivery, detail=detail, remedy=remedy, resources=places, lacking=lacking
    )


def _listed(rows: Sequence[Row]) -> str:
    """Each kind once; of several results, how many."""
    kinds = dict.fromkeys(row.kind for row in rows)
    several = sum(row.kind == "Observation" for row in rows)
    told = {**_WHAT, "Observation": f"{several} results entered here"} if several > 1 else _WHAT
    return ", ".join(told[kind] for kind in kinds)


def _lacks(row: Row, now: datetime) -> str:
    """`document missing`; what nobody knows is not called missing."""
    doubtful = row.state is State.UNSURE or over(row, now)
    return f"{_NAME[row.kind]} {'not confirmed' if doubtful else 'missing'}"


def _open(row: Row, now: datetime, findable: Callable[[str], bool]) -> tuple[Delivery, str, str]:
    """(how it stands, what, what to do) of the first resource that is not there."""
    what, code = _WHAT[row.kind], f" (status {row.code})" if row.code else ""
    kept = KEPT if row.payload is not None else ERASED
    if row.state is State.REFUSED:
        said = _REFUSED.get(row.code, "refused it")
        detail = f"Not written: {what}. The chart's server {said}{code}."
        if row.payload is None:
            detail, kept = f"Not written: {what}.", GIVEN_UP if given_up(row) else ERASED
        tell = "Tell whoever runs the chart's server, then send it again."
        return Delivery.REFUSED, detail, f"{kept} {tell}" if row.payload is not None else kept
    if row.state is State.UNSURE or over(row, now):
        name, look = _NAME[row.kind], f"{_LOOK[row.kind]}; send again only if it is not there."
        remedy = ERASED if row.payload is None else _SAFE if findable(row.kind) else look
        return Delivery.UNSURE, f"The {name} may not have arrived.", remedy
    if row.state is State.SENDING:
        return Delivery.WAITING, f"Being written: {what}.", "Look here again in a moment."
    if row.code == 401:
        ended = "Access to the chart ended before it was sent."
        again = "Open this page again from the patient's chart, then send it again."
        return Delivery.WAITING, f"Not written yet: {what}. {ended}", f"{kept} {again}"
    busy = f" The chart's server could not be reached or was busy{code}." if row.attempts else ""
    return Delivery.WAITING, f"Not written yet: {what}.{busy}", f"{kept} Send it again later."
