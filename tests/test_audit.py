"""The trail: what was written stays, of one person alone, for one account alone."""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from decision.clinical.errors import AuditError
from fhir.dates import moment
from fhir.store.audit import SqlAuditLog, open_trail
from fhir.store.database import Database, StoreError
from fhir.store.keys import kept_key
from tests.trails import ADA, make_event


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "audit.sqlite"


@pytest.fixture
def open_umask() -> Iterator[None]:
    """Whoever starts the product may have told the system to make files open to everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def test_an_entry_comes_back_as_it_was_written(place):
    log = place.open()
    audit_id = log.append(make_event())
    assert log.entries("patient-1", ADA).entries == ((audit_id, make_event()),)


def test_a_file_in_a_folder_yet_to_be_made_needs_a_path_alone(tmp_path):
    log = open_trail(tmp_path / "new" / "audit.sqlite")
    log.append(make_event())
    assert {p.name for p in (tmp_path / "new").glob("*sqlite.key")} == {"audit.sqlite.key"}


def test_one_patients_trail_shows_nobody_else(place):
    log = place.open()
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
        {"server": "https://other.example/fhir"},
    ],
)
def test_two_people_with_one_id_never_see_each_others_entries(path, change):
    # ids repeat: two servers, a test system beside the real one, a record deleted and begun anew
    log = open_trail(path)
    log.append(make_event(note="of Ada"))
    other = log.entries("patient-1", dataclasses.replace(ADA, **change))

    assert other.entries == ()
    assert other.of_others == 1
    assert len(open_trail(path).entries("patient-1", ADA).entries) == 1


def test_a_name_in_other_letters_is_the_same_person(place):
    log = place.open()
    log.append(make_event())
    shouted = dataclasses.replace(ADA, name="ADA   Marker ")
    assert len(log.entries("patient-1", shouted).entries) == 1


def test_the_trail_holds_nothing_that_names_the_person_and_not_its_key(path):
    open_trail(path).append(make_event())
    key = path.with_name("audit.sqlite.key").read_bytes()
    kept = b"".join(p.read_bytes() for p in path.parent.glob("audit.sqlite*") if p.suffix != ".key")

    assert b"patient-1" in kept
    assert len(key) == 32
    assert key not in kept
    telling = (b"marker", b"1970-05", key.hex().encode())  # "ada" alone may be part of a hash
    assert [word for word in telling if word in kept.lower()] == []


def test_two_trails_have_two_keys(tmp_path):
    for name in ("one", "two"):
        open_trail(tmp_path / name / "audit.sqlite")
    keys = {p.read_bytes() for p in tmp_path.glob("*/audit.sqlite.key")}
    assert len(keys) == 2


@pytest.mark.parametrize("damage", [Path.unlink, lambda key: key.write_bytes(b"short")])
def test_a_trail_without_its_key_is_not_continued_under_another(place, damage):
    place.open().append(make_event())
    damage(place.key)
    with pytest.raises(StoreError, match=rf"{place.key.name} of the audit trail") as stopped:
        place.open()
    assert "backup" in stopped.value.remedy


def test_a_trail_is_not_continued_with_the_key_of_another(place):
    # two replicas, each with a key of its own, would else write one trail that nobody can verify
    place.open().append(make_event())
    place.key.write_bytes(bytes(32))
    with pytest.raises(StoreError, match="key is not its own"):
        place.open()


def test_replicas_that_began_with_different_keys_do_not_mix_their_entries(place):
    one = SqlAuditLog(place.database(), b"1" * 32)
    other = SqlAuditLog(place.database(), b"2" * 32)
    one.append(make_event())
    with pytest.raises(StoreError, match="key is not its own"):
        other.append(make_event())
    assert one.head().count == 1


def test_a_server_has_no_beside_so_the_key_must_be_named(postgres):
    database = Database(postgres.database())
    with pytest.raises(StoreError, match="no key is named"):
        kept_key(database)
    database.close()


def test_entries_survive_reopening_in_the_order_they_came(place):
    for number in range(3):
        place.open().append(make_event(note=str(number)))
    assert [event.outcome["note"] for _, event in place.of_ada()] == ["0", "1", "2"]


@pytest.mark.parametrize(
    "note", ["", "é ü 漢字 \N{GRINNING FACE}", "nul \0 here", "half \ud83d", "a\nb\t'"]
)
def test_any_text_is_kept_as_it_is(place, note):
    log = place.open()
    log.append(make_event(note=note))
    ((_, event),) = log.entries("patient-1", ADA).entries
    assert event.outcome["note"] == note
    assert place.verify().problem is None


def test_an_id_that_the_database_cannot_hold_is_an_error_without_the_id(place):
    log = place.open()
    with pytest.raises(StoreError) as refused:
        log.append(make_event("patient-\ud83d"))
    assert "patient-" not in refused.value.message + refused.value.remedy
    assert log.head().count == 0


INSERT = (
    "into audit_entry (sequence, id, patient_id, person, recorded, action, agent, decision, "
    "spec_version, model_version, input_hash, outcome, previous, seal) "
    "select {sequence}, {id}, patient_id, person, recorded, action, 'nobody', decision, "
    "spec_version, model_version, input_hash, outcome, {previous}, seal"
    " from audit_entry where sequence = 2"
)
MINE = INSERT.format(sequence="sequence", id="'new'", previous="previous")
LAST = INSERT.format(sequence="3", id="id", previous="seal")
COMMON = [
    "update audit_entry set agent = 'nobody'",
    "update audit_entry set agent = 'nobody' where sequence = 1",
    "delete from audit_entry",
    "insert " + INSERT.format(sequence="-1", id="'new'", previous="previous"),
    "insert " + INSERT.format(sequence="0", id="'new'", previous="previous"),
    "insert " + INSERT.format(sequence="4", id="'new'", previous="seal"),
    "insert " + INSERT.format(sequence="3", id="'new'", previous="previous"),
    "insert " + MINE,
]
STATEMENTS = {
    "sqlite": [
        *COMMON,
        f"insert or replace {MINE}",
        f"insert or replace {LAST}",
        f"insert or ignore {MINE}",
        f"replace {LAST}",
        "insert or replace " + INSERT.format(sequence="null", id="id", previous="seal"),
    ],
    "postgres": [
        *COMMON,
        "truncate audit_entry",
        f"insert {MINE} on conflict (sequence) do update set agent = 'nobody'",
        f"insert {LAST} on conflict (id) do update set agent = 'nobody'",
    ],
}


def test_ordinary_sql_cannot_change_replace_or_slip_in_an_entry(place):
    log = place.open()
    for note in ("one", "two"):
        log.append(make_event(note=note))
    before = place.of_ada()
    with place.sql() as connection:
        for statement in STATEMENTS["postgres" if place.cluster else "sqlite"]:
            with pytest.raises((sqlite3.IntegrityError, psycopg.Error), match="append-only"):
                connection.execute(statement)
    assert place.of_ada() == before
    log.append(make_event(note="three"))
    assert [event.outcome["note"] for _, event in place.of_ada()] == ["one", "two", "three"]


def test_an_entry_that_the_database_swallows_is_an_error(place):
    log = place.open()
    with place.sql() as connection:
        if place.cluster:
            connection.execute("create rule lose as on insert to audit_entry do instead nothing")
        else:
            connection.execute(
                "create trigger lose before insert on audit_entry begin select raise(ignore); end"
            )
    with pytest.raises(StoreError, match="did not keep"):
        log.append(make_event())


def test_a_trail_that_was_cut_is_not_continued_by_who_knows_more(place):
    """Whole in itself, it would pass for complete with every new entry."""
    log, other = place.open(), place.open()
    for number in range(3):
        log.append(make_event(note=str(number)))
    with place.intrusion() as intruder:
        intruder.execute("delete from audit_entry where sequence > 1")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"entry 3 .* is gone") as caught:
            log.append(make_event(note="more"))
    assert "fhir.store.verify" in caught.value.remedy
    other.append(make_event(note="of a process that never knew"))
    other.append(make_event(note="and one in the place of the third"))
    with pytest.raises(StoreError, match="entry 3"):
        log.append(make_event(note="more"))


def test_what_was_there_at_the_start_is_known_too(place):
    place.open().append(make_event())
    log = place.open()
    with place.intrusion() as intruder:
        intruder.execute("delete from audit_entry")
    with pytest.raises(StoreError, match="entry 1"):
        log.append(make_event())


def test_entries_of_others_in_between_are_no_cut(place):
    log, other = place.open(), place.open()
    for _ in range(3):
        log.append(make_event())
        other.append(make_event())
        other.append(make_event())
    assert len(place.of_ada()) == 9


def test_a_changed_entry_is_not_shown_and_not_built_upon(place):
    log = place.open()
    log.append(make_event())
    with place.intrusion() as connection:
        connection.execute("update audit_entry set outcome = '{}'")
    with pytest.raises(StoreError, match="entry 1 of the audit trail was changed"):
        log.entries("patient-1", ADA)
    with pytest.raises(StoreError, match="entry 1 of the audit trail was changed"):
        log.append(make_event())


def test_only_the_account_that_runs_the_product_can_read_the_trail(tmp_path, open_umask):
    folder = tmp_path / "new"
    log = open_trail(folder / "audit.sqlite")
    with closing(sqlite3.connect(folder / "audit.sqlite")) as reader:  # keeps -wal and -shm there
        reader.execute("select * from audit_entry").fetchall()
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


def test_concurrent_writers_lose_nothing_and_share_one_key(place):
    failed = []

    def write() -> None:
        try:
            log = place.open()
            for _ in range(20):
                log.append(make_event())
        except StoreError as error:
            failed.append(error.message)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert len({audit_id for audit_id, _ in place.of_ada()}) == 80
    assert place.verify().head.count == 80


def test_threads_may_share_one_trail(place):
    log = place.open()
    threads = [threading.Thread(target=lambda: log.append(make_event())) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.verify().head.count == 24


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
