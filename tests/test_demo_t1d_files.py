"""The files of the demo patients before type 1 diabetes: written the same twice, and coherent."""

from __future__ import annotations

import itertools
import json
import tomllib
from datetime import date
from pathlib import Path

import pytest

from examples import make_demo_patients as converter

FOLDER = Path(converter.__file__).parent / "demo_patients"
FILES = sorted(FOLDER.glob("demo-t1-*.json"))
TABLE = tomllib.loads((FOLDER.parent / "demo_patients_t1d.toml").read_text("utf-8"))["patient"]


def test_a_second_writing_gives_the_same_files_byte_by_byte(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["make_demo_patients", "--out", str(tmp_path)])
    converter.main()
    written = sorted(p.name for p in tmp_path.iterdir())
    assert written == sorted(p.name for p in FOLDER.glob("*.json"))
    for path in FILES:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    assert capsys.readouterr().out.count("\n") == len(written)


@pytest.mark.parametrize("person", TABLE, ids=lambda p: p["id"])
def test_the_stories_hold_together(person):
    """What somebody who sees children every day would frown at."""
    visits = person["visits"]
    days = [date.fromisoformat(v["on"]) for v in visits]
    assert person["name"][1].startswith("Example-")
    assert days == sorted(set(days))
    assert date.fromisoformat(person["born"]) < days[0]
    assert days[-1] < date.fromisoformat(person["as_of"][:10])
    results = [v.get("results", {}) for v in visits]
    for measure in ("height", "weight"):  # a child grows, and nobody else is measured twice
        taken = [r[measure] for r in results if measure in r]
        assert taken
        assert taken == sorted(taken)
    for result in results:
        assert ("height" in result) == ("weight" in result)
        bmi = result["weight"] / (result["height"] / 100) ** 2 if "height" in result else 18
        assert 13.5 < bmi < 35
        assert 4.5 <= result.get("hba1c", 5) <= 10
    for visit in visits:
        if ogtt := visit.get("ogtt"):
            assert ogtt["began"].startswith(visit["on"])
            fasting, *later, _ = ogtt["glucose"]
            assert min(later) > fasting
            peptide = ogtt.get("c_peptide")
            assert peptide is None or min(peptide[1:5]) > 2 * peptide[0]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_body_mass_index_of_a_visit_is_that_of_its_height_and_weight(path):
    taken: dict[str, dict[str, float]] = {}
    for entry in json.loads(path.read_text("utf-8"))["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Observation" and "valueQuantity" in resource:
            code = resource["code"]["coding"][0]["code"]
            day = taken.setdefault(resource["effectiveDateTime"][:10], {})
            day[code] = resource["valueQuantity"]["value"]
    measured = [d for d in taken.values() if "39156-5" in d]
    assert measured
    for day in measured:
        metres = day["8302-2"] / 100
        assert day["39156-5"] == pytest.approx(day["29463-7"] / metres**2, abs=0.051)


def test_every_result_belongs_to_an_encounter_of_its_day_and_both_are_in_the_file():
    for path in FILES:
        entries = json.loads(path.read_text("utf-8"))["entry"]
        days = {
            name: e["resource"]["period"]["start"]
            for e in entries
            if e["resource"]["resourceType"] == "Encounter"
            for name in (e["fullUrl"], f"Encounter/{e['resource']['id']}")
        }
        results = [e["resource"] for e in entries if e["resource"]["resourceType"] == "Observation"]
        assert results
        for result in results:
            there = days[result["encounter"]["reference"]]
            assert result["effectiveDateTime"].startswith(there)


def test_names_and_notes_are_each_somebody_elses():
    for one, other in itertools.combinations(TABLE, 2):
        assert one["name"] != other["name"]
        assert one["shows"] != other["shows"]
    assert {p["id"] for p in TABLE} == {f"demo-t1-{n:02d}" for n in range(1, 16)}
