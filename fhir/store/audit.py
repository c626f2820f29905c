"""The audit trail behind the `AuditLog` port: entries can be added and read, nothing else."""

from __future__ import annotations

import json
import uuid
from datetime import datetime
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, func, insert, select

from decision.clinical.assessment import AuditAction, AuditEvent, AuditTrail
from decision.clinical.record import Identity
from fhir.private import digest
from fhir.store.chain import AUDIT_ENTRY, Head, Row, is_sealed, seal
from fhir.store.database import Database, StoreError, database_url
from fhir.store.guards import create_trail
from fhir.store.keys import kept_key

_c = AUDIT_ENTRY.c
_LAST = select(AUDIT_ENTRY).order_by(_c.sequence.desc()).limit(1)


def open_trail(where: str | Path, key: Path | None = None) -> SqlAuditLog:
    """The trail at a path or URL, begun where there is none. `key` is where its key is kept; a file
    may leave it out, and has it beside itself.
    """
    database = Database(database_url(where))
    return SqlAuditLog(database, kept_key(database, key))


class SqlAuditLog:
    """Append-only, sealed audit trail. `append` returns after the entry has been committed durably;
    writers in threads, processes and on other machines wait for one another.

    Who an entry is about is kept as a digest under the trail's key: two people with one FHIR id
    (from two servers, or an id used again) stay apart, and the trail alone does not tell a name.

    Raises `StoreError` when the trail cannot be written or read, and when the entry it is to build
    on, or one that it is to show, is not as it was written; `fhir.store.verify` then finds where.
    A trail that was cut, or exchanged for an older copy, is whole in itself: so nothing is built on
    one that lacks the last entry this process knows of.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key
        self._lock = Lock()
        create_trail(database)
        self._known = self.head()

    def append(self, event: AuditEvent) -> str:
        """Write one entry and return its id once it is on disk."""
        audit_id = uuid.uuid4().hex
        row: dict[str, object] = {
            "id": audit_id,
            "recorded": event.recorded.isoformat(),
            "action": event.action.value,
            "agent": event.agent,
            "patient_id": event.patient_id,
            "person": digest(self._key, event.patient_id, event.identity),
            "decision": event.decision,
            "spec_version": event.spec_version,
            "model_version": event.model_version,
            "input_hash": event.input_hash,
            "outcome": json.dumps(dict(event.outcome), sort_keys=True),
        }
        with self._database.write() as connection:
            head = self._head(connection)
            self._require_known(connection, head)
            row |= {"sequence": head.count + 1, "previous": head.seal}
            row["seal"] = seal(self._key, row)
            added = connection.execute(
                insert(AUDIT_ENTRY).values(row), execution_options={"preserve_rowcount": True}
            )
            if added.rowcount != 1:  # a rule or trigger of somebody else's swallowed it
                raise StoreError(
                    "the database did not keep an audit entry",
                    "Remove what was added to the table audit_entry; fhir.store.verify names it.",
                )
        with self._lock:  # threads come back from the database in any order
            written = Head(head.count + 1, str(row["seal"]))
            self._known = max(self._known, written, key=lambda known: known.count)
        return audit_id

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail:
        """What was done about this person, oldest first; of others with the same id the number."""
        person = digest(self._key, patient_id, identity)
        of_id = _c.patient_id == patient_id
        with self._database.read() as connection:
            found = select(AUDIT_ENTRY).where(of_id, _c.person == person).order_by(_c.sequence)
            rows = connection.execute(found).mappings().all()
            others = select(func.count()).where(of_id, _c.person != person)
            return AuditTrail(
                entries=tuple((str(row["id"]), self._event(row, identity)) for row in rows),
                of_others=connection.execute(others).scalar_one(),
            )

    def head(self) -> Head:
        """How far the trail has come. Kept elsewhere, it shows later whether the end was cut."""
        with self._database.read() as connection:
            return self._head(connection)

    def _require_known(self, connection: Connection, head: Head) -> None:
        """Others may have added entries since; ours must still be where it was."""
        known = self._known
        if known.count == 0 or head == known:
            return
        there = select(_c.seal).where(_c.sequence == known.count)
        if connection.execute(there).scalar_one_or_none() != known.seal:
            raise StoreError(
                f"entry {known.count} of the audit trail, which was there before, is gone",
                "Find what happened with `python -m fhir.store.verify`, restore the trail from its"
                " backup, and start the product again.",
            )

    def _head(self, connection: Connection) -> Head:
        last = connection.execute(_LAST).mappings().one_or_none()
        if last is None:
            return Head()
        if not is_sealed(self._key, last):
            raise _changed(last)
        return Head(last["sequence"], last["seal"])

    def _event(self, row: Row, identity: Identity) -> AuditEvent:
        if not is_sealed(self._key, row):
            raise _changed(row)
        return AuditEvent(
            recorded=datetime.fromisoformat(str(row["recorded"])),
            action=AuditAction(str(row["action"])),
            agent=str(row["agent"]),
            patient_id=str(row["patient_id"]),
            identity=identity,
            decision=str(row["decision"]),
            spec_version=str(row["spec_version"]),
            model_version=str(row["model_version"]),
            input_hash=str(row["input_hash"]),
            outcome=json.loads(str(row["outcome"])),
        )


def _changed(row: Row) -> StoreError:
    return StoreError(
        f"entry {row['sequence']} of the audit trail was changed, or the key is not its own",
        "Find what happened with `python -m fhir.store.verify`, then restore trail and key"
        " from their backup.",
    )
