"""A folder of bundles: a bad file is named with its remedy, and the other patients still work."""

from __future__ import annotations

import gzip
import json
import os
from datetime import datetime
from pathlib import Path

import pytest

import fhir.bundles
import fhir.files
from decision.catalog.ra_biologic_response.codelists import load_codelists
from decision.clinical.quantities import Quantity
from decision.clinical.record import (
    ConditionState,
    ListingProblem,
    PatientListing,
    PatientRecord,
)
from fhir.bundles import FolderSource
from fhir.errors import OtherPatientError, UnknownPatientError, UnreadableError
from fhir.to_record import read_bundle
from tests.fhir_builders import LOCAL, NAME, bundle, medication, observation, patient, write
from tests.samples import SAMPLES, unpacked


def other(identity: str) -> dict:
    """A good bundle of another patient."""
    return bundle(patient(identity), observation(subject={"reference": f"Patient/{identity}"}))


def test_a_folder_lists_its_patients_and_loads_each(tmp_path):
    write(tmp_path, "b.json", other("p2"))
    write(tmp_path, "a.json", other("p1"))
    write(tmp_path, "notes.txt", "not a bundle")
    source = FolderSource(tmp_path)

    assert [line.patient_id for line in source.patients()] == ["p1", "p2"]
    assert source.load("p2").patient_id == "p2"
    assert FolderSource(tmp_path).load("p1").observations[0].value == Quantity(
        value=12.0, unit="mg/L"
    )


def test_a_case_note_is_shown_only_from_our_own_tag(tmp_path):
    tags = [{"system": "x", "code": "case-note", "display": NAME}]
    write(tmp_path, "a.json", other("p1") | {"meta": {"tag": tags}})
    tags = [{"system": LOCAL, "code": "case-note", "display": "What it shows"}]
    write(tmp_path, "b.json", other("p2") | {"meta": {"tag": tags}})

    assert [line.note for line in FolderSource(tmp_path).patients()] == ["", "What it shows"]


@pytest.mark.parametrize(
    ("name", "content", "says", "remedy"),
    [
        ("cut.json", json.dumps(other("p9"))[:-30], "not complete JSON", "again"),
        ("empty.json", "", "line 1, column 1", "again"),
        ("latin.json", b'{"resourceType": "Bundle", "x": "\xe9"}', "UTF-8", "UTF-8"),
        ("nan.json", '{"value": NaN}', "JSON", "again"),
        ("deep.json", "[" * 100_000, "JSON", "again"),
        ("digits.json", "9" * 5000, "JSON", "again"),
        ("list.json", [], "not a FHIR Bundle", "R4 Bundle"),
        ("single.json", patient("p9"), "not a FHIR Bundle", "R4 Bundle"),
        ("nobody.json", bundle() | {"entry": []}, "no Patient", "include the Patient"),
        ("two.json", bundle(patient("p8"), patient("p9")), "holds 2 Patients", "each patient"),
        ("mixed.json", bundle(patient("p9"), observation("o7")), "Observation/o7", "alone"),
        (
            "r5.json",
            bundle(medication(medication={"concept": {}}, subject={"reference": "Patient/p1"})),
            "MedicationRequest/m1",
            "R4",
        ),
        (
            "twice.json",
            json.dumps(other("p9")).replace(
                '"reference":', '"reference": "Patient/p1", "reference":', 1
            ),
            "twice",
            "again",
        ),
        ("again.json", other("p1"), "same Patient id as in a.json", "one of the two"),
    ],
)
def test_a_bad_file_is_named_and_hides_nobody_else(tmp_path, name, content, says, remedy):
    write(tmp_path, "a.json", other("p1"))
    write(tmp_path, name, content)
    write(tmp_path, "z.json", other("p3"))
    source = FolderSource(tmp_path)
    lines = source.patients()

    problems = [line for line in lines if isinstance(line, ListingProblem)]
    assert [p.file for p in problems] == [name]
    assert name in problems[0].message
    assert says in problems[0].message
    assert remedy.lower() in problems[0].remedy.lower()
    assert [x.patient_id for x in lines if isinstance(x, PatientListing)] == ["p1", "p3"]
    assert source.load("p3").patient_id == "p3"


