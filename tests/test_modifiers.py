"""The ablation of the list of modifiers: the lists are what they are called."""

from __future__ import annotations

import json

from benchmarks import modifiers
from models.decisions import modelled
from tests.trained import about, spec


def test_the_lists_are_what_they_are_called():
    columns = about().design.columns
    lists = {name: set(choose(columns)) for name, choose in modifiers.LISTS.items()}
    named = lists["as shipped"]
    assert lists["half of the list"] < named
    assert len(lists["half of the list"]) == len(named) / 2
    assert not lists["as many wrong columns"] & named
    assert len(lists["as many wrong columns"]) == len(named)
    assert len(lists["every column"]) == len(columns)
    other = modifiers.with_list(about(), [0])
    assert [c.id for c in other.design.columns if c.modifier] == ["age"]
    assert modifiers.with_list(about(), sorted(named)) == modelled(spec())


def test_one_line_per_list(capsys):
    small = ["--k", "1", "--n", "900", "--scored", "600", "--seeds", "311", "--json"]
    assert modifiers.main(small) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["list"] for line in lines] == list(modifiers.LISTS)
    assert all(line["share"] <= 1.0 and line["named_rightly"] <= line["named"] for line in lines)
