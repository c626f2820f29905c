"""Processes that write an audit trail until they are killed, or until there is no room left.

`python -m tests.store_writer kill URL KEY PAIRS SEED` forks two writers at a time, which begin and
append without pause, and kills both with SIGKILL at a random moment; `{turn}` in URL and KEY begins
a new trail each time. `... full URL KEY BYTES` lets
no file grow beyond so many bytes and appends until it cannot. What is printed is JSON: the ids that
a writer was given, that is, of entries whose page may have been shown.
"""

from __future__ import annotations

import gc
import json
import os
import random
import resource
import select
import signal
import sys
import time
from pathlib import Path

from fhir.store.audit import open_trail
from fhir.store.database import StoreError
from tests.trails import Place, make_event

LONGEST_FIRST = 30.0


def write_until_killed(url: str, key: Path, shown: int) -> None:
    log = open_trail(url, key)
    while True:
        os.write(shown, log.append(make_event()).encode() + b"\n")


def start(url: str, key: Path) -> tuple[int, int]:
    """A writer's process and the pipe on which it shows ids. It opens the store for itself."""
    pipe, shown = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            write_until_killed(url, key, shown)
        finally:
            os._exit(1)  # only when it could not write: nothing killed it
    os.close(shown)
    return process, pipe


def warm(url: str, key: Path) -> list[str]:
    """What every writer needs once is had once, before they are forked; nothing stays open."""
    place = Place(url, key)
    ids = [place.open().append(make_event())]
    place.close()
    gc.collect()
    gc.freeze()
    return ids


def killed(url: str, key: Path, pairs: int, seed: int) -> dict[str, object]:
    """Ids that were shown, and how many writers died of the kill rather than of an error."""
    chance = random.Random(seed)
    ids = warm(url.format(turn="warm"), Path(str(key).format(turn="warm")))
    deaths = 0
    for turn in range(pairs):
        place = url.format(turn=turn), Path(str(key).format(turn=turn))
        writers = [start(*place), start(*place)]
        if turn % 4 and place[0] == url:  # else while it is still being opened
            select.select([writers[0][1]], [], [], LONGEST_FIRST)
        time.sleep(chance.uniform(0, 0.012))
        for process, _ in writers:
            os.kill(process, signal.SIGKILL)
        for process, pipe in writers:
            _, status = os.waitpid(process, 0)
            deaths += os.WIFSIGNALED(status)
            with os.fdopen(pipe) as lines:
                ids += [line.strip() for line in lines if line.endswith("\n")]
    return {"ids": ids, "killed": deaths}


def filled(url: str, key: Path, longest: int) -> dict[str, object]:
    """Ids that were given until there was no room, and what was said then."""
    log = open_trail(url, key)
    if longest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (longest, longest))
    ids: list[str] = []
    chance = random.Random(0)
    try:
        while True:
            ids.append(log.append(make_event(note=chance.randbytes(6000).hex())))
    except StoreError as error:
        refusals = 0
        for _ in range(3):
            try:
                ids.append(log.append(make_event(note=chance.randbytes(6000).hex())))
            except StoreError:
                refusals += 1
        return {"ids": ids, "said": f"{error.message}. {error.remedy}", "refusals": refusals}


def main() -> None:
    what, url, key, number, *seed = sys.argv[1:]
    if what == "kill":
        answer = killed(url, Path(key), int(number), int(seed[0]))
    else:
        answer = filled(url, Path(key), int(number))
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
