"""The CDS Hooks 2.0 service on the network: discovery, calls, feedback, and who may ask."""

from __future__ import annotations

import dataclasses
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import chain

import httpx2
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from decision.clinical.clock import Clock
from decision.clinical.errors import AuditError, DecisionSupportError, RecordSourceError
from decision.clinical.record import PatientRecord
from decision.evidence.orders import ordered_treatments
from fhir.fields import Json
from fhir.hooks.body import parse_body, read_body
from fhir.hooks.calls import Asked, Hook, read_call
from fhir.hooks.cards import card
from fhir.hooks.errors import HookError, RequestError, UntrustedError
from fhir.hooks.feedback import HookLedger, read_feedback
from fhir.hooks.gather import Gatherer
from fhir.hooks.orders import selected_orders, with_orders
from fhir.hooks.service import HookService, descriptions
from fhir.hooks.tokens import Callers
from fhir.rest.loop import BackgroundLoop
from fhir.smart.routes import LAUNCH
from fhir.smart.tenant import Tenant

_LOG = logging.getLogger(__name__)
PATH = "/cds-services"
_SERVICE = "/{service}"
_FEEDBACK = "/{service}/feedback"
_PREFLIGHT_SECONDS = "600"

Gather = Callable[[Asked, HookService], Awaitable[PatientRecord]]
"""The record of the patient a call is about; HookError where it cannot be had."""


