"""The trail in one SQLite file: entries can be added and read; the tables refuse the rest."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from decision.clinical.assessment import AuditAction, AuditEvent, AuditTrail
from decision.clinical.errors import AuditError
from decision.clinical.record import Identity
from fhir.private import create_key, digest, make_file, make_folder, read_key

_VERSION = 2
_SCHEMA = """
begin immediate;
create table if not exists audit_event (
    sequence integer primary key autoincrement,
    id text not null unique,
    recorded text not null,
    action text not null,
    agent text not null,
    patient_id text not null,
    person text not null,
    decision text not null,
    spec_version text not null,
    model_version text not null,
    input_hash text not null,
    outcome text not null
);
create index if not exists audit_event_patient on audit_event (patient_id, person, sequence);
create trigger if not exists audit_event_no_update before update on audit_event
begin select raise(abort, 'the audit trail is append-only'); end;
create trigger if not exists audit_event_no_delete before delete on audit_event
begin select raise(abort, 'the audit trail is append-only'); end;
create trigger if not exists audit_event_no_replace before insert on audit_event
when exists (select 1 from audit_event where id = new.id or sequence = new.sequence)
begin select raise(abort, 'the audit trail is append-only'); end;
create trigger if not exists audit_event_only_last after insert on audit_event
when new.sequence < (select max(sequence) from audit_event)
begin select raise(abort, 'the audit trail is append-only'); end;
pragma user_version = 2;
commit;
"""
_COLUMNS = "recorded, action, agent, decision, spec_version, model_version, input_hash, outcome"
_REMEDY = (
    "Check the disk's free space and the file's permissions; nothing is shown without a trail."
)


class SqliteAuditLog:
    """Append-only audit trail behind the `AuditLog` port.

    `append` returns after the entry has been committed with `synchronous = full`; a connection is
    opened per call, so threads and processes may share the file. Raises `AuditError` (never a bare
    sqlite3 error, whose message could hold a value) when the trail cannot be written or read.

    Ordinary SQL cannot change, remove, replace or slip in an entry. Whoever owns the file can still
    drop the triggers or exchange the file, and nothing here would show it: for that the entries
    need to be chained by hashes, which they are not yet.

    Who an entry is about is kept as a digest, keyed with a random key in `<trail>.key` beside the
    trail: two people with one FHIR id (from two servers, or an id used again) stay apart, and the
    trail alone does not tell a name. Both files are for the account that runs the product alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            make_folder(path.parent)
        except OSError as error:
            raise AuditError(
                f"cannot make the folder of the audit trail {path.name}",
                "Check that the folder exists and may be written to.",
            ) from error
        with self._files():
            for end in ("-wal", "-shm"):
                if (beside := path.with_name(path.name + end)).exists():
                    make_file(beside)
            make_file(path)  # what SQLite puts beside it gets the same permissions
        with self._connection() as connection:
            self._refuse_other_version(connection)
            connection.execute("pragma journal_mode = wal")
            connection.executescript(_SCHEMA)
            used = connection.execute("select count(*) from audit_event").fetchone()[0] > 0
        self._key = self._kept_key(used)

    def _refuse_other_version(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("pragma user_version").fetchone()[0]
        tables = connection.execute("select count(*) from sqlite_master").fetchone()[0]
        if version != _VERSION and (version or tables):
            raise AuditError(
                f"the audit trail {self._path.name} was written by another version",
                "Move it to a safe place and keep it; a new trail is begun in its stead.",
            )

    def _kept_key(self, used: bool) -> bytes:
        """The key beside the trail, made for a trail that is still empty. `used` was read before
        the key, so that a trail just begun by another process is not taken for one without a key.
        """
        path = self._path.with_name(f"{self._path.name}.key")
        with self._files():
            if not used and not path.exists():
                create_key(path)
            if path.exists():
                make_file(path)
            key = read_key(path)
        if key is None:
            raise AuditError(
                f"the key {path.name} of the audit trail is missing or damaged",
                "Restore it from the backup of the trail, or move both away and keep them.",
            )
        return key

    @contextmanager
    def _files(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise AuditError(
                f"cannot keep the audit trail {self._path.name} private",
                "Let it and its key belong to the account that runs the product, as plain files.",
            ) from error

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
                f"insert into audit_event (id, patient_id, person, {_COLUMNS})"  # noqa: S608
                " values (?,?,?,?,?,?,?,?,?,?,?)",
                (
                    audit_id,
                    event.patient_id,
                    digest(self._key, event.patient_id, event.identity),
                    event.recorded.isoformat(),
                    event.action.value,
                    event.agent,
                    event.decision,
                    event.spec_version,
                    event.model_version,
                    event.input_hash,
                    json.dumps(dict(event.outcome), sort_keys=True),
                ),
            )
        return audit_id

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail:
        """What was done about this person, oldest first; of others with the same id the number."""
        person = digest(self._key, patient_id, identity)
        with self._connection() as connection:
            rows = connection.execute(
                f"select id, {_COLUMNS} from audit_event"  # noqa: S608
                " where patient_id = ? and person = ? order by sequence",
                (patient_id, person),
            ).fetchall()
            (others,) = connection.execute(
                "select count(*) from audit_event where patient_id = ? and person <> ?",
                (patient_id, person),
            ).fetchone()
        found = tuple((row[0], _event(patient_id, identity, row[1:])) for row in rows)
        return AuditTrail(entries=found, of_others=others)


def _event(patient_id: str, identity: Identity, row: tuple[str, ...]) -> AuditEvent:
    recorded, action, agent, decision, spec_version, model, given, outcome = row
    return AuditEvent(
        recorded=datetime.fromisoformat(recorded),
        action=AuditAction(action),
        agent=agent,
        patient_id=patient_id,
        identity=identity,
        decision=decision,
        spec_version=spec_version,
        model_version=model,
        input_hash=given,
        outcome=json.loads(outcome),
    )
