"""Whatever dies or runs full: an id that was given is of an entry that is there, and `verify`
passes.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from fhir.store.database import StoreError
from tests.fakes import COMPLETE, page_record, page_services
from tests.postgres import cluster
from tests.screens import open_patient, opened, shown, start
from tests.trails import Place, make_event

ROOT = Path(__file__).parent.parent
PAIRS = 100
"""Of writers that write side by side and are killed together: 200 kills."""


def writer(*arguments: object) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.store_writer", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def ids_of(place: Place) -> set[str]:
    return {audit_id for audit_id, _ in place.of_ada()}


def test_two_hundred_writers_killed_while_writing_lose_no_entry_whose_id_was_given(place):
    told = writer("kill", place.where, place.key, PAIRS, 7)
    assert told["killed"] == 2 * PAIRS
    assert len(told["ids"]) > PAIRS
    verdict = place.verify()
    assert verdict.problem is None
    assert set(told["ids"]) <= ids_of(place)
    # an entry that was committed but whose id was never given is right: nothing was shown for it
    assert verdict.head.count - len(told["ids"]) in range(2 * PAIRS + 1)
    assert place.open().append(make_event())


def test_a_writer_killed_while_it_begins_a_trail_leaves_one_that_can_be_continued(tmp_path):
    path = tmp_path / "{turn}.sqlite"
    told = writer("kill", path, f"{path}.key", 30, 11)
    assert told["killed"] == 60
    kept = set()
    for turn in (*range(30), "warm"):
        place = Place(str(path).format(turn=turn), Path(f"{path}.key".format(turn=turn)))
        place.open().append(make_event())
        assert place.verify().problem is None
        kept |= ids_of(place)
    assert set(told["ids"]) <= kept


def test_a_server_that_crashes_while_two_write_keeps_every_entry_whose_id_was_given(
    postgres, tmp_path
):
    place = Place(postgres.database(), tmp_path / "crash.key", postgres)
    for how in ("backend", "postmaster", "backend", "postmaster"):
        given: list[str] = []
        said: list[StoreError] = []

        def write(given: list[str] = given, said: list[StoreError] = said) -> None:
            try:
                log = place.open()
                while True:
                    given.append(log.append(make_event()))
            except StoreError as error:
                said.append(error)

        threads = [threading.Thread(target=write) for _ in range(2)]
        for thread in threads:
            thread.start()
        while len(given) < 20:
            assert not said
            time.sleep(0.005)
        if how == "backend":
            with postgres.connect() as connection:
                processes = connection.execute(
                    "select pid from pg_stat_activity where pid <> pg_backend_pid()"
                    " and backend_type = 'client backend'"
                ).fetchall()
            os.kill(processes[0][0], signal.SIGKILL)
        else:
            postgres.stop(signal.SIGQUIT)
        for thread in threads:
            thread.join()
        if how == "postmaster":
            postgres.start()
        postgres.wait()
        assert len(said) == 2
        assert place.verify().problem is None
        assert set(given) <= ids_of(place)
    place.close()


# ---- no room


@contextmanager
def little_room(folder: Path, size: str) -> Iterator[None]:
    """A disk of that size at the folder. Skipped where the system lets nobody make one, in CI too:
    a usual container has no right to mount, and no package gives it. What happens when nothing
    more fits is then shown by the tests with a limit on files alone, which run everywhere.
    """
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], capture_output=True
    )
    if made.returncode:
        pytest.skip("this account may not mount a disk; the tests with a limit on files still run")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def more_room(folder: Path, size: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(folder)], check=True)


def check_after_no_room(
    place: Place, told: dict[str, object], kept: int, *, unsure: int = 0
) -> None:
    """`unsure`: entries that may be there although a server died before it could say so."""
    assert "cannot use the audit store" in told["said"]
    assert "patient" not in told["said"]
    assert told["refusals"] > 0
    verdict = place.verify()
    assert verdict.problem is None
    assert verdict.head.count - kept - len(told["ids"]) in range(unsure + 1)
    assert set(told["ids"]) <= ids_of(place)


def test_a_file_that_cannot_grow_takes_no_entry_and_gives_no_id(tmp_path):
    place = Place(str(tmp_path / "audit.sqlite"), tmp_path / "audit.sqlite.key")
    told = writer("full", place.where, place.key, 200_000)
    assert len(told["ids"]) > 3
    check_after_no_room(place, told, 0)
    place.open().append(make_event())
    assert place.verify().head.count == len(told["ids"]) + 1


def test_a_full_disk_takes_no_entry_and_gives_no_id(tmp_path):
    with little_room(tmp_path, "400k"):
        place = Place(str(tmp_path / "audit.sqlite"), tmp_path / "audit.sqlite.key")
        told = writer("full", place.where, place.key, 0)
        assert len(told["ids"]) > 3
        check_after_no_room(place, told, 0)
        more_room(tmp_path, "4m")
        place.open().append(make_event())
        assert place.verify().head.count == len(told["ids"]) + 1


def test_a_server_whose_files_cannot_grow_takes_no_entry_and_gives_no_id(postgres, tmp_path):
    place = Place(postgres.database(), tmp_path / "full.key", postgres)
    place.open().append(make_event())
    postgres.stop()
    try:
        postgres.start(longest_file=3_000_000)
        told = writer("full", place.where, place.key, 0)
        check_after_no_room(place, told, 1)
    finally:
        postgres.stop()
        postgres.start()
    place.open().append(make_event())
    assert place.verify().head.count == len(told["ids"]) + 2
    place.close()


def test_a_server_on_a_full_disk_takes_no_entry_and_gives_no_id(tmp_path):
    """The whole server, its write-ahead log too: it stops itself, and recovers with more room."""
    with cluster(partial(little_room, size="64m")) as server:
        place = Place(server.database(), tmp_path / "full.key", server)
        place.open().append(make_event())
        filler = server.folder / "filler"
        free = shutil.disk_usage(server.folder).free
        with filler.open("wb") as file:
            file.write(bytes(free - 1_500_000))
        told = writer("full", place.where, place.key, 0)
        server.stop(signal.SIGQUIT)
        filler.unlink()
        server.start()
        check_after_no_room(place, told, 1, unsure=1)
        place.close()


# ---- no entry, no card: the whole page


@contextmanager
def no_file_grows(longest: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def no_room(place: Place) -> Iterator[None]:
    """The store runs full, or its server is gone."""
    if place.cluster is None:
        with no_file_grows(4096):  # less than one entry takes
            yield
    else:
        place.cluster.stop()
        try:
            yield
        finally:
            place.cluster.start()


def no_estimate(page: str) -> bool:
    return "patients like this one" not in page and "tr-icons" not in page


def test_without_room_for_the_entry_the_page_shows_no_estimate(place):
    services = page_services(page_record("p1", *COMPLETE), audit=place.open())
    at = start(services)
    with no_room(place):
        page = shown(open_patient(at, "p1"))
    assert "Cannot assess: the audit entry could not be written." in page
    assert "nothing is shown without a trail" in page
    assert no_estimate(page)
    assert "Name of p1" not in page
    assert place.verify().head.count == 0

    assert not no_estimate(shown(opened(services)))  # and with room again
    assert place.verify().head.count == 1
