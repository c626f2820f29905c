"""Adapters behind ports, for one process: the pages' services, the routes of launches and hooks."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import BaseRoute

from decision.arising import arising
from decision.assess import Context, Decision, assess, record_choice
from decision.clinical.assessment import AuditAction
from decision.clinical.notice import Notice
from decision.clinical.record import PatientRecord
from decision.notices import notice
from decision.ui.exporting import record_route
from decision.ui.headers import NOBODY
from decision.ui.record.pdf import Press
from decision.ui.services import Services
from decision.ui.source_attributes import attributes_route
from decision.ui.way_in import WayIn
from doors import ChartDoors, StandAlone
from expressed import Expression
from fhir.bundles import FolderSource
from fhir.hooks.calls import HookCall
from fhir.hooks.feedback import HookLedger
from fhir.hooks.routes import hook_routes
from fhir.hooks.service import HookService
from fhir.hooks.tokens import Callers, ConfiguredKeys, OpenCallers, SignedCallers
from fhir.rest.searches import searches
from fhir.smart.keys import KeySets
from fhir.smart.launches import Launches
from fhir.smart.pending import PendingLaunches
from fhir.smart.routes import smart_routes
from fhir.smart.tenants import Tenants, load_tenants
from fhir.store.database import Database, database_url
from fhir.store.keys import kept_key
from fhir.store.replay import UsedTokens
from parts import Outside, Store
from served import served
from settings import Settings


class Wired:
    """All parts of one process. A broken catalogue, trail or EHR file stops the start, loudly; a
    broken model does not.
    """

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._settings, self._outside = settings, outside
        self._public = settings.public_url
        self.tenants = load_tenants(settings.ehrs) if settings.ehrs else Tenants()
        if settings.demo:
            from demonstration import demo_tenant

            self.tenants = Tenants((*self.tenants, demo_tenant(self._public)))
        decisions = served(settings)
        self._asked = searches(*(decision.spec for decision in decisions))
        database = Database(database_url(settings.audit))
        self._store = Store.open(database, kept_key(database, settings.audit_key))
        self.launches = Launches(outside.clock)
        expression = Expression(decisions, settings.platforms)
        scored = expression.scored
        specs = [decision.spec for decision in decisions]
        folder = FolderSource(settings.bundles, lambda record: arising(specs, record))
        alone = StandAlone(
            source=scored(folder),
            agent=settings.agent,
            site=settings.site,
        )
        doors = ChartDoors(
            self.launches,
            self.tenants,
            outside,
            self._store,
            self._asked,
            alone if settings.demo else None,
            scored,
        )
        self.way_in = WayIn(doors.still_open)
        self.services = Services(
            decisions=decisions,
            audit=self._store.audit,
            doors=doors,
            clock=outside.clock,
            laboratory=expression.reader(),
            way_in=self.way_in,
        )
        self.enter = doors.enter

    def routes(self) -> list[BaseRoute]:
        """What is served beside the pages: launches, hooks and, in demo mode, the demo's EHR."""
        outside, tenants = self._outside, self.tenants
        keys = KeySets(outside.http, outside.clock, tenants)
        hooks = [
            HookService(
                spec=decision.spec,
                searches=searches(decision.spec),
                respond=responder(self.services, decision),
            )
            for decision in self.services.decisions
        ]
        beside: list[BaseRoute] = [
            *smart_routes(
                tenants=tenants,
                launches=self.launches,
                pending=PendingLaunches(outside.clock),
                keys=keys,
                loop=outside.loop,
                http=outside.http,
                clock=outside.clock,
                public_url=self._public,
                kinds={search.kind for search in self._asked},
                entered=self.enter,
            ),
            *hook_routes(
                services=hooks,
                callers=self._callers(keys),
                ledger=HookLedger(self._store.database),
                loop=outside.loop,
                http=outside.http,
                clock=outside.clock,
                public_url=self._public,
                origins=[origin for t in tenants for origin in t.hook_origins],
            ),
        ]
        beside += (record_route(self.services, Press()), attributes_route(self.services.decisions))
        if self._settings.demo:
            from demonstration import demo_mount

            beside.append(demo_mount(self._public, outside.clock))
        return beside

    def _callers(self, keys: KeySets) -> Callers:
        """Unsigned calls of hooks are answered for the demo alone, where no EHR is configured."""
        demo = self.tenants.of_id("demo") if not self._settings.ehrs else None
        if demo is not None:
            return OpenCallers(demo)
        outside = self._outside
        used = UsedTokens(self._store.database)
        return SignedCallers(self.tenants, ConfiguredKeys(keys, outside.loop), used, outside.clock)

    def ancestors(self, handle: str) -> str:
        """Who may frame the page of a handle: its EHR, and nobody without one."""
        tenant = self.launches.tenant_of(handle)
        return tenant.framing if tenant else NOBODY


def responder(
    services: Services, decision: Decision
) -> Callable[[HookCall, PatientRecord], Notice | None]:
    """What one decision says to a call of a hook, from the same assessment as on the page. What was
    computed and what is shown have an entry each, before anything leaves.
    """

    def respond(call: HookCall, record: PatientRecord) -> Notice | None:
        context = Context(agent=call.agent, site=call.site, now=services.clock(), unasked=True)
        found = assess(record, decision.spec, decision.predictor, services.audit, context)
        said = notice(found, record, call.ordered)
        if said is not None:
            shown = {"shown": "notice", "summary": said.summary, "points": list(said.points)}
            record_choice(found, record, AuditAction.NOTIFIED, shown, services.audit, context)
        return said

    return respond
