"""The demo patients before type 1 diabetes from a real FHIR server: stage and inputs as on file."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator

import pytest

from decision import catalog
from decision.catalog.t1d_progression.derive.staged import staged
from decision.catalog.t1d_progression.local import Place
from decision.clinical.local import Local
from decision.clinical.record import PatientRecord
from decision.rules import derive_features
from fhir.bundles import FolderSource
from fhir.rest.access import OpenAccess
from fhir.rest.client import FhirClient
from fhir.rest.http import open_http
from fhir.rest.limits import Limits
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import searches
from fhir.rest.source import FhirSource
from tests.fhir_server import DEMO, FhirServer

US = Local(jurisdiction="US")
SPEC = catalog.load("t1d_progression", US)
ASKED = searches(*catalog.discover(US).values())
IDS = [
    json.loads(path.read_text("utf-8"))["entry"][0]["resource"]["id"]
    for path in sorted(DEMO.glob("demo-t1-*.json"))
]
FOLDER = FolderSource(DEMO)

Load = Callable[[str], PatientRecord]


@pytest.fixture(scope="module")
def load(fhir_server: FhirServer) -> Iterator[Load]:
    """A record from the server, with the searches of every decision, as a launch reads it."""
    loop, http = BackgroundLoop(), open_http()
    limits = Limits(search_seconds=60, whole_seconds=60)  # a slow machine is none

    def loaded(patient_id: str) -> PatientRecord:
        as_of = FOLDER.load(patient_id).as_of
        client = FhirClient(http, OpenAccess(fhir_server.base), limits)
        return FhirSource(client, loop, patient_id, ASKED, lambda: as_of).load(patient_id)

    yield loaded
    loop.run(http.aclose())
    loop.close()


@pytest.mark.parametrize("patient_id", IDS)
def test_the_server_gives_the_stage_the_criteria_and_the_inputs_of_the_folder(load, patient_id):
    here, there = load(patient_id), FOLDER.load(patient_id)
    place = Place(jurisdiction="US")
    found, expected = (staged(r, SPEC.codelists, place) for r in (here, there))

    assert (here.gaps, here.issues) == ((), ())
    assert dataclasses.replace(found, sources=()) == dataclasses.replace(expected, sources=())
    assert {s.reference for s in found.sources} == {s.reference for s in expected.sources}
    assert derive_features(here, SPEC).values == derive_features(there, SPEC).values


def test_a_glucose_test_with_parts_is_asked_for_by_its_head():
    """R4 searches `code` in the head alone; only some servers look into the parts as well."""
    (entry,) = SPEC.codelists["glucose_tolerance_panel"].entries
    heads = [
        e["resource"]["code"]["coding"][0]["code"]
        for e in json.loads((DEMO / "demo-t1-12-millimole.json").read_text("utf-8"))["entry"]
        if "component" in e["resource"] and "valueQuantity" not in e["resource"]
    ]
    assert heads == [entry.code.code]
    assert entry.code in {code for search in ASKED for code in search.codes}
