"""The second decision the whole way: a chart's hook, the card, the launch, the estimate, and back
into the chart, with the parts as they are wired and everything on loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fhir.resources.R4B.riskassessment import RiskAssessment
from starlette.applications import Starlette
from starlette.routing import Mount

from benchmarks.hook_requests import order_select, patient_view, resources_of
from decision.assess import NoModel, assess, record_choice
from decision.clinical.assessment import AuditAction, Card, PrognosisCard
from decision.clinical.record import PatientRecord
from decision.clinical.writing import ChosenTreatment, Delivery
from decision.ui.record_document import record_document
from decision.visit import Visit
from examples.demo_ehr import Ehr
from fhir.hooks.cards import LONGEST_SUMMARY
from fhir.rest.searches import Search, searches
from parts import Outside
from settings import Settings
from tests.demo_servers import MovingClock, bound, query_of, serving
from tests.smart_app import ENTERED, Browser
from tests.test_hooks_cards import empty
from wiring import Wired

DECISION = "t1d_progression"
PATIENTS = ("demo-t1-02", "demo-t1-04")
"""A child in stage 1 and one in stage 2."""
Json = dict[str, Any]


@dataclass
class Running:
    """The product with the demonstration's EHR, wired as it is served, without its pages."""

    url: str
    wired: Wired
    ehr: Ehr
    browser: Browser

    @property
    def decision(self):
        return self.wired.services.decision(DECISION)

    def call(self, body: Json, decision: str = DECISION) -> list[Json]:
        """The cards of one call of the hook, checked for what CDS Hooks asks of any."""
        answer = self.browser.http.post(f"{self.url}/cds-services/{decision}", json=body)
        assert answer.status_code == 200, answer.text
        cards = answer.json()["cards"]
        assert len(cards) <= 1
        for card in cards:
            assert not empty(card)
            assert 0 < len(card["summary"]) <= LONGEST_SUMMARY
            assert card["indicator"] == "info"
        return cards

    def asked(self) -> list[Search]:
        """Everything: this EHR has the kinds that many servers lack."""
        return list(searches(self.decision.spec))

    def launched(self, patient: str) -> Visit:
        """What the chart's frame gets: a launch through the EHR's own login and back."""
        (client,) = self.ehr.clients
        there = self.browser.follow(self.ehr.launch(client, patient), until=ENTERED)
        assert there.is_redirect, there.text
        cookies = self.browser.cookies[urlsplit(self.url).netloc]
        visit = self.wired.services.doors.visit(query_of(there.headers["location"])["lid"], cookies)
        assert isinstance(visit, Visit)
        assert visit.recorder is not None
        return visit

    def shown(self, visit: Visit) -> tuple[PatientRecord, Card]:
        """The chart's record and what the page would show of it."""
        services = self.wired.services
        record = visit.source.load(str(visit.patient_id))
        found = assess(
            record,
            self.decision.spec,
            self.decision.predictor,
            services.audit,
            services.context(visit),
        )
        assert isinstance(found, PrognosisCard), found.causes
        return record, found

    def decided(
        self, visit: Visit, record: PatientRecord, card: Card, chosen: str
    ) -> ChosenTreatment:
        services, action = self.wired.services, AuditAction.DECIDED
        audit_id = record_choice(
            card, record, action, {"chosen": chosen}, services.audit, services.context(visit)
        )
        return ChosenTreatment(action=action, chosen=chosen, reason="", audit_id=audit_id)

    def kept(self, kind: str, patient: str) -> list[Json]:
        """What the EHR itself holds of that kind about a patient."""
        return [r for r in self.ehr.chart.all_of(kind) if f"Patient/{patient}" in str(r)]


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[Running]:
    folder: Path = tmp_path_factory.mktemp("progression")
    place, outside = bound(), Outside.open(MovingClock())
    settings = Settings.read(
        {"TREATMENT_RESPONSE_AUDIT": str(folder / "audit.sqlite")}, port=place.getsockname()[1]
    )
    wired = Wired(settings, outside)
    routes = wired.routes()
    (demo,) = (route.app for route in routes if isinstance(route, Mount))
    with serving(Starlette(routes=routes), place) as url:
        browser = Browser()
        yield Running(url, wired, demo.state.ehr, browser)
        browser.http.close()
    outside.close()


@pytest.fixture
def modelled(running) -> Running:
    """The same; where the shipped model cannot be loaded, its own words."""
    predictor = running.decision.predictor
    if isinstance(predictor, NoModel):
        pytest.fail(f"the model is not there: {predictor.detail}")
    return running


def test_discovery_lists_it_at_both_hooks_beside_the_other_decision(running):
    services = running.browser.http.get(f"{running.url}/cds-services").json()["services"]
    mine = [s for s in services if s["id"] == DECISION]
    assert [s["hook"] for s in mine] == ["patient-view", "order-select"]
    assert "teplizumab is selected" in mine[1]["description"]
    assert {s["id"] for s in services} == set(running.wired.services.specs)
    assert not empty(services)


