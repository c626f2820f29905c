"""A bulk export: charts put together from files in no order, and what cannot be put together."""

from __future__ import annotations

import json
import tracemalloc

import pytest

from cohorts import extract
from cohorts.bulk import open_export
from cohorts.charts import reader
from cohorts.errors import ExportError
from decision import catalog
from examples.simulated_registry import charts, write
from fhir.errors import OtherPatientError
from models.table.check import check_file
from tests.cohort_tables import RA, TODAY, schema
from tests.exports import write_export

SPEC = catalog.load(RA)


def resources(n=4, seed=2):
    return [r for chart in charts(n, seed) for r in chart]


def ids(folder, **options):
    with open_export(folder, **options) as export:
        return [(c.patient, [r["id"] for r in c.resources]) for c in export.charts()]


def test_every_resource_lands_in_its_own_chart_whatever_the_order_of_the_files(tmp_path):
    every = resources()
    first = ids(write_export(tmp_path / "one", every, parts=1))
    second = ids(write_export(tmp_path / "two", reversed(every), parts=5))
    assert first == second
    assert [patient for patient, _ in first] == [f"sim-{i:06d}" for i in range(4)]
    assert sum(len(found) for _, found in first) == len(every)
    for patient, found in first:
        assert all(name.startswith(patient) for name in found)


def test_numbers_stay_as_they_were_written(tmp_path):
    (tmp_path / "all.ndjson").write_text(
        '{"resourceType":"Patient","id":"a"}\n'
        '{"resourceType":"Observation","id":"o","subject":{"reference":"Patient/a"},'
        '"valueQuantity":{"value":0.1000000000000000055}}\n'
    )
    with open_export(tmp_path) as export:
        (chart,) = export.charts()
    (value,) = [r["valueQuantity"]["value"] for r in chart.resources if "valueQuantity" in r]
    assert value == 0.1000000000000000055


def test_references_of_a_version_and_of_a_server_are_followed(tmp_path):
    every = resources(1)
    for number, resource in enumerate(every):
        if "subject" in resource:
            base = "https://fhir.example.org/r4/" if number % 2 else ""
            history = "/_history/3" if number % 3 == 0 else ""
            resource["subject"]["reference"] = f"{base}Patient/sim-000000{history}"
    server = "https://fhir.example.org/r4/Group/7/$export?_type=Patient"
    folder = write_export(tmp_path / "export", every, request=server)
    with open_export(folder) as export:
        assert export.base == "https://fhir.example.org/r4"
        (chart,) = export.charts()
        assert len(chart.resources) == len(every)
        record = reader(SPEC, export.base).record(chart.resources, export.taken)
    assert record.observations


def test_an_address_of_a_server_that_nothing_names_is_refused_as_at_the_bedside(tmp_path):
    every = resources(1)
    observation = next(r for r in every if r["resourceType"] == "Observation")
    observation["subject"]["reference"] = "https://elsewhere.example.org/Patient/sim-000000"
    with open_export(write_export(tmp_path / "export", every)) as export:
        (chart,) = export.charts()
        with pytest.raises(OtherPatientError):
            reader(SPEC).record(chart.resources, export.taken)


def test_a_drug_named_in_a_medication_of_its_own_comes_with_every_chart_that_names_it(tmp_path):
    every = resources(2)
    drug = {
        "resourceType": "Medication",
        "id": "adalimumab",
        "code": {"coding": [{"system": "urn:x", "code": "1"}]},
    }
    for resource in every:
        if resource["resourceType"] == "MedicationRequest":
            resource["medicationReference"] = {"reference": "Medication/adalimumab"}
            del resource["medicationCodeableConcept"]
    with open_export(write_export(tmp_path / "export", [*every, drug])) as export:
        for chart in export.charts():
            assert [r["id"] for r in chart.resources if r["resourceType"] == "Medication"] == [
                "adalimumab"
            ]


def test_what_belongs_to_nobody_is_counted(tmp_path):
    every = resources(2)
    orphan = {"resourceType": "Observation", "id": "x", "subject": {"reference": "Patient/gone"}}
    nobody = {"resourceType": "Observation", "id": "y"}
    with open_export(write_export(tmp_path / "export", [*every, orphan, nobody])) as export:
        assert [c.patient for c in export.charts()] == ["sim-000000", "sim-000001"]
        assert export.unused == {
            "Observation of a patient who is not in the export": 1,
            "Observation of no patient": 1,
        }


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "no *.ndjson"),
        ({"a.ndjson": '{"resourceType":"Observation","id":"o"}\n'}, "no Patient"),
        (
            {"a.ndjson": '{"resourceType":"Patient","id":"a"}\n{"resourceType":"Pat'},
            "a.ndjson, line",
        ),
        ({"a.ndjson": '{"id":"a"}\n'}, "a.ndjson, line"),
        (
            {"a.ndjson": '{"resourceType":"Patient","id":"a"}\n', "manifest.json": "[1]"},
            "manifest.json",
        ),
    ],
)
def test_an_export_that_was_cut_off_is_refused_and_the_file_named(tmp_path, files, said):
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(ExportError) as refused, open_export(tmp_path):
        pass
    assert said in refused.value.message
    assert refused.value.remedy