def test_a_byte_order_mark_is_no_obstacle(tmp_path):
    write(tmp_path, "a.json", b"\xef\xbb\xbf" + json.dumps(other("p1")).encode())

    assert FolderSource(tmp_path).load("p1").patient_id == "p1"


def pipe(path: Path) -> None:
    os.mkfifo(path)


def link(path: Path) -> None:
    target = path.parent / "elsewhere"
    target.mkdir()
    path.symlink_to(write(target, "p9.json", other("p9")))


@pytest.mark.parametrize("make", [pipe, link, Path.mkdir], ids=["pipe", "link", "folder"])
def test_what_is_no_regular_file_is_named_and_never_opened(tmp_path, make):
    # a pipe would make the whole worklist wait; a link reads what nobody put into the folder
    write(tmp_path, "a.json", other("p1"))
    make(tmp_path / "m.json")
    write(tmp_path, "z.json", other("p3"))
    first, problem, last = FolderSource(tmp_path).patients()

    assert (first.patient_id, last.patient_id) == ("p1", "p3")
    assert problem.message == "m.json: a link, folder or device, not a file."
    assert "file itself" in problem.remedy


def test_a_file_that_becomes_a_link_or_pipe_while_it_is_opened_is_refused(tmp_path, monkeypatch):
    regular = write(tmp_path, "a.json", other("p1")).lstat()
    for make in (pipe, link):
        make(path := tmp_path / f"{make.__name__}.json")
        with monkeypatch.context() as before:
            before.setattr(Path, "lstat", lambda _: regular)
            with pytest.raises(UnreadableError):
                fhir.files.read_json(path)


def test_a_name_in_another_encoding_is_shown_as_far_as_it_can_be(tmp_path):
    for name in (b"\xff.json", "tu\u202erned\n.json".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text("{")
    write(tmp_path, "a.json", other("p1"))
    listed = FolderSource(tmp_path).patients()
    problems = [line for line in listed if isinstance(line, ListingProblem)]

    assert len(listed) == 3
    assert {p.file for p in problems} == {"\ufffd.json", "turned.json"}
    assert all(p.message.startswith(p.file) for p in problems)


def test_content_too_deep_to_compare_is_that_files_problem_alone(tmp_path, monkeypatch):
    def read(bundle: object, file: str, *, with_files: bool) -> PatientRecord:
        if file == "a.json":
            raise RecursionError
        return read_bundle(bundle, file, with_files=with_files)

    monkeypatch.setattr(fhir.bundles, "read_bundle", read)
    write(tmp_path, "a.json", other("p1"))
    write(tmp_path, "b.json", other("p2"))
    problem, listing = FolderSource(tmp_path).patients()

    assert "nested too deeply" in problem.message
    assert listing.patient_id == "p2"


def test_a_listing_in_another_session_takes_nobody_away_from_this_one(tmp_path, monkeypatch):
    write(tmp_path, "a.json", other("p1"))
    source = FolderSource(tmp_path)
    source.patients()

    class Emptied(dict):  # between the question and the answer, another session lists the folder
        def __contains__(self, key: object) -> bool:
            source._files = {}
            return super().__contains__(key)

    source._files = Emptied(source._files)
    assert source.load("p1").patient_id == "p1"


def test_an_oversize_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(fhir.files, "MAX_BYTES", 100)
    write(tmp_path, "a.json", other("p1"))
    (problem,) = FolderSource(tmp_path).patients()

    assert "a.json" in problem.message
    assert "larger" in problem.message


@pytest.mark.parametrize("there", [True, False])
def test_an_empty_or_missing_folder_says_so(tmp_path, there):
    folder = tmp_path / "patients"
    if there:
        folder.mkdir()
    (problem,) = FolderSource(folder).patients()

    assert problem.file == "patients"
    assert problem.message.startswith("patients: ")
    assert problem.remedy
    with pytest.raises(UnknownPatientError):
        FolderSource(folder).load("p1")


@pytest.mark.parametrize(
    ("later", "error"),
    [
        (other("p2"), UnknownPatientError),
        (bundle(patient("p1"), observation(subject={"reference": "x"})), OtherPatientError),
        ("{", UnreadableError),
    ],
)
def test_a_file_that_changes_after_the_listing_never_yields_somebody_else(tmp_path, later, error):
    write(tmp_path, "a.json", other("p1"))
    source = FolderSource(tmp_path)
    source.patients()

    write(tmp_path, "a.json", later)
    with pytest.raises(error):
        source.load("p1")


def test_errors_carry_no_patient_data_along(tmp_path):
    # a chained JSONDecodeError holds the whole document and would be printed with a traceback
    path = write(tmp_path, "a.json", json.dumps(other("p1"))[:-5])

    with pytest.raises(UnreadableError) as error:
        fhir.files.read_json(path)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__
    assert NAME not in str(error.value)


def test_two_sources_share_nothing(tmp_path):
    for folder, identity in (("one", "p1"), ("two", "p2")):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder, "a.json", other(identity))
    one, two = FolderSource(tmp_path / "one"), FolderSource(tmp_path / "two")
    one.patients(), two.patients()

    with pytest.raises(UnknownPatientError):
        two.load("p1")
    with pytest.raises(UnknownPatientError):
        one.load("p2")


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> FolderSource:
    """The three synthetic patients of `data/samples`, unpacked."""
    return unpacked(tmp_path_factory.mktemp("samples"))


