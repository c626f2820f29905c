"""The demonstration's records stay fresh: dates move together, people and times of day do not."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path

from examples.demo_ehr.intake import taken_in

BUNDLE = json.loads(
    (Path(__file__).parent.parent / "examples/demo_patients/demo-02-mono.json").read_text()
)
EXPORTED = datetime.fromisoformat(BUNDLE["timestamp"])


def results(today: datetime | None) -> list[str]:
    return [
        r["effectiveDateTime"]
        for r in taken_in(BUNDLE, today)
        if r["resourceType"] == "Observation"
    ]


def test_a_reference_inside_the_bundle_becomes_this_servers_own():
    subjects = {r["subject"]["reference"] for r in taken_in(BUNDLE, None) if "subject" in r}
    assert subjects == {"Patient/demo-02"}


def test_without_a_day_nothing_moves():
    assert results(None) == [
        e["resource"]["effectiveDateTime"]
        for e in BUNDLE["entry"]
        if e["resource"]["resourceType"] == "Observation"
    ]


def test_every_date_moves_by_whole_days_and_keeps_its_time_and_precision():
    moved = results(EXPORTED + timedelta(days=40, hours=5))
    for before, after in zip(results(None), moved, strict=True):
        assert len(after) == len(before)
        assert after[10:] == before[10:]
        gone = datetime.fromisoformat(after[:10]) - datetime.fromisoformat(before[:10])
        assert gone == timedelta(days=40)


def test_who_somebody_is_does_not_move():
    (patient,) = [
        r
        for r in taken_in(BUNDLE, EXPORTED + timedelta(days=400))
        if r["resourceType"] == "Patient"
    ]
    assert patient["birthDate"] == BUNDLE["entry"][0]["resource"]["birthDate"]
