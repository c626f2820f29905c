"""RNA in a hook's answer: results that a laboratory reported count; a file is never fetched."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from benchmarks.hook_requests import patient_view
from decision.clinical.assessment import AuditAction
from decision.clinical.spec import Modality
from fhir.hooks.prefetch import templates
from fhir.rest.searches import searches
from tests.builders import ListAuditLog
from tests.test_expression_record import decision
from tests.test_hooks_wired import OPTIONAL
from tests.test_without_rna import BOTH, card, demo, record
from wiring import Wired

Json = dict[str, Any]
OFFERED = tuple(s for s in searches(decision().spec) if not s.optional or s.kind in OPTIONAL)


@pytest.fixture
def wired(app, tmp_path) -> Wired:
    settings = app.Settings.read({"TREATMENT_RESPONSE_AUDIT": str(tmp_path / "audit.sqlite")})
    made = Wired(settings, app.OUTSIDE)
    made.services = dataclasses.replace(made.services, audit=ListAuditLog())
    return made


def told(wired: Wired, body: Json) -> Json:
    """What was computed for one call, by the trail."""
    client = TestClient(Starlette(routes=wired.routes()))
    answer = client.post(f"/cds-services/{decision().id}", json=body)
    assert answer.status_code == 200
    assessed = [e for e in wired.services.audit.events if e.action is AuditAction.ASSESSED]
    return dict(assessed[-1].outcome)


def probabilities(of) -> Json:
    return {p.treatment: pytest.approx(p.probability, abs=1e-4) for p in of.answer.predictions}


def without_rna(body: Json) -> Json:
    """The same call from a chart that has no such results."""

    def keeps(entry: Json) -> bool:
        return not any(
            code in json.dumps(entry.get("resource", {}).get("code", {})) for code in BOTH
        )

    prefetch = {
        key: found | {"entry": [e for e in found["entry"] if keeps(e)]}
        if isinstance(found, dict) and "entry" in found
        else found
        for key, found in body["prefetch"].items()
    }
    return body | {"prefetch": prefetch}


def test_reported_rna_results_are_asked_for_and_reach_a_hooks_answer(wired, tmp_path):
    body = patient_view("demo-08", OFFERED)
    assert told(wired, body)["probabilities"] == probabilities(card(demo()))
    blind = card(record(tmp_path, without=BOTH))
    assert told(wired, without_rna(body))["probabilities"] == probabilities(blind)


def test_every_rna_input_of_the_decision_is_in_the_offered_searches():
    asked = {code for search in OFFERED for code in search.codes}
    for feature in decision().spec.features:
        if feature.modality is Modality.TRANSCRIPTOMIC:
            codes = {e.code for c in feature.concepts for e in decision().spec.codelists[c].entries}
            assert codes <= asked


def test_no_hook_asks_for_a_file():
    """A file takes longer to fetch and read than a chart waits for a hook."""
    assert "DocumentReference" not in json.dumps(templates(OFFERED))
    assert all(search.kind not in ("DocumentReference", "Binary") for search in OFFERED)
