"""A prognosis as a CDS Hooks service beside a comparison: the same contract, its own words."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from decision.clinical.codes import LOCAL
from decision.clinical.notice import Ordered
from decision.clinical.spec import Presence
from fhir.hooks.service import HookService, descriptions
from fhir.rest.searches import searches
from tests.fakes import page_spec
from tests.hook_calls import (
    PREDICTOR,
    SEARCHES,
    draft,
    order_select,
    patient_view,
    running,
    searchset,
    spec_of,
    tenant_of,
)
from tests.prognosis_cards import (
    AGE_RULE,
    INFECTION_RULE,
    SITUATION,
    ProgressionPredictor,
    found,
    progression_spec,
)
from tests.test_hooks_cards import empty

LINES = (
    "Stage 2: glucose [raised](https://x.example) on 2026-10-28 & confirmed",
    "Repeat in *3* mo",
)
SPEC = progression_spec(
    found(AGE_RULE, Presence.PRESENT),
    found(INFECTION_RULE, Presence.NOT_FOUND),
    situation=dataclasses.replace(SITUATION, worth_saying=LINES),
)
QUIET = dataclasses.replace(progression_spec(), id="test_quiet")
ALONE = dataclasses.replace(progression_spec(), id="test_alone", treatments=())


class _Here(ProgressionPredictor):
    """Recalibrated for the site of the tests' EHR."""

    @property
    def identity(self) -> Any:
        return dataclasses.replace(super().identity, sites=("simulated-demo",))


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    decisions = ((spec_of(), PREDICTOR), *((spec, _Here()) for spec in (SPEC, QUIET, ALONE)))
    with running(tmp_path_factory.mktemp("hooks"), decisions=decisions) as started:
        yield started


@pytest.fixture(autouse=True)
def _forget(parts):
    parts.calls.clear()
    parts.audit.events.clear()


def discovered(parts) -> list[dict]:
    response = parts.send("GET", "/cds-services", headers=parts.signed("/cds-services"))
    assert not empty(response.json())
    return response.json()["services"]


def result(name: str) -> dict:
    """Answered in a code, as local tests are; the small decision counts this answer as 1."""
    return {
        "resourceType": "Observation",
        "id": f"o-{name}",
        "status": "final",
        "code": {"coding": [{"system": LOCAL, "code": f"{name}-local"}]},
        "subject": {"reference": "Patient/child"},
        "effectiveDateTime": "2026-10-28T08:00:00Z",
        "valueCodeableConcept": {"coding": [{"system": LOCAL, "code": "not-taking"}]},
    }


CHILD = {"resourceType": "Patient", "id": "child", "birthDate": "2018-03-01", "gender": "female"}
RESULTS = {name: result(name) for name in ("stratum", "age", "glucose")}


def prefetched(*names: str) -> dict:
    """What a client that satisfies every template of the small decision sends of the child."""
    found_: dict = {"patient": CHILD}
    for search in searches(SPEC):
        if search.optional:
            continue
        asked = {code.code for code in search.codes}
        held = [RESULTS[n] for n in names if f"{n}-local" in asked]
        found_[search.key] = searchset(*held) if held else None
    return found_


def opened(*names: str) -> dict:
    return {
        "hookInstance": "0a9e8a2e-4d3c-4f5e-9a51-1d2b3c4d5e6f",
        "hook": "patient-view",
        "context": {"userId": "Practitioner/example", "patientId": "child"},
        "prefetch": prefetched(*(names or RESULTS)),
    }


