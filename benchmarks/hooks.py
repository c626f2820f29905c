"""How long a client of the CDS Hooks service waits, once its data are there: everything prefetched,
signed, over loopback HTTP, with the real model, trail and ledger on disk.

`python -m benchmarks.hooks --json` prints one JSON object on its last line. `json_ms` is that of
`json.loads` on the same bodies in the same run: it tells a slow machine from a slow service.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette

from benchmarks.hook_requests import Json, order_select, patient_ids, patient_view
from benchmarks.running_app import ROOT
from decision import catalog
from decision.assess import Context, assess
from decision.clinical.notice import Notice
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.notices import notice
from fhir.hooks.calls import HookCall
from fhir.hooks.feedback import HookLedger
from fhir.hooks.routes import hook_routes
from fhir.hooks.service import HookService
from fhir.hooks.tokens import ConfiguredKeys, SignedCallers
from fhir.rest.http import open_http
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import searches
from fhir.smart.keys import KeySets
from fhir.smart.tenant import Client, HookIssuer, Tenant
from fhir.smart.tenants import Tenants
from fhir.store.audit import SqlAuditLog
from fhir.store.database import Database, database_url
from fhir.store.keys import kept_key
from fhir.store.replay import UsedTokens
from models.predictor import load_predictor

ISSUER = "https://ehr.example.org"
TARGET_MS = 500
"""CDS Hooks asks a service to answer on the order of 500 ms."""


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Served:
    """A running service: its address, its decision, and the key its client signs with."""

    address: str
    spec: DecisionSpec
    key: ECKey

    @property
    def endpoint(self) -> str:
        return f"{self.address}/cds-services/{self.spec.id}"

    def token(self) -> str:
        now = int(time.time())
        claims: Json = {"iss": ISSUER, "aud": self.endpoint, "iat": now, "exp": now + 300}
        claims["jti"] = str(uuid.uuid4())
        header = {"alg": "ES384", "typ": "JWT", "kid": self.key.kid}
        return jwt.encode(header, claims, self.key, algorithms=["ES384"])


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """The service in a thread of this process, on a free port, with a store in that folder."""
    spec = next(iter(catalog.discover().values()))
    key = ECKey.generate_key("P-384", {"kid": "bench", "use": "sig"})
    keys_file = folder / "keys.json"
    keys_file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}), encoding="utf-8")
    tenant = Tenant(
        id="bench",
        name="Benchmark",
        issuer=f"{ISSUER}/fhir",
        client=Client(id="bench"),
        site="simulated-demo",
        agent="bench",
        hooks=(HookIssuer(issuer=ISSUER, keys_file=keys_file),),
    )
    tenants, loop, http = Tenants((tenant,)), BackgroundLoop(), open_http()
    database = Database(database_url(folder / "store.sqlite"))
    audit = SqlAuditLog(database, kept_key(database))
    predictor = load_predictor(spec, ROOT / "models" / "artifacts" / spec.id)

    def respond(call: HookCall, record: PatientRecord) -> Notice | None:
        context = Context(agent=call.agent, site=call.site, now=clock())
        found = assess(record, spec, predictor, audit, context)
        return notice(found, record, call.ordered)

    place = socket.socket()
    place.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{place.getsockname()[1]}"
    keys = ConfiguredKeys(KeySets(http, clock, tenants), loop)
    routes = hook_routes(
        services=[HookService(spec=spec, searches=searches(spec), respond=respond)],
        callers=SignedCallers(tenants, keys, UsedTokens(database), clock),
        ledger=HookLedger(database),
        loop=loop,
        http=http,
        clock=clock,
        public_url=address,
    )
    config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield Served(address, spec, key)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        place.close()
        loop.run(http.aclose())
        loop.close()
        database.close()


def bodies(spec: DecisionSpec) -> list[bytes]:
    """For each demo patient, an opened chart and an order of each class."""
    asked = [search for search in searches(spec) if not search.optional]
    drugs = [spec.codelists[treatment.id].entries[0].code for treatment in spec.treatments]
    found: list[Json] = []
    for patient in patient_ids():
        found.append(patient_view(patient, asked))
        found += [order_select(patient, asked, drug.system, drug.code) for drug in drugs]
    return [json.dumps(body).encode() for body in found]


def measure(repeats: int) -> Json:
    """Milliseconds of every call, one after the other, after one round that is not counted."""
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as service:
        calls = bodies(service.spec)
        taken: list[float] = []
        parsed: list[float] = []
        cards = 0
        with httpx2.Client(trust_env=False, timeout=60) as client:
            for turn in range(repeats + 1):
                for body in calls:
                    headers = {
                        "Authorization": f"Bearer {service.token()}",
                        "Content-Type": "application/json",
                    }
                    began = time.perf_counter()
                    answer = client.post(service.endpoint, content=body, headers=headers)
                    ended = time.perf_counter()
                    assert answer.status_code == 200, answer.text
                    json.loads(body)
                    if turn:
                        taken.append(1000 * (ended - began))
                        parsed.append(1000 * (time.perf_counter() - ended))
                        cards += len(answer.json()["cards"])
    ordered = sorted(taken)
    return {
        "calls": len(taken),
        "cards": cards,
        "body_kb_median": round(statistics.median(map(len, calls)) / 1000, 1),
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[int(0.95 * len(ordered))], 1),
        "max_ms": round(ordered[-1], 1),
        "json_ms": round(statistics.median(parsed), 2),
        "target_p50_ms": TARGET_MS,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    result = measure(asked.repeats)
    if asked.json:
        print(json.dumps(result))
    else:
        print(f"median {result['p50_ms']} ms, 95 of 100 within {result['p95_ms']} ms")


if __name__ == "__main__":
    main()
