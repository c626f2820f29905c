"""Writing to a real FHIR R4 server, directly and over a line that loses answers."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from secrets import token_hex

import httpx2
import pytest

from decision.clinical.assessment import AuditAction
from decision.clinical.writing import Delivery
from decision.ui.record_document import record_document
from fhir.rest.http import open_http
from fhir.rest.limits import Limits
from fhir.write.risk_assessment import risk_assessment
from tests.between import Between, between
from tests.builders import AS_OF
from tests.fhir_server import FhirServer
from tests.writing import DOCUMENT, Case, Desk, case, foretold

ON_SEKMET = ("RiskAssessment", "DocumentReference", "AuditEvent")


@pytest.fixture
def desk(tmp_path, loop) -> Desk:
    return Desk(tmp_path, loop, limits=Limits(search_seconds=2.0, attempts=1))


@pytest.fixture
def line(fhir_server) -> Iterator[Between]:
    with between(fhir_server.base) as proxy:
        yield proxy


@pytest.fixture
def http(loop) -> Iterator[httpx2.AsyncClient]:
    client = open_http()
    yield client
    loop.run(client.aclose())


@pytest.fixture
def patient(fhir_server) -> str:
    """One of their own for each test."""
    name = f"write-{token_hex(4)}"
    fhir_server.put({"resourceType": "Patient", "id": name})
    return name


def stored(server: FhirServer, kind: str, patient: str) -> list[dict]:
    """Past the code under test; sekmet knows no search of RiskAssessments and gives all."""
    bundle = server.ask("GET", f"{kind}?patient={patient}&_count=500")
    found = [e["resource"] for e in bundle.get("entry", ())]
    return [r for r in found if f"Patient/{patient}" in str(r) and r["resourceType"] == kind]


def wrote(desk: Desk, recorder, found: Case, decided):
    document = record_document(found.card, found.record, decided, "ward: Practitioner/7", at=AS_OF)
    return recorder.write(found.record, found.card, decided, document), document


def test_the_server_itself_lists_no_risk_assessment_so_none_is_offered(
    desk, http, fhir_server, patient
):
    base = fhir_server.base
    found = case(desk.audit, patient, base)
    recorder = desk.recorder(lambda: http, patient_id=patient, base=base)
    assert len(recorder.offers()) == 2
    receipt, document = wrote(desk, recorder, found, found.decide())
    assert receipt.delivery is Delivery.SENT
    (kept,) = stored(fhir_server, "DocumentReference", patient)
    attachment = kept["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == document.content


def test_written_twice_by_two_processes_there_is_one_set(desk, http, line, fhir_server, patient):
    found = case(desk.audit, patient, line.base)
    decided = found.decide(action=AuditAction.DECIDED)
    for _ in range(2):
        recorder = desk.recorder(lambda: http, patient_id=patient, base=line.base)
        receipt, _ = wrote(desk, recorder, found, decided)
        assert receipt.delivery is Delivery.SENT
        desk.start()
    assert tuple(line.posted) == ON_SEKMET
    for kind, reference in zip(ON_SEKMET, receipt.resources, strict=True):
        (kept,) = stored(fhir_server, kind, patient)
        assert reference == f"{kind}/{kept['id']}"
    (assessment,) = stored(fhir_server, "RiskAssessment", patient)
    assert [p["probabilityDecimal"] for p in assessment["prediction"]] == [52, 48]


def test_without_its_ledger_the_server_still_keeps_one_document(
    tmp_path, desk, loop, http, line, fhir_server, patient
):
    """The identifier is deterministic and the create conditional: two stores, one document."""
    found = case(desk.audit, patient, line.base)
    decided = found.decide()
    here = {"patient_id": patient, "base": line.base, "kinds": ("DocumentReference",)}
    wrote(desk, desk.recorder(lambda: http, **here), found, decided)
    other = tmp_path / "other"
    other.mkdir()
    second = Desk(other, loop, limits=desk.limits)
    second.audit = desk.audit
    receipt, _ = wrote(second, second.recorder(lambda: http, **here), found, decided)
    assert receipt.delivery is Delivery.SENT
    assert len(stored(fhir_server, "DocumentReference", patient)) == 1
    assert len(line.posted) == 2


@pytest.mark.parametrize("fault", ["lost", "slow"])
def test_a_lost_answer_about_a_document_is_found_by_searching(
    desk, http, line, fhir_server, patient, fault
):
    found = case(desk.audit, patient, line.base)
    line.faults = [fault]
    here = {"patient_id": patient, "base": line.base, "kinds": ("DocumentReference",)}
    receipt, _ = wrote(desk, desk.recorder(lambda: http, **here), found, found.decide())
    assert receipt.delivery is Delivery.SENT
    (kept,) = stored(fhir_server, "DocumentReference", patient)
    assert receipt.resources == (f"DocumentReference/{kept['id']}",)
    assert len(line.posted) == 1


def test_a_lost_answer_about_an_assessment_is_said_and_not_repeated(
    desk, http, line, fhir_server, patient
):
    found = case(desk.audit, patient, line.base)
    decided = found.decide()
    line.faults = ["lost"]
    recorder = desk.recorder(lambda: http, patient_id=patient, base=line.base)
    for _ in range(2):
        receipt, _ = wrote(desk, recorder, found, decided)
        assert receipt.delivery is Delivery.UNSURE
        assert "The risk assessment may not have arrived" in receipt.detail
    assert line.posted.count("RiskAssessment") == 1
    assert len(stored(fhir_server, "RiskAssessment", patient)) == 1
    assert len(stored(fhir_server, "DocumentReference", patient)) == 1


def test_a_refusal_loses_nothing_and_is_sent_by_the_next_process(
    desk, http, line, fhir_server, patient
):
    found = case(desk.audit, patient, line.base)
    decided = found.decide()
    line.faults = [403, 422, 500]
    here = {"patient_id": patient, "base": line.base}
    receipt, _ = wrote(desk, desk.recorder(lambda: http, **here), found, decided)
    assert receipt.delivery is Delivery.REFUSED
    assert "Nothing is lost" in receipt.remedy
    desk.start()
    recorder = desk.recorder(lambda: http, **here)
    assert recorder.standing(decided.audit_id) == receipt
    assert recorder.retry(decided.audit_id).delivery is Delivery.SENT
    for kind in ON_SEKMET:
        assert len(stored(fhir_server, kind, patient)) == 1


def test_a_later_decision_replaces_the_document_on_the_server(
    desk, http, line, fhir_server, patient
):
    found = case(desk.audit, patient, line.base)
    recorder = desk.recorder(lambda: http, patient_id=patient, base=line.base)
    for chosen in ("a", "b"):
        receipt, _ = wrote(desk, recorder, found, found.decide(chosen))
        assert receipt.delivery is Delivery.SENT
    assert len(stored(fhir_server, "RiskAssessment", patient)) == 1
    documents = stored(fhir_server, "DocumentReference", patient)
    (later,) = [d for d in documents if "relatesTo" in d]
    (first,) = [d for d in documents if d is not later]
    target = later["relatesTo"][0]["target"]["reference"]
    assert target == f"DocumentReference/{first['id']}"


def test_the_server_finds_the_simulated_ones_by_their_code(desk, http, line, fhir_server, patient):
    found = case(desk.audit, patient, line.base)
    recorder = desk.recorder(lambda: http, patient_id=patient, base=line.base)
    wrote(desk, recorder, found, found.decide())
    (kept,) = stored(fhir_server, "RiskAssessment", patient)
    assert kept["method"]["coding"][0]["code"] == "simulated-model"
    assert kept["meta"]["tag"][0]["code"] == "simulated-model"


def test_a_prognosis_is_kept_as_it_was_sent_and_once(desk, http, line, fhir_server, patient):
    found = foretold(desk.audit, patient, line.base)
    decided = found.decide("repeat-test")
    for _ in range(2):
        recorder = desk.recorder(lambda: http, patient_id=patient, base=line.base)
        receipt = recorder.write(found.record, found.card, decided, DOCUMENT)
        assert receipt.delivery is Delivery.SENT
        desk.start()
    assert tuple(line.posted) == ON_SEKMET
    (kept,) = stored(fhir_server, "RiskAssessment", patient)
    sent = risk_assessment(found.record, found.card, recorder._launched)
    assert {k: v for k, v in kept.items() if k not in ("id", "meta")} == {
        k: v for k, v in sent.items() if k != "meta"
    }
    assert kept["meta"]["tag"] == sent["meta"]["tag"]
    assert len(stored(fhir_server, "DocumentReference", patient)) == 1


def test_a_server_that_refuses_a_prognosis_loses_nothing(desk, http, line, fhir_server, patient):
    found = foretold(desk.audit, patient, line.base)
    decided = found.decide("monitor")
    line.faults = [403, 422, 500]
    here = {"patient_id": patient, "base": line.base}
    recorder = desk.recorder(lambda: http, **here)
    assert recorder.write(found.record, found.card, decided, DOCUMENT).delivery is Delivery.REFUSED
    assert stored(fhir_server, "RiskAssessment", patient) == []
    desk.start()
    assert desk.recorder(lambda: http, **here).retry(decided.audit_id).delivery is Delivery.SENT
    (kept,) = stored(fhir_server, "RiskAssessment", patient)
    assert [p["probabilityDecimal"] for p in kept["prediction"]] == [8, 17, 41]
