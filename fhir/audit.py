"""The trail in one SQLite file: entries can be added and read; the file refuses the rest."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.errors import AuditError

_SCHEMA = """
create table if not exists audit_event (
    sequence integer primary key autoincrement,
    id text not null unique,
    recorded text not null,
    action text not null,
    agent text not null,
    patient_id text not null,
    decision text not null,
    spec_version text not null,
    model_version text not null,
    input_hash text not null,
    outcome text not null
);
create index if not exists audit_event_patient on audit_event (patient_id, sequence);
create trigger if not exists audit_event_no_update before update on audit_event
begin select raise(abort, 'the audit trail is append-only'); end;
create trigger if not exists audit_event_no_delete before delete on audit_event
begin select raise(abort, 'the audit trail is append-only'); end;
"""
_COLUMNS = (
    "recorded, action, agent, patient_id, decision, "
    "spec_version, model_version, input_hash, outcome"
)
_REMEDY = (
    "Check the disk's free space and the file's permissions; nothing is shown without a trail."
)


class SqliteAuditLog:
    """Append-only audit trail behind the `AuditLog` port.

    `append` returns after the entry has been committed with `synchronous = full`; a connection is
    opened per call, so threads and processes may share the file. Raises `AuditError` (never a bare
    sqlite3 error, whose message could hold a value) when the trail cannot be written or read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AuditError(
                f"cannot make the folder of the audit trail {path.name}",
                "Check that the folder exists and may be written to.",
            ) from error
        with self._connection() as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_SCHEMA)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self._path, timeout=10)
        except sqlite3.Error as error:
            raise AuditError(f"cannot open the audit trail {self._path.name}", _REMEDY) from error
        try:
            connection.execute("pragma synchronous = full")
            with connection:
                yield connection
        except sqlite3.Error as error:
            kind = type(error).__name__
            raise AuditError(
                f"cannot use the audit trail {self._path.name} ({kind})", _REMEDY
            ) from error
        finally:
            connection.close()

    def append(self, event: AuditEvent) -> str:
        """Write one entry and return its id once it is on disk."""
        audit_id = uuid.uuid4().hex
        with self._connection() as connection:
            connection.execute(
                f"insert into audit_event (id, {_COLUMNS}) values (?,?,?,?,?,?,?,?,?,?)",  # noqa: S608
                (
                    audit_id,
                    event.recorded.isoformat(),
                    event.action.value,
                    event.agent,
                    event.patient_id,
                    event.decision,
                    event.spec_version,
                    event.model_version,
                    event.input_hash,
                    json.dumps(dict(event.outcome), sort_keys=True),
                ),
            )
        return audit_id

    def entries(self, patient_id: str) -> tuple[tuple[str, AuditEvent], ...]:
        """(audit id, event) of one patient, oldest first."""
        with self._connection() as connection:
            rows = connection.execute(
                f"select id, {_COLUMNS} from audit_event where patient_id = ? order by sequence",  # noqa: S608
                (patient_id,),
            ).fetchall()
        return tuple((row[0], _event(row[1:])) for row in rows)


def _event(row: tuple[str, ...]) -> AuditEvent:
    recorded, action, agent, patient_id, decision, spec_version, model, given, outcome = row
    return AuditEvent(
        recorded=datetime.fromisoformat(recorded),
        action=AuditAction(action),
        agent=agent,
        patient_id=patient_id,
        decision=decision,
        spec_version=spec_version,
        model_version=model,
        input_hash=given,
        outcome=json.loads(outcome),
    )
