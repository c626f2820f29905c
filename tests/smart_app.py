"""The app's doors on loopback, with a page behind them that reads the chart, and a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx2
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from decision import catalog
from decision.clinical.record import PatientRecord
from fhir.errors import FhirError
from fhir.rest.client import FhirClient
from fhir.rest.http import open_http
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import searches
from fhir.rest.source import FhirSource
from fhir.smart.keys import KeySets
from fhir.smart.launches import LAUNCH_COOKIE, Launch, Launches
from fhir.smart.pending import PENDING_COOKIE, PendingLaunches
from fhir.smart.routes import PAGE, smart_routes
from fhir.smart.tenants import Tenants, load_tenants
from tests.demo_servers import (
    EC_KEY,
    NO_CERTIFICATES,
    SECRET,
    DemoServer,
    MovingClock,
    Watched,
    bound,
    demo_server,
    query_of,
    quick_client,
    serving,
)

SEARCHES = searches(catalog.load("ra_biologic_response"))
KINDS = frozenset({"Patient", *(search.kind for search in SEARCHES)})
ENTERED = f"{PAGE}?embed=true&lid="
NOBODY = "Open this page from the patient's chart."
METHODS = {"public": "public", "secret": "client_secret_basic", "key": "private_key_jwt"}
PERSONAL = ("Example-", "demo-0", "demo-1", "demo-t1-", "SIM-0", "SIM-1", "SIM-t1-")
"""What is in every demo patient's data, and must be in no page of a launch that was refused."""


def tenants_file(folder: Path, issuer: str, method: str, **more: object) -> Path:
    """The app's configuration for one EHR, with its secret or key beside it."""
    client: dict[str, str] = {"id": f"app-{method}", "method": METHODS[method]}
    if method == "secret":
        client["secret_file"] = _private(folder / "secret.txt", SECRET).name
    if method == "key":
        private = json.dumps(EC_KEY.as_dict(private=True))
        client["key_file"] = _private(folder / "key.json", private).name
    table = {
        "id": "demo",
        "name": "Demonstration EHR",
        "issuer": issuer,
        "site": "simulated-demo",
        "standalone": True,
        "also_read": ["MedicationAdministration", "MedicationStatement"],
        "frame_ancestors": ["https://portal.example.org"],
    } | {name: value for name, value in more.items() if not isinstance(value, dict)}
    nested = {name: value for name, value in more.items() if isinstance(value, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in table.items()]
    for name, inner in {"client": client, **nested}.items():
        lines += [
            f"[ehr.{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in inner.items()),
        ]
    file = folder / "ehr.toml"
    file.write_text("\n".join(["[[ehr]]", *lines, ""]), encoding="utf-8")
    return file


def _private(file: Path, content: str) -> Path:
    file.write_text(content, encoding="utf-8")
    file.chmod(0o600)
    return file


def shown(record: PatientRecord) -> str:
    """The page's words for a record: whose it is, and how much of it is there."""
    missing = ", ".join(sorted({gap.label for gap in record.gaps})) or "nothing"
    return f"{record.identity.name}: {len(record.observations)} results, missing: {missing}"


@dataclass
class Browser:
    """As much of a browser as a launch needs: it follows redirects one by one and keeps cookies.

    It takes cookies only as a real one does in another site's frame: `__Host-`, Secure, HttpOnly,
    SameSite=None, Partitioned, for the whole host and for no domain.
    """

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    http: httpx2.Client = field(default_factory=quick_client, repr=False)

    def get(self, address: str) -> httpx2.Response:
        """One request, no redirect followed."""
        return self.send("GET", address)

    def send(self, method: str, address: str, **options: object) -> httpx2.Response:
        host = urlsplit(address).netloc
        headers = dict(options.pop("headers", {}))
        held = self.cookies.get(host, {})
        if held:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in held.items())
        answer = self.http.request(method, address, headers=headers, **options)
        self.http.cookies.clear()
        for cookie in answer.headers.get_list("set-cookie"):
            self._take(host, cookie)
        return answer

    def follow(self, address: str, *, until: str = "") -> httpx2.Response:
        """Follow redirects; stop before the request to an address that contains `until`, and give
        the redirect that leads there.
        """
        answer = self.get(address)
        for _ in range(8):
            if not answer.is_redirect or (until and until in _leads(address, answer)):
                return answer
            address = _leads(address, answer)
            answer = self.get(address)
        raise AssertionError("the redirects do not end")

    def names(self, start: str) -> list[str]:
        """Names of the cookies that begin so."""
        return [name for held in self.cookies.values() for name in held if name.startswith(start)]

    def _take(self, host: str, cookie: str) -> None:
        pair, *rest = [part.strip() for part in cookie.split(";")]
        name, _, value = pair.partition("=")
        words = {part.partition("=")[0].lower(): part.partition("=")[2] for part in rest}
        assert name.startswith("__Host-")
        assert {"secure", "httponly", "partitioned"} <= words.keys()
        assert (words["samesite"], words["path"]) == ("None", "/")
        assert "domain" not in words
        held = self.cookies.setdefault(host, {})
        if words.get("max-age") == "0":
            held.pop(name, None)
        else:
            held[name] = value


