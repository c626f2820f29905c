"""One database for everything kept on this side: a private SQLite file, or PostgreSQL by URL.

A write is one transaction that runs alone: all writers of one database, in whatever process, wait
for one another. It has reached the disk when the block ends. Nothing is cached here.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from decision.clinical.errors import AuditError
from fhir.private import make_file, make_folder

metadata = MetaData()
FORMAT = 3
"""Of all tables together. 2 was the trail before its entries were chained."""
_format = Table("store_format", metadata, Column("version", Integer, primary_key=True))
_POSTGRES = "postgresql+psycopg"
_LOCK = 0x7472_7374
"""The advisory lock every writer holds; only our own writers ask for it."""
_PATIENCE = 10
_FULL = "Check the disk's free space and the file's permissions; nothing is shown without a trail."
_DOWN = "Check that the database server runs and can be reached; nothing is shown without a trail."
_OTHER = "Move it to a safe place with its key and keep both; a new one is begun in its stead."


class StoreError(AuditError):
    """The store cannot be opened, written or read. Names no value, and a URL only by its kind."""


def database_url(where: str | Path) -> str:
    """A path, or a URL with a scheme, as the URL `Database` takes."""
    if isinstance(where, str) and "://" in where:
        scheme, rest = where.split("://", 1)
        return f"{_POSTGRES}://{rest}" if scheme in ("postgres", "postgresql") else where
    path = str(Path(where).absolute())
    return URL.create("sqlite", database=path).render_as_string(hide_password=False)


class Database:
    """Opens, and where nothing is there begins, the store at `url`. Safe for threads; a process
    that forks opens its own.

    `existing` opens for looking only: nothing is made, no permission is changed. Raises
    `StoreError` wherever a driver's error, whose message could hold a value, would have come.
    """

    def __init__(self, url: str, *, existing: bool = False) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError:
            parsed = None
        if parsed is not None and parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            if not parsed.database or parsed.database == ":memory:":
                raise StoreError("a store in memory would be lost", "Name a file.")
            self.file: Path | None = Path(parsed.database)
            self.label = f"audit store {self.file.name}"
            self._remedy = _FULL
            self._engine = self._sqlite(self.file, existing=existing)
        elif parsed is not None and parsed.drivername == _POSTGRES:
            self.file = None
            self.label = "audit store on the database server"
            self._remedy = _DOWN
            self._engine = _postgres(parsed)
        else:
            raise StoreError(
                "the address of the store is not understood",
                f"Give the path of a file, or {_POSTGRES}://user@host/database.",
            )
        try:
            self._settle(existing=existing)
        except StoreError:
            self.close()
            raise

    @property
    def is_sqlite(self) -> bool:
        return self.file is not None

    def create(self, *tables: Table) -> None:
        """Make the tables, indexes and triggers that are missing; what is there is left alone."""
        with self.write() as connection:
            metadata.create_all(connection, tables=tables)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that no other writer overlaps; committed durably when the block ends, and
        undone when it raises. When the commit itself fails, the change may yet have been made.
        """
        with self._translated(), self._engine.connect() as connection:
            connection = connection.execution_options(writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(text(_SETTINGS))
                    connection.execute(text("select pg_advisory_xact_lock(:k)"), {"k": _LOCK})
                yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One unchanging view of what has been committed."""
        with self._translated(), self._engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give back idle connections."""
        self._engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Errors of the database, told without their text: it can hold what was to be written."""
        try:
            yield
        except DBAPIError as error:
            kind = type(error.orig).__name__
        except (SQLAlchemyError, sqlite3.Error, UnicodeError) as error:
            kind = type(error).__name__
        else:
            return
        raise StoreError(f"cannot use the {self.label} ({kind})", self._remedy) from None

    def _sqlite(self, path: Path, *, existing: bool) -> Engine:
        if existing and not path.is_file():
            raise StoreError(f"there is no {self.label}", "Name the file of the store.")
        if not existing:
            _make_private(path, self.label)
        place = f"{path.absolute().as_uri()}?mode=rw"

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(
                place, uri=True, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
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

        # A connection per call: a file that was exchanged or taken away is never written blindly.
        engine = create_engine(
            "sqlite+pysqlite://", creator=connect, poolclass=NullPool, hide_parameters=True
        )

        @event.listens_for(engine, "begin")
        def begin(connection: Connection) -> None:
            writes = connection.get_execution_options().get("writes", False)
            connection.exec_driver_sql("begin immediate" if writes else "begin")

        return engine

    def _settle(self, *, existing: bool) -> None:
        """Begin an empty store, and refuse one of another version."""
        if existing:
            with self.read() as connection:
                found = self._format(connection)
        else:
            with self.write() as connection:
                found = self._format(connection)
                if found is None:
                    self._begin(connection)
                    found = FORMAT
            self._harden()
        if found != FORMAT:
            raise StoreError(f"the {self.label} was written by another version", _OTHER)

    def _format(self, connection: Connection) -> int | None:
        """The format of what is there; None where nothing is."""
        if self.is_sqlite:
            version = int(connection.exec_driver_sql("pragma user_version").scalar_one())
            tables = connection.exec_driver_sql("select count(*) from sqlite_master").scalar_one()
            return version if version or tables else None
        if not inspect(connection).has_table(_format.name):
            return None
        return connection.execute(select(_format.c.version)).scalar_one_or_none() or 0

    def _begin(self, connection: Connection) -> None:
        if self.is_sqlite:
            connection.exec_driver_sql(f"pragma user_version = {FORMAT}")
        else:
            _format.create(connection)
            connection.execute(insert(_format).values(version=FORMAT))

    def _harden(self) -> None:
        """What a transaction cannot set (SQLite), and what no transaction could make up for."""
        with self._translated(), self._engine.connect() as connection:
            if self.is_sqlite:
                raw = connection.connection.driver_connection
                assert isinstance(raw, sqlite3.Connection)  # noqa: S101  our own creator made it
                _log_ahead(raw)
                return
            unsafe = [
                name
                for name in ("fsync", "full_page_writes")
                if connection.execute(text("select current_setting(:n)"), {"n": name}).scalar_one()
                == "off"
            ]
        if unsafe:
            raise StoreError(
                f"the database server does not keep what it commits ({', '.join(unsafe)} = off)",
                "Let the server be set up for durable commits.",
            )


_SETTINGS = f"""select set_config('lock_timeout', '{_PATIENCE}s', true),
set_config('statement_timeout', '{3 * _PATIENCE}s', true),
set_config('synchronous_commit', case current_setting('synchronous_commit')
  when 'off' then 'on' else current_setting('synchronous_commit') end, true)"""
# Per transaction, so that it also holds behind a pooler that hands sessions round.


def _postgres(url: URL) -> Engine:
    return create_engine(
        url,
        isolation_level="READ COMMITTED",  # a writer that waited sees what it waited for
        pool_size=5,
        max_overflow=15,
        pool_timeout=_PATIENCE,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": _PATIENCE},
    )


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Readers and a writer side by side. SQLite does not wait its turn for this one statement when
    several processes begin at once, so we do.
    """
    for left in reversed(range(100 * _PATIENCE)):
        try:
            connection.execute("pragma journal_mode = wal")
        except sqlite3.OperationalError:
            if not left:
                raise
            time.sleep(0.01)
        else:
            return


def _make_private(path: Path, label: str) -> None:
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
