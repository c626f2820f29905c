"""The store itself: one writer at a time, durable, private about what it could not write."""

from __future__ import annotations

import shutil
import sqlite3
import threading
import traceback
from contextlib import closing

import pytest
from sqlalchemy import Column, MetaData, String, Table, insert, select, text

from fhir.store.database import Database, StoreError, database_url, metadata
from tests.trails import make_event

NOTE = Table("test_note", MetaData(), Column("id", String(40), primary_key=True))
SECRET = "Ada Marker 1970"


@pytest.fixture
def database(place) -> Database:
    database = place.database()
    with database.write() as connection:
        NOTE.create(connection)
    return database


def notes(database: Database) -> list[str]:
    with database.read() as connection:
        return list(connection.execute(select(NOTE.c.id).order_by(NOTE.c.id)).scalars())


def note(database: Database, name: str) -> None:
    with database.write() as connection:
        connection.execute(insert(NOTE).values(id=name))


def test_what_a_block_wrote_is_there_for_every_other_connection(place, database):
    note(database, "a")
    assert notes(database) == notes(place.database()) == ["a"]


def test_a_block_that_raises_leaves_nothing_and_its_error_as_it_is(database):
    def write() -> None:
        with database.write() as connection:
            connection.execute(insert(NOTE).values(id="a"))
            raise LookupError

    with pytest.raises(LookupError):
        write()
    assert notes(database) == []
    note(database, "b")


def test_an_error_of_the_database_is_told_without_what_was_to_be_written(database):
    note(database, SECRET)
    with pytest.raises(StoreError) as refused:
        note(database, SECRET)
    assert SECRET not in "".join(traceback.format_exception(refused.value))
    assert refused.value.remedy


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
def test_a_view_of_the_server_does_not_write(database):
    with pytest.raises(StoreError), database.read() as connection:
        connection.execute(insert(NOTE).values(id="a"))
    assert notes(database) == []


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_file_opened_for_looking_is_not_written(place, database):
    with pytest.raises(StoreError):
        note(place.database(existing=True), "a")
    assert notes(database) == []


def test_a_view_does_not_change_while_it_is_looked_at(database):
    note(database, "a")
    with database.read() as connection:
        before = connection.execute(select(NOTE)).all()
        note(database, "b")
        assert connection.execute(select(NOTE)).all() == before
    assert notes(database) == ["a", "b"]


