"""What came and could not be used is a gap: the record must not be silently less than the chart."""

from __future__ import annotations

from pathlib import Path

import pytest

from decision.clinical.record import GapReason, Part
from decision.visit import Visit
from doors import ChartDoors, not_read
from fhir.bundles import FolderSource
from fhir.rest.searches import asked_of
from fhir.smart.launches import LAUNCH_COOKIE, Launches
from fhir.smart.tenants import Tenants
from fhir.store.database import Database, database_url
from fhir.store.keys import kept_key
from parts import Outside, Store
from tests.fhir_builders import (
    NAME,
    SNOMED,
    concept,
    condition,
    medication,
    observation,
    record_of,
)
from tests.hook_calls import SEARCHES
from tests.samples import unpacked
from tests.smart_world import Clock, launch

DEMO = Path(__file__).parent.parent / "examples" / "demo_patients"


def lost(*resources):
    return [(gap.part, gap.reason, [c.code for c in gap.codes]) for gap in
            record_of(*resources).gaps]  # fmt: skip


MODIFIED = {"modifierExtension": [{"url": "urn:x", "valueBoolean": True}]}
ADALIMUMAB = {"coding": [{"system": "http://www.whocc.no/atc", "code": "L04AB04"}]}


@pytest.mark.parametrize(
    ("resource", "part", "codes"),
    [
        (condition(subject=None), Part.CONDITIONS, ["69896004"]),
        (condition(**MODIFIED), Part.CONDITIONS, ["69896004"]),
        (condition(code={}), Part.CONDITIONS, []),
        (condition(subject=None, code={"text": NAME}), Part.CONDITIONS, []),
        (medication(status="unknown"), Part.MEDICATIONS, []),
        (medication(status=None), Part.MEDICATIONS, []),
        (medication(subject=None), Part.MEDICATIONS, []),
        (medication(**MODIFIED), Part.MEDICATIONS, []),
        (medication(medicationCodeableConcept={}), Part.MEDICATIONS, []),
        (medication("MedicationStatement", status="unknown"), Part.MEDICATIONS, []),
        (
            medication(status="unknown", medicationCodeableConcept=ADALIMUMAB),
            Part.MEDICATIONS,
            ["L04AB04"],
        ),
        (observation(subject=None), Part.OBSERVATIONS, ["1988-5"]),
    ],
)
def test_what_cannot_be_used_is_a_gap_with_the_codes_that_surely_tell_what_it_is(
    resource, part, codes
):
    """A drug's product code is on no list of substances: only an ATC code narrows its gap."""
    assert lost(resource) == [(part, GapReason.CUT_OFF, codes)]


@pytest.mark.parametrize(
    "resource",
    [
        condition(),
        condition(subject=None, verificationStatus=concept("urn:x", "entered-in-error")),
        condition(verificationStatus=concept("urn:x", "entered-in-error")),
        medication(),
        medication(status="cancelled"),
        medication(status="entered-in-error"),
        medication(status="entered-in-error", subject=None),
        medication(doNotPerform=True),
        medication("MedicationStatement", status="not-taken", subject=None),
        medication("MedicationAdministration", status="not-done"),
        observation(subject=None, code=("urn:lab", "x")),
        {"resourceType": "Procedure", "id": "x"},
    ],
)
def test_what_says_itself_that_it_does_not_count_is_no_gap(resource):
    assert lost({k: v for k, v in resource.items() if v is not None}) == []


def test_two_versions_of_which_neither_counts_are_a_gap_with_the_codes_of_both():
    other = condition(code=concept(SNOMED, "84114007"))
    assert lost(condition(), other) == [
        (Part.CONDITIONS, GapReason.CUT_OFF, ["69896004", "84114007"])
    ]
    wrong = {"verificationStatus": concept("urn:x", "entered-in-error")}
    assert lost(condition(**wrong), condition(onsetDateTime="2021", **wrong)) == []


def test_losses_of_one_part_are_one_gap_that_counts_them_and_names_nobody():
    (gap,) = record_of(
        medication(status="unknown"), medication(identity="m2", medicationCodeableConcept={})
    ).gaps
    assert gap.detail.startswith("2 entries could not be used. ")
    assert "status" in gap.detail
    assert "neither coded nor named" in gap.detail
    assert NAME not in repr(gap)


def test_the_demo_patients_and_samples_lose_nothing(tmp_path):
    for source in (FolderSource(DEMO), unpacked(tmp_path)):
        for listed in source.patients():
            assert source.load(listed.patient_id).gaps == ()


# What is by choice not asked for


@pytest.mark.parametrize("kinds", [(), ("MedicationStatement",), ("MedicationAdministration",)])
def test_each_optional_kind_is_asked_for_or_said_not_to_be(kinds):
    asked, unasked = asked_of(SEARCHES, kinds)
    assert sorted(s.key for s in (*asked, *unasked)) == sorted(s.key for s in SEARCHES)
    assert {s.kind for s in asked if s.optional} == set(kinds)
    (notice,) = not_read(unasked)
    assert all(search.label in notice for search in unasked)


def test_a_visit_says_what_its_chart_is_not_asked_for_beside_the_notices_of_the_launch(tmp_path):
    database = Database(database_url(tmp_path / "store.sqlite"))
    outside = Outside.open(Clock())
    launches = Launches(Clock())
    handle, secret = launches.open(launch(notices=("from the launch",)))
    store = Store.open(database, kept_key(database))
    try:
        found = ChartDoors(launches, Tenants(), outside, store, SEARCHES, None).visit(
            handle, {f"{LAUNCH_COOKIE}{handle}": secret}
        )
    finally:
        outside.close()
        database.close()
    assert isinstance(found, Visit)
    assert found.notices == ("from the launch", *not_read([s for s in SEARCHES if s.optional]))


def test_where_everything_is_asked_for_nothing_is_said():
    every = ("MedicationStatement", "MedicationAdministration", "Procedure")
    assert not_read(asked_of(SEARCHES, every)[1]) == ()
