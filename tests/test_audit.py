"""The trail in SQLite: what was written stays, of one person alone, for one account alone."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.errors import AuditError
from decision.clinical.record import Identity
from fhir.store.audit import SqlAuditLog, open_trail
from fhir.dates import moment

ADA = Identity(name="Ada Marker", birth_date=moment("1970-05-04"), sex="female", record_number="7")


def make_event(patient_id: str = "patient-1", note: str = "", identity: Identity = ADA):
    return AuditEvent(
        recorded=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        action=AuditAction.ASSESSED,
        agent="Practitioner/test",
        patient_id=patient_id,
        identity=identity,
        decision="test_decision",
        spec_version="1",
        model_version="1.0.0 (ab12)",
        input_hash="f" * 64,
        outcome={"shown": "card", "note": note},
    )


def of_ada(log: SqlAuditLog) -> tuple[tuple[str, AuditEvent], ...]:
    return log.entries("patient-1", ADA).entries


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "audit.sqlite"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Whoever starts the product may have told the system to make files open to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_an_entry_comes_back_as_it_was_written(tmp_path):
    log = open_trail(tmp_path / "new" / "audit.sqlite")
    audit_id = log.append(make_event())
    assert of_ada(log) == ((audit_id, make_event()),)


def test_one_patients_trail_shows_nobody_else(path):
    log = open_trail(path)
    log.append(make_event("patient-1"))
    log.append(make_event("patient-2"))
    trail = log.entries("patient-2", ADA)
    assert [event.patient_id for _, event in trail.entries] == ["patient-2"]
    assert trail.of_others == 0


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Bea Marker"},
        {"birth_date": moment("1970-05-05")},
        {"birth_date": None},
        {"sex": "male"},
        {"record_number": "8"},
    ],
)
def test_two_people_with_one_id_never_see_each_others_entries(path, change):
    # ids repeat: two servers, a test system beside the real one, a record deleted and begun anew
    log = open_trail(path)
    log.append(make_event(note="of Ada"))
    other = log.entries("patient-1", dataclasses.replace(ADA, **change))

    assert other.entries == ()
    assert other.of_others == 1
    assert len(of_ada(open_trail(path))) == 1


def test_a_name_in_other_letters_is_the_same_person(path):
    log = open_trail(path)
    log.append(make_event())
    shouted = dataclasses.replace(ADA, name="ADA   Marker ")
    assert len(log.entries("patient-1", shouted).entries) == 1


def test_the_trail_holds_nothing_that_names_the_person_and_not_its_key(path):
    log = open_trail(path)
    log.append(make_event())
    key = path.with_name("audit.sqlite.key").read_bytes()
    kept = b"".join(p.read_bytes() for p in path.parent.glob("audit.sqlite*") if p.suffix != ".key")

    assert b"patient-1" in kept
    assert len(key) == 32
    assert key not in kept
    telling = (b"ada", b"marker", b"1970", key.hex().encode())
    assert [word for word in telling if word in kept.lower()] == []


def test_two_trails_have_two_keys(tmp_path):
    for name in ("one", "two"):
        open_trail(tmp_path / name / "audit.sqlite")
    keys = {p.read_bytes() for p in tmp_path.glob("*/audit.sqlite.key")}
    assert len(keys) == 2


@pytest.mark.parametrize("damage", [Path.unlink, lambda key: key.write_bytes(b"short")])
def test_a_trail_without_its_key_is_not_continued_under_another(path, damage):
    open_trail(path).append(make_event())
    damage(path.with_name("audit.sqlite.key"))
    with pytest.raises(AuditError, match=r"audit\.sqlite\.key") as stopped:
        open_trail(path)
    assert "backup" in stopped.value.remedy


def test_entries_survive_reopening_in_the_order_they_came(path):
    for number in range(3):
        open_trail(path).append(make_event(note=str(number)))
    notes = [event.outcome["note"] for _, event in of_ada(open_trail(path))]
    assert notes == ["0", "1", "2"]


INSERT = (
    "into audit_event (sequence, id, patient_id, person, recorded, action, agent, decision, "
    "spec_version, model_version, input_hash, outcome) "
    "select {sequence}, {id}, patient_id, person, recorded, action, 'nobody', decision, "
    "spec_version, model_version, input_hash, outcome from audit_event where sequence = 2"
)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_event set agent = 'nobody'",
        "delete from audit_event",
        "insert or replace " + INSERT.format(sequence="sequence", id="id"),
        "insert or replace " + INSERT.format(sequence="sequence", id="'new'"),
        "insert or replace " + INSERT.format(sequence="null", id="id"),
        "replace " + INSERT.format(sequence="null", id="id"),
        "insert or ignore " + INSERT.format(sequence="sequence", id="'new'"),
        "insert " + INSERT.format(sequence="-1", id="'new'"),
        "insert " + INSERT.format(sequence="0", id="'new'"),
    ],
)
def test_ordinary_sql_cannot_change_replace_or_slip_in_an_entry(path, statement):
    log = open_trail(path)
    for note in ("one", "two"):
        log.append(make_event(note=note))
    before = of_ada(log)
    with closing(sqlite3.connect(path)) as connection:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute(statement)
        connection.commit()
    assert of_ada(log) == before
    log.append(make_event(note="three"))
    assert [event.outcome["note"] for _, event in of_ada(log)] == ["one", "two", "three"]


def test_only_the_account_that_runs_the_product_can_read_the_trail(tmp_path, open_umask):
    folder = tmp_path / "new"
    log = open_trail(folder / "audit.sqlite")
    with closing(sqlite3.connect(folder / "audit.sqlite")) as reader:  # keeps -wal and -shm there
        reader.execute("select * from audit_event").fetchall()
        log.append(make_event())
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in folder.iterdir()}

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    ends = ("", "-wal", "-shm", ".key")
    assert modes == {f"audit.sqlite{end}": 0o600 for end in ends}


def test_files_left_open_to_others_are_closed_to_them(path):
    open_trail(path).append(make_event())
    key = path.with_name("audit.sqlite.key")
    for left in (path, key):
        left.chmod(0o644)
    open_trail(path)
    assert [stat.S_IMODE(p.stat().st_mode) for p in (path, key)] == [0o600, 0o600]


def test_a_folder_that_was_there_keeps_the_permissions_somebody_gave_it(path):
    path.parent.chmod(0o750)
    open_trail(path)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o750


def test_a_link_in_place_of_the_trail_is_not_followed(path):
    elsewhere = path.with_name("elsewhere")
    elsewhere.write_text("")
    path.symlink_to(elsewhere)
    with pytest.raises(AuditError, match="private"):
        open_trail(path)
    assert elsewhere.read_text() == ""


def test_a_trail_of_an_earlier_version_says_what_to_do(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table audit_event (sequence integer primary key, id text)")
        connection.commit()
    with pytest.raises(AuditError, match=r"audit\.sqlite was written by another version") as old:
        open_trail(path)
    assert "Move it" in old.value.remedy


def test_concurrent_writers_lose_nothing_and_share_one_key(path):
    failed = []

    def write() -> None:
        try:
            log = open_trail(path)
            for _ in range(20):
                log.append(make_event())
        except AuditError as error:
            failed.append(error.message)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len({audit_id for audit_id, _ in of_ada(open_trail(path))}) == 80


def test_a_trail_that_cannot_be_written_says_so_without_a_value(path):
    path.write_text("this is not a database, and it is long enough to be noticed" * 20)
    with pytest.raises(AuditError) as caught:
        open_trail(path)
    assert "audit.sqlite" in caught.value.message
    assert "patient" not in caught.value.message
    assert caught.value.remedy


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AuditError, match="folder"):
        open_trail(tmp_path / "file" / "audit.sqlite")
