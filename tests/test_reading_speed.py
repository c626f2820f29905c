"""What was made quick reads as before: kept codes and times, collection, the measured bundle."""

from __future__ import annotations

import gc
import json
import threading

import pytest

from benchmarks import record as benchmark
from benchmarks.record_bundle import MIX, generated
from decision.clinical.record import IssueKind
from fhir.bundles import FolderSource
from fhir.collecting import not_collecting
from fhir.to_record import read_bundle
from tests.fhir_builders import LOINC, kinds, observation, quantity, record_of


def test_a_time_without_a_zone_is_noted_for_every_result_that_has_it():
    told = record_of(
        observation("o1", effectiveDateTime="2026-11-02T08:00:00"),
        observation("o2", (LOINC, "718-7"), effectiveDateTime="2026-11-02T08:00:00"),
    )
    noted = [i.reference for i in told.issues if i.kind is IssueKind.UNZONED_TIME]
    assert noted == ["Observation/o1", "Observation/o2"]


def test_a_code_that_fails_its_check_digit_is_noted_every_time():
    told = record_of(observation("o1", (LOINC, "1988-4")), observation("o2", (LOINC, "1988-4")))
    assert kinds(told).count(IssueKind.INVALID_CODE) == 2


def test_one_code_under_two_displays_keeps_both():
    first = {"coding": [{"system": LOINC, "code": "718-7", "display": "Haemoglobin"}]}
    other = {"coding": [{"system": LOINC, "code": "718-7", "display": 7}]}
    haemoglobin = observation("o1", valueQuantity=quantity(12, "g/dL"))
    earlier = observation("o2", valueQuantity=quantity(13, "g/dL"), effectiveDateTime="2025")
    told = record_of(haemoglobin | {"code": first}, earlier | {"code": other})
    assert sorted(o.codes[0].display for o in told.observations) == ["", "Haemoglobin"]


def test_limits_in_the_result_s_own_unit_are_converted_with_it():
    limits = [{"low": quantity(120, "g/L"), "high": quantity(160, "g/L")}]
    told = record_of(
        observation(
            "o1",
            (LOINC, "718-7"),
            valueQuantity=quantity(110, "g/L"),
            referenceRange=limits,
        )
    )
    (found,) = told.observations
    assert found.reference_range is not None
    assert (found.reference_range.low, found.reference_range.high) == (12, 16)


def test_collection_is_on_again_whatever_happens_inside():
    with not_collecting():
        assert not gc.isenabled()
        with not_collecting():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), not_collecting():
        1 / 0  # noqa: B018
    assert gc.isenabled()


def test_collection_is_on_again_once_the_last_of_several_threads_has_left():
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with not_collecting():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait(10)
    with not_collecting():
        leave.set()
        thread.join(10)
    assert gc.isenabled()


def test_the_measured_bundle_is_the_same_every_time_and_as_large_as_said():
    raw = generated()
    assert raw == generated()
    assert raw != generated(seed=1)
    assert 3_900_000 < len(raw) < 4_100_000
    entries = json.loads(raw)["entry"]
    assert len(entries) == 3_000 == 1 + sum(MIX.values())


def test_the_measured_way_reads_the_same_record_as_the_plain_parser(tmp_path):
    raw = generated(seed=2)
    (tmp_path / "generated.json").write_bytes(raw)
    source = FolderSource(tmp_path)
    (listed,) = source.patients()
    measured = source.load(listed.patient_id)
    assert measured == read_bundle(json.loads(raw), "generated.json")
    assert len(measured.observations) > 500
    assert all(o.value is not None for o in measured.observations)


def test_the_figures_name_what_they_were_taken_on(monkeypatch, capsys):
    small = json.loads(generated())
    small["entry"] = small["entry"][:40]
    monkeypatch.setattr(benchmark, "generated", lambda: json.dumps(small).encode())
    monkeypatch.setattr("sys.argv", ["record", "--json", "--repeats", "1", "--views", "0"])
    benchmark.main()
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said["entries"] == 40
    assert said["repeats"] == benchmark.LEAST_REPEATS
    assert set(said["machine"]) >= {"processor", "cores", "load", "python"}
