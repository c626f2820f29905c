"""The demo patients: valid FHIR, up to date with their table, and each showing what it promises."""

from __future__ import annotations

import ast
import copy
import json
import sys
from functools import cache
from pathlib import Path

import pytest
from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

from decision.catalog.ra_biologic_response.codelists import load_codelists
from decision.clinical.codes import Code
from decision.clinical.quantities import Quantity
from decision.clinical.record import IssueKind, MedicationState, PatientListing, PatientRecord
from examples import make_demo_patients as converter
from fhir.bundles import FolderSource

FOLDER = Path(converter.__file__).parent / "demo_patients"
SOURCE = FolderSource(FOLDER)
FILES = sorted(FOLDER.glob("*.json"))
LISTS = load_codelists()


@cache
def case(number: int) -> PatientRecord:
    return SOURCE.load(f"demo-{number:02d}")


def value(record: PatientRecord, concept: str) -> float:
    newest = record.observed(LISTS[concept])[0].value
    assert isinstance(newest, Quantity)
    return newest.value


def test_the_committed_bundles_are_those_of_the_tables():
    written = converter.written_bundles(*converter.TABLES)

    assert [p.name for p in FILES] == sorted(written)
    assert [p.name for p in FILES if p.read_text("utf-8") != written[p.name]] == []


def test_the_converter_shares_no_code_with_the_reader():
    tree = ast.parse(Path(converter.__file__).read_text("utf-8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }

    assert imported <= sys.stdlib_module_names


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_bundle_is_valid_r4_small_and_marked_as_simulated(path):
    content = json.loads(path.read_text("utf-8"))
    assert path.stat().st_size < 150_000
    assert [s["code"] for s in content["meta"]["security"]] == ["HTEST"]
    assert "SIMULATED - not a patient" in [t["display"] for t in content["meta"]["tag"]]
    assert content["entry"][0]["resource"]["name"][0]["family"].startswith("Example-")
    if path.stem != "demo-14-messy":
        Bundle.model_validate(content)
        return
    # the messy case breaks FHIR in one place, on purpose: a time without a zone
    with pytest.raises(ValidationError) as invalid:
        Bundle.model_validate(copy.deepcopy(content))
    assert [e["loc"][-1] for e in invalid.value.errors()] == ["effectiveDateTime"]


def test_every_case_is_listed_with_what_it_shows():
    lines = FolderSource(FOLDER).patients()

    assert len(lines) >= 12
    assert all(isinstance(line, PatientListing) and line.note for line in lines)
    assert len({line.identity.name for line in lines}) == len(lines)


@pytest.mark.parametrize("number", range(1, 14))
def test_every_orderly_record_is_read_without_a_doubt(number):
    record = case(number)

    assert record.issues == ()
    assert record.diagnosed(LISTS["rheumatoid_arthritis"])
    assert record.observed(LISTS["biologic_decision"])


def test_every_code_of_a_demo_patient_is_one_the_decision_knows_or_a_bystander():
    bystanders = {"72514-3", "4548-4", "38341003", "64859006"}  # pain, HbA1c, blood pressure, bone
    known = {e.code for codelist in LISTS.values() for e in codelist.entries}
    for number in range(1, 15):
        record = case(number)
        for fact in (*record.observations, *record.conditions, *record.medications):
            strange = [c for c in fact.codes if c not in known and c.code not in bystanders]
            assert strange == []
        answers = [o.value for o in record.observations if isinstance(o.value, Code)]
        assert [a for a in answers if a not in known] == []


def test_who_takes_what():
    naive, mono, primary, secondary = (case(n) for n in (1, 2, 3, 4))

    assert not naive.exposed(LISTS["tnfi"])
    assert naive.exposed(LISTS["methotrexate"])[0].state is MedicationState.ACTIVE
    assert {m.state for m in mono.exposed(LISTS["csdmard"])} == {MedicationState.STOPPED}
    reasons = [r.exposed(LISTS["tnfi"])[0].stop_reason for r in (primary, secondary)]
    assert [r.code for r in reasons] == ["primary-failure", "secondary-failure"]
    assert case(11).exposed(LISTS["il6i"])


def test_who_has_what():
    assert case(5).diagnosed(LISTS["heart_failure"])
    assert LISTS["nyha_3_4"].matches([case(5).observed(LISTS["nyha_class"])[0].value])
    assert not case(6).observed(LISTS["acpa"])
    assert value(case(7), "il6") == 62
    assert value(case(7), "calprotectin") == 6.1
    assert value(case(8), "tnfi_nonresponse_score") == 1.6
    assert not case(12).observed(LISTS["tender_joints"])
    assert case(13).diagnosed(LISTS["diverticulitis"])
    assert value(case(13), "neutrophils") < 2


def test_another_laboratorys_units_arrive_in_ours():
    record = case(10)

    assert value(record, "crp") == 31
    assert record.observed(LISTS["crp"])[0].reference_range.high == 5
    assert value(record, "hemoglobin") == 11.8
    assert value(record, "patient_global") == 6.2
    assert value(record, "neutrophils") == 5.2
    assert value(record, "alt") == 27


def test_the_messy_record_shows_every_kind_of_fault_and_still_has_its_good_values():
    record = case(14)

    assert {issue.kind for issue in record.issues} == {
        IssueKind.DUPLICATE,
        IssueKind.ENTERED_IN_ERROR,
        IssueKind.CONFLICT,
        IssueKind.PRELIMINARY,
        IssueKind.UNKNOWN_UNIT,
        IssueKind.IMPLAUSIBLE,
        IssueKind.UNZONED_TIME,
        IssueKind.INVALID_CODE,
        IssueKind.TEXT_ONLY,
    }
    assert [o.value.value for o in record.observed(LISTS["crp"])] == [16]
    assert value(record, "tender_joints") == 7
    assert not record.observed(LISTS["il6"])
