"""OMOP tables become the charts that the bedside would read: same patients, same courses."""

from __future__ import annotations

import json
from collections import Counter

import duckdb
import pytest

from cohorts import extract
from cohorts.charts import reader
from cohorts.courses import courses_of
from cohorts.errors import ExportError
from cohorts.omop import open_omop
from decision import catalog
from examples.simulated_registry import charts
from models.table.check import check_file
from models.table.schema import schema_of
from tests.cohort_tables import RA, TODAY, schema
from tests.omop_tables import Loader, write_csv

SPEC = catalog.load(RA)
ENDPOINT = schema_of(SPEC).endpoint
READ = reader(SPEC)
TAKEN = "2026-06-30"
NOT_IN_OMOP = {"primary_failure"}
"""Why a drug was stopped is free text there."""


@pytest.fixture(scope="module")
def patients():
    return list(charts(40, seed=6))


@pytest.fixture
def loader(patients):
    found = Loader(TAKEN)
    for resources in patients:
        found.load(resources)
    return found


def courses(resources, taken=f"{TAKEN}T00:00:00+00:00"):
    return list(courses_of(tuple(resources), taken, READ, ENDPOINT, Counter()))


def test_the_same_patients_give_the_same_courses_as_their_fhir_charts(patients, loader, tmp_path):
    with open_omop(loader.write(tmp_path / "cdm"), SPEC, taken=TAKEN) as export:
        assert export.patients == len(patients)
        assert export.unused == {}
        found = {chart.patient: courses(chart.resources) for chart in export.charts()}
    compared = 0
    for resources in patients:
        name = next(r["id"] for r in resources if r["resourceType"] == "Patient")
        expected, omop = courses(resources), found[str(loader.people[name])]
        assert [(c.treatment, c.start) for c in omop] == [(c.treatment, c.start) for c in expected]
        for one, other in zip(omop, expected, strict=True):
            assert (one.visit, one.components, one.stopped) == (
                other.visit,
                other.components,
                other.stopped,
            )
            mine, theirs = one.features.values, other.features.values
            differ = {k for k in {*mine, *theirs} if mine.get(k) != theirs.get(k)}
            assert differ <= NOT_IN_OMOP
            compared += 1
    assert compared > 30


def only(export):
    (chart,) = export.charts()
    return chart.resources


def one_patient(patients, tmp_path, change=lambda loader: None):
    loader = Loader(TAKEN)
    loader.load(patients[0])
    change(loader)
    return loader.write(tmp_path / "cdm")


def results(resources, code):
    return [
        r
        for r in resources
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == code
    ]


def add_crp(loader, **more):
    crp = loader.concept({"system": "http://loinc.org", "code": "1988-5"})
    row = dict.fromkeys(loader.tables["measurement"][0], "") | {
        "measurement_id": 9_000,
        "person_id": 100,
        "measurement_concept_id": crp,
        "measurement_date": "2020-01-02 08:30:00",
        "value_as_number": "4",
    }
    loader.tables["measurement"].append(row | more)


def test_operator_unit_and_day_of_a_result_are_kept(patients, tmp_path):
    def change(loader):
        unit = loader.concept({"system": "http://unitsofmeasure.org", "code": "mg/dL"})
        add_crp(loader, operator_concept_id=4171756, unit_concept_id=unit)

    with open_omop(one_patient(patients, tmp_path, change), SPEC) as export:
        found = results(only(export), "1988-5")
    (early,) = [r for r in found if r["effectiveDateTime"] == "2020-01-02"]
    assert early["valueQuantity"] == {
        "value": 4.0,
        "unit": "mg/dL",
        "code": "mg/dL",
        "system": "http://unitsofmeasure.org",
        "comparator": "<",
    }


def test_a_source_concept_says_what_a_result_is_where_the_standard_one_does_not(patients, tmp_path):
    def change(loader):
        crp = loader.concept({"system": "http://loinc.org", "code": "1988-5"})
        for row in loader.tables["measurement"]:
            row["measurement_source_concept_id"] = ""
        add_crp(loader, measurement_concept_id=0, measurement_source_concept_id=crp)

    with open_omop(one_patient(patients, tmp_path, change), SPEC) as export:
        assert "2020-01-02" in [r["effectiveDateTime"] for r in results(only(export), "1988-5")]


def drugs(resources):
    return sorted(
        (r["effectivePeriod"]["start"], r["effectivePeriod"].get("end", ""), r["status"])
        for r in resources
        if r["resourceType"] == "MedicationStatement"
        and r["medicationCodeableConcept"]["coding"][0]["code"] == "6851"
    )


