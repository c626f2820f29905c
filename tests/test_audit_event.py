"""An entry as FHIR AuditEvent: valid, about the right person, and without a clinical value."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

import pytest
from fhir.resources.R4B.auditevent import AuditEvent as Model

from decision.clinical.assessment import AuditAction
from fhir.store.audit_event import ENTRY, audit_event
from fhir.store.database import StoreError
from tests.trails import make_event

ID = "0123456789abcdef0123456789abcdef"


def made(observer: str = "Device/7", patient: str = "Patient/patient-1", **changes: object):
    event = dataclasses.replace(make_event(), **changes)
    return audit_event(event, ID, observer=observer, patient_reference=patient)


@pytest.mark.parametrize("action", AuditAction)
def test_every_action_is_a_valid_audit_event(action):
    body = made(action=action)
    Model.model_validate(body)
    assert body["action"] == ("E" if action is AuditAction.ASSESSED else "C")
    assert body["outcome"] == "0"
    (subtype,) = body["subtype"]
    assert subtype["code"].replace("-", "_").upper() == action.name


def test_it_says_who_about_whom_when_and_which_entry():
    body = made(agent="north: Practitioner/123")
    assert body["recorded"] == "2026-11-02T09:00:00.000+00:00"
    assert body["agent"] == [{"who": {"reference": "Practitioner/123"}, "requestor": True}]
    assert body["source"] == {"observer": {"reference": "Device/7"}}
    patient, entry = body["entity"]
    assert patient["what"] == {"reference": "Patient/patient-1"}
    assert entry["what"] == {"identifier": {"system": ENTRY, "value": ID}}
    told = {d["type"]: d["valueString"] for d in entry["detail"]}
    assert told["model version"] == "1.0.0 (ab12)"
    assert told["input hash"] == "f" * 64


@pytest.mark.parametrize("agent", ["demo clinician", "north: https://x/Practitioner/1", "Device/1"])
def test_whoever_is_no_user_of_the_chart_is_named_as_in_the_trail(agent):
    (who,) = made(agent=agent)["agent"]
    assert who["name"] == agent
    assert "reference" not in who["who"]


def test_an_installation_without_a_device_is_named():
    assert made(observer="Treatment response")["source"]["observer"] == {
        "display": "Treatment response"
    }


def test_a_decision_points_to_the_entry_it_is_about():
    body = made(action=AuditAction.ACCEPTED, outcome={"about": "a" * 32, "chosen": "drug"})
    told = {d["type"]: d["valueString"] for d in body["entity"][1]["detail"]}
    assert told["about entry"] == "a" * 32


def test_nothing_of_what_was_shown_chosen_or_entered_and_no_name_is_in_it():
    outcome = {
        "shown": "card",
        "probabilities": {"tnfi": 0.613},
        "reason": "wishes a tablet",
        "chosen": "jaki",
        "values": {"crp": 42.5},
    }
    said = json.dumps(made(outcome=outcome))
    for word in ("card", "0.613", "tnfi", "tablet", "jaki", "crp", "42.5", "Ada", "1970", "Marker"):
        assert word not in said


@pytest.mark.parametrize(
    "patient",
    [
        "",
        "patient-1",
        "Group/1",
        "https://other.example/Patient/1",
        "Patient/a b",
        "Patient/?x",
    ],
)
def test_a_patient_who_is_not_one_of_this_server_is_refused_without_saying_whom(patient):
    with pytest.raises(StoreError, match=r"entity\.what") as refused:
        made(patient=patient)
    assert patient == "" or patient not in refused.value.message + refused.value.remedy


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(StoreError, match="recorded"):
        made(recorded=datetime(2026, 11, 2, 9, 0))


def test_what_the_model_refuses_is_not_sent_and_not_quoted():
    with pytest.raises(StoreError, match="would not be valid") as refused:
        made(agent="")
    assert refused.value.__cause__ is None
