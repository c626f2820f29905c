"""Against a real FHIR R4 server on loopback: the same card as from the folder, to the last digit,
and every result of a long record.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import pytest

from decision import catalog
from decision.assess import Context, assess
from decision.clinical.assessment import Abstention, Assessment, ComparisonCard
from decision.clinical.codes import LOCAL, Code
from decision.clinical.quantities import Quantity
from decision.clinical.record import GapReason, Part, PatientRecord
from decision.clinical.record import Source as From
from fhir.bundles import FolderSource
from fhir.errors import FhirError, ServerError
from fhir.rest.access import OpenAccess
from fhir.rest.client import FhirClient
from fhir.rest.expression import ExpressionContract
from fhir.rest.http import open_http
from fhir.rest.limits import Limits
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import Search, searches
from fhir.rest.source import FhirSource
from models.decisions import ARTIFACTS
from models.predictor import load_predictor
from tests.builders import ListAuditLog
from tests.fhir_builders import LOINC, concept, observation, patient, quantity
from tests.fhir_server import DEMO, FhirServer

SPEC = next(iter(catalog.discover().values()))
ASKED = searches(SPEC)
MODEL = load_predictor(SPEC, ARTIFACTS / SPEC.id)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
DEMO_IDS = [json.loads(p.read_text("utf-8"))["entry"][0]["resource"]["id"] for p in
            sorted(DEMO.glob("*.json"))]  # fmt: skip
MANY = 1_020

Load = Callable[..., PatientRecord]


@pytest.fixture(scope="module")
def load(fhir_server: FhirServer) -> Iterator[Load]:
    """A record from the server, as a launch reads it."""
    loop, http = BackgroundLoop(), open_http()

    def loaded(
        patient_id: str,
        as_of: datetime = NOW,
        asked: tuple[Search, ...] = ASKED,
        expression: ExpressionContract | None = None,
        pages: int = 60,
    ) -> PatientRecord:
        limits = Limits(pages=pages, search_seconds=60, whole_seconds=60)  # a slow machine is none
        client = FhirClient(http, OpenAccess(fhir_server.base), limits)
        return FhirSource(client, loop, patient_id, asked, lambda: as_of, expression).load(
            patient_id
        )

    yield loaded
    loop.run(http.aclose())
    loop.close()


def assessed(record: PatientRecord) -> Assessment:
    context = Context(agent="test", site=MODEL.identity.sites[0], now=NOW)
    return assess(record, SPEC, MODEL, ListAuditLog(), context)


def from_folder(patient_id: str, refused: dict[str, str]) -> PatientRecord:
    """What the folder gives, without what the server would not take."""
    record = FolderSource(DEMO).load(patient_id)
    return dataclasses.replace(
        record,
        observations=tuple(o for o in record.observations if o.source.reference not in refused),
        issues=tuple(i for i in record.issues if i.reference not in refused),
    )


def without_versions(value: Any) -> Any:
    """The same value without resource versions: a server numbers them, a file does not."""
    if isinstance(value, From):
        return dataclasses.replace(value, version="")
    if isinstance(value, tuple):
        return tuple(map(without_versions, value))
    if isinstance(value, dict):
        return {k: without_versions(v) for k, v in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        return dataclasses.replace(
            value, **{name: without_versions(getattr(value, name)) for name in fields}
        )
    return value


def everything_said(found: Assessment) -> dict[str, Any]:
    """All of a card or abstention but the id of its own entry in the trail."""
    parts = {f.name: getattr(found, f.name) for f in dataclasses.fields(found)}
    del parts["audit_id"]
    parts["features"] = parts["features"].findings
    parts["spec"] = parts["spec"].id
    return {name: without_versions(part) for name, part in parts.items()}


@pytest.fixture(scope="module")
def wanted(fhir_server) -> Callable[[str], tuple[PatientRecord, Assessment]]:
    """The folder's record of a demo patient and what is said of it, worked out once."""

    @cache
    def found(patient_id: str) -> tuple[PatientRecord, Assessment]:
        record = from_folder(patient_id, fhir_server.refused)
        return record, assessed(record)

    return found


@pytest.mark.parametrize("patient_id", DEMO_IDS)
def test_a_demo_patient_gets_the_same_card_as_from_the_folder_to_the_last_digit(
    load, wanted, patient_id
):
    there, expected = wanted(patient_id)
    here = load(patient_id, there.as_of)
    told = assessed(here)
    assert here.gaps == ()
    assert type(told) is type(expected)
    assert everything_said(told) == everything_said(expected)


def test_both_cards_and_abstentions_were_compared_and_one_resource_at_most_was_refused(
    wanted, fhir_server
):
    assert {type(wanted(i)[1]) for i in DEMO_IDS} == {ComparisonCard, Abstention}
    assert list(fhir_server.refused) == ["Observation/demo-14-observation-13"]


@pytest.mark.parametrize("patient_id", DEMO_IDS)
def test_the_record_is_the_folders_but_for_results_that_no_rule_looks_at(
    load, wanted, fhir_server, patient_id
):
    there, _ = wanted(patient_id)
    here = load(patient_id, there.as_of)
    codes = {c for s in ASKED for c in s.codes}
    looked_at = [o for o in there.observations if set(o.codes) & codes]

    def sort(facts: Any) -> list[Any]:
        return sorted(without_versions(tuple(facts)), key=lambda f: f.source.reference)

    assert sort(here.observations) == sort(looked_at)
    assert sort(here.conditions) == sort(there.conditions)
    assert sort(here.medications) == sort(there.medications)
    assert here.identity == dataclasses.replace(there.identity, server=fhir_server.base)
    assert (here.as_of, here.deceased) == (there.as_of, there.deceased)


