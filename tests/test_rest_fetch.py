"""A record from many searches: whole, or with a gap for each that is not; never a stranger's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from decision.clinical.codes import Code
from decision.clinical.progress import Progress
from decision.clinical.record import GapReason, IssueKind, Part, PatientRecord
from fhir.errors import (
    AccessEndedError,
    FhirError,
    OtherPatientError,
    ServerError,
    StandingError,
    UnknownPatientError,
)
from fhir.rest.access import OpenAccess
from fhir.rest.client import FhirClient
from fhir.rest.fetch import fetch_record
from fhir.rest.http import open_http
from fhir.rest.limits import Limits
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import Search
from fhir.rest.source import FhirSource
from tests.fhir_builders import LOINC, NAME, condition, medication, observation, patient
from tests.rest_server import (
    QUICK,
    Asked,
    Granted,
    Reply,
    Scripted,
    capabilities,
    fhir,
    outcome,
    run,
    scripted,
    searchset,
    silence,
)

AS_OF = datetime(2026, 11, 16, 9, tzinfo=UTC)
CRP = Code(system=LOINC, code="1988-5")
ESR = Code(system=LOINC, code="4537-7")
Json = dict[str, Any]


def asks(key: str, kind: str, part: Part, *codes: Code, optional: bool = False) -> Search:
    token = ",".join(f"{c.system}|{c.code}" for c in codes)
    return Search(
        key=key,
        kind=kind,
        part=part,
        label=f"the {key}",
        codes=codes,
        parameters=(("code", token),) if codes else (),
        optional=optional,
    )


LABS = asks("labs", "Observation", Part.OBSERVATIONS, CRP)
ESRS = asks("rates", "Observation", Part.OBSERVATIONS, ESR)
CONDITIONS = asks("conditions", "Condition", Part.CONDITIONS)
ORDERS = asks("orders", "MedicationRequest", Part.MEDICATIONS)
GIVEN = asks("given", "MedicationAdministration", Part.MEDICATIONS, optional=True)
EVERY = (LABS, CONDITIONS, ORDERS)
KINDS = ("Patient", "Observation", "Condition", "MedicationRequest")


def chart(**replies: Reply | list[Json]) -> Callable[[Asked], Reply]:
    """A server by resource type: a reply, or the resources that a search finds."""

    def answer(asked: Asked) -> Reply:
        kind, _, identity = asked.path.partition("/")
        if kind == "metadata":
            return replies.get("metadata") or fhir(capabilities(*KINDS))
        known = replies.get(kind, fhir(patient()) if kind == "Patient" else [])
        if isinstance(known, Reply):
            return known
        if identity:
            held = [r for r in known if r["id"] == identity]
            return fhir(held[0]) if held else fhir(outcome("not-found"), 404)
        return fhir(searchset(*known))

    return answer


def fetched(
    answer: Callable[[Asked], Reply],
    searches: tuple[Search, ...] = EVERY,
    *,
    granted: dict[str, str] | None = None,
    limits: Limits = QUICK,
    **more: Any,
) -> tuple[PatientRecord, Scripted]:
    with scripted(answer) as server:
        access = Granted(server.base, scopes=granted)
        record = run(
            server.base,
            lambda client: fetch_record(client, "p1", searches, AS_OF, **more),
            access=access,
            limits=limits,
        )
    return record, server


def test_all_searches_become_one_record_as_of_the_moment_it_was_asked_for():
    record, server = fetched(
        chart(
            Observation=[observation()], Condition=[condition()], MedicationRequest=[medication()]
        )
    )
    assert record.as_of == AS_OF
    assert record.identity.server == server.base
    assert [len(part) for part in (record.observations, record.conditions, record.medications)] == [
        1,
        1,
        1,
    ]
    assert (record.gaps, record.issues) == ((), ())
    assert {a.query["patient"] for a in server.asked if a.query} == {"p1"}


def test_nothing_found_is_no_gap():
    record, _ = fetched(chart())
    assert (record.observations, record.gaps) == ((), ())


def test_a_resource_that_two_searches_find_is_there_once():
    record, _ = fetched(chart(Observation=[observation()]), (LABS, ESRS))
    assert len(record.observations) == 1
    assert record.issues == ()


def test_of_two_versions_seen_on_the_way_the_later_counts_and_it_is_said():
    first = observation(meta={"versionId": "1", "lastUpdated": "2026-11-16T08:00:00Z"})
    later = observation(
        meta={"versionId": "2", "lastUpdated": "2026-11-16T08:59:59Z"},
        valueQuantity={
            "value": 40,
            "unit": "mg/L",
            "system": "http://unitsofmeasure.org",
            "code": "mg/L",
        },
    )
    versions = [first, later]
    usual = chart()

    def answer(asked: Asked) -> Reply:
        if asked.path == "Observation":
            return fhir(searchset(versions[asked.query["code"].endswith(ESR.code)]))
        return usual(asked)

    record, _ = fetched(answer, (LABS, ESRS))
    assert [o.value.value for o in record.observations] == [40]
    assert [i.kind for i in record.issues] == [IssueKind.DUPLICATE]


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (fhir(outcome("forbidden", diagnostics=NAME), 403), GapReason.NOT_PERMITTED),
        (fhir(outcome("exception", diagnostics=NAME), 500), GapReason.FAILED),
        (Reply(-1), GapReason.FAILED),
        (Reply(302, headers={"Location": "http://other.example/"}), GapReason.FAILED),
        (fhir(searchset(self_="Observation?patient=p1")), GapReason.FAILED),
        (
            fhir(searchset(observation(), next="http://other.example/fhir/x")),
            GapReason.CUT_OFF,
        ),
        (fhir(searchset(observation(), outcome("incomplete"))), GapReason.CUT_OFF),
    ],
    ids=["403", "500", "lost", "redirect", "parameter ignored", "next elsewhere", "incomplete"],
)
def test_a_search_that_does_not_bring_everything_is_a_gap_with_its_reason(reply, reason):
    record, _ = fetched(chart(Observation=reply, Condition=[condition()]))
    (gap,) = record.gaps
    assert (gap.part, gap.reason, gap.codes) == (Part.OBSERVATIONS, reason, (CRP,))
    assert gap.label == "the labs"
    assert gap.detail.endswith(".")
    assert gap.remedy.endswith(".")
    assert NAME not in repr(gap)
    assert "p1" not in repr(gap)
    assert len(record.conditions) == 1
    assert len(record.observations) == (reason is GapReason.CUT_OFF)


def test_what_the_access_does_not_cover_is_a_gap_and_is_not_asked():
    scopes = {"Patient": "r", "Condition": "rs", "MedicationRequest": "r"}
    record, server = fetched(chart(Condition=[condition()]), granted=scopes)
    assert [(g.part, g.reason) for g in record.gaps] == [
        (Part.OBSERVATIONS, GapReason.NOT_PERMITTED),
        (Part.MEDICATIONS, GapReason.NOT_PERMITTED),
    ]
    assert {a.path for a in server.asked} == {"Patient/p1", "Condition"}


def test_what_a_server_does_not_list_is_asked_for_and_a_refusal_is_a_gap():
    """Servers offer more than their statement says, and it may be an hour old."""
    listed = fhir(capabilities("Patient"))
    given = {"status": "completed", "effectiveDateTime": "2025-02-03"}
    infusion = medication("MedicationAdministration", "g1", **given)
    answer = chart(metadata=listed, MedicationAdministration=[infusion], Condition=[condition()])
    record, _ = fetched(answer, (*EVERY, GIVEN))
    assert record.gaps == ()
    assert [len(record.medications), len(record.conditions)] == [1, 1]
    refused = fhir(outcome("not-supported"), 404)
    record, _ = fetched(chart(metadata=listed, MedicationAdministration=refused), (*EVERY, GIVEN))
    (gap,) = record.gaps
    assert (gap.part, gap.reason, gap.codes) == (Part.MEDICATIONS, GapReason.FAILED, ())


def test_what_is_by_choice_not_asked_for_is_said_in_the_record_and_is_no_gap():
    record, server = fetched(chart(), unasked=(GIVEN,))
    assert record.gaps == ()
    assert record.unasked == ("the given",)
    (issue,) = record.issues
    assert (issue.kind, issue.reference) == (IssueKind.INCOMPLETE, "MedicationAdministration")
    assert "the given are not read" in issue.detail
    assert not server.of("MedicationAdministration")


def test_a_scope_for_a_part_is_a_gap_however_whole_the_answer_looks():
    answer = chart(MedicationRequest=[medication()], Condition=[condition()])
    for given in ({}, {"orders": [medication()]}):
        with scripted(answer) as server:
            record = run(
                server.base,
                lambda c, given=given: fetch_record(c, "p1", EVERY, AS_OF, given=given),
                access=Granted(server.base, parts=frozenset({"MedicationRequest"})),
            )
        (gap,) = record.gaps
        assert (gap.part, gap.reason, gap.codes) == (Part.MEDICATIONS, GapReason.CUT_OFF, ())
        assert "permitted reading only a part" in gap.detail
        assert len(record.medications) == 1


def test_a_server_that_does_not_say_what_it_offers_is_asked_for_everything():
    answer = chart(metadata=fhir(outcome("forbidden"), 403), Observation=[observation()])
    record, server = fetched(answer, (*EVERY, GIVEN))
    assert len(record.observations) == 1
    assert server.of("MedicationAdministration")


@pytest.mark.parametrize(("offered", "asked"), [("combo-code", "combo-code"), ("date", "code")])
def test_codes_in_the_parts_of_a_panel_are_searched_for_where_the_server_can(offered, asked):
    _, server = fetched(chart(metadata=fhir(capabilities(*KINDS, also=offered))), (LABS,))
    assert asked in server.of("Observation")[0].query


def test_what_a_server_remarks_on_a_whole_answer_is_told_without_its_words():
    remark = outcome("suppressed", "warning", diagnostics=NAME)
    record, _ = fetched(chart(Observation=fhir(searchset(observation(), remark))))
    assert record.gaps == ()
    (issue,) = record.issues
    assert "warning suppressed" in issue.detail
    assert NAME not in repr(issue)


@pytest.mark.parametrize("strange", [{"subject": {"reference": "Patient/p2"}}, {"patient": {}}])
def test_a_resource_of_somebody_else_ends_everything(strange):
    answer = chart(Condition=[condition()], Observation=[observation("o1", **strange)])
    if strange == {"patient": {}}:  # says nothing: not used, and told
        record, _ = fetched(answer)
        assert record.observations == ()
        assert [i.kind for i in record.issues] == [IssueKind.MALFORMED]
        return
    with pytest.raises(OtherPatientError) as caught:
        fetched(answer)
    assert "p2" not in caught.value.message
    assert "belongs to another patient" in caught.value.message


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (fhir(outcome("not-found"), 404), ServerError),
        (fhir(outcome("exception"), 500), ServerError),
        (fhir(outcome("login"), 401), AccessEndedError),
        (fhir(patient("p2")), ServerError),
        (fhir(patient("p1", link=[{"type": "replaced-by"}])), StandingError),
    ],
    ids=["gone", "broken", "ended", "another", "merged"],
)
def test_without_the_patient_there_is_no_record(reply, error):
    with pytest.raises(error) as caught:
        fetched(chart(Patient=reply, Observation=[observation()]))
    assert "p2" not in caught.value.message


def test_access_that_ends_on_the_way_ends_the_reading():
    with pytest.raises(AccessEndedError):
        fetched(chart(Condition=fhir(outcome("login"), 401)))


def drug(identity: str) -> Json:
    code = {"coding": [{"system": "http://www.whocc.no/atc", "code": "L04AB04"}]}
    return {"resourceType": "Medication", "id": identity, "code": code}


def order(reference: str) -> Json:
    return medication(medicationCodeableConcept=None, medicationReference={"reference": reference})


@pytest.mark.parametrize("written", ["Medication/d1", "{base}/Medication/d1/_history/3"])
@pytest.mark.parametrize("included", [True, False])
def test_a_drug_said_by_reference_is_looked_up_unless_it_came_along(written, included):
    usual = chart(Medication=[drug("d1")])

    def answer(asked: Asked) -> Reply:
        if asked.path == "MedicationRequest":
            more = [drug("d1")] if included else []
            return fhir(searchset(order(written.format(base=server.base)), *more))
        return usual(asked)

    with scripted(answer) as server:
        record = run(server.base, lambda c: fetch_record(c, "p1", EVERY, AS_OF))
        assert len(server.of("Medication/d1")) == (not included)
    assert [c.code for c in record.medications[0].codes] == ["L04AB04"]
    assert (record.gaps, record.issues) == ((), ())


def test_a_drug_that_cannot_be_looked_up_is_a_gap_in_the_drugs():
    record, _ = fetched(chart(MedicationRequest=[order("Medication/d1")]))
    (gap,) = record.gaps
    assert (gap.part, gap.reason, gap.codes) == (Part.MEDICATIONS, GapReason.CUT_OFF, ())
    assert "could not be looked up" in gap.detail
    record, _ = fetched(
        chart(MedicationRequest=[order("Medication/d1")]),
        granted={"Patient": "r", "Observation": "s", "Condition": "s", "MedicationRequest": "s"},
    )
    assert [g.reason for g in record.gaps] == [GapReason.NOT_PERMITTED]


@pytest.mark.parametrize(
    "reference",
    [
        {"reference": "http://other.example/fhir/Medication/d1"},
        {"reference": "#d1"},
        {"reference": "Medication/../x"},
        {"reference": "urn:oid:1.2.3"},
        {"reference": "urn:uuid:6e1b0ce6-6133-5a51-9b07-b3a8ec84bb67"},
        {"reference": "Substance/d1"},
        {"identifier": {"system": "urn:x", "value": "d1"}},
        {},
    ],
)
@pytest.mark.parametrize("given", [False, True])
def test_a_drug_that_nothing_names_is_not_asked_for_and_is_a_gap(reference, given):
    nameless = medication(medicationCodeableConcept=None, medicationReference=reference)
    more = {"given": {"orders": [nameless]}} if given else {}
    record, server = fetched(chart(MedicationRequest=[nameless]), **more)
    assert not [a for a in server.asked if a.path.startswith("Medication/")]
    assert record.medications == ()
    (gap,) = record.gaps
    assert (gap.part, gap.reason, gap.codes) == (Part.MEDICATIONS, GapReason.CUT_OFF, ())
    named = {**nameless, "medicationReference": {**reference, "display": "a drug"}}
    record, _ = fetched(chart(MedicationRequest=[named]))
    assert [m.text for m in record.medications] == ["a drug"]
    assert record.gaps == ()


@pytest.mark.parametrize("included", [True, False])
def test_an_address_of_this_server_may_be_spelled_in_its_own_way(included):
    usual = chart(Medication=[drug("d1")])

    def answer(asked: Asked) -> Reply:
        if asked.path == "MedicationRequest":
            spelled = server.base.replace("http://", "HTTP://")
            more = [drug("d1")] if included else []
            return fhir(searchset(order(f"{spelled}/Medication/d1"), *more))
        return usual(asked)

    with scripted(answer) as server:
        record = run(server.base, lambda c: fetch_record(c, "p1", EVERY, AS_OF))
    assert [c.code for c in record.medications[0].codes] == ["L04AB04"]
    assert (record.gaps, record.issues) == ((), ())


def test_a_medication_without_a_code_leaves_the_name_of_the_reference():
    shown = {"reference": "Medication/d1", "display": "a drug"}
    nameless = medication(medicationCodeableConcept=None, medicationReference=shown)
    empty = {"resourceType": "Medication", "id": "d1"}
    record, _ = fetched(chart(MedicationRequest=[nameless], Medication=[empty]))
    assert [m.text for m in record.medications] == ["a drug"]
    assert record.gaps == ()


def test_what_could_not_be_used_is_told_once_where_its_whole_part_is_in_doubt():
    strange = medication(status="unknown")
    record, _ = fetched(chart(MedicationRequest=fhir(searchset(strange, next="http://x.example/"))))
    assert [g.detail for g in record.gaps] == [
        "The next page is said to be at an address outside this server."
    ]


def test_what_somebody_has_fetched_already_is_not_asked_for_again():
    record, server = fetched(
        chart(Condition=[condition()]),
        given={"labs": [observation()], "orders": []},
        patient=patient(),
    )
    assert [a.path for a in server.asked if a.path != "metadata"] == ["Condition"]
    assert len(record.observations) == 1
    known = {"labs": [observation()], "orders": [], "conditions": [condition()]}
    record, server = fetched(chart(), given=known, patient=patient())
    assert server.asked == []
    assert len(record.conditions) == 1
    with pytest.raises(OtherPatientError):
        fetched(chart(), given={"labs": [observation(subject={"reference": "Patient/p2"})]})
    with pytest.raises(ServerError, match="another patient"):
        fetched(chart(), patient=patient("p2"))


def test_searches_run_side_by_side_but_only_a_few_at_once():
    """As many at once as allowed, shown without a clock: each waits until the others are there."""
    together = threading.Barrier(3)
    most, running, lock = 0, 0, threading.Lock()
    usual = chart()

    def answer(asked: Asked) -> Reply:
        nonlocal most, running
        if asked.path != "Observation":
            return usual(asked)
        with lock:
            running += 1
            most = max(most, running)
        together.wait(5)
        with lock:
            running -= 1
        return usual(asked)

    many = tuple(asks(f"labs {n}", "Observation", Part.OBSERVATIONS, CRP) for n in range(6))
    limits = Limits(at_once=3, first_wait=0.001)
    record, _ = fetched(answer, many, limits=limits)
    assert record.gaps == ()
    assert most == 3


def test_the_whole_reading_has_a_deadline_and_what_came_in_time_stays():
    usual = chart(Condition=[condition()])

    with silence() as wait:

        def answer(asked: Asked) -> Reply:
            if asked.path == "Observation":
                wait()
            return usual(asked)

        record, _ = fetched(answer, limits=Limits(whole_seconds=1.5))
    assert [(g.part, g.reason) for g in record.gaps] == [(Part.OBSERVATIONS, GapReason.FAILED)]
    assert len(record.conditions) == 1


class Outbound:
    """The loop and the pooled client as a process has them."""

    def __init__(self) -> None:
        self.loop = BackgroundLoop()
        self.http = open_http(verify=False)

    def source(self, server: Scripted) -> FhirSource:
        client = FhirClient(self.http, OpenAccess(server.base), QUICK)
        return FhirSource(client, self.loop, "p1", EVERY, lambda: AS_OF)


@pytest.fixture
def outbound() -> Iterator[Outbound]:
    found = Outbound()
    yield found
    found.loop.run(found.http.aclose())
    found.loop.close()


def test_a_source_tells_how_far_it_is_in_the_thread_that_asked(outbound):
    told: list[tuple[Progress, threading.Thread]] = []
    with scripted(chart(Observation=[observation()])) as server:
        reading = outbound.source(server)
        record = reading.load("p1", lambda p: told.append((p, threading.current_thread())))
        assert reading.patients() == ()
    assert record.patient_id == "p1"
    assert [(p.done, p.total) for p, _ in told] == [(n, 4) for n in range(5)]
    assert {t for _, t in told} == {threading.current_thread()}
    labels = {p.label for p, _ in told}
    assert labels == {"", "the person", "the labs", "the conditions", "the orders"}


def test_a_source_has_one_patient_and_asks_for_no_other(outbound):
    with scripted(chart()) as server:
        with pytest.raises(UnknownPatientError):
            outbound.source(server).load("p2")
        assert server.asked == []


def test_a_source_reads_anew_each_time(outbound):
    with scripted(chart()) as server:
        reading = outbound.source(server)
        reading.load("p1")
        reading.load("p1")
        assert len(server.of("Observation")) == 2


def test_a_page_that_stops_watching_ends_the_reading(outbound):
    class RerunError(Exception):
        pass

    def leave(_: Progress) -> None:
        raise RerunError

    with scripted(chart()) as server:
        with pytest.raises(RerunError):
            outbound.source(server).load("p1", leave)
        assert outbound.source(server).load("p1").gaps == ()  # and the loop serves on


def test_a_reading_that_is_broken_off_is_an_error_and_no_endless_wait():
    outbound = Outbound()
    arrived = threading.Event()

    def answer(_: Asked) -> Reply:
        arrived.set()
        wait()
        return fhir(patient())

    failed: list[FhirError] = []
    with silence() as wait, scripted(answer) as server:
        reading = outbound.source(server)

        def load() -> None:
            try:
                reading.load("p1")
            except FhirError as error:
                failed.append(error)

        page = threading.Thread(target=load)
        page.start()
        assert arrived.wait(5)
        outbound.loop.close()
        page.join(5)
        assert not page.is_alive()
    assert [type(e) for e in failed] == [ServerError]
