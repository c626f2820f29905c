"""The doors on the network: `/launch`, `/standalone`, `/callback`, `/logout`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from urllib.parse import urlencode

import httpx2
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from decision.clinical.clock import Clock
from decision.clinical.errors import DecisionSupportError
from fhir.rest.loop import BackgroundLoop
from fhir.smart import addresses, cookies, screens
from fhir.smart.client_files import FileError, public_key
from fhir.smart.keys import KeySets
from fhir.smart.launches import LAUNCH_COOKIE, Launch, Launches
from fhir.smart.login import Login
from fhir.smart.pending import PENDING_TIME, PendingLaunch, PendingLaunches, require_browser
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.tenant import ClientMethod, Tenant
from fhir.smart.tenants import Tenants

PAGE = "/"
"""Where a finished launch goes, with `?embed=true&lid=<handle>`."""
LAUNCH = "/launch"
CALLBACK = "/callback"
STANDALONE = "/standalone"
LOGOUT = "/logout"
PUBLIC_KEYS = "/.well-known/jwks.json"

_LONGEST = 4096
_LOG = logging.getLogger(__name__)


def smart_routes(
    *,
    tenants: Tenants,
    launches: Launches,
    pending: PendingLaunches,
    keys: KeySets,
    loop: BackgroundLoop,
    http: httpx2.AsyncClient,
    clock: Clock,
    public_url: str,
    kinds: Collection[str],
    entered: Callable[[str, Launch], None] = lambda _handle, _launch: None,
) -> list[Route]:
    """Routes of the SMART App Launch. `kinds` are the resource types that the decision reads;
    `public_url` is this server as browsers see it, and its `/callback` is the one redirect address.
    `entered` is told of each launch that was let in, with its handle, before its page is asked for.
    """
    base = public_url.removesuffix("/")
    if not addresses.is_origin(base):
        raise DecisionSupportError(
            f"The app's public address {public_url!r} cannot be used.",
            "Give scheme and host alone, https, in small letters; http is for this machine only.",
        )
    login = Login(
        pending=pending,
        keys=keys,
        http=http,
        clock=clock,
        redirect_uri=base + CALLBACK,
        kinds=frozenset(kinds),
    )
    doors = _Doors(tenants, launches, pending, login, loop, base, entered)
    return [
        _by_get(Route(LAUNCH, doors.launch)),
        _by_get(Route(STANDALONE, doors.standalone)),
        _by_get(Route(CALLBACK, doors.callback)),
        Route(LOGOUT, doors.logout, methods=["POST"]),
        Route(PUBLIC_KEYS, doors.public_keys, methods=["GET"]),
    ]


def _by_get(route: Route) -> Route:
    """Starlette answers HEAD like GET; a link checker's HEAD would use up a state or a launch."""
    route.methods = {"GET"}
    return route


