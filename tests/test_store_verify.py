"""Tampering with the trail is found and named; what is intact is said to be."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

import pytest

from fhir.store.audit import SqlAuditLog, open_trail
from fhir.store.chain import AUDIT_ENTRY, NOTHING, Head
from fhir.store.database import StoreError
from fhir.store.verify import Verdict, main
from tests.trails import Place, make_event

ROOT = Path(__file__).parent.parent
COLUMNS = [column.name for column in AUDIT_ENTRY.columns]
BROKEN = 3
"""The entry that is tampered with, of five."""


def written(place: Place, count: int = 5) -> list[str]:
    """The audit ids of a trail with some entries, of two patients."""
    log = place.open()
    return [log.append(make_event(f"patient-{n % 2 + 1}", str(n))) for n in range(count)]


def broken_at(verdict: Verdict) -> tuple[int | None, str]:
    assert verdict.problem is not None
    return verdict.problem.sequence, verdict.problem.audit_id


def test_a_trail_as_it_was_written_is_intact(place):
    ids = written(place)
    verdict = place.verify()
    assert (verdict.problem, verdict.head.count, len(ids)) == (None, 5, 5)
    assert verdict.head == place.open().head()


def test_a_trail_without_entries_is_intact(place):
    place.open()
    assert place.verify() == Verdict(head=Head(), notes=place.verify().notes)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_in_any_column_is_found_and_the_entry_named(place, column):
    ids = written(place)
    change = {
        "sequence": "sequence = 30",
        "outcome": """outcome = replace(outcome, '"card"', '"cart"')""",
    }.get(column, f"{column} = 'x' || substr({column}, 2)")
    with place.intrusion() as connection:
        connection.execute(f"update audit_entry set {change} where sequence = {BROKEN}")  # noqa: S608
    sequence, audit_id = broken_at(place.verify())
    assert sequence == BROKEN
    shown = {"sequence": ids[BROKEN], "id": ""}  # the next one is found; no id of ours is left
    assert audit_id == shown.get(column, ids[BROKEN - 1])


TAMPERING = {
    "the first removed": ("delete from audit_entry where sequence = 1", 1),
    "one removed": ("delete from audit_entry where sequence = 3", 3),
    "one removed and the gap closed": (
        "delete from audit_entry where sequence = 3;"
        "update audit_entry set sequence = 3 where sequence = 4;"
        "update audit_entry set sequence = 4 where sequence = 5",
        3,
    ),
    "two exchanged": (
        "update audit_entry set sequence = 9 where sequence = 2;"
        "update audit_entry set sequence = 2 where sequence = 3;"
        "update audit_entry set sequence = 3 where sequence = 9",
        2,
    ),
    "one moved in front": ("update audit_entry set sequence = 0 where sequence = 5", 1),
    "one put a second time at the end": (
        "insert into audit_entry select 6, 'new', recorded, action, agent, patient_id, person,"
        " decision, spec_version, model_version, input_hash, outcome, previous, seal"
        " from audit_entry where sequence = 5",
        6,
    ),
    "one put a second time with the right predecessor": (
        "insert into audit_entry select 6, 'new', recorded, action, agent, patient_id, person,"
        " decision, spec_version, model_version, input_hash, outcome, seal, seal"
        " from audit_entry where sequence = 5",
        6,
    ),
    "an entry given to another person": (
        "update audit_entry set person = (select person from audit_entry where sequence = 1)"
        " where sequence = 2",
        2,
    ),
}


@pytest.mark.parametrize(("statements", "sequence"), TAMPERING.values(), ids=TAMPERING)
def test_what_was_removed_inserted_reordered_or_replaced_is_found(place, statements, sequence):
    written(place)
    with place.intrusion() as connection:
        for statement in statements.split(";"):
            connection.execute(statement)
    assert broken_at(place.verify())[0] == sequence


def test_an_entry_sealed_with_another_key_is_found(place):
    written(place, 2)
    forger = SqlAuditLog.__new__(SqlAuditLog)  # one that does not look at what it builds on
    forger._database, forger._key = place.database(), bytes(32)
    head = place.open().head()
    forger._known, forger._lock = head, Lock()
    forger._head = lambda connection: head
    forged = forger.append(make_event())
    assert broken_at(place.verify()) == (3, forged)


def test_a_replaced_key_breaks_the_first_entry(place):
    ids = written(place)
    place.key.write_bytes(bytes(32))
    verdict = place.verify()
    assert broken_at(verdict) == (1, ids[0])
    assert "key" in verdict.problem.what


def test_an_end_cut_off_shows_against_the_head_kept_elsewhere_and_only_there(place):
    written(place)
    head = place.open().head()
    with place.intrusion() as connection:
        connection.execute("delete from audit_entry where sequence > 3")
    assert place.verify().problem is None
    assert broken_at(place.verify(head)) == (4, "")

    place.open().append(make_event())
    place.open().append(make_event())  # grown again to the old length
    assert broken_at(place.verify(head))[0] == 5


def test_a_trail_may_have_grown_since_its_head_was_kept(place):
    written(place)
    head = place.open().head()
    written(place)
    assert place.verify(head).problem is None
    assert place.verify(Head()).problem is None


def test_another_trail_in_its_place_shows_against_the_head(tmp_path):
    trails = []
    for name in ("one", "other"):
        place = Place(str(tmp_path / name), tmp_path / f"{name}.key")
        written(place)
        trails.append(place)
    assert broken_at(trails[1].verify(trails[0].open().head()))[0] == 5


@pytest.mark.parametrize("done", ["dropped", "changed", "added", "renamed"])
def test_missing_changed_and_foreign_triggers_are_found_though_all_entries_are_intact(place, done):
    written(place)
    name, on = (
        ("audit_entry_rows", " on audit_entry")
        if place.cluster
        else (
            "audit_entry_no_delete",
            "",
        )
    )
    with place.sql() as connection:
        if done != "added":
            connection.execute(f"drop trigger {name}{on}")
        made = {
            "dropped": None,
            "changed": name,
            "added": "another",
            "renamed": "another",
        }[done]
        if made and place.cluster:
            connection.execute(
                f"create trigger {made} before delete on audit_entry"
                " for each row execute function audit_entry_append_only()"
            )
        elif made:
            connection.execute(
                f"create trigger {made} before delete on audit_entry begin select 1; end"
            )
    verdict = place.verify()
    assert broken_at(verdict) == (None, "")
    assert "trigger" in verdict.problem.what
    assert verdict.head.count == 5


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_text_exchanged_for_the_same_bytes_is_found(place):
    written(place)
    with place.intrusion() as connection:
        connection.execute("update audit_entry set agent = cast(agent as blob) where sequence = 2")
    assert broken_at(place.verify())[0] == 2


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    "statement",
    [
        "alter table audit_entry disable trigger audit_entry_rows",
        "create or replace function audit_entry_append_only() returns trigger language plpgsql"
        " as $$begin return coalesce(new, old); end$$",
        "create rule hide as on delete to audit_entry do instead nothing",
        "alter table audit_entry enable row level security",
    ],
)
def test_other_ways_round_the_triggers_of_postgresql_are_found(place, statement):
    written(place)
    with place.sql() as connection:
        connection.execute(statement)
    assert place.verify().problem is not None


@contextmanager
def index_left_behind(place: Place) -> Iterator[None]:
    """What is written meanwhile does not reach the index by person."""
    with place.sql() as connection:
        if place.cluster:
            ready = "set indisready = {} where indexrelid = 'audit_entry_person'::regclass"
            connection.execute(f"update pg_index {ready.format('false')}")
            yield
            connection.execute(f"update pg_index {ready.format('true')}")
        else:
            connection.execute("pragma writable_schema = on")
            of_index = "from sqlite_master where name = 'audit_entry_person'"
            row = connection.execute(f"select * {of_index}").fetchone()
            connection.execute(f"delete {of_index}")
            yield
            connection.execute("insert into sqlite_master values (?, ?, ?, ?, ?)", row)


def test_an_index_that_hides_an_entry_is_found(place):
    """Pages look entries up by index: one missing there is missing on the page."""
    written(place)
    if place.cluster:
        with place.sql() as connection:
            connection.execute("create extension amcheck")
    assert place.verify() == Verdict(head=place.open().head())
    with index_left_behind(place):
        place.open().append(make_event())
    assert place.open().head().count == 6
    verdict = place.verify()
    assert broken_at(verdict) == (None, "")
    assert verdict.head.count == 6


def test_without_amcheck_it_says_that_indexes_were_not_compared(place):
    written(place)
    notes = place.verify().notes
    assert (notes != ()) == (place.cluster is not None)


# ---- one byte of the file


def readable(path: Path) -> object:
    """Everything SQL can read of the trail, through the table and through its indexes."""
    with closing(sqlite3.connect(path)) as connection:
        table = connection.execute("select * from audit_entry not indexed order by sequence")
        by_person = connection.execute(
            "select patient_id, person, sequence from audit_entry indexed by audit_entry_person"
            " order by patient_id, person, sequence"
        )
        by_id = connection.execute("select id, sequence from audit_entry where id > '' order by id")
        return table.fetchall(), by_person.fetchall(), by_id.fetchall()


def test_one_flipped_byte_anywhere_in_the_file_is_found_or_changes_nothing_that_can_be_read(
    tmp_path,
):
    """Over the header, and bytes spread over all pages: tables, indexes, schema and free space."""
    place = Place(str(tmp_path / "audit.sqlite"), tmp_path / "audit.sqlite.key")
    path = Path(place.where)
    log = place.open()
    for n in range(12):
        log.append(make_event(f"patient-{n % 3}", str(n)))
    head = log.head()
    place.close()  # else the newest entries are in the log beside it
    truth, whole = readable(path), path.read_bytes()
    assert not path.with_name("audit.sqlite-wal").exists()
    copy = tmp_path / "copy.sqlite"
    found = 0
    offsets = [*range(100), *range(100, len(whole), 67)]
    for turn, offset in enumerate(offsets):
        flipped = bytearray(whole)
        flipped[offset] ^= 1 << turn % 8
        copy.write_bytes(bytes(flipped))
        try:
            flawed = Place(str(copy), place.key)
            intact = flawed.verify(head).problem is None
        except StoreError:
            intact = False
        finally:
            flawed.close()
        found += not intact
        if intact:
            assert readable(copy) == truth, f"byte {offset} was flipped unseen"
        for end in ("-wal", "-shm", "-journal"):
            copy.with_name(copy.name + end).unlink(missing_ok=True)
    assert found > len(offsets) / 4


def test_every_byte_of_an_entry_is_covered_wherever_the_file_keeps_it(tmp_path):
    path = tmp_path / "audit.sqlite"
    place = Place(str(path), path.with_name("audit.sqlite.key"))
    place.open().append(make_event("patient-1"))
    audit_id = place.open().append(make_event("patient-27182"))
    place.close()
    whole = path.read_bytes()
    places = [n for n in range(len(whole)) if whole.startswith(b"patient-27182", n)]
    assert len(places) == 2  # in the table and in the index
    for offset in places:
        for byte in range(offset, offset + len("patient-27182")):
            flipped = bytearray(whole)
            flipped[byte] ^= 1
            path.write_bytes(bytes(flipped))
            verdict = place.verify()
            place.close()
            assert broken_at(verdict) in {(2, audit_id), (None, "")}
            assert "27182" not in str(verdict.problem)


# ---- the command


def test_the_command_says_intact_and_prints_the_head(place, capsys):
    written(place)
    arguments = ["--database", place.where, "--key", str(place.key)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "Intact: 5 entries" in said
    head = str(place.open().head())
    assert f"Head: {head}" in said
    assert main([*arguments, "--json", "--head", head]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["intact"], answer["head"], answer["problem"]) == (True, head, None)


def test_the_command_names_the_first_broken_entry_and_nobody(place, capsys):
    ids = written(place)
    with place.intrusion() as connection:
        connection.execute("update audit_entry set patient_id = 'patient-9' where sequence > 1")
    arguments = ["--database", place.where, "--key", str(place.key)]
    assert main(arguments) == 1
    plain = capsys.readouterr().out
    assert f"BROKEN: entry 2 (audit id {ids[1]})" in plain
    assert main([*arguments, "--json"]) == 1
    shown = capsys.readouterr().out
    problem = json.loads(shown)["problem"]
    assert (problem["sequence"], problem["audit_id"]) == (2, ids[1])
    assert "patient-" not in plain + shown


def test_a_name_written_into_the_place_of_an_audit_id_is_not_repeated(place, capsys):
    written(place)
    with place.intrusion() as connection:
        connection.execute("update audit_entry set id = 'Ada Marker' where sequence = 2")
    assert main(["--database", place.where, "--key", str(place.key)]) == 1
    assert "Ada" not in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["trail", "key"])
def test_what_cannot_be_checked_is_not_called_broken_and_not_intact(tmp_path, capsys, missing):
    path = tmp_path / "audit.sqlite"
    open_trail(path).append(make_event())
    (path if missing == "trail" else path.with_name("audit.sqlite.key")).unlink()
    assert main(["--database", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "could not be checked" in said.err
    assert path.exists() == (missing == "key")


def test_a_server_that_is_down_could_not_be_checked(tmp_path, capsys):
    (tmp_path / "key").write_bytes(bytes(32))
    url = f"postgresql+psycopg://u:hidden@/x?host={tmp_path}"
    assert main(["--database", url, "--key", str(tmp_path / "key")]) == 2
    assert "hidden" not in capsys.readouterr().err


def test_an_empty_database_on_the_server_has_no_trail(postgres, tmp_path, capsys):
    (tmp_path / "key").write_bytes(bytes(32))
    arguments = ["--database", postgres.database(), "--key", str(tmp_path / "key")]
    assert main(arguments) == 2


@pytest.mark.parametrize("head", ["5", "5:", f"-1:{NOTHING}", f"5:{NOTHING}0", f"5:{'G' * 64}"])
def test_a_head_that_is_none_is_refused(tmp_path, head, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--database", str(tmp_path / "audit.sqlite"), "--head", head])
    assert ended.value.code == 2
    assert "head" in capsys.readouterr().err


def test_a_head_reads_as_it_is_written():
    head = Head(12, hashlib.sha256(b"x").hexdigest())
    assert Head.parse(f" {head}\n") == head


def test_looking_changes_nothing(tmp_path):
    folder = tmp_path / "trail"
    path = folder / "audit.sqlite"
    place = Place(str(path), folder / "audit.sqlite.key")
    place.open().append(make_event())
    place.close()
    path.chmod(0o640)
    before = {p.name: (p.read_bytes(), p.stat().st_mode) for p in folder.iterdir()}
    assert main(["--database", str(path)]) == 0
    assert {p.name: (p.read_bytes(), p.stat().st_mode) for p in folder.iterdir()} == before


def test_the_command_runs_as_documented_and_finds_what_a_running_product_writes(tmp_path):
    path = tmp_path / "audit.sqlite"
    open_trail(path).append(make_event())
    command = [sys.executable, "-m", "fhir.store.verify", "--database", str(path), "--json"]
    with closing(sqlite3.connect(path)) as reader:  # the newest entries are in the log beside it
        reader.execute("select * from audit_entry").fetchall()
        open_trail(path).append(make_event())
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["head"].startswith("2:")


def test_a_backup_made_while_it_is_written_verifies_with_its_key(tmp_path):
    path, copy = tmp_path / "audit.sqlite", tmp_path / "backup" / "audit.sqlite"
    log = open_trail(path)
    log.append(make_event())
    copy.parent.mkdir()
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    shutil.copy(path.with_name("audit.sqlite.key"), copy.parent)
    log.append(make_event())
    assert main(["--database", str(copy)]) == 0
    assert main(["--database", str(copy), "--head", str(log.head())]) == 1
