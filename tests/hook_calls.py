"""Calls of the CDS Hooks service as a client makes them: signed, with prefetch, against real parts.

Shapes follow the published examples of CDS Hooks 2.0 and its `patient-view` and `order-select`.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette

from benchmarks import hook_requests
from benchmarks.hook_requests import resources_of, searchset
from decision import catalog
from decision.assess import Context, Predictor, assess
from decision.clinical.notice import Notice
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.notices import notice
from fhir.hooks.calls import HookCall
from fhir.hooks.feedback import HookLedger
from fhir.hooks.routes import hook_routes
from fhir.hooks.service import HookService, Respond
from fhir.hooks.tokens import ConfiguredKeys, SignedCallers
from fhir.rest.http import open_http
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import Search, searches
from fhir.smart.keys import KeySets
from fhir.smart.tenant import Client, HookIssuer, Tenant
from fhir.smart.tenants import Tenants
from fhir.store.database import Database, database_url
from fhir.store.replay import UsedTokens
from models.predictor import load_predictor
from tests.builders import ListAuditLog
from tests.demo_servers import MovingClock

__all__ = ["resources_of", "searchset"]

Json = dict[str, Any]
ROOT = Path(__file__).parent.parent
PUBLIC = "https://cds.example.org"
ISSUER = "https://ehr.example.org"
JKU = "https://ehr.example.org/jwks.json"
ORIGIN = "https://sandbox.example.org"
SERVER = "https://ehr.example.org/fhir"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ADALIMUMAB, TOCILIZUMAB, AMOXICILLIN = "327361", "612865", "723"
KEY = ECKey.generate_key("P-384", {"kid": "first", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "second", "use": "sig"})
OTHER_KEY = ECKey.generate_key("P-384", {"kid": "first", "use": "sig"})


def spec_of() -> Any:
    return next(iter(catalog.discover().values()))


def public_keys(*keys: ECKey | RSAKey) -> Json:
    return {"keys": [key.as_dict(private=False) for key in keys or (KEY, RSA)]}


def tenant_of(server: str = SERVER, **changes: Any) -> Tenant:
    given: dict[str, Any] = {
        "id": "north",
        "name": "North hospital",
        "issuer": server,
        "client": Client(id="treatment-response"),
        "site": "simulated-demo",
        "agent": "north",
        "hooks": (HookIssuer(issuer=ISSUER, jku=JKU),),
        "hook_origins": (ORIGIN,),
    }
    return Tenant(**given | changes)


@dataclass
class Parts:
    """A running service: its tenant, its trail, its ledger's database, and what was answered."""

    tenant: Tenant
    app: Starlette
    clock: MovingClock
    audit: ListAuditLog
    database: Database
    keys: FixedKeys
    records: list[PatientRecord] = field(default_factory=list)
    calls: list[HookCall] = field(default_factory=list)

    def send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """One request, through the application itself and without a network."""

        async def sent() -> httpx2.Response:
            transport = httpx2.ASGITransport(app=self.app)
            async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC) as client:
                return await client.request(method, path, **options)

        return asyncio.run(sent())

    def post(self, path: str, body: object, **headers: str) -> httpx2.Response:
        """A signed POST of that body; text and bytes go as they are."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        signed = {"Content-Type": "application/json", **self.signed(path), **headers}
        return self.send("POST", path, content=content, headers=signed)

    def call(self, body: object, service: str = "", **headers: str) -> httpx2.Response:
        return self.post(f"/cds-services/{service or spec_of().id}", body, **headers)

    def signed(self, path: str, **changes: Any) -> dict[str, str]:
        """The header of a token for just that address."""
        return {"Authorization": f"Bearer {token(self.clock, f'{PUBLIC}{path}', **changes)}"}


def token(
    clock: MovingClock,
    audience: object,
    *,
    key: ECKey | RSAKey = KEY,
    header: Json | None = None,
    **claims: Any,
) -> str:
    """A client's token; a claim or header that is None is left out."""
    now = int(clock().timestamp())
    algorithm = "ES384" if isinstance(key, ECKey) else "RS384"
    heading = {"alg": algorithm, "typ": "JWT", "kid": key.kid, "jku": JKU, **(header or {})}
    payload = {
        "iss": ISSUER,
        "aud": audience,
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid.uuid4()),
        **claims,
    }
    kept = {k: v for k, v in payload.items() if v is not None}
    return jwt.encode(
        {k: v for k, v in heading.items() if v is not None},
        kept,
        key,
        algorithms=["ES384", "RS384", "ES256", "RS256"],
    )


