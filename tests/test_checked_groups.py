"""What is said of groups of validation patients: no claim from few, nothing that parts is hidden,
and how many would part by chance stands beside it.
"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decision.clinical.outlook import FEWEST_EVENTS, CheckedGroup
from decision.ui.texts import checked_groups as words
from decision.ui.texts import compare
from models.artifact import active
from models.decisions import ARTIFACTS
from models.predictor import load_predictor
from models.subgroups import FILE, groups_of, read_subgroups
from models.wilson import wilson
from tests.builders import FakePredictor
from tests.fakes import page_spec
from tests.trained import DECISION, TYPICAL, spec, vector

FOLDER = active(ARTIFACTS / DECISION)


def group(n: int, events: int, expected: float, **more) -> CheckedGroup:
    low, high = wilson(events, n)
    return CheckedGroup(
        label="nobody treated before",
        n=n,
        events=events,
        expected=expected,
        observed_low=low,
        observed_high=high,
        **more,
    )


@pytest.fixture(scope="module")
def shipped():
    counted = read_subgroups(FOLDER, json.loads((FOLDER / FILE).read_text())["checksum"])
    return {t.id: groups_of(counted, arm, {}) for arm, t in enumerate(spec().treatments)}


@pytest.mark.parametrize(("n", "events"), [(19, 9), (400, 19), (400, 381)])
def test_fewer_than_twenty_of_either_outcome_is_too_few_to_say(n, events):
    few = group(n, events, n / 2)
    assert words.cell(page_spec(), few) == f"{n}: too few to say"
    own = {"a": (few,), "b": (few,)}
    assert words.misfits(page_spec(), own) == ()
    assert words.summary(page_spec(), own) == ""


@given(st.tuples(st.integers(20, 1500), st.integers(20, 1500)))
def test_what_was_observed_lies_in_its_own_range_and_is_never_apart_from_itself(counts):
    events, others = counts
    assert group(events + others, events, float(events)).apart == 0


def test_of_nobody_nothing_is_said():
    nobody = group(0, 0, 0.0)
    assert nobody.apart == 0
    assert words.cell(page_spec(), nobody) == "0: too few to say"


def test_too_many_and_too_few_expected_are_told_apart():
    assert group(1000, 300, 350.0).apart == 1
    assert group(1000, 300, 250.0).apart == -1
    own = {"a": (group(1000, 300, 350.0),), "b": (group(1000, 300, 250.0),)}
    over, under = sorted(words.misfits(page_spec(), own))
    assert over.startswith("Overestimated: Nobody treated before, ")
    assert over.endswith(": 300 of 1,000 reached it, 350 were expected.")
    assert under.startswith("Underestimated: ")
    assert words.summary(page_spec(), own).startswith("In 2 of 2 comparisons")


def test_of_a_patient_only_the_groups_she_is_in_are_told():
    own = {"a": (group(1000, 300, 350.0), group(1000, 300, 350.0, own=True)), "b": ()}
    (told,) = words.misfits(page_spec(), own, own=True)
    assert "(this patient)" in told
    assert len(words.misfits(page_spec(), own)) == 2


def test_what_agrees_is_said_to_agree():
    own = {"a": (group(1000, 300, 301.0),), "b": (group(1000, 300, 299.0),)}
    assert words.summary(page_spec(), own).startswith("In each of 2 comparisons")


def test_the_shipped_model_hides_no_group_that_it_overestimates(shipped):
    """Patients with an earlier TNF inhibitor reach the outcome less often than it expects."""
    told = words.misfits(spec(), shipped)
    assert any(
        "Earlier TNF inhibitor, TNF inhibitor: 562 of 2,148 reached it, 622 were expected" in line
        for line in told
    )
    assert len(told) == 8
    assert words.summary(spec(), shipped).startswith(
        "In 8 of 36 comparisons the share expected lies outside the 95 % range of what was "
        "observed; about 2 would by chance alone"
    )


def test_a_patient_of_such_a_group_is_told_of_it():
    values = TYPICAL | {"prior_tnfi_count": 1.0}
    predictor = load_predictor(spec(), ARTIFACTS / DECISION)
    found = predictor.outlook(vector(values), site="simulated-demo", level=0.9).groups
    assert any("622 were expected" in line for line in words.misfits(spec(), found, own=True))


@pytest.mark.parametrize("simulated", [True, False])
def test_whom_the_figures_are_of_stands_beside_them(simulated):
    model = replace(FakePredictor().identity, simulated=simulated)
    assert ("SIMULATED" in words.note(model)) is simulated
    assert ("SIMULATED" in compare.expected_note(model)) is simulated
    assert str(FEWEST_EVENTS) in words.note(model)
    assert "recorded" in words.note(model)
