"""A real PostgreSQL server of the tests' own: a Unix socket in a temporary folder, no network."""

from __future__ import annotations

import ctypes
import os
import pwd
import resource
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import psycopg

from tests.needed import missing

LONGEST = 60.0
OPTIONS = (
    "listen_addresses=",
    "max_connections=40",
    "shared_buffers=16MB",
    "autovacuum=off",
    "logging_collector=off",
)


def programs() -> Path | None:
    """The folder of the server's programs, the newest where there are several."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(installed, key=lambda p: int(p.parts[-3].split(".")[0]), default=None)
    return newest.parent if newest else None


def account() -> str | None:
    """The server refuses to run as root; then it runs as an account that may do nothing else."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)


class Cluster:
    """One server: made, started, crashed, and started again with less room, at a test's wish."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._data = folder / "data"
        self.folder = folder
        self._programs = programs
        self._server: subprocess.Popen[bytes] | None = None
        made = [programs / "initdb", "-D", self._data, "-U", "tests", "-A", "trust", "--no-sync"]
        self._run([*made, "-E", "UTF8", "--no-locale", "--data-checksums", "--wal-segsize=1"])

    def connect(self, url: str = "") -> psycopg.Connection:
        """As the server's own superuser, each statement committed on its own."""
        place = url.replace("+psycopg", "") or f"postgresql://tests@/postgres?host={self.folder}"
        return psycopg.connect(place, autocommit=True, connect_timeout=5)

    def database(self) -> str:
        """The URL of a new, empty schema: to the product that is a database, and far quicker."""
        name = f"t{secrets.token_hex(6)}"
        with self.connect() as connection:
            connection.execute(f"create schema {name}")
        return (
            f"postgresql+psycopg://tests@/postgres?host={self.folder}"
            f"&options=-csearch_path%3D{name}"
        )

    def start(self, *, longest_file: int | None = None, options: tuple[str, ...] = ()) -> None:
        """Start, waiting until it answers. `longest_file` is what the system lets a file become."""
        settings = [word for option in (*OPTIONS, *options) for word in ("-c", option)]
        command = [self._programs / "postgres", "-D", self._data, "-k", self.folder, *settings]
        self._server = self._spawn(command, longest_file)
        self.wait()

    def wait(self) -> None:
        """Until it answers; after a crash that is when it has recovered."""
        assert self._server is not None
        end = time.monotonic() + LONGEST
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                if self._server.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it orderly, SIGQUIT leaves it as a crash would."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(timeout=LONGEST)
            self._server = None

    def _run(self, command: list[str | Path]) -> None:
        process = self._spawn(command, None)
        if process.wait(timeout=LONGEST):
            raise RuntimeError(f"{command[0]}: {(self.folder / 'log').read_text()[-2000:]}")

    def _spawn(self, command: list[str | Path], longest: int | None) -> subprocess.Popen[bytes]:
        def prepare() -> None:
            if sys.platform == "linux":  # a server never outlives the tests, however they end
                ctypes.CDLL(None).prctl(1, signal.SIGINT)
            if longest is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (longest, longest))

        user = account()
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(word) for word in command],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=prepare,
                **({} if user is None else {"user": user, "group": None, "extra_groups": []}),
            )


Disk = Callable[[Path], AbstractContextManager[None]]


@contextmanager
def cluster(disk: Disk = nullcontext) -> Iterator[Cluster]:
    """A running server; skipped where none is installed, which in CI is a failure. `disk` puts one
    of its own under the server's folder.
    """
    found = programs()
    if found is None:
        missing("PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has a limit
    made: Cluster | None = None
    try:
        with disk(folder):
            if user := account():
                shutil.chown(folder, user)
            try:
                made = Cluster(folder, found)
                made.start()
                yield made
            finally:
                if made is not None:
                    made.stop()
    finally:
        shutil.rmtree(folder)