def test_writers_wait_for_one_another(place, database):
    """Each reads, thinks and writes: had two overlapped, both would have seen the same number."""
    others = [place.database() for _ in range(3)]
    failed: list[str] = []

    def count(own: Database) -> None:
        try:
            for _ in range(10):
                with own.write() as connection:
                    number = len(connection.execute(select(NOTE)).all())
                    connection.execute(insert(NOTE).values(id=f"{number:02}"))
        except StoreError as error:
            failed.append(error.message)

    threads = [threading.Thread(target=count, args=(own,)) for own in (database, *others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert notes(database) == [f"{n:02}" for n in range(40)]


def test_a_commit_is_on_the_disk_before_the_block_ends(place, database):
    with database.write() as connection:
        if database.is_sqlite:
            assert connection.exec_driver_sql("pragma synchronous").scalar_one() == 2  # full
            assert connection.exec_driver_sql("pragma journal_mode").scalar_one() == "wal"
        else:
            assert connection.execute(text("show synchronous_commit")).scalar_one() == "on"


@pytest.mark.parametrize("place", ["postgres"], indirect=True)
@pytest.mark.parametrize(("chosen", "used"), [("off", "on"), ("remote_apply", "remote_apply")])
def test_a_session_that_need_not_wait_for_the_disk_waits_all_the_same(place, chosen, used):
    place.where += f"%20-csynchronous_commit%3D{chosen}"
    with place.database().write() as connection:
        assert connection.execute(text("show synchronous_commit")).scalar_one() == used


def test_a_server_that_forgets_in_a_crash_is_refused(postgres):
    url = postgres.database()
    postgres.stop()
    try:
        postgres.start(options=("fsync=off",))
        with pytest.raises(StoreError, match="fsync = off"):
            Database(url)
    finally:
        postgres.stop()
        postgres.start()
    Database(url).close()


def test_a_server_that_was_restarted_is_found_again(postgres, place, database):
    note(database, "a")
    if place.cluster:
        postgres.stop()
        with pytest.raises(StoreError, match="database server"):
            note(database, "b")
        postgres.start()
    note(database, "c")
    assert "c" in notes(database)


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
def test_a_file_that_was_taken_away_or_exchanged_is_noticed(place, tmp_path):
    log = place.open()
    log.append(make_event())
    (tmp_path / "audit.sqlite").rename(tmp_path / "moved.sqlite")
    with pytest.raises(StoreError, match=r"audit\.sqlite"):
        log.append(make_event())
    assert not (tmp_path / "audit.sqlite").exists()
    (tmp_path / "audit.sqlite").write_bytes(b"")
    with pytest.raises(StoreError):
        log.append(make_event())


@pytest.mark.parametrize(
    "where",
    [
        "trail@db.example/trail",
        "trail@db.example/trail?sslmode=require",
        "trail@10.0.0.7:5433/trail?sslmode=prefer",
        "trail@/trail?host=/run/postgresql&host=db.example",
        "trail@/trail?host=localhost,db.example",
        "trail@localhost/trail?hostaddr=10.0.0.7",
        "trail@/trail?service=elsewhere",
    ],
)
def test_a_server_on_another_machine_must_prove_who_it_is(where):
    with pytest.raises(StoreError, match="prove who it is") as caught:
        Database(f"postgresql+psycopg://{where}")
    assert "sslmode=verify-full" in caught.value.remedy
    assert "db.example" not in str(caught.value)


@pytest.mark.parametrize(
    "where",
    [
        "trail@127.0.0.1:1/trail",
        "trail@localhost:1/trail",
        "trail@/trail?host={folder}",
        "trail@127.0.0.1:1/trail?sslmode=verify-full",
        "trail@[::1]:1/trail?sslmode=verify-ca",
    ],
)
def test_a_server_of_this_machine_or_one_that_proves_itself_is_asked(where, tmp_path):
    """It is not there, which is found out by asking."""
    with pytest.raises(StoreError, match="cannot use"):
        Database(f"postgresql+psycopg://{where.format(folder=tmp_path)}")


def test_the_drivers_own_settings_count(monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example")
    with pytest.raises(StoreError, match="prove who it is"):
        Database("postgresql+psycopg:///trail")


def test_two_at_once_make_one_table(place):
    table = Table("test_once", metadata, Column("id", String(40), primary_key=True))
    try:
        makers = [place.database() for _ in range(4)]
        failed: list[str] = []

        def make(own: Database) -> None:
            try:
                own.create(table)
            except StoreError as error:
                failed.append(error.message)

        threads = [threading.Thread(target=make, args=(own,)) for own in makers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        makers[0].create(table)
        with makers[0].read() as connection:
            assert connection.execute(select(table)).all() == []
    finally:
        metadata.remove(table)


def test_a_store_of_another_version_is_refused(place):
    place.open().append(make_event())
    place.close()
    with place.sql() as connection:
        for statement in (
            ["update store_format set version = 4"]
            if place.cluster
            else ["pragma user_version = 4"]
        ):
            connection.execute(statement)
    for existing in (True, False):
        with pytest.raises(StoreError, match="written by another version") as refused:
            place.database(existing=existing)
        assert "Move it" in refused.value.remedy


def test_a_database_of_somebody_else_is_left_as_it_is(tmp_path):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table visit (id text)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another version"):
        Database(database_url(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "url",
    ["", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/x", "no url", "postgresql+x://"],
)
def test_an_address_that_cannot_be_used_is_not_repeated(url):
    with pytest.raises(StoreError) as refused:
        Database(url)
    assert "secret" not in refused.value.message + refused.value.remedy
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("where", "url"),
    [
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql://u@h/d?sslmode=require", "postgresql+psycopg://u@h/d?sslmode=require"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
        ("/var/lib/trail.sqlite", "sqlite:////var/lib/trail.sqlite"),
    ],
)
def test_a_path_or_a_url_is_an_address(where, url):
    assert database_url(where) == url


@pytest.mark.parametrize("name", ["a b", "50%", "what?", "a#b", "%20", "ü", "a&b=c"])
def test_any_name_of_a_folder_is_one_for_the_store(tmp_path, name):
    path = tmp_path / name / "audit.sqlite"
    with closing(Database(database_url(path))):
        assert path.is_file()
    assert [p.name for p in tmp_path.iterdir()] == [name]
    shutil.rmtree(path.parent)
