"""One call of a service, read and checked: which hook, whose chart, by whom, with what at hand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from decision.clinical.notice import Ordered
from decision.clinical.record import MedicationExposure
from fhir.fields import Json
from fhir.hooks.body import matching, required
from fhir.hooks.errors import RequestError
from fhir.ids import ID, ONE_ID
from fhir.smart.tenant import Tenant

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_USER = re.compile(rf"(Practitioner|PractitionerRole|Patient|RelatedPerson)/{ID}")


class Hook(StrEnum):
    """The moments of the workflow at which the service may speak. A closed list."""

    PATIENT_VIEW = "patient-view"
    ORDER_SELECT = "order-select"


@dataclass(frozen=True, slots=True, kw_only=True)
class HookCall:
    """Who asks about whom, at which moment. `ordered` is empty where a chart was only opened."""

    service: str
    hook: Hook
    instance: str
    received: datetime
    tenant: Tenant
    patient_id: str = field(repr=False)
    user: str = field(repr=False)
    encounter: str = field(default="", repr=False)
    ordered: tuple[Ordered, ...] = ()

    @property
    def agent(self) -> str:
        """Who is looking, as the trail names them."""
        return f"{self.tenant.agent}: {self.user}"

    @property
    def by_professional(self) -> bool:
        """Whether the one who is looking is there to treat: nobody else is meant to read a card."""
        return self.user.startswith(("Practitioner/", "PractitionerRole/"))

    @property
    def site(self) -> str:
        """The site whose recalibration applies."""
        return self.tenant.site


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call with what came along: data, the right to fetch more, and the orders as the record's
    own type.
    """

    call: HookCall
    server: str
    """Base address of the server whose ids these are; "" where neither call nor tenant says."""
    prefetch: Json = field(repr=False)
    authorization: Json | None = field(repr=False)
    orders: tuple[MedicationExposure, ...] = field(default=(), repr=False)


def read_call(body: Json, service: str, tenant: Tenant, received: datetime) -> Asked:
    """Check everything about a call but its orders. RequestError names the first field that is
    wrong and never what stands in it.
    """
    hooks = ", ".join(Hook)
    name = str(required(body, "hook", "hook", str, f"one of {hooks}"))
    if name not in list(Hook):
        raise RequestError("hook", "this service does not answer that hook", f"Send {hooks}")
    instance = matching(body, "hookInstance", "hookInstance", _UUID, "a UUID")
    context = required(body, "context", "context", dict, "an object")
    call = HookCall(
        service=service,
        hook=Hook(name),
        instance=instance,
        received=received,
        tenant=tenant,
        patient_id=matching(
            context, "patientId", "context.patientId", ONE_ID, "the id of the Patient alone"
        ),
        user=matching(
            context, "userId", "context.userId", _USER, "a reference such as Practitioner/123"
        ),
        encounter=matching(
            context, "encounterId", "context.encounterId", ONE_ID, "the id of the Encounter alone"
        )
        if context.get("encounterId") not in (None, "")
        else "",
    )
    prefetch = body.get("prefetch")
    if prefetch is None:
        prefetch = {}
    elif not isinstance(prefetch, dict):
        raise RequestError("prefetch", "it is not an object", "Send one value for each key")
    authorization = body.get("fhirAuthorization")
    if authorization is not None and not isinstance(authorization, dict):
        raise RequestError("fhirAuthorization", "it is not an object", "Send it as specified")
    return Asked(
        call=call,
        server=_server(body, tenant, needed=authorization is not None),
        prefetch=prefetch,
        authorization=authorization,
    )


def _server(body: Json, tenant: Tenant, *, needed: bool) -> str:
    """The server of this call, which must be the tenant's: no token goes anywhere else, and the
    same id on another server is another person.
    """
    if body.get("fhirServer") is None and not needed:
        return tenant.issuer
    given = str(required(body, "fhirServer", "fhirServer", str, "the address agreed"))
    if given.removesuffix("/") != tenant.issuer:
        raise RequestError(
            "fhirServer", "it is not the server agreed with this client", "Send the address agreed"
        )
    return tenant.issuer
