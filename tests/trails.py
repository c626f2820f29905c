"""Audit trails for tests: events to write, places to keep them, and an intruder's way in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.record import Identity
from fhir.dates import moment
from fhir.store.audit import SqlAuditLog
from fhir.store.chain import Head
from fhir.store.database import Database, database_url
from fhir.store.keys import existing_key, kept_key
from fhir.store.verify import Verdict, verify
from tests.postgres import Cluster

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


class Intruder(Protocol):
    """Ordinary SQL, as strings; both drivers' connections are one."""

    def execute(self, statement: str, /) -> object: ...


class Place:
    """Where a trail is kept: a SQLite file, or a database of a running server."""

    def __init__(self, where: str, key: Path, cluster: Cluster | None = None) -> None:
        self.where = where
        self.key = key
        self.cluster = cluster
        self._opened: list[Database] = []

    @property
    def url(self) -> str:
        return database_url(self.where)

    def database(self, *, existing: bool = False) -> Database:
        """Opened anew, as another process would; closed with the test."""
        self._opened.append(Database(self.url, existing=existing))
        return self._opened[-1]

    def close(self) -> None:
        for database in self._opened:
            database.close()

    def open(self) -> SqlAuditLog:
        database = self.database()
        return SqlAuditLog(database, kept_key(database, self.key))

    def of_ada(self) -> tuple[tuple[str, AuditEvent], ...]:
        return self.open().entries("patient-1", ADA).entries

    def verify(self, head: Head | None = None) -> Verdict:
        database = self.database(existing=True)
        return verify(database, existing_key(database, self.key), head)

    @contextmanager
    def sql(self) -> Iterator[Intruder]:
        """Ordinary SQL beside the product, each statement committed on its own."""
        if self.cluster is None:
            with closing(sqlite3.connect(self.where, isolation_level=None)) as connection:
                yield connection
        else:
            with self.cluster.connect(self.where) as server:
                yield server

    @contextmanager
    def intrusion(self) -> Iterator[Intruder]:
        """SQL of somebody who takes the triggers away first, and puts them back after."""
        with self.sql() as connection:
            if isinstance(connection, sqlite3.Connection):
                triggers = connection.execute(
                    "select name, sql from sqlite_master where type = 'trigger'"
                ).fetchall()
                for name, _ in triggers:
                    connection.execute(f"drop trigger {name}")
                yield connection
                for _, made in triggers:
                    connection.execute(made)
            else:
                connection.execute("set session_replication_role = replica")
                yield connection