def test_a_line_that_says_something_twice_is_refused_without_repeating_it(tmp_path):
    (tmp_path / "a.ndjson").write_text('{"resourceType":"Patient","id":"a","id":"secret"}\n')
    with open_export(tmp_path) as export, pytest.raises(ExportError) as refused:
        list(export.charts())
    assert "twice" in refused.value.message
    assert "secret" not in refused.value.message


def test_only_a_part_is_in_memory_at_a_time(tmp_path):
    """Thirty megabytes in parts of one: what is held is a few parts, never the export."""
    padded = []
    for i in range(3000):
        person = f"p{i % 60:02d}"
        if i < 60:
            padded.append({"resourceType": "Patient", "id": person})
        padded.append(
            {
                "resourceType": "Observation",
                "id": f"o{i:05d}",
                "subject": {"reference": f"Patient/{person}"},
                "note": [{"text": f"{i}" + "x" * 10_000}],
            }
        )
    folder = write_export(tmp_path / "export", padded)
    del padded
    assert sum(p.stat().st_size for p in folder.glob("*.ndjson")) > 30_000_000
    tracemalloc.start()
    try:
        with open_export(folder, part_bytes=1_000_000) as export:
            counts = [len(chart.resources) for chart in export.charts()]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counts == [51] * 60
    assert peak < 12_000_000


def test_the_parts_change_no_chart(tmp_path):
    folder = write_export(tmp_path / "export", resources(8))
    whole, parts = ids(folder), ids(folder, part_bytes=4_000)
    assert sorted(whole) == sorted(parts)
    assert whole != parts  # or nothing was dealt out


@pytest.mark.parametrize("name", ["cohort.csv", "cohort.parquet"])
def test_the_command_writes_a_table_that_the_check_accepts(tmp_path, capsys, name):
    write(tmp_path / "export", 60, 4)
    output = tmp_path / name
    assert extract.main([RA, "--ndjson", str(tmp_path / "export"), "--output", str(output)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["charts"] == 60
    assert said["rows"] == sum(said["courses"].values()) > 50
    assert said["charts_refused"] == {}
    report = check_file(output, schema(), TODAY)
    assert [p.line() for p in report.problems if p.severity == "error"] == []
    assert report.rows == said["rows"]
    assert list(tmp_path.glob("*.part")) == []


def test_no_id_of_the_export_gets_into_the_table(tmp_path):
    write(tmp_path / "export", 20, 4)
    extract.extract(RA, tmp_path / "export", tmp_path / "cohort.csv")
    text = (tmp_path / "cohort.csv").read_text()
    assert "sim-0" not in text
    assert "p0000001," in text


def test_a_chart_that_the_bedside_would_refuse_is_counted_and_hides_no_other(tmp_path, capsys):
    every = resources(6)
    refused = next(r for r in every if r["resourceType"] == "Patient")
    refused["active"] = False
    refused["link"] = [{"type": "replaced-by", "other": {"reference": "Patient/other"}}]
    folder = write_export(tmp_path / "export", every)
    tally = extract.extract(RA, folder, tmp_path / "cohort.csv")
    assert tally.charts == 6
    assert dict(tally.refused) == {"StandingError": 1}
    assert tally.rows >= 4


@pytest.mark.parametrize(
    ("decision", "prepare", "said"),
    [
        ("no_such", lambda folder: write(folder, 2, 1), "no_such"),
        ("t1d_progression", lambda folder: write(folder, 2, 1), "outcome is read"),
        (RA, lambda folder: folder.mkdir(), "ndjson"),
        (RA, lambda folder: (write(folder, 2, 1), (folder / "manifest.json").unlink()), "--taken"),
    ],
)
def test_what_cannot_be_extracted_is_refused_with_the_remedy(
    tmp_path, capsys, decision, prepare, said
):
    folder = tmp_path / "export"
    prepare(folder)
    output = tmp_path / "cohort.csv"
    assert extract.main([decision, "--ndjson", str(folder), "--output", str(output)]) == 2
    assert said in capsys.readouterr().err
    assert not output.exists()
