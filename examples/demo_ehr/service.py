"""The server's state, in memory: who is registered, what is granted, what misfires."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from examples.demo_ehr.chart import CLINICIAN, Chart
from examples.demo_ehr.clients import Client, Desk
from examples.demo_ehr.errors import SetupError
from examples.demo_ehr.grants import Context, Grant, Grants, Launch, Lifetimes
from examples.demo_ehr.misbehaviour import Json, Misbehaviour
from examples.demo_ehr.searching import Asked
from examples.demo_ehr.shelf import Clock, Shelf
from examples.demo_ehr.signing import Signer


@dataclass(frozen=True, slots=True)
class Page:
    """The rest of a search answer, kept for the app that asked."""

    asked: Asked
    rest: tuple[Json, ...] = field(repr=False)
    family: str = field(repr=False)
    total: int


@dataclass(frozen=True, slots=True)
class Consent:
    """An authorization request that waits for the person's answer."""

    grant: Grant = field(repr=False)
    state: str = field(repr=False)
    choose_patient: bool


class Ehr:
    """Everything behind the routes. Tests reach it as `app.state.ehr`."""

    def __init__(
        self,
        base: str,
        patients: Path,
        clients: Iterable[Client],
        clock: Clock,
        *,
        issuer: str = "",
        algorithm: str = "RS256",
        lifetimes: Lifetimes | None = None,
        consent: bool = False,
        more: Iterable[Json] = (),
        fresh: bool = False,
    ) -> None:
        self.base = base.rstrip("/")
        self.fhir = f"{self.base}/fhir"
        self.issuer = issuer or self.fhir
        """The OpenID issuer; many EHRs have another one than the FHIR address."""
        self.clock = clock
        self.clients = {client.id: client for client in clients}
        if not self.clients:
            raise SetupError("no client is registered")
        self.consent = consent
        """Whether an EHR launch asks the person too; a standalone launch always does."""
        self.chart = Chart(patients, clock, more, fresh=fresh)
        self.signer = Signer(algorithm)
        self.lifetimes = lifetimes or Lifetimes()
        self.grants = Grants(clock, self.lifetimes)
        self.desk = Desk(self.clients, f"{self.base}/token", clock)
        self.consents: Shelf[Consent] = Shelf(clock, self.lifetimes.consent)
        self.pages: Shelf[Page] = Shelf(clock, self.lifetimes.consent, most=500)
        self.misbehaviour = Misbehaviour()

    def launch(self, client: str, patient: str, **context: Any) -> str:
        """Open the app for a patient: the address that the chart puts into the app's frame."""
        if self.chart.get("Patient", patient) is None:
            raise SetupError("no such patient")
        opened = Launch(client=client, context=Context(patient=patient, **context))
        query = urlencode({"iss": self.fhir, "launch": self.grants.launches.put(opened)})
        return f"{self.clients[client].launch_url}?{query}"

    @property
    def fhir_user(self) -> str:
        return f"{self.fhir}/Practitioner/{CLINICIAN}"

    def keep_page(self, asked: Asked, rest: tuple[Json, ...], family: str, total: int) -> str:
        return self.pages.put(Page(asked, rest, family, total))

    async def fault(self, endpoint: str) -> Response | None:
        """What a test planned for this endpoint: a wait, another answer, or nothing."""
        if endpoint in self.misbehaviour.delays:
            await asyncio.sleep(self.misbehaviour.delays[endpoint])
        planned = self.misbehaviour.answers.get(endpoint)
        return planned.response() if planned else None
