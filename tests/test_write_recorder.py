"""One launch writes to the chart: once, in order, and never without saying how it stands."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest

from decision.clinical.assessment import AuditAction
from decision.clinical.errors import AuditError
from decision.clinical.writing import Delivery, Receipt
from decision.ui.texts import trail
from decision.visit import Recorder
from fhir.errors import NotWritableError
from fhir.write.checks import check
from fhir.write.outbox import LEASE, State
from fhir.write.recorder import ChartRecorder
from tests.writing import (
    DOCUMENT,
    KINDS,
    Case,
    Chart,
    Desk,
    Granted,
    case,
    names,
    references,
)

SUBJECT = "Patient/p1"


@pytest.fixture
def desk(tmp_path, loop) -> Desk:
    return Desk(tmp_path, loop)


def write(recorder: Recorder, found: Case, decided) -> Receipt:
    return recorder.write(found.record, found.card, decided, DOCUMENT)


def outcomes(desk: Desk, found: Case) -> list[tuple[AuditAction, dict[str, object]]]:
    """What the trail says of writes, oldest first."""
    kept = desk.audit.entries(found.record.patient_id, found.record.identity).entries
    wrote = (AuditAction.WROTE_BACK, AuditAction.NOT_WRITTEN)
    return [(e.action, dict(e.outcome)) for _, e in kept if e.action in wrote]


def test_a_decision_becomes_three_resources_in_order(desk):
    chart, found = Chart(), case(desk.audit)
    receipt = write(desk.recorder(chart), found, found.decide())
    assert receipt.delivery is Delivery.SENT
    assert receipt.resources == ("RiskAssessment/1", "DocumentReference/2", "AuditEvent/3")
    assert [r["resourceType"] for r in chart.stored] == list(KINDS)
    for resource in chart.stored:
        sent = {k: v for k, v in resource.items() if k != "id"}
        check(sent, SUBJECT)


def test_the_document_points_at_the_assessment(desk):
    chart, found = Chart(), case(desk.audit)
    write(desk.recorder(chart), found, found.decide())
    (assessment,), (document,) = chart.of("RiskAssessment"), chart.of("DocumentReference")
    (related,) = document["context"]["related"]
    assert related["reference"] == "RiskAssessment/1"
    assert related["identifier"] == assessment["identifier"][0]


def test_the_charts_audit_entry_names_ours_and_holds_no_clinical_value(desk):
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    write(desk.recorder(chart), found, decided)
    (event,) = chart.of("AuditEvent")
    assert decided.audit_id in names(event)
    assert SUBJECT in references(event)
    told = {detail["type"] for entity in event["entity"] for detail in entity.get("detail", ())}
    versions = {"decision", "specification version", "model version"}
    assert told == {*versions, "input hash", "about entry"}


def test_written_twice_it_is_one_set(desk):
    """A double click, a rerun of the page, another launch and another process."""
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    first = write(desk.recorder(chart), found, decided)
    for _ in range(2):
        assert write(desk.recorder(chart), found, decided) == first
        desk.start()
    assert chart.posts == 3
    assert [action for action, _ in outcomes(desk, found)] == [AuditAction.WROTE_BACK]


@pytest.mark.parametrize(("searchable", "conditional"), [(True, False), (False, False)])
def test_two_windows_at_once_write_one_set(desk, searchable, conditional):
    chart, found = Chart(searchable=searchable, conditional=conditional), case(desk.audit)
    decided, gate, receipts = found.decide(), threading.Barrier(2), []

    def window() -> None:
        recorder = desk.recorder(chart)
        gate.wait()
        receipts.append(write(recorder, found, decided))

    threads = [threading.Thread(target=window) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r.delivery for r in receipts] == [Delivery.SENT] * 2
    assert chart.posts == 3


def test_nothing_leaves_that_is_not_in_the_trail(desk):
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    unknown = dataclasses.replace(decided, audit_id="f" * 32)
    other = case(desk.audit).decide()
    entered = found.decide(action=AuditAction.ENTERED)
    renamed = dataclasses.replace(decided, action=AuditAction.OVERRODE)
    recorder = desk.recorder(chart)
    for wrong in (unknown, other, entered, renamed):
        with pytest.raises(NotWritableError, match="no such decision"):
            write(recorder, found, wrong)
    assert chart.posts == 0


def test_a_card_of_one_decision_is_not_written_with_what_was_decided_about_another(desk):
    """Both are about this patient and in the trail: the kind of decision alone tells them apart."""
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    spec = dataclasses.replace(found.card.spec, id="another")
    card = dataclasses.replace(found.card, spec=spec)
    with pytest.raises(NotWritableError, match="no such decision"):
        write(desk.recorder(chart), dataclasses.replace(found, card=card), decided)
    assert chart.posts == 0


def test_a_record_of_somebody_else_or_of_another_server_is_not_written(desk):
    chart = Chart()
    for found in (case(desk.audit, "p2"), case(desk.audit, base="http://other.test/fhir")):
        with pytest.raises(NotWritableError, match="not that of this launch's patient"):
            write(desk.recorder(chart), found, found.decide())
    assert chart.posts == 0


def test_a_document_that_is_too_large_is_an_error_and_nothing_is_kept(desk):
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    large = dataclasses.replace(DOCUMENT, content=b"x" * 800_000)
    recorder = desk.recorder(chart)
    with pytest.raises(NotWritableError, match="1 MB"):
        recorder.write(found.record, found.card, decided, large)
    assert chart.posts == 0
    assert recorder.standing(decided.audit_id) is None


def test_an_entry_of_the_trail_says_what_became_of_it(desk):
    chart, found = Chart(faults=[403]), case(desk.audit)
    decided = found.decide()
    recorder = desk.recorder(chart, kinds=("RiskAssessment",))
    write(recorder, found, decided)
    recorder.retry(decided.audit_id)
    refused, sent = outcomes(desk, found)
    assert refused == (
        AuditAction.NOT_WRITTEN,
        {"about": decided.audit_id, "delivery": Delivery.REFUSED.value, "status": 403},
    )
    assert sent[0] is AuditAction.WROTE_BACK
    assert sent[1]["resources"] == ["RiskAssessment/1"]


def test_an_entry_that_could_not_be_written_is_made_up_for(desk, monkeypatch):
    """A crash or a full disk between the chart's answer and the trail."""
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    with monkeypatch.context() as broken:
        broken.setattr(desk.audit, "append", _full_disk)
        with pytest.raises(AuditError):
            write(desk.recorder(chart), found, decided)
    assert chart.posts == 3
    assert outcomes(desk, found) == []
    desk.start()
    assert write(desk.recorder(chart), found, decided).delivery is Delivery.SENT
    assert chart.posts == 3
    assert [action for action, _ in outcomes(desk, found)] == [AuditAction.WROTE_BACK]


