"""Composition root: settings from the environment, adapters behind the ports, the served app.

`streamlit run app.py` finds `app` below: the pages, and beside them in the same process the doors
of the chart (`/launch`, `/callback`, `/standalone`, `/logout`), the CDS Hooks service
(`/cds-services`) and, in demo mode, a demonstration EHR (`/demo/portal`).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit import config

import decision.ui.navigation  # noqa: F401  its imports are paid at start-up, not by a visitor
from decision import catalog
from decision.assess import NoModel, Predictor
from decision.clinical.errors import ModelError
from decision.clinical.spec import DecisionSpec
from decision.ui.headers import NOBODY, Gate
from decision.ui.services import Services, install
from fhir.bundles import FolderSource
from fhir.rest.searches import searches
from fhir.smart.launches import Launches
from fhir.smart.tenants import Tenants, load_tenants
from fhir.store.database import Database, database_url
from fhir.store.keys import kept_key
from models.predictor import load_predictor
from settings import ROOT, Settings
from wiring import ChartDoors, Outside, StandAlone, Store, routes


def clock() -> datetime:
    """The one clock of the process."""
    return datetime.now(UTC)


def predictor(spec: DecisionSpec, folder: Path) -> Predictor | NoModel:
    """The decision's model, or what stands in for one that cannot be loaded."""
    try:
        return load_predictor(spec, folder)
    except ModelError as error:
        return NoModel(detail=error.message, remedy=error.remedy)


def chosen(name: str) -> DecisionSpec:
    """The decision that was named, or the only one; which of several is nobody's to guess."""
    found = catalog.discover()
    if name:
        return catalog.load(name)
    if len(found) != 1:
        installed = ", ".join(found) or "none"
        raise catalog.SpecError(
            f"decisions installed: {installed}; set TREATMENT_RESPONSE_DECISION to the one to serve"
        )
    return next(iter(found.values()))


class Wired:
    """All parts of one process. A broken catalogue, trail or EHR file stops the start, loudly; a
    broken model does not.
    """

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self.outside = outside
        public = settings.public_url or f"http://127.0.0.1:{config.get_option('server.port')}"
        self.tenants = load_tenants(settings.ehrs) if settings.ehrs else Tenants()
        demo: list[BaseRoute] = []
        if settings.demo:
            from demonstration import demo_mount, demo_tenant

            self.tenants = Tenants((*self.tenants, demo_tenant(public)))
            demo = [demo_mount(public, outside.clock)]
        spec = chosen(settings.decision)
        database = Database(database_url(settings.audit))
        store = Store.open(database, kept_key(database, settings.audit_key))
        self.launches = Launches(outside.clock)
        alone = StandAlone(
            source=FolderSource(settings.bundles), agent=settings.agent, site=settings.site
        )
        self.services = Services(
            spec=spec,
            predictor=predictor(spec, settings.artifacts / spec.id),
            audit=store.audit,
            doors=ChartDoors(
                self.launches,
                self.tenants,
                outside,
                store,
                searches(spec),
                alone if settings.demo else None,
            ),
            clock=outside.clock,
        )
        unsigned = self.tenants.of_id("demo") if settings.demo and not settings.ehrs else None
        self.routes = demo + routes(
            self.services, self.tenants, self.launches, outside, store, public, unsigned
        )

    def ancestors(self, handle: str) -> str:
        """Who may frame the page of a handle: its EHR, and nobody without one."""
        tenant = self.launches.tenant_of(handle)
        return tenant.framing if tenant else NOBODY

    @asynccontextmanager
    async def lifespan(self, _: st.App) -> AsyncIterator[None]:
        """Connections are closed when the server ends."""
        yield
        self.outside.close()


SETTINGS = Settings.read(os.environ)
WIRED = Wired(SETTINGS, Outside.open(clock))
install(WIRED.services)
# Streamlit guards its socket by a list of its own: a proxy's name is given once, for both.
config.set_option("server.allowedHosts", list(SETTINGS.hosts))
app = st.App(
    ROOT / "decision/ui/script/main.py",
    lifespan=WIRED.lifespan,
    routes=WIRED.routes,
    middleware=[
        Middleware(
            Gate, hosts=SETTINGS.hosts, ancestors=WIRED.ancestors, open_to=("/cds-services",)
        )
    ],
)
