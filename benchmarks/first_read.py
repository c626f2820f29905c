"""How long a record takes from a real FHIR server on loopback, and the assessment of it.

The server is sekmet-fhir, a process of its own that keeps its data in SQLite. It holds one demo
patient and is asked all searches of the decision, as a launch asks them; its own time is part of
the figure. The entry in the audit trail goes to disk, as always.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from decision import catalog
from decision.assess import Context, assess
from fhir.rest.access import OpenAccess
from fhir.rest.client import FhirClient
from fhir.rest.http import open_http
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import searches
from fhir.rest.source import FhirSource
from fhir.store.audit import SqlAuditLog
from fhir.store.database import Database, database_url
from models.decisions import ARTIFACTS
from models.predictor import load_predictor

WARMING = 3
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def measure(repeats: int) -> dict[str, object]:
    """Medians of reading and of assessing; why not, where the server is not installed."""
    if not Path(sys.executable).with_name("sekmet").exists():
        return {"not_measured": "sekmet-fhir is not installed"}
    from tests.fhir_server import DEMO, demo_resources, served

    spec = next(iter(catalog.discover().values()))
    model = load_predictor(spec, ARTIFACTS / spec.id)
    context = Context(agent="benchmark", site=model.identity.sites[0], now=NOW)
    resources = demo_resources(min(DEMO.glob("*.json")))
    patient = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    reading, assessing = [], []
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as server:
        server.put(*resources)
        audit = SqlAuditLog(Database(database_url(Path(folder) / "audit.sqlite")), bytes(32))
        loop, http = BackgroundLoop(), open_http()
        client = FhirClient(http, OpenAccess(server.base))
        source = FhirSource(client, loop, patient, searches(spec), lambda: NOW)
        for _ in range(WARMING + repeats):
            began = time.perf_counter()
            record = source.load(patient)
            read = time.perf_counter()
            assess(record, spec, model, audit, context)
            reading.append(read - began)
            assessing.append(time.perf_counter() - read)
        gaps = len(record.gaps)
        loop.run(http.aclose())
        loop.close()
    return {
        "repeats": repeats,
        "searches": len(searches(spec)),
        "gaps": gaps,
        "read_p50_s": round(statistics.median(reading[WARMING:]), 3),
        "assess_p50_s": round(statistics.median(assessing[WARMING:]), 3),
    }