def test_the_next_look_at_the_patient_makes_up_for_it_and_sends_nothing(desk, monkeypatch):
    """Nobody sends again what is in the chart, so sending cannot be what tells the trail."""
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    with monkeypatch.context() as broken:
        broken.setattr(desk.audit, "append", _full_disk)
        with pytest.raises(AuditError):
            write(desk.recorder(chart), found, decided)
    assert chart.posts == 3
    desk.start()
    assert desk.recorder(chart).outstanding() == ()
    assert outcomes(desk, found) == []  # whoever sent it may still be about to tell
    desk.clock.forward(seconds=LEASE.total_seconds())
    assert desk.recorder(chart, patient_id="p2").outstanding() == ()
    assert outcomes(desk, found) == []
    for _ in range(2):
        assert desk.recorder(chart).outstanding() == ()
    ((action, told),) = outcomes(desk, found)
    assert action is AuditAction.WROTE_BACK
    assert told["resources"] == ["RiskAssessment/1", "DocumentReference/2", "AuditEvent/3"]
    assert chart.posts == 3


def _full_disk(event: object) -> str:
    raise AuditError("cannot write the audit trail", "Free some space.")


def obstacles(recorder) -> tuple[str, ...]:
    """What stands in the way of each kind, in words."""
    return tuple(why for kind in KINDS if (why := recorder._sender.obstacle(kind)))


