"""The tables of the type 1 diabetes decision: cited, dated, and the only place of a number."""

from __future__ import annotations

import ast
import csv
from pathlib import Path

import pytest

from decision import catalog
from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.codelists import (
    CLASSES,
    CODELISTS,
    DOSE_UNSTATED,
    FOLDER,
    REJECTED,
)
from decision.catalog.t1d_progression.genetics import SCORE_OF_CONCEPT
from decision.catalog.t1d_progression.tables import FOLDER as HOME
from decision.clinical.codes import LOCAL, LOINC, Code, CodeError, CodeStatus
from decision.clinical.dated import Standing, read_dated
from fhir.units import TESTS, TestKind

DATED = [path for path in HOME.glob("*.csv") if path.name != "drug_names.csv"]
TABLES = sorted([*DATED, *(HOME / "noncommercial").glob("*.csv")])
SOURCES = sorted(HOME.rglob("*.py"))


@pytest.mark.parametrize("path", TABLES, ids=lambda p: p.name)
def test_every_row_has_a_source_a_status_and_a_day(path):
    table = read_dated(path)

    assert table.rows
    for row in table.rows:
        assert row.source.strip()
        assert isinstance(row.status, Standing)
        assert row.effective_from.year >= 2020
    with path.open(encoding="utf-8", newline="") as handle:
        assert all(None not in line for line in csv.DictReader(handle))


def numbers_in(path: Path) -> list[str]:
    """Every number written in the code of a file, but 0 and 1."""
    return [
        f"{path.name}:{node.lineno}: {node.value}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, int | float | complex)
        and node.value not in (0, 1)
    ]


def test_no_number_is_written_in_code(tmp_path):
    assert len(SOURCES) > 10
    assert [n for path in SOURCES for n in numbers_in(path)] == []
    trap = tmp_path / "trap.py"
    trap.write_text("if glucose >= 126:\n    x = -0.06\n", encoding="utf-8")
    assert len(numbers_in(trap)) == 2


def test_no_number_is_smuggled_in_as_text():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if called and node.func.id in {"float", "int", "Decimal", "len"}:
                literal = [a for a in node.args if isinstance(a, ast.Constant)]
                assert literal == [], f"{path.name}:{node.lineno}"


def test_unverified_staging_rows_are_those_of_the_30_60_and_90_minute_values():
    rows = read_dated(HOME / "staging.csv", jurisdictions=True).rows
    off = {r.text("criterion") for r in rows if r.status is Standing.UNVERIFIED}
    assert off == {"30-minute glucose", "60-minute glucose", "90-minute glucose"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda p: p.name)
def test_every_code_is_cited_and_well_formed(path):
    for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
        assert row["citation"]
        assert row["version"] == "1"
        assert row["match"] in {"exact", "prefix"}
        CodeStatus(row["status"])


def test_a_code_stands_for_one_concept():
    seen: dict[Code, str] = {}
    for concept, codelist in CODELISTS.items():
        if concept in CLASSES:
            continue
        for entry in codelist.entries:
            assert entry.code not in seen, f"{entry.code.code}: {concept}, {seen[entry.code]}"
            seen[entry.code] = concept


def test_traps_are_in_the_lists_of_refused_codes_only():
    traps = {e.code.code for c in REJECTED for e in CODELISTS[c].entries}
    assert traps == {"1504-0", "1989-3"}
    for concept in REJECTED:
        # the reader delivers them under a name of their own, so that they can be refused aloud
        for entry in CODELISTS[concept].entries:
            assert TESTS[LOINC, entry.code.code].analyte == concept
    with pytest.raises(CodeError):
        Code(system=LOINC, code="31209-4")


def test_challenges_and_tests_of_unstated_dose_stay_apart_from_the_75_g_test():
    assert "ogtt_glucose_60min" in CODELISTS
    unstated = [c for c in CODELISTS if c.endswith(DOSE_UNSTATED)]
    assert len(unstated) == 4
    for minutes in (30, 60, 90, 120):
        own = CODELISTS[f"c_peptide_stimulated_{minutes}min"]
        other = CODELISTS[f"c_peptide_challenge_{minutes}min"]
        assert not {e.code for e in own.entries} & {e.code for e in other.entries}
        assert not any((e.code.system, e.code.code) in TESTS for e in other.entries)


def test_every_antibody_and_score_has_its_code_list_and_is_read():
    for concept in (*(k.concept for k in Kind), *SCORE_OF_CONCEPT):
        for entry in CODELISTS[concept].entries:
            test = TESTS[entry.code.system, entry.code.code]
            assert test.analyte == concept
            expected = TestKind.NUMBER if concept in SCORE_OF_CONCEPT else TestKind.ASSAY
            assert test.kind is expected
    assert all(e.code.system == LOCAL for c in SCORE_OF_CONCEPT for e in CODELISTS[c].entries)


def test_time_points_of_one_test_are_different_tests_to_the_reader():
    analytes = {
        concept: {
            TESTS[e.code.system, e.code.code].analyte
            for e in codelist.entries
            if (e.code.system, e.code.code) in TESTS
        }
        for concept, codelist in CODELISTS.items()
        if concept.startswith(("ogtt", "c_peptide_stimulated", "glucose_f", "c_peptide_f"))
    }
    for concept, names in analytes.items():
        assert names == {concept.removesuffix(DOSE_UNSTATED)}


def test_the_finished_decision_is_discovered():
    assert not (HOME / catalog.UNFINISHED).exists()
    assert HOME.name in catalog.discover()


def test_a_finished_folder_must_lose_its_mark(tmp_path):
    folder = tmp_path / "gout"
    folder.mkdir()
    (folder / catalog.UNFINISHED).write_text("soon", encoding="utf-8")
    assert catalog.discover(package="anything", root=tmp_path) == {}
    (folder / "spec.py").write_text("SPEC = None\n", encoding="utf-8")
    with pytest.raises(catalog.SpecError, match=r"gout: has spec\.py and UNFINISHED\.md"):
        catalog.discover(package="anything", root=tmp_path)