class FixedKeys:
    """The key set that `jku` would give, without asking for it; counts who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def of(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(str(request.url))
        return httpx2.Response(200, json=public_keys())


class Remembered:
    """Used tokens of one process."""

    def __init__(self) -> None:
        self._used: set[tuple[str, str]] = set()

    def first_use(self, issuer: str, jti: str, expires: datetime, now: datetime) -> bool:
        known = (issuer, jti) in self._used
        self._used.add((issuer, jti))
        return not known


@contextmanager
def running(
    folder: Path,
    *,
    tenant: Tenant | None = None,
    respond: Any = None,
    audit: ListAuditLog | None = None,
    stored_tokens: bool = False,
    others: tuple[Tenant, ...] = (),
    decisions: tuple[tuple[DecisionSpec, Predictor], ...] = (),
) -> Iterator[Parts]:
    """The services of these decisions, with a trail in memory; of the real one with its real model
    where none is given. Used tokens are remembered in memory too unless that is what is tested:
    each is a write that reaches the disk.
    """
    tenant, clock, audit = tenant or tenant_of(), MovingClock(), audit or ListAuditLog()
    loop = BackgroundLoop()
    outside = open_http()
    database = Database(database_url(folder / "store.sqlite"))
    keys = FixedKeys()
    parts = Parts(tenant, Starlette(), clock, audit, database, keys)

    def answering(spec: DecisionSpec, predictor: Predictor) -> Respond:
        def answer(call: HookCall, record: PatientRecord) -> Notice | None:
            parts.calls.append(call)
            parts.records.append(record)
            context = Context(agent=call.agent, site=call.site, now=clock())
            found = assess(record, spec, predictor, audit, context)
            return notice(found, record, call.ordered)

        return respond or answer

    tenants = Tenants((tenant, *others))
    key_http = httpx2.AsyncClient(transport=httpx2.MockTransport(keys.of))
    guard = UsedTokens(database) if stored_tokens else Remembered()
    finder = ConfiguredKeys(KeySets(key_http, clock, tenants), loop)
    parts.app = Starlette(
        routes=hook_routes(
            services=[
                HookService(spec=s, searches=searches(s), respond=answering(s, p))
                for s, p in decisions or ((spec_of(), PREDICTOR),)
            ],
            callers=SignedCallers(tenants, finder, guard, clock),
            ledger=HookLedger(database),
            loop=loop,
            http=outside,
            clock=clock,
            public_url=PUBLIC,
            origins=tenant.hook_origins,
        )
    )
    try:
        yield parts
    finally:
        loop.run(outside.aclose())
        loop.run(key_http.aclose())
        loop.close()
        database.close()


PREDICTOR = load_predictor(spec_of(), ROOT / "models" / "artifacts" / spec_of().id)
SEARCHES: tuple[Search, ...] = searches(spec_of())
OFFERED = tuple(s for s in SEARCHES if not s.optional)


def prefetch_of(patient: str, chosen: tuple[Search, ...] = OFFERED) -> Json:
    return hook_requests.prefetch_of(patient, chosen)


def patient_view(patient: str = "demo-12", **more: Any) -> Json:
    """A call when a chart is opened, with everything prefetched; None leaves a member out."""
    body = hook_requests.patient_view(patient, OFFERED) | more
    return {k: v for k, v in body.items() if v is not None}


def draft(code: str = ADALIMUMAB, patient: str = "demo-05", **more: Any) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "draft-103",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
    } | more


def order_select(
    patient: str = "demo-05", *drafts: Json, selections: list[Any] | None = None, **more: Any
) -> Json:
    """A call when an order was selected: a draft of adalimumab unless others are given."""
    orders = drafts or (draft(patient=patient),)
    body = patient_view(patient, hook="order-select", **more)
    chosen = [f"{o['resourceType']}/{o['id']}" for o in orders]
    body["context"] = body["context"] | {
        "selections": chosen if selections is None else selections,
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": o} for o in orders]},
    }
    return body


def authorization(bearer: str = "opaque", **more: Any) -> Json:
    given = {
        "access_token": bearer,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/Patient.rs patient/Observation.rs patient/Condition.rs "
        "patient/MedicationRequest.rs patient/Medication.r",
        "subject": "treatment-response",
    } | more
    return {k: v for k, v in given.items() if v is not None}
