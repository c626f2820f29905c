"""How each kind of database is opened so that nobody else reads it and what it commits stays."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from fhir.private import make_file, make_folder
from fhir.store.errors import StoreError

POSTGRES = "postgresql+psycopg"
PATIENCE = 10
"""Seconds to wait for another writer, a connection or a server."""
_POOL: dict[str, Any] = {"pool_size": 5, "max_overflow": 15, "pool_timeout": PATIENCE}


def sqlite_engine(path: Path, *, existing: bool) -> Engine:
    """Connections to the file; with `existing` they cannot write. The option `writes` of a
    connection makes its transactions wait for other writers at once rather than when they write.
    """
    place = f"{path.absolute().as_uri()}?mode=rw"  # never begins a file that has been taken away

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            place, uri=True, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("pragma synchronous = full")
            connection.execute("pragma trusted_schema = off")
            connection.execute("pragma cell_size_check = on")
            if existing:
                connection.execute("pragma query_only = on")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite+pysqlite://", creator=connect, hide_parameters=True, poolclass=QueuePool, **_POOL
    )

    @event.listens_for(engine, "connect")
    def note(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _which(path)

    @event.listens_for(engine, "checkout")
    def same(_connection: object, record: ConnectionPoolEntry, _proxy: object) -> None:
        """A file that was exchanged or taken away is not written to behind its name."""
        if record.info["file"] != _which(path):
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _which(path: Path) -> tuple[int, int] | None:
    """Tells one file from another that has been given its name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def make_private(path: Path, label: str) -> None:
    """The file and what SQLite puts beside it, for the account that runs the product alone."""
    try:
        make_folder(path.parent)
    except OSError:
        raise StoreError(
            f"cannot make the folder of the {label}",
            "Check that the folder exists and may be written to.",
        ) from None
    try:
        for end in ("-wal", "-shm"):
            if (beside := path.with_name(path.name + end)).exists():
                make_file(beside)
        make_file(path)  # what SQLite puts beside it gets the same permissions
    except OSError:
        raise StoreError(
            f"cannot keep the {label} private",
            "Let it belong to the account that runs the product, as a plain file.",
        ) from None


def log_ahead(engine: Engine) -> None:
    """Readers and a writer side by side. SQLite does not wait its turn for this one statement when
    several processes begin at once, so we do.
    """
    raw = engine.raw_connection()
    try:
        for left in reversed(range(100 * PATIENCE)):
            try:
                raw.cursor().execute("pragma journal_mode = wal")
            except sqlite3.OperationalError:
                if not left:
                    raise
                time.sleep(0.01)
            else:
                return
    finally:
        raw.close()


_PROVEN = ("verify-ca", "verify-full")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def postgres_engine(url: URL) -> Engine:
    """Connections to the server, looked at before use and made anew after it was restarted. One on
    another machine must prove who it is, or whoever stands between could be the trail.
    """
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",  # a writer that waited sees what it waited for
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": PATIENCE},
        **_POOL,
    )
    _, asked = engine.dialect.create_connect_args(url)
    if not _is_here(asked) and _asked_for(asked, "sslmode") not in _PROVEN:
        raise StoreError(
            "the database server is on another machine and need not prove who it is",
            "Add sslmode=verify-full to the address of the store, and sslrootcert=FILE with the "
            "certificate of its authority.",
        )
    return engine


def _is_here(asked: Mapping[str, Any]) -> bool:
    """Whether every server that may be asked is one of this machine's: by a socket, or loopback."""
    if _asked_for(asked, "service"):  # a file elsewhere says which
        return False
    places = f"{_asked_for(asked, 'host')},{_asked_for(asked, 'hostaddr')}".split(",")
    return all(place in ("", *_LOOPBACK) or place[0] in "/@" for place in places)


def _asked_for(asked: Mapping[str, Any], option: str) -> str:
    """An option of the address, or what the driver takes where the address has none."""
    from psycopg.pq import Conninfo

    if option in asked:
        return str(asked[option] or "")
    usual = {each.keyword: each.val for each in Conninfo.get_defaults()}
    return (usual.get(option.encode()) or b"").decode(errors="replace")


_LOCK = text("select pg_advisory_xact_lock(:name)").bindparams(name=0x7472_7374)
_SETTINGS = text(f"""select set_config('lock_timeout', '{PATIENCE}s', true),
set_config('statement_timeout', '{3 * PATIENCE}s', true),
set_config('synchronous_commit', case current_setting('synchronous_commit')
  when 'off' then 'on' else current_setting('synchronous_commit') end, true)""")


def postgres_alone(connection: Connection) -> None:
    """This transaction waits until no other writer has one, and will be on disk when committed.
    Set per transaction, so that it also holds behind a pooler that hands sessions round.
    """
    connection.execute(_SETTINGS)
    connection.execute(_LOCK)


def forgetful(connection: Connection) -> str:
    """Settings of the server by which a commit may be lost in a crash; empty where there is none.
    What a transaction can set for itself is not among them.
    """
    off = text("select name from pg_settings where setting = 'off' and name = any(:names)")
    names = connection.execute(off, {"names": ["fsync", "full_page_writes"]}).scalars()
    return ", ".join(f"{name} = off" for name in names)
