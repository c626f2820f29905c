"""The demo EHR on loopback, as a real server in a thread, and a browser to walk through it."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import parse_qsl, urlsplit

import httpx2
import uvicorn
from joserfc.jwk import ECKey, RSAKey

from examples.demo_ehr import Authentication, Client, Ehr, demo_ehr
from examples.demo_ehr.grants import challenge_of
from examples.demo_ehr.signing import key_set

ROOT = Path(__file__).parent.parent
PATIENTS = ROOT / "examples" / "demo_patients"
NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECRET = "colon: %2F + & = ?"  # survives only when it is form-encoded first
EC_KEY = ECKey.generate_key("P-384", auto_kid=True)
RSA_KEY = RSAKey.generate_key(2048, auto_kid=True)
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
READS = ("Observation", "Condition", "MedicationRequest", "MedicationStatement",
         "MedicationAdministration", "DocumentReference")  # fmt: skip
SCOPES = (
    "launch", "launch/patient", "openid", "fhirUser", "online_access", "offline_access",
    "patient/Patient.r", "patient/Binary.r", "patient/Medication.r",
    *(f"patient/{kind}.rs" for kind in READS),
    "patient/RiskAssessment.cu", "patient/DocumentReference.c", "patient/AuditEvent.c",
)  # fmt: skip


class MovingClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def __call__(self) -> datetime:
        return self._now

    def forward(self, **amount: float) -> None:
        self._now += timedelta(**amount)


class Watched:
    """An ASGI application whose requests are noted: method and path, never a parameter."""

    def __init__(self, app: object = None) -> None:
        self.app = app
        self.seen: list[str] = []

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] == "http":
            self.seen.append(f"{scope['method']} {scope['path']}")
        await self.app(scope, receive, send)


def bound() -> socket.socket:
    """A socket on a free loopback port, so that its address is known before the server exists."""
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    return found


@contextmanager
def serving(app: object, place: socket.socket) -> Iterator[str]:
    """The application answering at that socket until the block ends; gives its address."""
    # It would hold whole addresses, and pytest collects even a log that is switched off.
    logging.getLogger("uvicorn.access").setLevel(logging.CRITICAL)
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{place.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        place.close()


def registered(app_url: str, scopes: tuple[str, ...] = SCOPES) -> tuple[Client, ...]:
    """The app as three clients, one for each way to prove oneself."""
    keys = key_set(EC_KEY, RSA_KEY)
    return tuple(
        Client(
            id=f"app-{method.name.lower()}",
            name="Treatment response",
            authentication=method,
            redirect_uris=(f"{app_url}/callback",),
            launch_url=f"{app_url}/launch",
            scopes=scopes,
            secret=SECRET if method is Authentication.SECRET else "",
            jwks=keys if method is Authentication.KEY else None,
        )
        for method in Authentication
    )


@dataclass
class DemoServer:
    """A running demo EHR: its state, its address, its clock and what was asked of it."""

    base: str
    ehr: Ehr
    clock: MovingClock
    watched: Watched = field(repr=False)
    stop: Callable[[], None] = field(repr=False)

    @property
    def seen(self) -> list[str]:
        return self.watched.seen

    def reset(self) -> None:
        """Behave again, and forget what was asked."""
        self.ehr.misbehaviour.reset()
        self.seen.clear()


@contextmanager
def demo_server(
    app_url: str = "http://127.0.0.1:1", clock: MovingClock | None = None, **options: object
) -> Iterator[DemoServer]:
    """The demo EHR for an app at `app_url`."""
    clock = clock or MovingClock()
    watched = Watched()
    place = bound()
    base = f"http://127.0.0.1:{place.getsockname()[1]}"
    options.setdefault("portal_client", "app-public")
    app = demo_ehr(base, PATIENTS, registered(app_url), clock, **options)
    watched.app = app
    with ExitStack() as stack:
        stack.enter_context(serving(watched, place))
        yield DemoServer(base, app.state.ehr, clock, watched, stack.close)


def quick_client() -> httpx2.Client:
    """A client for loopback: loading the machine's certificates would take longer than a test."""
    return httpx2.Client(
        verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False, timeout=20
    )


@dataclass
class HandMadeApp:
    """An app that is nobody's product: it makes each request of a launch by hand, so that a test
    can leave out or change any part of it.
    """

    server: DemoServer
    client: str = "app-public"
    verifier: str = field(default_factory=lambda: token_urlsafe(48))
    state: str = field(default_factory=lambda: token_urlsafe(32))
    http: httpx2.Client = field(default_factory=lambda: quick_client())

    @property
    def redirect_uri(self) -> str:
        return self.server.ehr.clients[self.client].redirect_uris[0]

    def authorize(self, patient: str = "demo-01", **changes: str | None) -> httpx2.Response:
        """An EHR launch's authorization request; a change to None leaves the parameter out."""
        parameters = self.parameters(patient) | changes
        sent = {k: v for k, v in parameters.items() if v is not None}
        return self.http.get(f"{self.server.base}/authorize", params=sent)

    def parameters(self, patient: str = "demo-01") -> dict[str, str | None]:
        launch = ""
        if patient:
            launch = query_of(self.server.ehr.launch(self.client, patient))["launch"]
        context = "launch" if patient else "launch/patient"
        return {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "scope": f"{context} openid fhirUser online_access patient/Patient.r "
            "patient/Observation.rs patient/Condition.rs patient/MedicationRequest.rs",
            "state": self.state,
            "aud": self.server.ehr.fhir,
            "launch": launch or None,
            "nonce": token_urlsafe(16),
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
        }

    def code(self, patient: str = "demo-01", **changes: str | None) -> str:
        return query_of(self.authorize(patient, **changes).headers["location"])["code"]

    def token(self, **form: str | None) -> httpx2.Response:
        """A token request of a public client, with `form` added or (None) left out."""
        content = {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        } | form
        sent = {k: v for k, v in content.items() if v is not None}
        return self.http.post(f"{self.server.base}/token", data=sent)

    def tokens(self, patient: str = "demo-01", **changes: str | None) -> dict[str, object]:
        return self.token(code=self.code(patient, **changes)).json()

    def fhir(self, path: str, token: object, **options: object) -> httpx2.Response:
        method = str(options.pop("method", "GET"))
        headers = {"Authorization": f"Bearer {token}"} | dict(options.pop("headers", {}))
        return self.http.request(
            method, f"{self.server.ehr.fhir}/{path}", headers=headers, **options
        )


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def until(true: Callable[[], bool], seconds: float = 5) -> bool:
    """Wait for something that happens in another thread; False when it does not."""
    ends = time.monotonic() + seconds
    while not true() and time.monotonic() < ends:
        time.sleep(0.01)
    return true()
