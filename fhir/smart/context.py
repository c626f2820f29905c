"""The launch context: what the EHR says was open when the app was started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir.ids import is_id, kind_of
from fhir.smart.launches import ContextItem
from fhir.smart.refusals import LaunchError, Reason

_MOST_ITEMS = 50
_LONGEST = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What came with the tokens."""

    patient_id: str = field(repr=False)
    encounter: str = field(repr=False)
    need_patient_banner: bool
    intent: str
    app_context: str = field(repr=False)
    """What the link on a card gave along, opaque to the EHR (CDS Hooks 2.0, "Link")."""
    fhir_context: tuple[ContextItem, ...] = field(repr=False)


def read_context(body: Mapping[str, Any]) -> Context:
    """The context in a token answer. No patient: `LaunchError`; a doubtful banner is a full one."""
    patient = body.get("patient")
    if patient is None or patient == "":
        raise LaunchError(Reason.NO_PATIENT, "patient is missing")
    return Context(
        patient_id=_identity(patient, "patient"),
        encounter=_identity(body["encounter"], "encounter") if body.get("encounter") else "",
        need_patient_banner=body.get("need_patient_banner") is not False,
        intent=_words(body.get("intent")),
        app_context=_words(body.get("appContext")),
        fhir_context=_items(body.get("fhirContext")),
    )


def _identity(value: object, field: str) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise LaunchError(Reason.ANSWER_UNUSABLE, f"{field} is not shaped like a FHIR id")
    return value


def _words(given: object) -> str:
    """What only chooses what is shown first: nothing where it is no text of fitting length."""
    return given if isinstance(given, str) and len(given) <= _LONGEST else ""


def _items(listed: object) -> tuple[ContextItem, ...]:
    """The usable items: they only choose what is shown first, so a malformed one is left out.

    Patient and Encounter have parameters of their own; with the role `launch` they do not belong
    here, and must not compete with those.
    """
    if not isinstance(listed, list):
        return ()
    return tuple(item for item in map(_item, listed[:_MOST_ITEMS]) if item is not None)


def _item(given: object) -> ContextItem | None:
    if not isinstance(given, dict):
        return None
    role = given.get("role") or "launch"
    reference, canonical = given.get("reference", ""), given.get("canonical", "")
    if not all(isinstance(t, str) and len(t) <= _LONGEST for t in (role, reference, canonical)):
        return None
    kind = kind_of(reference)
    if reference and not kind:
        return None
    if kind in ("Patient", "Encounter") and role == "launch":
        return None
    if not (reference or canonical):
        return None
    return ContextItem(reference=reference, canonical=canonical, role=role)
