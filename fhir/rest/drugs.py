"""The Medications that orders point at: without them a drug is neither coded nor named."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fhir.errors import ServerError
from fhir.fields import Json, child, exact, text
from fhir.ids import is_id
from fhir.rest.addresses import Home
from fhir.rest.client import FhirClient

_MOST = 100
_LOOK = "Look at the medication list in the chart."


async def missing_drugs(
    client: FhirClient, entries: Sequence[Json], until: float
) -> tuple[list[Json], ServerError | None]:
    """Entries of the Medications that these entries point at and do not hold, and the first reason
    why one could not be had.
    """
    held = {
        f"Medication/{text(child(e, 'resource'), 'id')}"
        for e in entries
        if text(child(e, "resource"), "resourceType") == "Medication"
    }
    wanted = dict.fromkeys(
        name for e in entries if (name := _pointed_at(client, child(e, "resource"))) not in held
    )
    wanted.pop("", None)
    reads = [_read(client, name, until) for name in list(wanted)[:_MOST]]
    drugs: list[Json] = []
    problem = None
    for found in await asyncio.gather(*reads):
        if isinstance(found, ServerError):
            problem = problem or found
        else:
            drugs.append(found)
    if len(wanted) > _MOST:
        problem = problem or ServerError(f"Only {_MOST} drugs were looked up.", _LOOK)
    return drugs, problem


def _pointed_at(client: FhirClient, resource: Json) -> str:
    """`Medication/12` where the drug is said by a reference into this server, else ""."""
    return _named_here(client.home, exact(child(resource, "medicationReference"), "reference"))


def _named_here(home: Home, written: str) -> str:
    """`Medication/12` for an address of this server, however its server part is spelled."""
    name = home.inside(written).removeprefix(f"{home.base}/").split("/_history/")[0]
    kind, _, identity = name.partition("/")
    return name if kind == "Medication" and is_id(identity) else ""


def spelled_alike(home: Home, entry: Json) -> Json:
    """The entry with its drug referred to as this server's addresses are spelled here: references
    are looked up letter by letter.
    """
    resource = child(entry, "resource")
    reference = child(resource, "medicationReference")
    written = exact(reference, "reference")
    name = _named_here(home, written)
    if not name or written.startswith((f"{home.base}/", "Medication/")):
        return entry
    alike = {**reference, "reference": f"{home.base}/{name}"}
    return {**entry, "resource": {**resource, "medicationReference": alike}}


async def _read(client: FhirClient, name: str, until: float) -> Json | ServerError:
    try:
        resource = await client.read("Medication", name.removeprefix("Medication/"), until=until)
    except ServerError as error:
        message = f"A drug on the list could not be looked up. {error.message}"
        return ServerError(message, error.remedy, error.status)
    return {"fullUrl": f"{client.base}/{name}", "resource": resource}