@pytest.fixture(scope="module")
def long_record(fhir_server) -> dict[str, float]:
    """A patient with more results than any page holds, and what each of them is."""
    who = {"subject": {"reference": "Patient/long-record"}}
    start = datetime(2016, 1, 1, 12, tzinfo=UTC)
    values = {f"long-record-{n}": 1 + n / 10 for n in range(MANY)}
    results = [
        observation(
            identity,
            **who,
            effectiveDateTime=(start + timedelta(days=3 * n)).isoformat(),
            valueQuantity=quantity(value, "mg/L"),
        )
        for n, (identity, value) in enumerate(values.items())
    ]
    fhir_server.put(patient("long-record"))
    for first in range(0, MANY, 300):
        fhir_server.put(*results[first : first + 300])
    return values


def with_count(count: int, drop: str = "") -> tuple[Search, ...]:
    return tuple(
        dataclasses.replace(
            s,
            parameters=tuple(
                (k, str(count) if k == "_count" else v) for k, v in s.parameters if k != drop
            ),
        )
        for s in ASKED
    )


def values_in(record: PatientRecord) -> dict[str, float]:
    found = {}
    for o in record.observations:
        assert isinstance(o.value, Quantity)
        found[o.source.reference.removeprefix("Observation/")] = o.value.value
    assert len(found) == len(record.observations)
    return found


@pytest.mark.parametrize(
    ("count", "drop"),
    [(30, "_sort"), (340, ""), (1_000, "")],  # this server sorts slowly, so not 34 pages of it
    ids=["34 pages", "3 full pages", "2 pages"],
)
def test_no_result_of_a_long_record_is_lost_or_there_twice(load, long_record, count, drop):
    record = load("long-record", asked=with_count(count, drop))
    assert record.gaps == ()
    assert record.issues == ()
    assert values_in(record) == long_record


def test_pages_that_are_too_many_are_named_and_what_they_held_is_the_newest(load, long_record):
    record = load("long-record", asked=with_count(100), pages=3)
    (gap,) = record.gaps
    assert (gap.part, gap.reason) == (Part.OBSERVATIONS, GapReason.CUT_OFF)
    assert Code(system=LOINC, code="1988-5") in gap.codes
    assert gap.detail == "Only the first 3 pages were read."
    newest = dict(list(long_record.items())[-300:])
    assert values_in(record) == newest


def test_nobody_of_that_id_is_an_error(load):
    with pytest.raises(ServerError) as caught:
        load("nobody-here")
    assert caught.value.status == 404
    assert isinstance(caught.value, FhirError)


def test_a_score_in_a_panel_is_found_and_genes_beside_it_disturb_nothing(load, fhir_server):
    """A small panel: one Observation, a component for each gene (HGNC) and for the score."""
    genes = [
        {
            "code": concept("http://www.genenames.org/geneId", f"HGNC:{n}"),
            "valueQuantity": quantity(2.0 + n, "1"),
        }
        for n in range(1, 4)
    ]
    score = {
        "code": concept(LOCAL, "interferon-score"),
        "valueQuantity": quantity(1.25, "{score}"),
    }
    panel = observation(
        "panel-1",
        ("urn:lab", "rna-panel"),
        subject={"reference": "Patient/panel"},
        component=[*genes, score],
    )
    fhir_server.put(patient("panel"), panel)
    record = load("panel")
    assert record.issues == ()
    assert [(o.codes[0].code, o.value.value) for o in record.observations] == [
        ("interferon-score", 1.25)
    ]


def test_an_expression_file_comes_with_what_is_declared_of_it(load, fhir_server):
    content = b"gene\tvalue\nENSG00000111537\t3.5\n"
    declared = {"platform": "rna-seq", "tissue": "whole-blood", "scale": "log2-cpm"}
    extensions = [
        {"url": f"urn:treatment-response:expression-{name}", "valueString": value}
        for name, value in declared.items()
    ]
    taken = {"url": "urn:treatment-response:expression-specimen-date", "valueDate": "2026-10-01"}
    fhir_server.put(
        patient("expressed"),
        {
            "resourceType": "Binary",
            "id": "expressed-file",
            "contentType": "text/tab-separated-values",
            "data": base64.b64encode(content).decode(),
        },
        {
            "resourceType": "DocumentReference",
            "id": "expressed-1",
            "status": "current",
            "type": concept("urn:lab", "rna-seq-counts"),
            "subject": {"reference": "Patient/expressed"},
            "date": "2026-10-20T10:00:00Z",
            "content": [
                {
                    "attachment": {
                        "contentType": "text/tab-separated-values",
                        "url": "Binary/expressed-file",
                        "size": len(content),
                        "extension": [*extensions, taken],
                    }
                }
            ],
        },
    )
    contract = ExpressionContract(document=Code(system="urn:lab", code="rna-seq-counts"))
    record = load("expressed", expression=contract)
    assert (record.gaps, record.issues) == ((), ())
    (file,) = record.expression
    assert file.content == content
    assert {n: getattr(file, n) for n in declared} == declared
    assert file.effective is not None
    assert file.effective.text == "2026-10-01"
    assert load("demo-01", expression=contract).expression == ()
