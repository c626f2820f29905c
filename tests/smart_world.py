"""An EHR of a few lines, a browser and our doors in one process: for tests of the SMART launch.

It answers what it is told to answer; what real servers enforce is tested on the demo EHR.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit
from uuid import uuid4

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.testclient import TestClient

from fhir.rest.http import be_silent
from fhir.rest.loop import BackgroundLoop
from fhir.smart.access import LaunchAccess
from fhir.smart.discovery import Endpoints
from fhir.smart.keys import KeySets
from fhir.smart.launches import Launch, Launches
from fhir.smart.pending import PendingLaunches
from fhir.smart.routes import smart_routes
from fhir.smart.scopes import parse_scopes
from fhir.smart.tenant import Client, Tenant, WriteBack
from fhir.smart.tenants import Tenants
from fhir.smart.tokens import Grant, TokenEndpoint

NOW = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
APP = "https://app.test"
ISSUER = "https://ehr.test/fhir"
PORTAL = "https://portal.test"
KINDS = ("Condition", "Observation", "MedicationRequest", "MedicationAdministration")
PATIENT = "pat-4711"
ID_KEY = ECKey.generate_key("P-384", {"kid": "id-1", "use": "sig"})
RSA_KEY = RSAKey.generate_key(2048, {"kid": "id-rsa", "use": "sig"})


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


def tenant(**changes: Any) -> Tenant:
    """The EHR of these tests, with changes."""
    given: dict[str, Any] = {
        "id": "north",
        "name": "North Hospital",
        "issuer": ISSUER,
        "client": Client(id="our-app"),
        "site": "simulated-demo",
        "agent": "north",
        "frame_ancestors": (PORTAL,),
        "standalone": True,
        "write_back": WriteBack(risk_assessment=True),
        "pages": {"show-data": "data"},
    }
    return Tenant(**{**given, **changes})


def configuration(**changes: Any) -> dict[str, Any]:
    """A SMART configuration; None leaves a field out."""
    given = {
        "issuer": ISSUER,
        "jwks_uri": "https://ehr.test/jwks",
        "authorization_endpoint": "https://ehr.test/authorize",
        "token_endpoint": "https://ehr.test/token",
        "revocation_endpoint": "https://ehr.test/revoke",
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["launch-ehr", "sso-openid-connect"],
    } | changes
    return {key: value for key, value in given.items() if value is not None}


ENDPOINTS = Endpoints(
    issuer=ISSUER,
    authorize="https://ehr.test/authorize",
    token="https://ehr.test/token",
    keys="https://ehr.test/jwks",
    revoke="https://ehr.test/revoke",
)


class FakeEhr:
    """Every answer is a field that a test may change; every request is kept."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.configuration: Any = configuration()
        self.keys: Any = {"keys": [ID_KEY.as_dict(private=False), RSA_KEY.as_dict(private=False)]}
        self.requests: list[httpx2.Request] = []
        self.token_status = 200
        self.token: dict[str, Any] = {}
        """Changes of the token answer; None leaves a field out."""
        self.claims: dict[str, Any] = {}
        """Changes of the identity token's claims; None leaves a claim out."""
        self.refresh_status = 200
        self.refresh: dict[str, Any] = {}
        self.fails: dict[str, Exception] = {}
        """Transport errors by path."""
        self.sign: Callable[[dict[str, Any]], str] = sign
        self.asked: dict[str, str] = {}
        self.serial = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        path = request.url.path
        if path in self.fails:
            raise self.fails[path]
        if path == "/fhir/.well-known/smart-configuration":
            return answer(200, self.configuration)
        if path == "/jwks":
            return answer(200, self.keys)
        if path == "/token":
            return self._token(form_of(request))
        return answer(200 if path == "/revoke" else 404, {})

    def _token(self, form: dict[str, str]) -> httpx2.Response:
        self.serial += 1
        given: dict[str, Any] = {
            "token_type": "Bearer",
            "access_token": f"access-{self.serial}",
            "refresh_token": f"refresh-{self.serial}",
            "expires_in": 300,
        }
        if form["grant_type"] == "refresh_token":
            return answer(self.refresh_status, without_none(given | self.refresh))
        claims = {
            "iss": ISSUER,
            "aud": "our-app",
            "sub": "login-9",
            "iat": int(self.clock.now.timestamp()),
            "exp": int(self.clock.now.timestamp()) + 300,
            "nonce": self.asked.get("nonce"),
            "fhirUser": "Practitioner/doc-1",
        } | self.claims
        given |= {
            "scope": self.asked.get("scope"),
            "patient": PATIENT,
            "encounter": "enc-1",
            "need_patient_banner": False,
            "id_token": self.sign(without_none(claims)),
        }
        return answer(self.token_status, without_none(given | self.token))

    def asked_for(self, path: str) -> list[httpx2.Request]:
        return [r for r in self.requests if r.url.path == path]


def answer(status: int, body: Any) -> httpx2.Response:
    text = body if isinstance(body, str) else json.dumps(body)
    return httpx2.Response(status, text=text, headers={"Content-Type": "application/json"})


