"""What users did with cards: stored once, however often it is reported; comments never logged."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from fhir.hooks.errors import RequestError
from fhir.hooks.feedback import CARD, FEEDBACK, HookLedger, read_feedback
from tests.demo_servers import NOW
from tests.hook_calls import patient_view, running, spec_of

PATH = f"/cds-services/{spec_of().id}/feedback"
CARD_ID = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
OVERRIDDEN = {
    "card": CARD_ID,
    "outcome": "overridden",
    "overrideReason": {
        "reason": {"code": "formulary", "system": "urn:treatment-response:local:override-reason"},
        "userComment": "Marked comment of a clinician\nabout somebody",
    },
    "outcomeTimestamp": "2020-12-11T00:00:00Z",
}
ACCEPTED = {
    "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
    "outcomeTimestamp": "2020-12-11T00:00:00Z",
}


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hooks")) as found:
        yield found


@pytest.fixture(autouse=True)
def _empty(parts):
    with parts.database.write() as connection:
        connection.execute(delete(FEEDBACK))


def rows(parts) -> list:
    with parts.database.read() as connection:
        return connection.execute(select(FEEDBACK)).all()


def test_the_published_outcomes_are_stored(parts):
    dismissed = {k: v for k, v in OVERRIDDEN.items() if k != "overrideReason"}
    body = {"feedback": [ACCEPTED, OVERRIDDEN, dismissed | {"card": CARD_ID.upper()}]}
    response = parts.post(PATH, body)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    found = {(r.card, r.outcome, r.reason_code) for r in rows(parts)}
    assert found == {
        (ACCEPTED["card"], "accepted", ""),
        (CARD_ID, "overridden", "formulary"),
        (CARD_ID, "overridden", ""),
    }


def test_the_same_outcome_twice_is_stored_once(parts):
    for _ in range(2):
        assert parts.post(PATH, {"feedback": [OVERRIDDEN, OVERRIDDEN]}).status_code == 200
    assert len(rows(parts)) == 1


def test_a_later_outcome_of_the_same_card_is_another_one(parts):
    later = OVERRIDDEN | {"outcomeTimestamp": "2020-12-12T00:00:00Z"}
    parts.post(PATH, {"feedback": [OVERRIDDEN, later]})
    assert len(rows(parts)) == 2


def test_the_same_instant_in_another_zone_is_the_same_outcome(parts):
    same = OVERRIDDEN | {"outcomeTimestamp": "2020-12-11T01:00:00+01:00"}
    parts.post(PATH, {"feedback": [OVERRIDDEN, same]})
    assert len(rows(parts)) == 1


def test_feedback_leads_to_the_entry_of_the_trail(parts):
    card = parts.call(patient_view("demo-12")).json()["cards"][0]["uuid"]
    parts.post(PATH, {"feedback": [OVERRIDDEN | {"card": card}, OVERRIDDEN]})
    with parts.database.read() as connection:
        issued = connection.execute(select(CARD.c.audit_id).where(CARD.c.uuid == card)).scalar_one()
    assert {r.card: r.audit_id for r in rows(parts)} == {card: issued, CARD_ID: ""}


def test_a_card_of_another_tenant_leads_to_no_entry(parts):
    card = parts.call(patient_view("demo-12")).json()["cards"][0]["uuid"]
    outcomes = read_feedback({"feedback": [OVERRIDDEN | {"card": card}]})
    HookLedger(parts.database).keep("south", spec_of().id, NOW, outcomes)
    assert [(r.tenant, r.audit_id) for r in rows(parts)] == [("south", "")]


def test_a_comment_is_kept_and_never_logged_or_shown(parts, caplog):
    caplog.set_level("DEBUG")
    assert "Marked" not in parts.post(PATH, {"feedback": [OVERRIDDEN]}).text
    assert rows(parts)[0].comment.startswith("Marked comment")
    assert "Marked" not in caplog.text
    assert "Marked" not in repr(read_feedback({"feedback": [OVERRIDDEN]}))


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("card", {"card": None}),
        ("card", {"card": "not-a-uuid"}),
        ("outcome", {"outcome": "ignored"}),
        ("outcomeTimestamp", {"outcomeTimestamp": None}),
        ("outcomeTimestamp", {"outcomeTimestamp": "2020-12-11"}),
        ("outcomeTimestamp", {"outcomeTimestamp": "yesterday"}),
        ("acceptedSuggestions", {"outcome": "accepted"}),
        ("acceptedSuggestions", {"outcome": "accepted", "acceptedSuggestions": []}),
        ("acceptedSuggestions", {"outcome": "accepted", "acceptedSuggestions": ["x"]}),
        ("acceptedSuggestions.id", {"outcome": "accepted", "acceptedSuggestions": [{}]}),
        ("overrideReason", {"overrideReason": "no"}),
        ("overrideReason.reason", {"overrideReason": {"reason": "no"}}),
        ("overrideReason.reason.code", {"overrideReason": {"reason": {"display": "x"}}}),
        (
            "overrideReason.reason.system",
            {"overrideReason": {"reason": {"code": "a", "system": 7}}},
        ),
        ("overrideReason.userComment", {"overrideReason": {"userComment": 7}}),
        ("overrideReason.userComment", {"overrideReason": {"userComment": "a" * 4001}}),
        ("overrideReason.userComment", {"overrideReason": {"userComment": "\ud800"}}),
        ("overrideReason.userComment", {"overrideReason": {"userComment": "a\x00b"}}),
    ],
)
def test_one_bad_outcome_is_named_and_stores_none(parts, field, change):
    bad = OVERRIDDEN | change
    response = parts.post(PATH, {"feedback": [OVERRIDDEN, bad]})
    assert response.status_code == 400
    assert response.json()["field"] == f"feedback[1].{field}"
    assert rows(parts) == []


@pytest.mark.parametrize(
    "body", [{}, {"feedback": []}, {"feedback": {}}, {"feedback": [7]}, {"feedback": [{}] * 101}]
)
def test_a_body_without_outcomes_is_refused(parts, body):
    assert parts.post(PATH, body).status_code == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*OVERRIDDEN, "reason", "code", "id"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    item=st.dictionaries(st.sampled_from([*OVERRIDDEN, "acceptedSuggestions"]), JSON, max_size=5),
    listed=st.booleans(),
)
def test_any_feedback_is_read_or_refused_and_nothing_else(item, listed):
    """A broken client must get an answer it can act on, and never stop the service."""
    body = {"feedback": [OVERRIDDEN | item] if listed else item}
    try:
        found = read_feedback(json.loads(json.dumps(body)))
    except RequestError:
        found = ()
    assert all(outcome.outcome in ("accepted", "overridden") for outcome in found)