class TestOffers:
    """Only what tenant, launch and server all allow; each missing condition is said in words."""

    def test_all_three_where_everything_allows_it(self, desk):
        recorder = desk.recorder(Chart())
        found = case(desk.audit)
        assert recorder.offers("TNF inhibitor", found.card) == (
            "Document: your decision (TNF inhibitor) with what this page showed.",
            "Risk assessment: both estimates with ranges (simulated).",
            "Audit log: that you did this.",
        )
        real = dataclasses.replace(found.card.model, simulated=False)
        card = dataclasses.replace(found.card, model=real)
        assert "simulated" not in " ".join(recorder.offers("TNF inhibitor", card))
        assert obstacles(recorder) == ()

    def test_nothing_where_the_tenant_did_not_ask(self, desk):
        recorder = desk.recorder(Chart(), kinds=())
        assert recorder.offers() == ()

    def test_nothing_that_was_not_granted(self, desk):
        access = Granted(without=("RiskAssessment.c",))
        recorder = desk.recorder(Chart(), access=access)
        assert len(recorder.offers()) == 2
        (why,) = obstacles(recorder)
        assert why.endswith("as a risk assessment. The chart did not permit it.")

    def test_nothing_that_the_server_does_not_take(self, desk):
        recorder = desk.recorder(Chart(kinds=("DocumentReference",)))
        assert len(recorder.offers()) == 1
        assert all(why.endswith("does not take that.") for why in obstacles(recorder))

    def test_nothing_where_the_server_does_not_say(self, desk):
        recorder = desk.recorder(Chart(down=True))
        assert recorder.offers() == ()
        assert all("did not say whether it takes that" in why for why in obstacles(recorder))

    @pytest.mark.parametrize("user", ["", "Patient/p1", "RelatedPerson/3"])
    def test_nothing_for_somebody_who_is_no_clinician(self, desk, user):
        recorder = desk.recorder(Chart(), fhir_user=user)
        assert recorder.offers() == ()
        assert all("clinician who is signed in" in why for why in obstacles(recorder))

    def test_what_is_not_offered_is_not_written(self, desk):
        chart, found = Chart(kinds=("DocumentReference",)), case(desk.audit)
        receipt = write(desk.recorder(chart), found, found.decide())
        assert receipt.delivery is Delivery.SENT
        (document,) = chart.stored
        assert "related" not in document["context"]

    def test_to_write_where_nothing_is_offered_is_an_error(self, desk):
        found = case(desk.audit)
        with pytest.raises(NotWritableError, match="nothing may be written"):
            write(desk.recorder(Chart(), kinds=()), found, found.decide())


REFUSALS = (400, 403, 404, 405, 409, 412, 413, 422)
BROKEN = (408, 500, 502, 503, 504, "cut")
KEPT = ("lost", "late", "unreadable")


