"""An entry as FHIR AuditEvent: valid, about the right person, and without a clinical value."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime

import pytest
from fhir.resources.R4B.auditevent import AuditEvent as Model

from decision.clinical.assessment import AuditAction
from fhir.errors import NotWritableError
from fhir.write.audit_event import ENTRY, audit_event
from fhir.write.checks import check
from fhir.write.launched import Launched
from tests.trails import make_event

ID = "0123456789abcdef0123456789abcdef"


def made(patient: str = "patient-1", **changes: object):
    event = dataclasses.replace(make_event(), **changes)
    launched = Launched(
        tenant="north", base="https://ehr.test/fhir", patient_id=patient, agent=event.agent
    )
    return audit_event(event, ID, launched)


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
    assert body["source"] == {"observer": {"display": "treatment-response"}}
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


# Whether it may go is looked at once, with everything else that is written


def test_it_passes_the_checks_of_everything_that_is_written():
    check(made(), "Patient/patient-1")


@pytest.mark.parametrize("patient", ["", "patient-2", "a b", "?x", "..", "x/Patient/patient-1"])
def test_one_about_somebody_else_or_nobody_is_refused_without_saying_whom(patient):
    with pytest.raises(NotWritableError, match=r"AuditEvent") as refused:
        check(made(patient=patient), "Patient/patient-1")
    assert patient == "" or patient not in refused.value.message + refused.value.remedy


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(NotWritableError, match="recorded"):
        check(made(recorded=datetime(2026, 11, 2, 9, 0)), "Patient/patient-1")


def test_a_user_without_a_name_is_refused_and_nothing_quoted():
    with pytest.raises(NotWritableError, match=r"agent\.\w+") as refused:
        check(made(agent=""), "Patient/patient-1")
    assert refused.value.__cause__ is None