class HookRoutes:
    """The endpoints. `public_url` is this server as clients name it: tokens are made for it."""

    def __init__(
        self,
        *,
        services: Iterable[HookService],
        callers: Callers,
        gather: Gather,
        ledger: HookLedger,
        clock: Clock,
        public_url: str,
        origins: Iterable[str] = (),
    ) -> None:
        self._services = {service.id: service for service in services}
        self._callers = callers
        self._gather = gather
        self._ledger = ledger
        self._clock = clock
        self._public = public_url.rstrip("/")
        self._origins = frozenset(origins)

    def routes(self) -> list[Route]:
        """To be added to the served app."""
        return [
            self._route("", "GET", self._discover),
            self._route(_SERVICE, "POST", self._call),
            self._route(_FEEDBACK, "POST", self._feedback),
        ]

    def _route(self, path: str, method: str, answer: Callable[[Request], Awaitable[Json]]) -> Route:
        """One endpoint behind its guard: whatever happens, the answer is JSON and repeats nothing
        of the question.
        """

        async def guarded(request: Request) -> Response:
            if request.method == "OPTIONS":
                return self._preflight(request, method)
            try:
                response = _json(200, await answer(request))
            except HookError as error:
                if isinstance(error, UntrustedError):  # the caller is not told why; we are
                    _LOG.warning("%s: not answered: %s", self._whose(request, path), error.check)
                response = _refusal(error)
            except RecursionError:
                response = _refusal(RequestError("", "it is nested too deeply", "Send less"))
            except AuditError:
                _LOG.error("%s: the trail could not be written", self._whose(request, path))
                response = _json(500, {"error": "Nothing can be said: it could not be recorded."})
            except RecordSourceError as error:
                response = _json(412, _said(error))
            except Exception as error:  # the route's outermost guard; a cause could quote a chart
                _LOG.error("%s: %s", self._whose(request, path), type(error).__name__)
                response = _json(500, {"error": "Nothing can be said: something went wrong."})
            response.headers.update(self._sharing(request))
            return response

        return Route(f"{PATH}{path}", guarded, methods=[method, "OPTIONS"])

    async def _discover(self, request: Request) -> Json:
        tenant = await self._caller(request, "")
        every = (descriptions(service, tenant) for service in self._services.values())
        return {"services": list(chain.from_iterable(every))}

    async def _call(self, request: Request) -> Json:
        tenant, service = await self._asked_of(request, _SERVICE)
        raw = await read_body(request)
        asked = await to_thread.run_sync(self._read, raw, service, tenant)
        if not asked.call.by_professional:
            return {"cards": []}  # estimates and cautions are written for those who treat
        if asked.call.hook is Hook.ORDER_SELECT and not asked.call.ordered:
            return {"cards": []}  # nothing of ours is being ordered: nobody's data are read
        record = with_orders(await self._gather(asked, service), asked.orders)
        return await to_thread.run_sync(self._respond, asked, service, record)

    def _read(self, raw: bytes, service: HookService, tenant: Tenant) -> Asked:
        body, now = parse_body(raw), self._clock()
        asked = read_call(body, service.id, tenant, now)
        if asked.call.hook is not Hook.ORDER_SELECT:
            return asked
        orders = selected_orders(body["context"], asked.call.patient_id, asked.server, now)
        ordered = ordered_treatments(orders, service.spec)
        return dataclasses.replace(
            asked, call=dataclasses.replace(asked.call, ordered=ordered), orders=orders
        )

    def _respond(self, asked: Asked, service: HookService, record: PatientRecord) -> Json:
        """The answer for one record: at most one card, and none before it is on record."""
        call = asked.call
        notice = service.respond(call, record)
        if notice is None:
            return {"cards": []}
        name = str(uuid.uuid4())
        self._ledger.issued(name, call, notice.audit_id)
        return {"cards": [card(notice, name, self._public + LAUNCH)]}

    async def _feedback(self, request: Request) -> Json:
        tenant, service = await self._asked_of(request, _FEEDBACK)
        raw = await read_body(request)

        def keep() -> None:
            given = read_feedback(parse_body(raw))
            self._ledger.keep(tenant.id, service.id, self._clock(), given)

        await to_thread.run_sync(keep)
        return {"stored": True}

    async def _asked_of(self, request: Request, path: str) -> tuple[Tenant, HookService]:
        """Who asks which service. Who is not known does not learn which there are."""
        name = request.path_params["service"]
        tenant = await self._caller(request, path.format(service=name))
        service = self._services.get(name)
        if service is None:
            raise RequestError("", "there is no such service here", "Look at /cds-services", 404)
        return tenant, service

    async def _caller(self, request: Request, path: str) -> Tenant:
        """Whose client this is, proven by a token for just this address as clients know it."""
        given = request.headers.getlist("authorization")
        endpoint = f"{self._public}{PATH}{path}"
        try:
            tenant = await self._callers.identify(given[0] if len(given) == 1 else "", endpoint)
        except UntrustedError as error:
            request.state.whose = f"said to be {error.claimed}" if error.claimed else "nobody known"
            raise
        request.state.whose = tenant.id
        return tenant

    def _whose(self, request: Request, path: str) -> str:
        """Which endpoint and whose call, for the log; nothing that the caller made up."""
        name = request.path_params.get("service", "")
        asked = path.format(service=name) if name in self._services else path
        return f"{PATH}{asked} ({getattr(request.state, 'whose', 'nobody known')})"

    def _sharing(self, request: Request) -> Mapping[str, str]:
        """What a browser is told: only pages of listed origins may read the answer."""
        told = {"Vary": "Origin", "Cache-Control": "no-store"}
        origin = request.headers.get("origin", "")
        if origin in self._origins:
            told["Access-Control-Allow-Origin"] = origin
        return told

    def _preflight(self, request: Request, method: str) -> Response:
        headers = dict(self._sharing(request))
        if "Access-Control-Allow-Origin" not in headers:
            return Response(status_code=403, headers=headers)
        headers["Access-Control-Allow-Methods"] = method
        headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        headers["Access-Control-Max-Age"] = _PREFLIGHT_SECONDS
        return Response(status_code=204, headers=headers)


def _json(status: int, body: Json) -> Response:
    return JSONResponse(body, status_code=status)


def _refusal(error: HookError) -> Response:
    response = _json(error.status, _said(error))
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _said(error: DecisionSupportError) -> Json:
    """What went wrong, where and what to do, without anything empty."""
    field = error.field if isinstance(error, HookError) else ""
    told = {"error": error.message, "field": field, "remedy": error.remedy}
    return {key: words for key, words in told.items() if words}


def hook_routes(
    *,
    services: Iterable[HookService],
    callers: Callers,
    ledger: HookLedger,
    loop: BackgroundLoop,
    http: httpx2.AsyncClient,
    clock: Clock,
    public_url: str,
    origins: Iterable[str] = (),
) -> list[Route]:
    """Routes of the CDS Hooks service. `origins` are those of browser clients (CORS)."""
    return HookRoutes(
        services=services,
        callers=callers,
        gather=Gatherer(loop, http, clock),
        ledger=ledger,
        clock=clock,
        public_url=public_url,
        origins=origins,
    ).routes()
