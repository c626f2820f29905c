"""The orders of `order-select`: which drafts were just selected, and what they order."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from decision.clinical.record import MedicationExposure, MedicationState, PatientRecord
from fhir.doubts import Doubts
from fhir.fields import Json, child, children
from fhir.hooks.body import required
from fhir.hooks.errors import RequestError
from fhir.medications import read_medication
from fhir.references import Entry, Library, Subject, entry_of

_MOST = 200
"""Orders in one session: more is no session of a person."""


def selected_orders(
    context: Json, patient_id: str, server: str, received: datetime
) -> tuple[MedicationExposure, ...]:
    """The drug orders among the `selections`, as planned exposures.

    A draft for another patient refuses the whole call. What is selected and not a drug, or names no
    drug, orders nothing here.
    """
    chosen = required(context, "selections", "context.selections", list, "a list of references")
    drafts = required(context, "draftOrders", "context.draftOrders", dict, "a Bundle of drafts")
    if drafts.get("resourceType") != "Bundle" or not isinstance(drafts.get("entry", []), list):
        raise RequestError("context.draftOrders", "it is not a Bundle", "Send a Bundle of drafts")
    if len(chosen) > _MOST or len(drafts.get("entry", [])) > _MOST:
        raise RequestError("context.draftOrders", "too many orders", f"Send at most {_MOST}")
    if not all(isinstance(name, str) for name in chosen):
        raise RequestError(
            "context.selections", "it holds what is no reference", "Send Type/id of each draft"
        )
    entries = [
        entry_of(position, _draft(item))
        for position, item in enumerate(children(drafts, "entry"), start=1)
        if child(item, "resource")
    ]
    _refuse_others(entries, patient_id, server)
    library = Library(entries, server)
    names = {name.split("/_history/")[0] for name in chosen}
    doubts = Doubts()
    found = (
        read_medication(entry, library, received, doubts)
        for entry in entries
        if entry.kind == "MedicationRequest" and _is_named(entry, names)
    )
    # whatever a client calls its status: nothing that is just being selected has been taken
    return tuple(
        dataclasses.replace(exposure, state=MedicationState.PLANNED)
        for exposure in found
        if exposure is not None
    )


def _draft(item: Json) -> Json:
    """An order of the session, which may still be incomplete: one without a status is a draft."""
    return {**item, "resource": {"status": "draft", **child(item, "resource")}}


def _is_named(entry: Entry, names: set[str]) -> bool:
    """By `Type/id` or its address in the Bundle; older clients send the id alone."""
    return not names.isdisjoint((*entry.names, entry.reference.split("/")[-1]))


def _refuse_others(entries: list[Entry], patient_id: str, server: str) -> None:
    address = f"{server}/Patient/{patient_id}" if server else ""
    whose = Subject(
        entry_of(0, {"resource": {"resourceType": "Patient", "id": patient_id}, "fullUrl": address})
    )
    if any(whose.owns(entry) is False for entry in entries if entry.kind != "Patient"):
        raise RequestError(
            "context.draftOrders",
            "a draft is for another patient than context.patientId",
            "Send the drafts of one patient alone",
        )


def with_orders(record: PatientRecord, orders: tuple[MedicationExposure, ...]) -> PatientRecord:
    """The record with what is being ordered as planned: that a drug is about to be started is a
    fact the server does not have yet.

    An empty list stays empty, though. One order is no medication list, and rules that read a list's
    silence as "never taken" must not mistake it for one.
    """
    known = {exposure.source.reference for exposure in record.medications}
    new = tuple(order for order in orders if order.source.reference not in known)
    if not record.medications or not new:
        return record
    return dataclasses.replace(record, medications=record.medications + new)
