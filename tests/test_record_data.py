"""The record as data: as its schema says, every word of the page and the numbers behind them."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from decision.clinical.assessment import ComparisonCard, PrognosisCard
from decision.outcome import outcome_of
from decision.ui.record.exported import SCHEMA, VERSION, as_json, exported
from tests.records_made import KINDS, MADE, TAKEN, comparison, page_of, recorded, words_of

CHECK = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def words_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [inner for name, inner in value.items() if name not in ("kind", "alternative")]
    inner = value if isinstance(value, list) else []
    return [words for each in inner for words in words_in(each)]


def test_the_schema_is_one_and_states_its_version():
    jsonschema.Draft202012Validator.check_schema(CHECK.schema)
    assert CHECK.schema["properties"]["version"]["const"] == VERSION


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("made", [MADE, None])
def test_a_record_is_as_the_schema_says(kind, made):
    record = json.loads(as_json(recorded(kind, made)))
    CHECK.validate(record)
    assert record["kind"] == kind
    assert (record["decided"] is None) is (made is None)


@pytest.mark.parametrize("name", ["trace", "sections", "simulated", "version"])
def test_the_schema_misses_what_is_not_there(name):
    record = json.loads(as_json(recorded("comparison")))
    del record[name]
    assert not CHECK.is_valid(record)


def test_the_schema_knows_no_other_entry_than_those_it_names():
    record = json.loads(as_json(recorded("comparison")))
    assert not CHECK.is_valid(record | {"hypothetical": {}})
    other = copy.deepcopy(record)
    other["inputs"][0]["guess"] = 1
    assert not CHECK.is_valid(other)


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_of_its_sections_is_on_the_page(kind):
    record = recorded(kind)
    said = "".join(words_of(page_of(record)).replace("\u200b", "").split())
    told = words_in([section["blocks"] for section in record["sections"]])
    assert len(told) > 10
    for words in told:
        assert "".join(words.split()) in said


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_the_one_that_the_trail_keeps(kind):
    shown, record = KINDS[kind]()
    told = exported(shown, record, None, TAKEN)
    assert told["answer"] == outcome_of(shown, record, TAKEN.site)


def test_the_reasons_are_the_models_own_numbers():
    shown, record = comparison()
    assert isinstance(shown, ComparisonCard)
    told = exported(shown, record, None, TAKEN)["reasons"]
    assert told == [
        {"player": c.player, "both": c.prognostic, "difference": c.differential}
        for c in shown.answer.explanation.contributions
    ]


def test_every_reason_of_a_risk_stands_at_every_time():
    shown, record = KINDS["prognosis"]()
    assert isinstance(shown, PrognosisCard)
    told = exported(shown, record, None, TAKEN)["reasons"]
    assert isinstance(told, list)
    assert len(told) == sum(len(e.effects) for e in shown.answer.explanation.effects)


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_stands_there_with_its_value_or_why_there_is_none(kind):
    shown, _ = KINDS[kind]()
    told = recorded(kind)["inputs"]
    assert [i["id"] for i in told] == [name for name, _ in shown.features.findings]
    values = shown.features.values
    assert all(i["value"] == values.get(i["id"]) for i in told)
    assert all((i["value"] is None) is (i["missing"] is not None) for i in told)


def test_what_is_folded_away_on_the_page_is_in_the_data():
    record = recorded("comparison")
    grids = [
        block
        for section in record["folded"]
        for part in section["blocks"]
        for block in part.get("blocks", [part])
        if block["kind"] == "grid"
    ]
    assert any(len(grid["head"]) == 7 for grid in grids)  # every input with its source


def test_the_decision_is_coded_and_in_words():
    decided = recorded("comparison")["decided"]
    assert decided["reason"] == "patient-preference"
    assert decided["reason_words"] == "Patient preference"
    assert decided["remark"] == "wants tablets"