@pytest.mark.parametrize("patient", PATIENTS)
def test_what_is_shown_of_a_child_goes_back_into_the_chart_once(modelled, patient):
    visit = modelled.launched(patient)
    record, card = modelled.shown(visit)
    words = visit.recorder.offers("Monitor", card)
    assert "Risk assessment: the risks at 1, 2 and 5 years with ranges (simulated)." in words
    decided = modelled.decided(visit, record, card, "monitor")
    document = record_document(card, record, decided, visit.agent, at=card.as_of)
    for _ in range(2):
        receipt = visit.recorder.write(record, card, decided, document)
        assert receipt.delivery is Delivery.SENT, receipt.detail
    (kept,) = modelled.kept("RiskAssessment", patient)
    RiskAssessment.model_validate(kept)
    shown = [100 * risk.probability for risk in card.answer.risks]
    written = [p["probabilityDecimal"] for p in kept["prediction"]]
    assert all(abs(w - s) <= 0.5 + 1e-9 for w, s in zip(written, shown, strict=True))
    codes = [p["outcome"]["coding"][0]["code"] for p in kept["prediction"]]
    assert codes == [f"{DECISION}.outcome-within.{name}" for name in ("1y", "2y", "5y")]
    band = kept["prediction"][-1]["qualitativeRisk"]["coding"][0]["code"]
    assert band == f"{DECISION}.band.{card.band}"
    assert card.situation.classification.label in kept["note"][0]["text"]
    assert kept["method"]["coding"][0]["code"] == "simulated-model"
    in_chart = {f"{r['resourceType']}/{r['id']}" for r in resources_of(patient)}
    assert {b["reference"] for b in kept["basis"]} <= in_chart | {f"Patient/{patient}"}
    (filed,) = modelled.kept("DocumentReference", patient)
    assert filed["description"].startswith("Chosen: Continue monitoring")
    assert filed["context"]["related"][0]["reference"] == f"RiskAssessment/{kept['id']}"


def test_a_chart_of_stage_2_is_opened_to_one_card_with_stage_risk_and_a_way_in(modelled):
    (card,) = modelled.call(patient_view("demo-t1-04", modelled.asked()))
    assert card["summary"].startswith("Stage 2")
    first, *_, last = card["detail"].split("\n")
    assert "of 100 simulated children" in first
    assert "within 5 years (" in first
    assert last.startswith("- Simulated model")
    (link,) = card["links"]
    assert (link["type"], link["url"]) == ("smart", f"{modelled.url}/launch")
    assert link["appContext"] == card["uuid"]


def test_a_chart_of_stage_1_is_opened_without_a_word(running):
    assert running.call(patient_view("demo-t1-02", running.asked())) == []


@pytest.mark.parametrize(
    ("patient", "summary"),
    [
        ("demo-t1-02", "AVOID for teplizumab: outside stage 2."),
        ("demo-t1-13", "AVOID for teplizumab: below the label's age."),
    ],
)
def test_ordering_its_drug_against_the_label_gives_one_card(running, patient, summary):
    drug = running.decision.spec.codelists["teplizumab"].entries[0].code
    body = order_select(patient, running.asked(), drug.system, drug.code)
    (card,) = running.call(body)
    assert card["summary"] == summary
    assert "of 100" not in card["detail"]


def test_ordering_it_in_stage_2_at_the_age_of_the_label_is_met_with_silence(running):
    drug = running.decision.spec.codelists["teplizumab"].entries[0].code
    body = order_select("demo-t1-04", running.asked(), drug.system, drug.code)
    assert running.call(body) == []


@pytest.mark.parametrize("patient", ["demo-01", "demo-t1-08", "demo-t1-10"])
def test_ordering_it_for_somebody_it_is_not_for_is_warned_of(running, patient):
    """Without an antibody, after the diagnosis, or untested: its label holds for everybody."""
    drug = running.decision.spec.codelists["teplizumab"].entries[0].code
    (card,) = running.call(order_select(patient, running.asked(), drug.system, drug.code))
    assert card["summary"] == "AVOID for teplizumab: outside stage 2."


def test_nobody_elses_chart_was_written_to(modelled):
    for patient in ("demo-t1-03", "demo-01"):
        assert modelled.kept("RiskAssessment", patient) == []


@pytest.mark.parametrize("patient", ["demo-01", "demo-t1-08"])
def test_whom_it_is_not_for_hears_nothing_of_it(running, patient):
    """Arthritis without any islet antibody; diabetes that is diagnosed already."""
    assert running.call(patient_view(patient, running.asked())) == []


def test_a_child_before_diabetes_hears_nothing_of_arthritis(running):
    other = next(i for i in running.wired.services.specs if i != DECISION)
    spec = running.wired.services.specs[other]
    asked = searches(spec)
    assert running.call(patient_view("demo-t1-04", asked), other) == []
    drug = spec.codelists[spec.treatments[0].id].entries[0].code
    body = order_select("demo-t1-04", asked, drug.system, drug.code)
    assert running.call(body, other) == []