def without_none(given: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if value is not None}


def form_of(request: httpx2.Request) -> dict[str, str]:
    return dict(parse_qsl(request.content.decode(), keep_blank_values=True))


def sign(claims: dict[str, Any], key: Any = ID_KEY, alg: str = "ES384", **header: Any) -> str:
    return jwt.encode({"alg": alg, "kid": key.kid, **header}, claims, key, algorithms=[alg])


def unsigned(claims: dict[str, Any], alg: str = "none") -> str:
    """A token in clothes of a signed one."""

    def part(given: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(given).encode()).rstrip(b"=").decode()

    return f"{part({'alg': alg, 'kid': 'id-1'})}.{part(claims)}."


class World:
    """The fake EHR, our doors before it, and as many browsers as a test asks for."""

    def __init__(self, loop: BackgroundLoop, *tenants: Tenant) -> None:
        be_silent()
        self.clock = Clock()
        self.ehr = FakeEhr(self.clock)
        self.loop = loop
        self.http = httpx2.AsyncClient(transport=httpx2.MockTransport(self.ehr))
        self.tenants = Tenants(tenants or (tenant(),))
        self.launches = Launches(self.clock)
        self.pending = PendingLaunches(self.clock)
        self.entered: list[str] = []
        self.app = Starlette(
            routes=smart_routes(
                tenants=self.tenants,
                launches=self.launches,
                pending=self.pending,
                keys=KeySets(self.http, self.clock, self.tenants),
                loop=loop,
                http=self.http,
                clock=self.clock,
                public_url=APP,
                kinds=KINDS,
                entered=lambda handle, _: self.entered.append(handle),
            )
        )

    def browser(self) -> TestClient:
        return TestClient(self.app, base_url=APP, follow_redirects=False)

    def leave(self, browser: TestClient, **asked: str) -> dict[str, str]:
        """Open the app from the chart; what the EHR's login was asked for."""
        response = browser.get("/launch", params={"iss": ISSUER, "launch": "xyz", **asked})
        assert response.status_code == 303, response.text
        return self.went(response)

    def went(self, response: httpx2.Response) -> dict[str, str]:
        asked = parse_qs(urlsplit(response.headers["location"]).query)
        self.ehr.asked = {key: value[0] for key, value in asked.items()}
        assert all(len(value) == 1 for value in asked.values())
        return self.ehr.asked

    def come_back(self, browser: TestClient, **given: str) -> httpx2.Response:
        """The EHR's login has agreed."""
        return browser.get(
            "/callback", params={"code": "code-1", "state": self.ehr.asked["state"], **given}
        )

    def whole(self, browser: TestClient) -> tuple[str, httpx2.Response]:
        """A whole launch; returns its handle."""
        self.leave(browser)
        response = self.come_back(browser)
        assert response.status_code == 303, response.text
        return lid_of(response), response


def lid_of(response: httpx2.Response) -> str:
    return parse_qs(urlsplit(response.headers["location"]).query)["lid"][0]


@contextmanager
def running_loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    try:
        yield loop
    finally:
        loop.close()


def challenge_of(verifier: str) -> str:
    digest = sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def open_access(ehr: FakeEhr, clock: Clock, **changes: Any) -> LaunchAccess:
    """The access of a launch that was granted five minutes, with a refresh token."""
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(ehr))
    grant = Grant(
        **{
            "access_token": "access-0",
            "lifetime": timedelta(minutes=5),
            "scope": None,
            "refresh_token": "refresh-0",
            "body": {},
            **changes.pop("grant", {}),
        }
    )
    given: dict[str, Any] = {
        "base": ISSUER,
        "endpoint": TokenEndpoint(http, clock, tenant(), ENDPOINTS),
        "clock": clock,
        "grant": grant,
        "granted": parse_scopes("patient/Patient.r patient/Observation.rs openid"),
        "patient_id": PATIENT,
        "subject": "user-7",
        "until": clock.now + timedelta(hours=8),
    }
    return LaunchAccess(**{**given, **changes})


class StillAccess:
    """A right that asks nobody, and ends when told to."""

    base = ISSUER
    ended = False

    def may(self, kind: str, interaction: str) -> bool:
        return not self.ended

    def partly(self, kind: str) -> bool:
        return False

    async def authorization(self) -> str:
        return "Bearer access-0"

    async def renewed(self, refused: str) -> str:
        return "Bearer access-1"

    def forget(self) -> None:
        self.ended = True

    async def end(self) -> None:
        self.ended = True


def launch(patient_id: str = PATIENT, **changes: Any) -> Launch:
    """An open launch at `NOW`."""
    given: dict[str, Any] = {
        "key": uuid4().hex,
        "tenant": tenant(),
        "patient_id": patient_id,
        "access": StillAccess(),
        "opened": NOW,
        "expires": NOW + timedelta(hours=8),
    }
    return Launch(**{**given, **changes})


def private_file(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(0o600)
    return path