def sample(source: FolderSource, name: str):
    line = next(line for line in source.patients() if line.identity.name == name)
    return source.load(line.patient_id)


def test_the_sample_bundles_are_listed_without_a_problem(samples):
    assert [(type(line), line.identity.name) for line in samples.patients()] == [
        (PatientListing, "Dirk Kuhlman"),
        (PatientListing, "Hershel Marvin"),
        (PatientListing, "Laticia Dibbert"),
    ]


def test_the_man_on_methotrexate_has_arthritis_and_no_activity_score(samples):
    record, lists = sample(samples, "Hershel Marvin"), load_codelists()

    (arthritis,) = record.diagnosed(lists["rheumatoid_arthritis"])
    assert (arthritis.state, arthritis.onset.day_text) == (ConditionState.ACTIVE, "2018-08-12")
    assert len(record.exposed(lists["methotrexate"])) == 1
    assert record.observed(lists["hemoglobin"])
    assert record.observed(lists["bmi"])
    assert not record.observed(lists["tender_joints"])
    assert not record.observed(lists["crp"])
    # the last thing that happened to him is the end of a visit
    assert record.as_of == datetime.fromisoformat("2020-02-04T08:11:53+00:00")
    assert record.issues == ()


def test_the_woman_who_died_is_read_as_of_her_last_days(samples):
    record, lists = sample(samples, "Laticia Dibbert"), load_codelists()

    assert record.deceased.day_text == "2013-06-02"
    assert record.as_of <= record.deceased.latest
    assert record.diagnosed(lists["rheumatoid_arthritis"])
    assert record.diagnosed(lists["heart_failure"])
    assert record.observed(lists["alt"])[0].value.unit == "U/L"
    assert record.observed(lists["platelets"])[0].reported.unit == "10*3/uL"


def test_the_man_with_diabetes_has_no_arthritis(samples):
    record, lists = sample(samples, "Dirk Kuhlman"), load_codelists()

    assert not record.diagnosed(lists["rheumatoid_arthritis"])
    assert record.deceased is None


def test_no_national_identifier_is_copied_from_the_samples(samples):
    for packed in SAMPLES.glob("*.json.gz"):
        content = json.loads(gzip.decompress(packed.read_bytes()))
        person = next(
            e["resource"] for e in content["entry"] if e["resource"]["resourceType"] == "Patient"
        )
        secrets = [
            i["value"]
            for i in person["identifier"]
            if i.get("type", {}).get("coding", [{}])[0].get("code") in ("SS", "DL", "PPN")
        ]
        assert secrets
        record = samples.load(person["id"])
        shown = f"{record!r} {record.identity.name} {record.identity.record_number}"
        assert not [s for s in secrets if s in shown]