def _leads(address: str, answer: httpx2.Response) -> str:
    return urljoin(address, answer.headers["location"])


@dataclass
class SmartApp:
    """The running app with its EHR."""

    url: str
    server: DemoServer
    launches: Launches
    watched: Watched = field(repr=False)
    loop: BackgroundLoop = field(repr=False)
    http: httpx2.AsyncClient = field(repr=False)
    client: str

    @property
    def clock(self) -> MovingClock:
        return self.server.clock

    @property
    def faults(self):
        return self.server.ehr.misbehaviour

    def fresh(self) -> None:
        """Behave again; a day later, so that nothing an EHR said before is remembered."""
        self.server.reset()
        self.watched.seen.clear()
        self.clock.forward(days=1)

    def opened(self, patient: str = "demo-01", **context: object) -> str:
        """The address a chart puts into the app's frame."""
        return self.server.ehr.launch(self.client, patient, **context)

    def at_callback(self, browser: Browser, patient: str = "demo-01") -> str:
        """Go through the EHR's login; the address of the way back, not yet gone."""
        return browser.follow(self.opened(patient), until="/callback?").headers["location"]

    def enter(self, browser: Browser, patient: str = "demo-01", **context: object) -> str:
        """A whole EHR launch; the address of the page it ends on."""
        answer = browser.follow(self.opened(patient, **context), until=ENTERED)
        assert answer.is_redirect, answer.text
        return answer.headers["location"]

    def launch_of(self, browser: Browser, page: str) -> Launch | None:
        host = urlsplit(self.url).netloc
        return self.launches.find(query_of(page)["lid"], browser.cookies.get(host, {}))

    def client_of(self, launch: Launch) -> FhirClient:
        return FhirClient(self.http, launch.access)


@contextmanager
def smart_app(folder: Path, method: str = "public", **tenant: object) -> Iterator[SmartApp]:
    """App and EHR, each on its own port; further keywords are fields of the configuration."""
    place, watched = bound(), Watched()
    url = f"http://127.0.0.1:{place.getsockname()[1]}"
    options = {"algorithm": tenant.pop("algorithm", "RS256")}
    with demo_server(url, **options) as server:
        tenants = load_tenants(tenants_file(folder, server.ehr.fhir, method, **tenant))
        loop, http = (
            BackgroundLoop(),
            open_http(answer_seconds=2.0, verify=NO_CERTIFICATES),
        )
        launches = Launches(server.clock)
        app = SmartApp(url, server, launches, watched, loop, http, f"app-{method}")
        watched.app = Starlette(routes=[*_doors(app, tenants), _page(app)])
        try:
            with serving(watched, place):
                yield app
        finally:
            loop.run(http.aclose())
            loop.close()


def _doors(app: SmartApp, tenants: Tenants) -> list[Route]:
    return smart_routes(
        tenants=tenants,
        launches=app.launches,
        pending=PendingLaunches(app.clock),
        keys=KeySets(app.http, app.clock, tenants),
        loop=app.loop,
        http=app.http,
        clock=app.clock,
        public_url=app.url,
        kinds=KINDS,
    )


def _page(app: SmartApp) -> Route:
    """Stands for the app's page: shows the patient of the launch, or says that there is none."""

    async def page(request: Request) -> Response:
        launch = app.launches.find(request.query_params.get("lid", ""), request.cookies)
        if launch is None:
            return PlainTextResponse(NOBODY, 403)
        source = FhirSource(app.client_of(launch), app.loop, launch.patient_id, SEARCHES, app.clock)
        try:
            record = await run_in_threadpool(source.load, launch.patient_id)
        except FhirError as error:
            return PlainTextResponse(f"{error.message} {error.remedy}", 502)
        return PlainTextResponse(shown(record))

    return Route(PAGE, page)


__all__ = [
    "ENTERED", "LAUNCH_COOKIE", "NOBODY", "PENDING_COOKIE", "PERSONAL", "SEARCHES", "Browser",
    "SmartApp", "shown", "smart_app",
]  # fmt: skip