MONTH, FIRST_MONTH = ("2024-01-01", "2024-01-30"), ("2024-01-01", "2024-01-30", "stopped")


@pytest.mark.parametrize(
    ("supplies", "expected"),
    [
        ([MONTH, ("2024-02-20", "2024-03-20")], [("2024-01-01", "2024-03-20", "stopped")]),
        (
            [MONTH, ("2024-03-20", "2024-04-20")],
            [FIRST_MONTH, ("2024-03-20", "2024-04-20", "stopped")],
        ),
        (
            [
                ("2024-01-01", "2025-01-30"),
                ("2024-02-01", "2024-02-28"),
                ("2025-02-15", "2026-06-10"),
            ],
            [("2024-01-01", "", "active")],
        ),
        ([("2024-01-01", "")], [("2024-01-01", "2024-01-01", "stopped")]),
    ],
)
def test_supplies_with_short_gaps_are_one_statement(patients, tmp_path, supplies, expected):
    """Thirty days are the persistence window of OHDSI; a long supply covers shorter ones in it."""

    def change(loader):
        mtx = loader.concept(
            {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "6851"}
        )
        loader.tables["drug_exposure"] = [
            {
                "drug_exposure_id": i,
                "person_id": 100,
                "drug_concept_id": mtx,
                "drug_exposure_start_date": start,
                "drug_exposure_end_date": end,
            }
            for i, (start, end) in enumerate(supplies)
        ]

    with open_omop(one_patient(patients, tmp_path, change), SPEC, taken=TAKEN) as export:
        assert drugs(only(export)) == expected


def test_results_of_nobody_are_counted(patients, tmp_path):
    folder = one_patient(patients, tmp_path, lambda loader: add_crp(loader, person_id=7))
    with open_omop(folder, SPEC) as export:
        assert export.unused == {"result of a person who is not in the export": 1}
        assert {c.patient for c in export.charts()} == {"100"}


def test_parquet_and_a_duckdb_file_read_as_csv_does(patients, tmp_path):
    folder = one_patient(patients, tmp_path)
    parquet, file = tmp_path / "parquet", tmp_path / "cdm.duckdb"
    parquet.mkdir()
    with duckdb.connect(str(file)) as connection:
        for path in folder.glob("*.csv"):
            options = (
                "types = {'concept_code': 'VARCHAR'}" if path.stem == "concept" else "header = true"
            )
            rows = f"SELECT * FROM read_csv('{path}', {options})"  # noqa: S608
            connection.execute(f"CREATE TABLE {path.stem} AS {rows}")
            connection.execute(f"COPY {path.stem} TO '{parquet / path.stem}.parquet'")
    for target in (parquet, tmp_path):
        (target / "site_concepts.csv").write_bytes((folder / "site_concepts.csv").read_bytes())
    charts_of = []
    for source in (folder, parquet, file):
        with open_omop(source, SPEC) as export:
            charts_of.append([(c.patient, c.resources) for c in export.charts()])
    assert charts_of[0] == charts_of[1] == charts_of[2]
    assert len(charts_of[0][0][1]) > 10


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "measurement.csv").unlink(), "'measurement'"),
        (
            lambda folder: write_csv(folder / "person.csv", [{"person_id": 1, "sex": 8507}]),
            "'gender_concept_id'",
        ),
        (
            lambda folder: write_csv(
                folder / "site_concepts.csv", [{"concept_id": 1, "system": "local", "code": "zz"}]
            ),
            "row 2",
        ),
        (
            lambda folder: write_csv(
                folder / "site_concepts.csv", [{"concept_id": 1, "system": "ours", "code": "zz"}]
            ),
            "row 2",
        ),
        (lambda folder: (folder / "concept.csv").write_bytes(b"\xff\xfe\x00"), "concept"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_and_named(patients, tmp_path, change, said):
    folder = one_patient(patients, tmp_path)
    change(folder)
    with pytest.raises(ExportError) as refused, open_omop(folder, SPEC):
        pass
    assert said in refused.value.message
    assert refused.value.remedy


def test_the_command_makes_a_table_of_omop_that_the_check_accepts(loader, tmp_path, capsys):
    folder, output = loader.write(tmp_path / "cdm"), tmp_path / "cohort.csv"
    words = [RA, "--omop", str(folder), "--output", str(output), "--taken", TAKEN, "--json"]
    assert extract.main(words) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["charts"] == 40
    report = check_file(output, schema(), TODAY)
    assert [p.line() for p in report.problems if p.severity == "error"] == []
    assert report.rows == said["rows"] > 30
