"""Measured values as results of the chart: checked, filed once, found again by our own reader."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from secrets import token_hex

import httpx2
import pytest

from decision import catalog
from decision.assess import record_choice
from decision.clinical.assessment import AuditAction
from decision.clinical.codes import LOCAL, LOINC, Code
from decision.clinical.measures import MEASURES, Category
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Observation, Origin, Source
from decision.clinical.scores.joints import COUNTED
from decision.clinical.writing import Delivery, Measured, MeasuredValue
from decision.rules import derive_features
from fhir.errors import NotWritableError
from fhir.rest.http import open_http
from fhir.rest.limits import Limits
from fhir.to_record import read_bundle
from fhir.write.checks import check
from fhir.write.observation import observation
from fhir.write.words import GIVEN_UP, receipt
from tests.between import Between, between
from tests.builders import AS_OF
from tests.writing import BASE, Chart, Desk, Granted, case, launched

KIND = ("Observation",)
AT = AS_OF + timedelta(minutes=7)
TENDER = Code(system=LOCAL, code="tender-joints-28")
SWOLLEN = Code(system=LOCAL, code="swollen-joints-28")
GLOBAL = Code(system=LOCAL, code="patient-global-0-10")


def every_spec():
    return [catalog.load(name) for name in catalog.offered()]


def entry(code: Code, value: float, unit: str, text: str) -> Observation:
    return Observation(
        codes=(code,),
        value=Quantity(value=value, unit=unit),
        effective=Moment.instant(AS_OF),
        status="final",
        source=Source(reference=f"entered/{code.code}", origin=Origin.CLINICIAN),
        text=text,
    )


ENTRIES = (
    entry(TENDER, 4.0, "{count}", "Tender joints (of 28)"),
    entry(SWOLLEN, 2.0, "{count}", "Swollen joints (of 28)"),
    entry(GLOBAL, 5.5, "{score}", "Patient global assessment (0 to 10)"),
)
CONCEPTS = ("tender_joints", "swollen_joints", "patient_global")


def values(entries=ENTRIES) -> tuple[MeasuredValue, ...]:
    return tuple(
        MeasuredValue(
            observation=e,
            category=MEASURES[concept].category,
            codes=tuple(c for c in (MEASURES[concept].code,) if c),
            how=("Tender of 28 joints: Right wrist.",) if concept == "tender_joints" else (),
        )
        for e, concept in zip(entries, CONCEPTS, strict=True)
    )


def entered(found, told=None) -> Measured:
    """What was entered, as the trail has it."""
    outcome = {"entered": told or {e.codes[0].code: str(e.value) for e in ENTRIES}}
    audit_id = record_choice(
        found.card, found.record, AuditAction.ENTERED, outcome, found.audit, found.context
    )
    return Measured(audit_id=audit_id, at=AT, values=values())


@pytest.fixture
def desk(tmp_path, loop) -> Desk:
    return Desk(tmp_path, loop, limits=Limits(search_seconds=2.0, attempts=1))


@pytest.fixture
def chart() -> Chart:
    return Chart(kinds=KIND)


def filing(desk, chart, **launch):
    found = case(desk.audit)
    return found, desk.recorder(chart, kinds=KIND, **launch)


def test_the_codes_are_those_that_the_shipped_decisions_list():
    """The panel's counts and numeric ratings: a nominal twin of them would say which joint."""
    specs = [spec for spec in every_spec() if set(COUNTED) <= set(spec.codelists)]
    assert specs
    for spec in specs:
        for concept, measure in MEASURES.items():
            assert measure.code is None or measure.code in spec.codelists[concept]
    assert {c: m.code.code for c, m in MEASURES.items() if m.code} == {
        "tender_joints": "88981-6",
        "swollen_joints": "88980-8",
        "patient_global": "75894-6",
        "physician_global": "75846-6",
    }


def test_a_result_has_its_codes_its_category_its_time_and_who_measured_it():
    made = observation(values()[0], "audit-1", AT, launched(kinds=KIND))
    check(made, "Patient/p1")
    assert made["category"][0]["coding"][0]["code"] == Category.EXAM.value
    assert [c["code"] for c in made["code"]["coding"]] == ["88981-6", "tender-joints-28"]
    assert made["code"]["coding"][0]["system"] == LOINC
    assert made["valueQuantity"] == {
        "value": 4,
        "unit": "{count}",
        "system": "http://unitsofmeasure.org",
        "code": "{count}",
    }
    assert made["effectiveDateTime"] == AT.isoformat(timespec="seconds")
    assert made["performer"] == [{"reference": "Practitioner/7"}]
    assert made["encounter"] == {"reference": "Encounter/e1"}
    assert made["note"][0]["text"] == (
        "Entered by the clinician in treatment-response. Tender of 28 joints: Right wrist."
    )