def ordering(concept: dict) -> dict:
    order = draft(patient="child", medicationCodeableConcept=concept)
    body = opened() | {"hook": "order-select"}
    body["context"] = body["context"] | {
        "selections": ["MedicationRequest/draft-103"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": order}]},
    }
    return body


def cards(response) -> list[dict]:
    assert response.status_code == 200, response.text
    told = response.json()["cards"]
    assert len(told) <= 1
    assert not any(map(empty, told))
    for card in told:
        assert 0 < len(card["summary"]) < 140
        assert card["indicator"] == "info"
        assert len(card["links"]) == 1
        assert "suggestions" not in card
        assert all(line.startswith("- ") for line in card["detail"].split("\n"))
    return told


def test_discovery_lists_each_decision_at_the_hooks_where_it_may_speak(parts):
    listed = [(s["id"], s["hook"]) for s in discovered(parts)]
    both = ("patient-view", "order-select")
    assert listed == [
        *((spec_of().id, hook) for hook in both),
        *((SPEC.id, hook) for hook in both),
        *((QUIET.id, hook) for hook in both),
        (ALONE.id, "patient-view"),
    ]


def test_each_kind_says_in_its_own_words_when_it_speaks(parts):
    told = {(s["id"], s["hook"]): s for s in discovered(parts)}
    compares = told[(spec_of().id, "order-select")]["description"]
    assert "a TNF inhibitor or an IL-6 inhibitor is selected" in compares
    assert "the estimates favour the other" in compares
    for hook in ("patient-view", "order-select"):
        words = told[(SPEC.id, hook)]["description"]
        assert words.startswith("Tests of a risk over time. When ")
        assert "preference" not in words
        assert "favour" not in words
    assert "never of a risk alone" in told[(SPEC.id, "patient-view")]["description"]
    assert "When a delaying drug is selected" in told[(SPEC.id, "order-select")]["description"]
    assert told[(SPEC.id, "patient-view")]["title"] == SPEC.title
    needs = told[(SPEC.id, "patient-view")]["usageRequirements"]
    assert needs.endswith("Not for: people who have it already.")


def test_each_asks_for_its_own_data_and_no_more(parts):
    told = {s["id"]: s["prefetch"] for s in discovered(parts)}
    mine = {s.key for s in searches(SPEC) if not s.optional}
    assert set(told[SPEC.id]) == {"patient", *mine}
    assert "age-local" in str(told[SPEC.id])
    assert "age-local" not in str(told[spec_of().id])


@pytest.mark.parametrize("spec", [SPEC, ALONE, page_spec(), spec_of()], ids=lambda s: s.title)
def test_no_word_of_a_description_is_left_to_be_filled_in(spec):
    service = HookService(spec=spec, searches=SEARCHES, respond=lambda call, record: None)
    for told in descriptions(service, tenant_of()):
        assert not set("{}") & set(told["description"] + told["usageRequirements"])
        assert not empty(told)


def test_what_is_worth_saying_gives_one_card_as_plain_text(parts):
    (card,) = cards(parts.call(opened(), SPEC.id))
    assert card["summary"] == (
        "Stage 2: glucose [raised](https://x.example) on 28 Oct 2026 & confirmed"
    )
    lines = card["detail"].split("\n")
    assert lines[0].startswith("- 41 of 100 simulated children with the same antibodies")
    assert lines[1] == r"- Repeat in \*3\* mo"
    assert lines[-1].startswith("- Simulated model")
    assert {r["code"] for r in card["overrideReasons"]} == {"family-preference", "implausible"}
    assert len(parts.audit.events) == 1


def test_markup_in_a_line_that_is_also_a_point_is_shown_as_it_is(parts, tmp_path):
    long = LINES[0] + " again" * 30
    spec = progression_spec(situation=dataclasses.replace(SITUATION, worth_saying=(long,)))
    with running(tmp_path, decisions=((spec, _Here()),)) as one:
        (card,) = cards(one.call(opened(), spec.id))
    assert card["summary"].endswith("…")
    assert r"glucose \[raised\](https:" in card["detail"]
    assert "https://" not in card["detail"]


def test_a_child_of_whom_nothing_is_worth_saying_gives_no_card(parts):
    assert cards(parts.call(opened(), QUIET.id)) == []
    assert len(parts.audit.events) == 1


def test_a_missing_age_is_asked_for(parts):
    (card,) = cards(parts.call(opened("stratum"), QUIET.id))
    assert card["summary"] == "No estimate yet; missing: Age."


def test_an_order_of_its_treatment_against_a_caution_gives_one_card(parts):
    coded = {"coding": [{"system": LOCAL, "code": "delaying-local"}]}
    (card,) = cards(parts.call(ordering(coded), SPEC.id))
    assert card["summary"] == "STOP for a delaying drug: youngest age of the label."
    assert "Active serious infection" in card["detail"]
    assert parts.calls[0].ordered == (Ordered(treatment="delaying"),)


def test_an_order_recognised_by_its_name_says_so(parts):
    (card,) = cards(parts.call(ordering({"text": "Delayzumab 2 mg vial"}), SPEC.id))
    assert card["summary"] == "STOP for delayzumab: youngest age of the label."
    assert "recognised by name" in card["detail"]


@pytest.mark.parametrize("service", [spec_of().id, ALONE.id])
def test_an_order_of_it_is_nothing_to_another_decision(parts, service):
    assert cards(parts.call(ordering({"text": "Delayzumab 2 mg vial"}), service)) == []
    assert parts.calls == []  # nobody's data are read


def test_an_order_of_the_other_decisions_drug_is_nothing_to_this_one(parts):
    assert cards(parts.call(order_select("demo-05"), SPEC.id)) == []
    (card,) = cards(parts.call(order_select("demo-05")))
    assert card["summary"] == "AVOID for adalimumab: heart failure."


def test_each_decision_answers_for_itself_about_the_same_chart(parts):
    """Two services, two entries in the trail, at most one card each."""
    assert len(cards(parts.call(patient_view("demo-12")))) == 1
    assert len(cards(parts.call(opened(), SPEC.id))) == 1
    assert [event.decision for event in parts.audit.events] == [spec_of().id, SPEC.id]


def test_what_became_of_its_card_is_stored_under_its_own_name(parts):
    (card,) = cards(parts.call(opened(), SPEC.id))
    given = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": {"code": "family-preference"}},
        "outcomeTimestamp": "2026-11-02T09:30:00Z",
    }
    path = f"/cds-services/{SPEC.id}/feedback"
    assert parts.post(path, {"feedback": [given]}).json() == {"stored": True}
