"""The ledger of what is on its way to a chart: one row per resource, and nobody else's."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from fhir.store.database import Database
from fhir.write.outbox import LEASE, Outbox, State, over
from tests.builders import AS_OF
from tests.writing import KEY, launched

FACTS = {"name": "Ada Marker"}


def resource(kind: str = "RiskAssessment", text: str = "MARKED-TEXT") -> dict[str, str]:
    return {"resourceType": kind, "note": text}


@pytest.fixture
def database(place) -> Database:
    return place.database()


@pytest.fixture
def outbox(database) -> Outbox:
    return Outbox(database, KEY)


PERSON = "a" * 64
BOTH = (("k1", resource()), ("k2", resource("DocumentReference")))


def add(outbox: Outbox, decided: str = "d1", about: str = "s1", resources=BOTH, person=PERSON):
    outbox.add(person, decided, about, resources, FACTS, AS_OF)


def states(outbox: Outbox, decided: str = "d1") -> list[State]:
    return [row.state for row in outbox.of(PERSON, decided)]


def test_what_is_added_waits_in_order_with_its_text(outbox):
    add(outbox)
    first, second = outbox.of(PERSON, "d1")
    assert (first.key, first.kind, first.payload) == ("k1", "RiskAssessment", resource())
    assert second.kind == "DocumentReference"
    assert states(outbox) == [State.WAITING, State.WAITING]


def test_the_same_decision_again_changes_nothing(outbox):
    add(outbox)
    add(outbox, resources=(("k1", resource(text="other")), ("k9", resource())))
    assert [row.key for row in outbox.of(PERSON, "d1")] == ["k1", "k2"]
    assert outbox.of(PERSON, "d1")[0].payload == resource()


def test_two_decisions_share_the_resource_of_one_assessment(outbox):
    add(outbox)
    add(outbox, "d2", resources=(("k1", resource()), ("k3", resource("DocumentReference"))))
    row = outbox.claim("d1", "k1", AS_OF)
    outbox.settle(row, State.SENT, AS_OF, place="RiskAssessment/1")
    assert states(outbox, "d2") == [State.SENT, State.WAITING]
    assert outbox.queue(PERSON, "d2") == ("d1", "d2")
    assert outbox.queue(PERSON, "d1") == ("d1",)


def test_decisions_about_other_assessments_do_not_queue(outbox):
    add(outbox)
    add(outbox, "d2", "s2", resources=(("k5", resource()),))
    assert outbox.queue(PERSON, "d2") == ("d2",)


def test_nobody_elses_launch_finds_a_row(outbox):
    add(outbox)
    assert outbox.of("b" * 64, "d1") == ()
    assert outbox.queue("b" * 64, "d1") == ()
    outbox.claim("d1", "k1", AS_OF)
    assert outbox.untold("b" * 64, "d1") is None


def test_whose_a_row_is_follows_tenant_server_and_patient_under_the_key(outbox, database):
    same = outbox.whose(launched())
    assert same == Outbox(database, KEY).whose(launched(encounter="other", agent="other"))
    others = {
        outbox.whose(launched("p2")),
        outbox.whose(launched(tenant="other")),
        outbox.whose(launched(base="http://other/fhir")),
        Outbox(database, bytes(32)).whose(launched()),
    }
    assert len({same, *others}) == 5


def test_a_claim_is_for_one_at_a_time(outbox):
    add(outbox)
    row = outbox.claim("d1", "k1", AS_OF)
    assert row is not None
    assert (row.attempts, row.maybe) == (1, False)
    assert outbox.claim("d1", "k1", AS_OF) is None


def test_of_many_claims_at_once_one_wins(outbox):
    add(outbox)
    won: list[object] = []
    gate = threading.Barrier(4)

    def claim() -> None:
        gate.wait()
        won.append(outbox.claim("d1", "k1", AS_OF))

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(row is not None for row in won) == 1


def test_of_many_that_add_the_same_decision_one_set_stays(outbox):
    gate = threading.Barrier(4)

    def adding() -> None:
        gate.wait()
        add(outbox)

    threads = [threading.Thread(target=adding) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.key for row in outbox.of(PERSON, "d1")] == ["k1", "k2"]


def test_who_never_came_back_may_have_sent_it(outbox):
    add(outbox)
    outbox.claim("d1", "k1", AS_OF)
    later = AS_OF + LEASE
    assert over(outbox.of(PERSON, "d1")[0], later)
    row = outbox.claim("d1", "k1", later)
    assert row is not None
    assert row.maybe


def test_a_clock_set_back_does_not_hold_a_row_for_ever(outbox):
    add(outbox)
    outbox.claim("d1", "k1", AS_OF)
    assert outbox.claim("d1", "k1", AS_OF - timedelta(days=1)) is not None


def test_once_sent_the_text_is_erased_and_the_place_stays(outbox, place):
    add(outbox)
    row = outbox.claim("d1", "k1", AS_OF)
    outbox.settle(row, State.SENT, AS_OF, code=201, place="RiskAssessment/1", etag='W/"1"')
    sent, waiting = outbox.of(PERSON, "d1")
    assert (sent.payload, sent.place, sent.etag) == (None, "RiskAssessment/1", 'W/"1"')
    assert waiting.payload is not None
    assert outbox.claim("d1", "k1", AS_OF + LEASE) is None


def test_the_latecomer_changes_nothing_but_that_it_was_sent(outbox):
    add(outbox)
    early = outbox.claim("d1", "k1", AS_OF)
    late = AS_OF + LEASE
    outbox.claim("d1", "k1", late)
    outbox.settle(early, State.REFUSED, late, code=400)
    assert states(outbox)[0] is State.SENDING
    outbox.settle(early, State.SENT, late, place="RiskAssessment/1")
    assert states(outbox)[0] is State.SENT


def test_what_is_sent_stays_sent(outbox):
    add(outbox)
    row = outbox.claim("d1", "k1", AS_OF)
    outbox.settle(row, State.SENT, AS_OF, place="RiskAssessment/1")
    outbox.settle(row, State.REFUSED, AS_OF, code=400)
    assert outbox.of(PERSON, "d1")[0].place == "RiskAssessment/1"


def test_an_attempt_owes_the_trail_an_entry_until_it_is_told(outbox):
    add(outbox)
    assert outbox.untold(PERSON, "d1") is None
    row = outbox.claim("d1", "k1", AS_OF)
    assert outbox.untold(PERSON, "d1") == FACTS
    outbox.settle(row, State.REFUSED, AS_OF, code=403)
    outbox.tell(PERSON, "d1")
    assert outbox.untold(PERSON, "d1") is None
    outbox.claim("d1", "k1", AS_OF)
    assert outbox.untold(PERSON, "d1") == FACTS


def test_who_it_was_is_forgotten_once_all_is_sent_and_told(outbox):
    add(outbox)
    for key in ("k1", "k2"):
        outbox.settle(outbox.claim("d1", key, AS_OF), State.SENT, AS_OF, place="X/1")
    assert outbox.untold(PERSON, "d1") == FACTS
    outbox.tell(PERSON, "d1")
    assert outbox.untold(PERSON, "d1") is None


def test_what_is_owed_is_found_once_whoever_tried_is_taken_for_dead(outbox):
    add(outbox)
    assert outbox.owing(PERSON, AS_OF + LEASE) == ()
    for key in ("k1", "k2"):
        outbox.settle(outbox.claim("d1", key, AS_OF), State.SENT, AS_OF, place="X/1")
    assert outbox.outstanding(PERSON) == ()
    assert outbox.owing(PERSON, AS_OF + LEASE / 2) == ()
    assert outbox.owing("b" * 64, AS_OF + LEASE) == ()
    assert outbox.owing(PERSON, AS_OF + LEASE) == ("d1",)
    outbox.tell(PERSON, "d1")
    assert outbox.owing(PERSON, AS_OF + LEASE) == ()


def test_old_text_can_be_erased_and_the_row_stays(outbox):
    add(outbox)
    assert outbox.erase(AS_OF) == 0
    assert outbox.erase(AS_OF + timedelta(seconds=1)) == 2
    assert [row.payload for row in outbox.of(PERSON, "d1")] == [None, None]
    assert states(outbox) == [State.WAITING, State.WAITING]
    outbox.claim("d1", "k1", AS_OF)
    assert outbox.untold(PERSON, "d1") is None


def test_a_row_does_not_tell_what_it_holds(outbox):
    add(outbox)
    assert "MARKED-TEXT" not in repr(outbox.of(PERSON, "d1"))


def test_it_is_all_there_for_the_next_process(outbox, place):
    add(outbox)
    outbox.claim("d1", "k1", AS_OF)
    again = Outbox(place.database(), KEY)
    assert again.of(PERSON, "d1") == outbox.of(PERSON, "d1")