def test_what_is_no_number_with_a_unit_is_never_a_result():
    for value in (Code(system=LOCAL, code="yes"), Quantity(value=3, unit="", comparator="<")):
        odd = dataclasses.replace(ENTRIES[0], value=value)
        wanted = dataclasses.replace(values()[0], observation=odd)
        with pytest.raises(NotWritableError, match="only a number with its unit"):
            observation(wanted, "audit-1", AT, launched(kinds=KIND))


def test_it_is_filed_once_however_often_and_from_whatever_process(desk, chart):
    found, recorder = filing(desk, chart)
    measured = entered(found)
    assert recorder.takes_results()
    for _ in range(2):
        done = recorder.file(found.record, measured)
        assert done.delivery is Delivery.SENT
        assert done.detail == "Written to the chart: 3 results entered here."
        desk.start()
        recorder = desk.recorder(chart, kinds=KIND)
    assert len(chart.of("Observation")) == 3


def test_the_same_entry_of_another_store_finds_what_is_there(tmp_path, desk, loop, chart):
    """The identifier is deterministic and the create conditional."""
    found, recorder = filing(desk, chart)
    measured = entered(found)
    recorder.file(found.record, measured)
    (tmp_path / "other").mkdir()
    second = Desk(tmp_path / "other", loop, limits=desk.limits)
    second.audit = desk.audit
    assert second.recorder(chart, kinds=KIND).file(found.record, measured).delivery is Delivery.SENT
    assert len(chart.of("Observation")) == 3


@pytest.mark.parametrize("fault", [403, 422, "cut", "late", "lost"])
def test_whatever_the_server_does_nothing_is_lost_and_nothing_is_there_twice(desk, chart, fault):
    found, recorder = filing(desk, chart)
    chart.faults = [fault]
    recorder.file(found.record, entered(found))
    (waiting,) = recorder.outstanding() or ("",)
    if waiting:
        assert recorder.retry(waiting).delivery is Delivery.SENT
    assert len(chart.of("Observation")) == 3
    codes = {o["code"]["coding"][-1]["code"] for o in chart.of("Observation")}
    assert codes == {"tender-joints-28", "swollen-joints-28", "patient-global-0-10"}


def test_the_trail_says_what_became_of_the_results(desk, chart):
    found, recorder = filing(desk, chart)
    measured = entered(found)
    recorder.file(found.record, measured)
    last = desk.audit.entries("p1", found.record.identity).entries[-1][1]
    assert last.action is AuditAction.WROTE_BACK
    assert last.outcome["what"] == "results"
    assert last.outcome["about"] == measured.audit_id
    assert len(last.outcome["resources"]) == 3


@pytest.mark.parametrize(
    ("launch", "offered"),
    [
        ({}, True),
        ({"kinds": ("RiskAssessment",)}, False),
        ({"fhir_user": ""}, False),
        ({"access": Granted(BASE, without=("Observation.c",))}, False),
    ],
)
def test_it_takes_switch_user_and_scope(desk, chart, launch, offered):
    found = case(desk.audit)
    recorder = desk.recorder(chart, **{"kinds": KIND} | launch)
    assert recorder.takes_results() is offered
    if not offered:
        with pytest.raises(NotWritableError, match="no result may be filed"):
            recorder.file(found.record, entered(found))
        assert chart.of("Observation") == []


def test_a_server_that_takes_no_observations_is_not_offered_any(desk):
    _, recorder = filing(desk, Chart(kinds=("RiskAssessment",)))
    assert not recorder.takes_results()


def test_a_value_that_is_not_in_the_trail_is_never_filed(desk, chart):
    found, recorder = filing(desk, chart)
    for told in ({}, {"tender-joints-28": "5 {count}"}):
        measured = entered(found, told or {"other": "1"})
        with pytest.raises(NotWritableError, match="no such entry"):
            recorder.file(found.record, measured)
    somebody = dataclasses.replace(found.record, patient_id="p9")
    with pytest.raises(NotWritableError, match="not that of this launch's patient"):
        recorder.file(somebody, entered(found))
    assert chart.of("Observation") == []


def later(found, **outcome) -> None:
    """Another entry of the trail about the same values."""
    record_choice(
        found.card, found.record, AuditAction.ENTERED, outcome, found.audit, found.context
    )


def sent(chart) -> list[float]:
    return sorted(o["valueQuantity"]["value"] for o in chart.of("Observation"))


@pytest.mark.parametrize("word", ["withdrawn", "replaced"])
def test_what_was_taken_back_while_it_waited_is_never_sent(desk, chart, word):
    """A value typed wrongly and corrected must not follow once the server is there again."""
    found, recorder = filing(desk, chart)
    measured = entered(found)
    chart.faults = [403, 403, 403]
    recorder.file(found.record, measured)
    assert recorder.outstanding() == (measured.audit_id,)
    later(found, **{word: {"tender-joints-28": "4 {count}"}})
    done = recorder.retry(measured.audit_id)
    assert done.delivery is Delivery.SENT
    assert done.detail == "Written to the chart: 2 results entered here."
    assert sent(chart) == [2, 5.5]
    assert recorder.outstanding() == ()