class TestFaults:
    """Nothing is lost, it is said, and it can be sent again later."""

    @pytest.mark.parametrize("status", REFUSALS)
    def test_a_refusal_is_said_and_can_be_sent_again(self, desk, status):
        chart, found = Chart(faults=[status]), case(desk.audit)
        decided = found.decide()
        receipt = write(desk.recorder(chart), found, decided)
        assert receipt.delivery is Delivery.REFUSED
        assert f"(status {status})" in receipt.detail
        assert "Nothing is lost" in receipt.remedy
        assert desk.recorder(chart).standing(decided.audit_id) == receipt
        assert len(chart.of("DocumentReference")) == 1
        assert desk.recorder(chart).retry(decided.audit_id).delivery is Delivery.SENT
        assert sorted(r["resourceType"] for r in chart.stored) == sorted(KINDS)

    def test_a_later_launch_in_another_process_finds_what_is_outstanding(self, desk):
        chart = Chart(faults=[403])
        one, two = case(desk.audit), case(desk.audit)
        refused, alike = one.decide(), two.decide()  # one assessment for both
        recorder = desk.recorder(chart)
        write(recorder, one, refused)
        write(recorder, two, alike)
        desk.start()
        later = desk.recorder(chart)
        assert desk.recorder(chart, patient_id="p2").outstanding() == ()
        assert later.outstanding() == (refused.audit_id, alike.audit_id)
        assert later.retry(refused.audit_id).delivery is Delivery.SENT
        assert later.outstanding() == ()

    def test_a_refusal_is_not_asked_for_again_by_a_rerun_of_the_page(self, desk):
        chart, found = Chart(faults=[403] * 3), case(desk.audit)
        decided = found.decide()
        write(desk.recorder(chart), found, decided)
        assert write(desk.recorder(chart), found, decided).delivery is Delivery.REFUSED
        assert chart.posts == 3
        assert len(outcomes(desk, found)) == 1

    @pytest.mark.parametrize("searchable", [True, False])
    @pytest.mark.parametrize("fault", BROKEN)
    def test_no_clear_answer_is_no_success(self, desk, fault, searchable):
        chart = Chart(faults=[fault], searchable=searchable, conditional=False)
        found = case(desk.audit)
        decided = found.decide()
        recorder = desk.recorder(chart, kinds=("RiskAssessment",))
        assert write(recorder, found, decided).delivery is Delivery.UNSURE
        assert recorder.retry(decided.audit_id).delivery is Delivery.SENT
        assert len(chart.stored) == 1

    @pytest.mark.parametrize("conditional", [True, False])
    @pytest.mark.parametrize("fault", KEPT)
    def test_a_lost_answer_is_found_again_and_not_sent_twice(self, desk, fault, conditional):
        chart = Chart(faults=[fault] * 3, conditional=conditional)
        found = case(desk.audit)
        receipt = write(desk.recorder(chart), found, found.decide())
        assert receipt.delivery is Delivery.SENT
        assert receipt.resources == ("RiskAssessment/1", "DocumentReference/2", "AuditEvent/3")
        assert chart.posts == 3

    @pytest.mark.parametrize("fault", KEPT)
    def test_where_nobody_can_look_it_is_never_sent_twice_by_itself(self, desk, fault):
        chart = Chart(faults=[fault], searchable=False, conditional=False)
        found = case(desk.audit)
        decided = found.decide()
        recorder = desk.recorder(chart)
        for _ in range(3):
            receipt = write(recorder, found, decided)
            assert receipt.delivery is Delivery.UNSURE
            assert receipt.detail.startswith("The risk assessment may not have arrived.")
            assert receipt.remedy == "Look in the chart; send again only if it is not there."
        assert chart.posts == 3
        assert len(chart.of("RiskAssessment")) == 1
        assert recorder.retry(decided.audit_id).delivery is Delivery.SENT
        assert chart.posts == 4

    def test_where_it_can_be_looked_for_it_is_said_that_none_is_filed_twice(self, desk):
        """And it is kept: a look that fails is no reason to send, whoever asks for it."""
        chart, found = Chart(faults=["lost"], conditional=False), case(desk.audit)
        recorder = desk.recorder(chart, kinds=("DocumentReference",))
        chart.blind = True
        decided = found.decide()
        receipt = write(recorder, found, decided)
        assert receipt.detail == "The document may not have arrived."
        assert receipt.remedy == "Send again; it will not be filed twice."
        assert receipt.lacking == ("document not confirmed",)
        assert recorder.retry(decided.audit_id) == receipt
        assert chart.posts == 1
        chart.blind = False
        assert recorder.retry(decided.audit_id).delivery is Delivery.SENT
        assert len(chart.stored) == 1

    def test_where_nobody_can_look_a_document_is_looked_for_by_a_person(self, desk):
        chart = Chart(faults=["lost"], searchable=False, conditional=False)
        found = case(desk.audit)
        receipt = write(desk.recorder(chart, kinds=("DocumentReference",)), found, found.decide())
        assert receipt.remedy == "Look under Documents; send again only if it is not there."

    def test_what_is_lacking_is_named(self, desk):
        chart, found = Chart(faults=["", 403]), case(desk.audit)
        receipt = write(desk.recorder(chart), found, found.decide())
        assert receipt.lacking == ("document missing",)

    def test_without_the_right_to_search_nobody_looks(self, desk):
        chart = Chart(faults=["lost"], conditional=False)
        access = Granted(without=("RiskAssessment.s",))
        found = case(desk.audit)
        recorder = desk.recorder(chart, access=access, kinds=("RiskAssessment",))
        assert write(recorder, found, found.decide()).delivery is Delivery.UNSURE
        assert "GET RiskAssessment" not in chart.asked

    def test_a_doubt_outlives_a_refusal(self, desk):
        """Where nobody can look, the first attempt may still have brought it there."""
        chart = Chart(faults=["lost", 403], searchable=False, conditional=False)
        found = case(desk.audit)
        decided = found.decide()
        recorder = desk.recorder(chart, kinds=("RiskAssessment",))
        write(recorder, found, decided)
        assert recorder.retry(decided.audit_id).delivery is Delivery.UNSURE

    @pytest.mark.parametrize("busy", [429, "down"])
    def test_a_server_that_did_not_take_it_is_tried_again_by_itself(self, desk, busy):
        chart, found = Chart(), case(desk.audit)
        decided = found.decide()
        recorder = desk.recorder(chart)
        recorder.offers()
        if busy == "down":
            chart.down = True
        else:
            chart.faults = [busy]
        assert write(recorder, found, decided).delivery is Delivery.WAITING
        assert chart.stored == []
        chart.down = False
        assert write(recorder, found, decided).delivery is Delivery.SENT

    def test_a_server_that_is_away_before_it_said_what_it_takes_gets_it_later(self, desk):
        chart, found = Chart(down=True), case(desk.audit)
        decided = found.decide()
        receipt = write(desk.recorder(chart), found, decided)
        assert receipt.delivery is Delivery.WAITING
        assert "did not say whether it takes that" in receipt.detail
        chart.down = False
        assert desk.recorder(chart).retry(decided.audit_id).delivery is Delivery.SENT

    def test_ended_access_loses_nothing_and_the_next_launch_sends_it(self, desk):
        chart, found, access = Chart(), case(desk.audit), Granted()
        decided = found.decide()
        recorder = desk.recorder(chart, access=access)
        recorder.offers()
        access.ended = True
        receipt = write(recorder, found, decided)
        assert receipt.delivery is Delivery.WAITING
        assert "Access to the chart ended" in receipt.detail
        assert "Open this page again" in receipt.remedy
        desk.start()
        assert desk.recorder(chart).retry(decided.audit_id).delivery is Delivery.SENT

    def test_a_launch_that_may_not_write_says_so_and_keeps_it(self, desk):
        chart, found = Chart(faults=[429]), case(desk.audit)
        decided = found.decide()
        write(desk.recorder(chart), found, decided)
        poorer = desk.recorder(chart, access=Granted(without=("RiskAssessment.c",)))
        receipt = poorer.retry(decided.audit_id)
        assert receipt.delivery is Delivery.WAITING
        assert "did not permit it" in receipt.detail
        assert desk.recorder(chart).retry(decided.audit_id).delivery is Delivery.SENT

    def test_killed_while_sending_it_is_in_doubt_and_looked_for(self, desk):
        chart, found = Chart(conditional=False), case(desk.audit)
        decided = found.decide()
        recorder = desk.recorder(chart, kinds=("RiskAssessment",))
        chart.faults = [429]
        write(recorder, found, decided)
        person = desk.outbox.whose(recorder._launched)
        (row,) = desk.outbox.of(person, decided.audit_id)
        desk.outbox.claim(decided.audit_id, row.key, desk.clock())  # and then nothing more
        assert recorder.standing(decided.audit_id).delivery is Delivery.WAITING
        desk.clock.forward(seconds=LEASE.total_seconds())
        assert recorder.standing(decided.audit_id).delivery is Delivery.UNSURE
        assert recorder.retry(decided.audit_id).delivery is Delivery.SENT
        assert len(chart.stored) == 1
        assert "GET RiskAssessment" in chart.asked

    def test_text_that_is_no_longer_kept_is_looked_for_and_not_sent(self, desk):
        chart, found = Chart(faults=[403]), case(desk.audit)
        decided = found.decide()
        recorder = desk.recorder(chart, kinds=("RiskAssessment",))
        write(recorder, found, decided)
        desk.outbox.erase(desk.clock() + timedelta(days=30))
        receipt = recorder.retry(decided.audit_id)
        assert receipt.delivery is Delivery.REFUSED
        assert "no longer kept" in receipt.remedy
        assert chart.stored == []


