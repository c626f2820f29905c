"""The trail in SQLite: what was written stays, nothing else can be done to it."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime

import pytest

from decision.clinical.assessment import AuditAction, AuditEvent
from decision.clinical.errors import AuditError
from fhir.audit import SqliteAuditLog


def make_event(patient_id: str = "patient-1", note: str = "") -> AuditEvent:
    return AuditEvent(
        recorded=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        action=AuditAction.ASSESSED,
        agent="Practitioner/test",
        patient_id=patient_id,
        decision="test_decision",
        spec_version="1",
        model_version="1.0.0 (ab12)",
        input_hash="f" * 64,
        outcome={"shown": "card", "note": note},
    )


def test_an_entry_comes_back_as_it_was_written(tmp_path):
    log = SqliteAuditLog(tmp_path / "new" / "audit.sqlite")
    audit_id = log.append(make_event())
    assert log.entries("patient-1") == ((audit_id, make_event()),)


def test_one_patients_trail_shows_nobody_else(tmp_path):
    log = SqliteAuditLog(tmp_path / "audit.sqlite")
    log.append(make_event("patient-1"))
    log.append(make_event("patient-2"))
    assert [event.patient_id for _, event in log.entries("patient-2")] == ["patient-2"]


def test_entries_survive_reopening_in_the_order_they_came(tmp_path):
    path = tmp_path / "audit.sqlite"
    for number in range(3):
        SqliteAuditLog(path).append(make_event(note=str(number)))
    notes = [event.outcome["note"] for _, event in SqliteAuditLog(path).entries("patient-1")]
    assert notes == ["0", "1", "2"]


@pytest.mark.parametrize(
    "statement", ["update audit_event set agent = 'nobody'", "delete from audit_event"]
)
def test_the_file_itself_refuses_to_change_an_entry(tmp_path, statement):
    path = tmp_path / "audit.sqlite"
    log = SqliteAuditLog(path)
    log.append(make_event())
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
    assert len(log.entries("patient-1")) == 1


def test_concurrent_writers_lose_nothing(tmp_path):
    path = tmp_path / "audit.sqlite"
    SqliteAuditLog(path)

    def write() -> None:
        log = SqliteAuditLog(path)
        for _ in range(20):
            log.append(make_event())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = SqliteAuditLog(path).entries("patient-1")
    assert len({audit_id for audit_id, _ in entries}) == 80


def test_a_trail_that_cannot_be_written_says_so_without_a_value(tmp_path):
    path = tmp_path / "audit.sqlite"
    path.write_text("this is not a database, and it is long enough to be noticed" * 20)
    with pytest.raises(AuditError) as caught:
        SqliteAuditLog(path)
    assert "audit.sqlite" in caught.value.message
    assert "patient" not in caught.value.message
    assert caught.value.remedy


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(AuditError, match="folder"):
        SqliteAuditLog(tmp_path / "file" / "audit.sqlite")