def test_an_examination_taken_back_as_a_whole_waits_no_more(desk, chart):
    found, recorder = filing(desk, chart)
    measured = entered(found)
    chart.faults = [403, 403, 403]
    recorder.file(found.record, measured)
    later(found, withdrawn={e.codes[0].code: str(e.value) for e in ENTRIES})
    assert recorder.outstanding() == ()
    for _ in range(2):
        done = recorder.retry(measured.audit_id)
        assert (done.delivery, done.remedy) == (Delivery.REFUSED, GIVEN_UP)
    assert sent(chart) == []
    person = desk.outbox.whose(launched(kinds=KIND))
    assert [row.payload for row in desk.outbox.of(person, measured.audit_id)] == [None] * 3


def test_a_doubt_outlives_taking_back(desk):
    """It may be in the chart: whoever takes it back here is still told to look there, and no second
    one is sent.
    """
    chart = Chart(kinds=KIND, searchable=False, conditional=False, faults=["lost"])
    found, recorder = filing(desk, chart)
    measured = entered(found)
    recorder.file(found.record, measured)
    later(found, withdrawn={"tender-joints-28": "4 {count}"})
    assert recorder.outstanding() == (measured.audit_id,)
    assert recorder.retry(measured.audit_id).delivery is Delivery.UNSURE
    assert sent(chart) == [2, 4, 5.5]


@pytest.mark.parametrize(
    "outcome",
    [
        {"withdrawn": {"tender-joints-28": "9 {count}"}},
        {"withdrawn": {"tender-joints-28": "4 {count}"}, "because": "the record has changed since"},
        {"entered": {"tender-joints-28": "7 {count}"}},
    ],
)
def test_what_was_measured_and_not_taken_back_is_still_sent(desk, chart, outcome):
    """Neither another value, nor a record read anew, nor a later visit takes a result away."""
    found, recorder = filing(desk, chart)
    measured = entered(found)
    chart.faults = [403, 403, 403]
    recorder.file(found.record, measured)
    later(found, **outcome)
    assert recorder.retry(measured.audit_id).delivery is Delivery.SENT
    assert sent(chart) == [2, 4, 5.5]


def test_a_value_entered_again_and_taken_back_then_is_that_one(desk, chart):
    found, recorder = filing(desk, chart)
    measured = entered(found)
    chart.faults = [403, 403, 403]
    recorder.file(found.record, measured)
    later(found, entered={"tender-joints-28": "4 {count}"})
    later(found, withdrawn={"tender-joints-28": "4 {count}"})
    recorder.retry(measured.audit_id)
    assert sent(chart) == [2, 4, 5.5]


def test_a_decision_offers_no_results_and_results_no_decision(desk, chart):
    found, recorder = filing(desk, chart)
    assert recorder.offers("TNF inhibitor", found.card) == ()
    measured = entered(found)
    recorder.file(found.record, measured)
    assert recorder.outstanding() == ()
    assert receipt((), (), desk.clock()).resources == ()


# A real server


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
    name = f"results-{token_hex(4)}"
    person = {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1972-03-01"}
    fhir_server.put(person)
    return name


def on_server(desk, http, line, patient):
    found = case(desk.audit, patient, line.base)
    launch = {"patient_id": patient, "base": line.base, "kinds": KIND, "encounter": ""}
    return found, desk.recorder(lambda: http, **launch), launch


def stored(server, patient):
    bundle = server.ask("GET", f"Observation?patient={patient}&_count=100")
    return [e["resource"] for e in bundle.get("entry", ())]


@pytest.mark.parametrize("fault", ["", "lost", 500])
def test_a_real_server_keeps_each_result_once(desk, http, line, fhir_server, patient, fault):
    found, recorder, launch = on_server(desk, http, line, patient)
    measured = entered(found)
    line.faults = [fault] if fault else []
    recorder.file(found.record, measured)
    desk.start()
    again = desk.recorder(lambda: http, **launch)
    done = again.retry(measured.audit_id)
    assert done.delivery is Delivery.SENT
    kept = stored(fhir_server, patient)
    assert {o["id"] for o in kept} == {r.partition("/")[2] for r in done.resources}
    assert sorted(o["valueQuantity"]["value"] for o in kept) == [2, 4, 5.5]


def test_our_own_reader_finds_in_the_chart_what_was_filed(desk, http, line, fhir_server, patient):
    found, recorder, _ = on_server(desk, http, line, patient)
    recorder.file(found.record, entered(found))
    whole = [fhir_server.ask("GET", f"Patient/{patient}"), *stored(fhir_server, patient)]
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": (AT + timedelta(hours=1)).isoformat(),
        "entry": [{"resource": r} for r in whole],
    }
    record = read_bundle(bundle, "chart.json")
    for spec in every_spec():
        if set(COUNTED) <= set(spec.codelists):
            features = derive_features(record, spec)
            assert [features.value(c) for c in CONCEPTS] == [4, 2, 5.5]
            break
    else:
        pytest.fail("no shipped decision counts joints")