class TestOthers:
    """A row belongs to one patient of one server as one tenant reaches it."""

    @pytest.mark.parametrize(
        "launch", [{"patient_id": "p2"}, {"tenant": "clinic"}, {"base": "http://chart.test/fhir2"}]
    )
    def test_another_launch_finds_nothing(self, desk, launch):
        chart, found = Chart(faults=[403] * 3), case(desk.audit)
        decided = found.decide()
        write(desk.recorder(chart), found, decided)
        stranger = desk.recorder(chart, **launch)
        assert stranger.standing(decided.audit_id) is None
        with pytest.raises(NotWritableError, match="nothing about this decision"):
            stranger.retry(decided.audit_id)
        assert chart.stored == []

    def test_a_colleague_of_the_same_ward_can_send_it(self, desk):
        chart, found = Chart(faults=[403] * 3), case(desk.audit)
        decided = found.decide()
        write(desk.recorder(chart), found, decided)
        colleague = desk.recorder(chart, fhir_user="Practitioner/8", agent="ward: Practitioner/8")
        assert colleague.retry(decided.audit_id).delivery is Delivery.SENT
        assert chart.of("RiskAssessment")[0]["performer"] == {"reference": "Practitioner/7"}
        kept = desk.audit.entries(found.record.patient_id, found.record.identity).entries
        assert kept[-1][1].agent == "ward: Practitioner/8"

    def test_one_of_the_same_id_on_the_server_is_not_taken_for_ours(self, desk):
        chart, found = Chart(faults=["cut"], conditional=False), case(desk.audit)
        chart.stored.append(
            {
                "resourceType": "RiskAssessment",
                "id": "99",
                "subject": {"reference": SUBJECT},
                "identifier": [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:other"}],
            }
        )
        recorder = desk.recorder(chart, kinds=("RiskAssessment",))
        assert write(recorder, found, found.decide()).delivery is Delivery.UNSURE


class TestSecondThoughts:
    """A later decision about the same estimates replaces the earlier one's document."""

    def test_it_shares_the_assessment_and_replaces_the_document(self, desk):
        chart, found = Chart(), case(desk.audit)
        recorder = desk.recorder(chart)
        write(recorder, found, found.decide("a"))
        receipt = write(recorder, found, found.decide("b"))
        assert receipt.delivery is Delivery.SENT
        assert len(chart.of("RiskAssessment")) == 1
        first, second = chart.of("DocumentReference")
        assert "relatesTo" not in first
        (link,) = second["relatesTo"]
        assert link["code"] == "replaces"
        assert link["target"]["reference"] == f"DocumentReference/{first['id']}"
        assert link["target"]["identifier"] == first["identifier"][0]

    def test_an_earlier_one_that_was_refused_goes_first(self, desk):
        chart, found = Chart(faults=[403] * 3), case(desk.audit)
        recorder = desk.recorder(chart)
        first, second = found.decide("a"), found.decide("b")
        write(recorder, found, first)
        assert write(recorder, found, second).delivery is Delivery.REFUSED
        assert chart.stored == []
        assert recorder.retry(second.audit_id).delivery is Delivery.SENT
        assert recorder.standing(first.audit_id).delivery is Delivery.SENT
        one, two = chart.of("DocumentReference")
        assert two["relatesTo"][0]["target"]["reference"] == f"DocumentReference/{one['id']}"

    def test_an_earlier_one_in_doubt_is_named_by_its_identifier(self, desk):
        chart = Chart(searchable=False, conditional=False, faults=["", "lost"])
        found = case(desk.audit)
        recorder = desk.recorder(chart, kinds=KINDS[:2])
        write(recorder, found, found.decide("a"))
        assert write(recorder, found, found.decide("b")).delivery is Delivery.SENT
        one, two = chart.of("DocumentReference")
        target = two["relatesTo"][0]["target"]
        assert target == {"type": "DocumentReference", "identifier": one["identifier"][0]}

    def test_decisions_about_another_assessment_stand_alone(self, desk):
        chart = Chart(faults=[403] * 3)
        one, two = case(desk.audit), case(desk.audit)
        recorder = desk.recorder(chart)
        write(recorder, one, one.decide())
        assert write(recorder, two, two.decide()).delivery is Delivery.REFUSED
        assert len(chart.of("DocumentReference")) == 1
        assert chart.of("DocumentReference")[0].get("relatesTo") is None


def test_what_is_on_the_disk_afterwards_is_no_patients_text(desk):
    chart, found = Chart(), case(desk.audit)
    decided = found.decide()
    recorder = desk.recorder(chart)
    write(recorder, found, decided)
    person = desk.outbox.whose(recorder._launched)
    rows = desk.outbox.of(person, decided.audit_id)
    assert all(row.payload is None for row in rows)
    assert all(row.state is State.SENT for row in rows)
    assert desk.outbox.untold(person, decided.audit_id) is None


def test_the_recorder_is_the_port(desk):
    port: Recorder = desk.recorder(Chart())
    assert isinstance(port, ChartRecorder)


def test_the_trail_on_the_page_says_what_became_of_it(desk):
    chart, found = Chart(faults=[403]), case(desk.audit)
    decided = found.decide()
    recorder = desk.recorder(chart, kinds=("RiskAssessment",))
    write(recorder, found, decided)
    recorder.retry(decided.audit_id)
    kept = desk.audit.entries(found.record.patient_id, found.record.identity).entries
    (_, refused), (_, sent) = kept[-2:]
    about = f"decision {decided.audit_id[:8]}"
    assert trail.action(refused) == "Did not write to the chart"
    assert trail.what(found.card.spec, refused) == f"{about}; refused by the chart's server"
    assert trail.action(sent) == "Wrote to the chart"
    assert trail.what(found.card.spec, sent) == f"{about}; written to the chart; RiskAssessment/1"