class _Doors:
    """What each route does. No parameter is ever echoed, logged or redirected to."""

    def __init__(
        self,
        tenants: Tenants,
        launches: Launches,
        pending: PendingLaunches,
        login: Login,
        loop: BackgroundLoop,
        base: str,
        entered: Callable[[str, Launch], None],
    ) -> None:
        self._tenants = tenants
        self._launches = launches
        self._pending = pending
        self._login = login
        self._loop = loop
        self._base = base
        self._entered = entered

    async def launch(self, request: Request) -> Response:
        """EHR launch: a chart opens the app with its address (`iss`) and a handle (`launch`)."""
        tenant = None
        try:
            issuer, handle = _one(request, "iss"), _one(request, "launch")
            tenant = self._tenants.of_issuer(issuer)
            if tenant is None:
                raise LaunchError(Reason.UNKNOWN_EHR, "iss is not configured")
            return await self._leave(tenant, handle)
        except LaunchError as error:
            return self._stop(error, tenant)

    async def standalone(self, request: Request) -> Response:
        """Standalone launch: the user chose an EHR, which then asks for the patient."""
        tenant = None
        try:
            if "ehr" not in request.query_params and self._tenants.standalone:
                offers = [
                    (t.name, f"{self._base}{STANDALONE}?{urlencode({'ehr': t.id})}")
                    for t in self._tenants.standalone
                ]
                return screens.choose_ehr(offers, "'none'")
            tenant = self._tenants.of_id(_one(request, "ehr"))
            if tenant is None or not tenant.standalone:
                raise LaunchError(
                    Reason.NO_STANDALONE, "ehr is unknown or has no standalone launch"
                )
            return await self._leave(tenant, None)
        except LaunchError as error:
            return self._stop(error, tenant)

    async def callback(self, request: Request) -> Response:
        """The EHR's login sends the browser back: with a code, or with a refusal."""
        pending = None
        try:
            pending = self._pending.take(_one(request, "state", Reason.LAUNCH_UNKNOWN))
            require_browser(pending, request.cookies)
            _require_issuer(request, pending)
            if "error" in request.query_params:
                denied = request.query_params.getlist("error") == ["access_denied"]
                raise LaunchError(
                    Reason.DENIED if denied else Reason.EHR_REFUSED, "error instead of a code"
                )
            code = _one(request, "code")
            launch = await self._loop.call(self._login.complete(pending, code))
            return await self._enter(request, pending, launch)
        except LaunchError as error:
            response = self._stop(error, pending.tenant if pending else None)
            if pending is not None:
                cookies.take_back(response, pending.cookie)
            return response

    async def logout(self, request: Request) -> Response:
        """End one launch, and have its tokens revoked where the EHR offers that."""
        if not self._own_page(request):
            return self._stop(LaunchError(Reason.FOREIGN_PAGE, "not asked by our page"), None)
        handle = request.query_params.get("lid", "")
        launch = self._launches.end(handle, request.cookies)
        response = screens.goodbye(launch.tenant.framing if launch else self._tenants.framing)
        if launch is not None:
            await self._loop.call(launch.access.end())
            cookies.take_back(response, LAUNCH_COOKIE + handle)
        return response

    async def public_keys(self, request: Request) -> Response:
        """The public halves of the keys with which the app signs, for the EHRs that check them."""
        clients = [t.client for t in self._tenants if t.client.method is ClientMethod.KEY]
        try:
            found = {str(key["kid"]): key for key in map(public_key, clients)}
        except FileError as error:
            return self._stop(LaunchError(Reason.MISCONFIGURED, f"key file: {error.detail}"), None)
        return JSONResponse({"keys": list(found.values())})

    async def _leave(self, tenant: Tenant, handle: str | None) -> Response:
        begun = self._login.begin(tenant, launch=handle)
        pending, secret, address = await self._loop.call(begun)
        response = RedirectResponse(address, 303, headers=screens.private_headers(tenant.framing))
        cookies.give(response, pending.cookie, secret, int(PENDING_TIME.total_seconds()))
        return response

    async def _enter(self, request: Request, pending: PendingLaunch, launch: Launch) -> Response:
        handle, secret = self._launches.open(launch)
        await to_thread.run_sync(self._entered, handle, launch)  # it may ask a database
        place = f"{self._base}{PAGE}?{urlencode({'embed': 'true', 'lid': handle})}"
        headers = screens.private_headers(launch.tenant.framing)
        response = RedirectResponse(place, 303, headers=headers)
        seconds = int((launch.expires - launch.opened).total_seconds())
        cookies.give(response, LAUNCH_COOKIE + handle, secret, seconds)
        cookies.take_back(response, pending.cookie)
        for spent in self._launches.spent(request.cookies):
            cookies.take_back(response, LAUNCH_COOKIE + spent)
        return response

    def _stop(self, error: LaunchError, tenant: Tenant | None) -> Response:
        """A page for the clinician, a line for the operator; neither holds anything sent to us."""
        _LOG.warning(
            "launch refused: %s (%s), ehr %s",
            error.reason.name,
            error.check,
            tenant.id if tenant else "unknown",
        )
        framing = tenant.framing if tenant else self._tenants.framing
        return screens.stop_page(error.reason.value, framing)

    def _own_page(self, request: Request) -> bool:
        """By its origin; a page that sends no referrer writes `null` there, and the browser itself
        then says whether page and server are one.
        """
        origin = request.headers.getlist("origin")
        if origin in ([], ["null"]):
            return request.headers.getlist("sec-fetch-site") == ["same-origin"]
        return origin == [addresses.origin_of(self._base)]


def _one(request: Request, name: str, reason: Reason = Reason.INCOMPLETE) -> str:
    """A parameter that must be there exactly once."""
    given = request.query_params.getlist(name)
    if len(given) != 1 or not 0 < len(given[0]) <= _LONGEST:
        raise LaunchError(reason, f"{name} is missing, empty, too long or there twice")
    return given[0]


def _require_issuer(request: Request, pending: PendingLaunch) -> None:
    """RFC 9207: where the login server names itself, it must be the one that was asked."""
    named = request.query_params.getlist("iss")
    if named and named != [pending.endpoints.issuer]:
        raise LaunchError(Reason.LAUNCH_UNKNOWN, "iss is not the login server that was asked")
