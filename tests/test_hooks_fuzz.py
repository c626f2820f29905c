"""Whatever a signed client sends: an answer it can use, no error of ours, and never a card about
anybody but the patient in context.
"""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.hook_calls import OFFERED, order_select, patient_view, resources_of, running
from tests.test_hooks_cards import empty

TELLTALE = "Stranger-Marked"
WORDS = st.sampled_from(
    ["demo-05", "demo-12", "Patient/demo-05", "", "Bundle", "Patient", "OperationOutcome", "..",
     "2026-11-01", "final", "\ud800", "a" * 600]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["resourceType", "id", "entry", "resource", "subject", "reference", "code",
                         "link", "relation", "total", "status", "patientId", "userId"]),
        inner,
        max_size=4,
    ),
    max_leaves=10,
)  # fmt: skip
CALLS = (patient_view("demo-12"), order_select("demo-05"), order_select("demo-13"))


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    with running(tmp_path_factory.mktemp("hooks")) as found:
        yield found


def places(value: object, path: tuple = ()) -> list[tuple]:
    """Every place of a call that could hold something else."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(p for key, inside in items for p in places(inside, (*path, key)))]


def put(body: object, path: tuple, value: object) -> object:
    changed = copy.deepcopy(body)
    if not path:
        return value
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return changed


PLACES = [places(body) for body in CALLS]


def checked(parts, body: object) -> None:
    parts.records.clear()
    response = parts.call(body)
    assert response.status_code in (200, 400, 412), response.text
    told = response.json()
    assert TELLTALE not in response.text
    if response.status_code != 200:
        assert "cards" not in told
        assert told["error"]
        return
    assert set(told) == {"cards"}
    assert len(told["cards"]) <= 1
    for card in told["cards"]:
        assert not empty(card)
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] == "info"
        (record,) = parts.records
        assert record.patient_id == body["context"]["patientId"]


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), which=st.integers(0, len(CALLS) - 1), value=JSON)
def test_any_change_of_a_call_is_answered_or_refused(parts, data, which, value):
    """Clients differ, and a broken one must neither stop the service nor get a wrong card."""
    path = data.draw(st.sampled_from(PLACES[which]))
    checked(parts, put(CALLS[which], path, value))


@settings(max_examples=40)
@given(body=JSON)
@example(body={"hook": "patient-view", "hookInstance": None})
def test_any_body_is_answered_or_refused(parts, body):
    """The same for what is no call at all."""
    checked(parts, json.dumps(body) if isinstance(body, str) else body)


STRANGERS = [
    json.loads(json.dumps(r).replace("demo-01", "somebody-else")) | {"note": [{"text": TELLTALE}]}
    for r in resources_of("demo-01")
    if r["resourceType"] in {s.kind for s in OFFERED}
]


@settings(max_examples=40)
@given(
    which=st.integers(0, len(CALLS) - 1),
    stranger=st.sampled_from(STRANGERS),
    key=st.sampled_from([s.key for s in OFFERED]),
    position=st.integers(0, 50),
)
def test_one_resource_of_a_stranger_anywhere_means_no_card(parts, which, stranger, key, position):
    """The wrong patient's data is the worst a card can rest on, so one of them ends the call."""
    body = copy.deepcopy(CALLS[which])
    found = body["prefetch"][key] or {"resourceType": "Bundle", "type": "searchset", "entry": []}
    found["entry"].insert(position, {"resource": stranger})
    body["prefetch"][key] = found
    response = parts.call(body)
    assert response.status_code == 412
    assert "cards" not in response.json()
    assert TELLTALE not in response.text


def test_deep_nesting_is_refused(parts):
    deep: object = "x"
    for _ in range(600):
        deep = [deep]
    body = patient_view("demo-12")
    body["prefetch"]["patient"] = body["prefetch"]["patient"] | {"extension": deep}
    assert parts.call(body).status_code in (200, 400)


def test_many_keys_and_long_lists_are_answered(parts):
    body = patient_view("demo-12")
    body["prefetch"] |= {f"x{n}": {"resourceType": "Bundle"} for n in range(20_000)}
    key = OFFERED[0].key
    body["prefetch"][key] = {"resourceType": "Bundle", "entry": [{}] * 50_000}
    checked(parts, body)
