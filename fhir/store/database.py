"""One database for everything kept on this side: a private SQLite file, or PostgreSQL by URL.

A write is one transaction that runs alone: all writers of one database, in whatever process, wait
for one another. It has reached the disk when the block ends. Nothing is cached here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    insert,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from fhir.store.engines import (
    POSTGRES,
    forgetful,
    log_ahead,
    make_private,
    postgres_alone,
    postgres_engine,
    sqlite_engine,
)
from fhir.store.errors import StoreError as StoreError

metadata = MetaData()
FORMAT = 3
"""Of all tables together. 2 was the trail before its entries were chained."""
_format = Table("store_format", metadata, Column("version", Integer, primary_key=True))
_FULL = "Check the disk's free space and the file's permissions; nothing is shown without a trail."
_DOWN = "Check that the database server runs and can be reached; nothing is shown without a trail."
_OTHER = "Move it to a safe place with its key and keep both; a new one is begun in its stead."


def database_url(where: str | Path) -> str:
    """A path, or a URL with a scheme, as the URL `Database` takes."""
    if isinstance(where, str) and "://" in where:
        scheme, rest = where.split("://", 1)
        return f"{POSTGRES}://{rest}" if scheme in ("postgres", "postgresql") else where
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
        self.file: Path | None = None
        if parsed is not None and parsed.drivername in ("sqlite", "sqlite+pysqlite"):
            if not parsed.database or parsed.database == ":memory:":
                raise StoreError("a store in memory would be lost", "Name a file.")
            self.file = Path(parsed.database)
            self.label = f"audit store {self.file.name}"
            self._remedy = _FULL
            if existing and not self.file.is_file():
                raise StoreError(f"there is no {self.label}", "Name the file of the store.")
            if not existing:
                make_private(self.file, self.label)
            self._engine = sqlite_engine(self.file, existing=existing)
        elif parsed is not None and parsed.drivername == POSTGRES:
            self.label = "audit store on the database server"
            self._remedy = _DOWN
            self._engine = postgres_engine(parsed)
        else:
            raise StoreError(
                "the address of the store is not understood",
                f"Give the path of a file, or {POSTGRES}://user@host/database.",
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
        with self.read() as connection:
            present = inspect(connection)
            if all(present.has_table(table.name) for table in tables):
                return
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
                    postgres_alone(connection)
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

    def _settle(self, *, existing: bool) -> None:
        """Begin an empty store, and refuse one of another version or that would forget."""
        with self.read() as connection:
            found = self._format(connection)
            unsafe = "" if self.is_sqlite else forgetful(connection)
        if found is None and not existing:
            with self.write() as connection:  # unless another process was faster
                found = self._format(connection) or self._begin(connection)
        if found != FORMAT:
            raise StoreError(f"the {self.label} was written by another version", _OTHER)
        if existing:
            return
        if self.is_sqlite:
            with self._translated():
                log_ahead(self._engine)
        if unsafe:
            raise StoreError(
                f"the database server does not keep what it commits ({unsafe})",
                "Let the server be set up for durable commits.",
            )

    def _format(self, connection: Connection) -> int | None:
        """The format of what is there; None where nothing is."""
        if self.is_sqlite:
            version = int(connection.exec_driver_sql("pragma user_version").scalar_one())
            tables = connection.exec_driver_sql("select count(*) from sqlite_master").scalar_one()
            return version if version or tables else None
        if not inspect(connection).has_table(_format.name):
            return None
        return connection.execute(select(_format.c.version)).scalar_one_or_none() or 0

    def _begin(self, connection: Connection) -> int:
        if self.is_sqlite:
            connection.exec_driver_sql(f"pragma user_version = {FORMAT}")
        else:
            _format.create(connection)
            connection.execute(insert(_format).values(version=FORMAT))
        return FORMAT
