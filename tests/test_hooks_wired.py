"""The hook as the composition root wires it: what the trail says was computed and what shown."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from decision.clinical.assessment import AuditAction
from decision.clinical.errors import AuditError
from decision.clinical.notice import Ordered
from decision.ui.texts.trail import what
from fhir.bundles import FolderSource
from fhir.hooks.calls import Hook, HookCall
from fhir.hooks.prefetch import templates
from fhir.rest.searches import searches
from fhir.smart.tenant import Client, Tenant
from tests.builders import ListAuditLog
from wiring import responder

DEMO = Path(__file__).parent.parent / "examples" / "demo_patients"
OPTIONAL = ("MedicationStatement", "MedicationAdministration")
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
TENANT = Tenant(
    id="demo",
    name="Demo",
    issuer="https://ehr.example/fhir",
    client=Client(id="x"),
    site="simulated-demo",
    agent="demo EHR",
)


def called(patient_id: str, *ordered: Ordered) -> HookCall:
    return HookCall(
        service="any",
        hook=Hook.ORDER_SELECT if ordered else Hook.PATIENT_VIEW,
        instance="0a9e8a2e-4d3c-4f5e-9a51-1d2b3c4d5e6f",
        received=NOW,
        tenant=TENANT,
        patient_id=patient_id,
        user="Practitioner/7",
        ordered=ordered,
    )


@pytest.fixture
def heart(real_services, tmp_path):
    """Services with a list for a trail, and the record of somebody with heart failure."""
    services = dataclasses.replace(real_services(tmp_path), audit=ListAuditLog())
    return services, FolderSource(DEMO).load("demo-05")


def test_silence_leaves_one_entry_that_says_nothing_was_shown(real_services, tmp_path):
    services = dataclasses.replace(real_services(tmp_path), audit=ListAuditLog())
    record = FolderSource(DEMO).load("demo-01")
    assert responder(services, services.decisions[0])(called("demo-01"), record) is None
    (event,) = services.audit.events
    assert event.action is AuditAction.ASSESSED
    assert event.outcome["shown"] == "nothing"
    assert "in the background, not shown" in what(services.decisions[0].spec, event)


def test_a_notice_has_an_entry_with_its_very_words(heart):
    services, record = heart
    said = responder(services, services.decisions[0])(
        called("demo-05", Ordered(treatment="tnfi")), record
    )
    assessed, shown = services.audit.events
    assert assessed.outcome["shown"] == "nothing"
    assert shown.action is AuditAction.NOTIFIED
    assert (shown.outcome["summary"], shown.outcome["points"]) == (said.summary, list(said.points))
    assert shown.agent == "demo EHR: Practitioner/7"
    assert what(services.decisions[0].spec, shown) == said.summary


def test_a_notice_that_cannot_be_written_down_is_not_given(heart):
    services, record = heart

    class SecondFails(ListAuditLog):
        def append(self, event):
            if event.action is AuditAction.NOTIFIED:
                raise AuditError("disk full")
            return super().append(event)

    services = dataclasses.replace(services, audit=SecondFails())
    with pytest.raises(AuditError):
        responder(services, services.decisions[0])(
            called("demo-05", Ordered(treatment="tnfi")), record
        )


@pytest.fixture(scope="module")
def client(app) -> TestClient:
    """The routes as served on a laptop, where unsigned calls are answered for the demo."""
    return TestClient(Starlette(routes=app.ROUTES))


def services_of(client: TestClient) -> list[dict]:
    return client.get("/cds-services").json()["services"]


def test_each_decision_that_is_found_has_a_service_with_its_own_questions(app, client):
    """Discovery follows from the catalogue alone, and what one asks for no other one changes."""
    specs = app.WIRED.services.specs
    assert {s["id"] for s in services_of(client)} == set(specs)
    for told in services_of(client):
        assert told["title"] == specs[told["id"]].title
        assert told["prefetch"] == templates(
            s for s in searches(specs[told["id"]]) if not s.optional or s.kind in OPTIONAL
        )


def test_each_decision_answers_in_its_own_name_and_leaves_an_entry_of_its_own(
    real_services, tmp_path
):
    services = dataclasses.replace(real_services(tmp_path), audit=ListAuditLog())
    record = FolderSource(DEMO).load("demo-01")
    for decision in services.decisions:
        assert responder(services, decision)(called("demo-01"), record) is None
    assert [e.decision for e in services.audit.events] == [d.id for d in services.decisions]
    assert {e.outcome["shown"] for e in services.audit.events} == {"nothing"}
