"""What one more measurement is worth is an expectation, held against drawing values at random; how
a model was checked is counted, and added up again.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision.clinical.outlook import ExpectedRange, Unexpected
from decision.clinical.spec import Modality
from models import count_subgroups, subgroups
from models.artifact import SchemaError, active
from models.decisions import ARTIFACTS
from models.gaussian import conditional
from models.hazard_outlook import tenths as tenths_of_risk
from models.outlook import (
    JOINT_NODES,
    NODES,
    answered,
    expected_ranges,
    normal_nodes,
    plausible,
    tenths,
)
from models.predictor import load_predictor
from models.prognosis import load_prognosis
from models.served import load_served
from tests.test_prognosis import CHILD
from tests.test_prognosis import spec as progression
from tests.test_prognosis import vector as of_child
from tests.trained import DECISION, TYPICAL, spec, vector

SITE, LEVEL = "simulated-demo", 0.9
FOLDER = active(ARTIFACTS / DECISION)
UNTESTED = {k: v for k, v in TYPICAL.items() if k not in ("crp", "rheumatoid_factor")}


@pytest.fixture(scope="module")
def served():
    return load_served(spec(), FOLDER)


@pytest.fixture(scope="module")
def shipped():
    return load_predictor(spec(), ARTIFACTS / DECISION)


def worth(served, values, *players) -> ExpectedRange:
    found = expected_ranges(served, values, SITE, LEVEL)
    return next(e for e in found if e.players == players)


def drawn(served, values, features, rows=4000, seed=3):
    """The mean width by drawing: the same Gaussian, sampled, every rule written out again."""
    rng = np.random.default_rng(seed)
    design, gaussian = served.panel.design, served.panel.gaussian
    row = {f: np.array([values.get(f, np.nan)]) for f in design.features}
    _, z, _ = answered(served, SITE, row, LEVEL)
    known = ~np.isnan(z[0])
    ids = [c.id for c in design.columns]
    wanted = np.isin(ids, features)
    weights, rest = conditional(gaussian.covariance, known, wanted)
    order = [i for i in ids if i in features]
    samples = rng.multivariate_normal(weights @ z[0][known], rest, size=rows)
    table = {f: np.full(rows, values.get(f, np.nan)) for f in design.features}
    for k, name in enumerate(order):
        j = ids.index(name)
        raw = gaussian.mean[j] + gaussian.sd[j] * samples[:, k]
        if name in served.usual:
            if design.columns[j].transform.value == "log":
                raw = np.exp(raw)
            low, high = served.usual[name]
            table[name] = np.minimum(np.maximum(raw, low), high)
        else:
            mean = gaussian.mean[j] + gaussian.sd[j] * (weights @ z[0][known])[k]
            chance = min(0.99, max(0.01, mean))
            table[name] = (rng.random(rows) < chance).astype(float)
    found, _, _ = answered(served, SITE, table, LEVEL)
    width = found.difference_high - found.difference_low
    apart = (found.difference_low > 0) | (found.difference_high < 0)
    return width.mean(), width.std() / math.sqrt(rows), apart.mean()


@pytest.mark.parametrize(
    ("values", "player"),
    [(TYPICAL, "il6"), (UNTESTED, "crp"), (UNTESTED, "rheumatoid_factor"), (TYPICAL, "cxcl13")],
)
def test_the_expected_range_is_the_mean_over_drawn_values(served, values, player):
    mean, error, apart = drawn(served, values, [player])
    found = worth(served, values, player)
    assert found.expected == pytest.approx(mean, abs=5 * error + 1e-4)
    assert found.one_sided == pytest.approx(apart, abs=0.05)


def test_an_absent_kind_is_measured_as_a_whole_because_its_quorum_needs_all_of_it(served):
    both = ("tnfi_nonresponse_score", "interferon_score")
    found = expected_ranges(served, TYPICAL, SITE, LEVEL)
    assert not any(e.players == (player,) for e in found for player in both)
    whole = worth(served, TYPICAL, *both)
    assert whole.modality is Modality.TRANSCRIPTOMIC
    mean, error, _ = drawn(served, TYPICAL, list(both))
    # The lattice of a joint distribution is coarser than equal shares of one.
    assert whole.expected == pytest.approx(mean, abs=5 * error + 2e-3)


def test_a_mean_that_is_plugged_in_would_say_something_else(served):
    """Why it is an expectation: the width depends on the value, and not by a straight line."""
    plugged = {c.player: c.wider for c in load_predictor(spec(), FOLDER).answer(
        vector(UNTESTED), site=SITE, level=LEVEL
    ).missing_costs}  # fmt: skip
    found = worth(served, UNTESTED, "crp")
    assert abs(found.narrower - plugged["crp"]) > 1e-4


@settings(max_examples=15, deadline=None)
@given(st.sets(st.sampled_from(["crp", "esr", "acpa", "bmi", "current_smoker", "haq"])))
def test_every_missing_player_is_told_of_and_nothing_else(without):
    served_ = load_served(spec(), FOLDER)
    values = {k: v for k, v in TYPICAL.items() if k not in without}
    found = expected_ranges(served_, values, SITE, LEVEL)
    alone = {e.players[0] for e in found if e.modality is None}
    assert without <= alone
    assert alone.isdisjoint(values)
    known = [e.expected for e in found if e.expected is not None]
    assert known == sorted(known)
    assert all(0.0 < width <= 2.0 for width in known)
    assert all(0.0 <= e.one_sided <= 1.0 for e in found if e.one_sided is not None)


def test_what_few_training_patients_had_is_not_expected_of_anybody(served):
    counts = served.panel.gaussian.counts.copy()
    counts[[c.id for c in served.panel.design.columns].index("il6")] = 7
    rare = dataclasses.replace(
        served,
        panel=dataclasses.replace(
            served.panel, gaussian=dataclasses.replace(served.panel.gaussian, counts=counts)
        ),
    )
    found = worth(rare, TYPICAL, "il6")
    assert (found.expected, found.narrower, found.why) == (None, None, Unexpected.RARELY_MEASURED)
    assert expected_ranges(rare, TYPICAL, SITE, LEVEL)[-1].players == ("il6",)


def test_what_is_read_through_thresholds_alone_has_no_distribution(served):
    values = {k: v for k, v in TYPICAL.items() if k != "prior_tnfi_count"}
    assert worth(served, values, "prior_tnfi").why is Unexpected.NO_DISTRIBUTION


def test_a_flag_takes_both_values_with_chances_that_add_up(served):
    row = {f: np.array([UNTESTED.get(f, np.nan)]) for f in served.panel.design.features}
    _, z, _ = answered(served, SITE, row, LEVEL)
    found = plausible(served, z[0], ~np.isnan(z[0]), ("rheumatoid_factor",))
    assert found.values["rheumatoid_factor"].tolist() == [0.0, 1.0]
    assert found.weights.sum() == pytest.approx(1.0)
    assert 0.5 < found.weights[1] < 1.0  # ACPA is positive, and both go together


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_nodes_are_a_standard_gaussian_and_always_the_same(dimensions):
    nodes = normal_nodes(dimensions)
    assert nodes.shape == (NODES if dimensions == 1 else JOINT_NODES, dimensions)
    assert np.abs(nodes.mean(axis=0)).max() < 1e-9
    assert np.abs(nodes.T @ nodes / len(nodes) - np.eye(dimensions)).max() < 1e-9
    assert np.array_equal(nodes, normal_nodes(dimensions))


@given(st.lists(st.integers(0, 60), min_size=50, max_size=50))
def test_tenths_hold_everybody_once(counts):
    n = np.array(counts)
    events = n // 2
    found = tenths(n, events)
    assert [round(b.low, 9) for b in found] == [i / 10 for i in range(10)]
    assert sum(b.n for b in found) == n.sum()
    assert sum(b.events for b in found) == events.sum()
    assert all(b.observed_low <= b.events / b.n <= b.observed_high for b in found if b.n)


def test_the_bands_of_the_shipped_model_are_its_validation_patients(shipped, served):
    found = shipped.outlook(vector(TYPICAL), site=SITE, level=LEVEL)
    assert list(found.bands) == ["tnfi", "il6i"]
    for arm, treatment in enumerate(found.bands):
        assert sum(b.n for b in found.bands[treatment]) == served.band_n[arm].sum()
    assert found.usual == served.usual


def test_a_risk_says_at_every_time_how_it_was_checked_and_what_a_test_is_worth():
    predictor = load_prognosis(progression(), ARTIFACTS / "t1d_progression")
    values = {k: v for k, v in CHILD.items() if k not in ("hba1c", "index60", "bmi")}
    found = predictor.outlook(of_child(values), site=SITE, level=LEVEL)
    assert list(found.bands) == ["1y", "2y", "5y"]
    assert {e.players[0] for e in found.expected} == {"hba1c", "index60", "bmi"}
    assert found.expected[-1].why is Unexpected.SETS_THE_CLASS
    assert found.expected[0].expected < found.expected[0].now
    assert 1.0 < found.usual["age"][0] < found.usual["age"][1] < 45.0


def test_the_expected_range_of_a_risk_is_the_mean_over_drawn_values():
    predictor = load_prognosis(progression(), ARTIFACTS / "t1d_progression")
    values = {k: v for k, v in CHILD.items() if k != "hba1c"}
    found = predictor.outlook(of_child(values), site=SITE, level=LEVEL)
    (worth_of,) = [e for e in found.expected if e.players == ("hba1c",)]
    served = predictor._hazard._served
    stratum, design = int(values["stratum"]), predictor._hazard.design
    gaussian = served.model.models[stratum, True].gaussian
    columns = predictor._columns(values)
    x = np.array([columns.get(c, np.nan) for c in design.columns])
    z, known = gaussian.standardise(x[None])[0], ~np.isnan(x)
    weights, rest = conditional(gaussian.covariance, known, ~known)
    rng = np.random.default_rng(5)
    (j,) = np.flatnonzero(~known)
    low, high = served.usual[stratum]["hba1c"]
    widths = []
    for value in rng.normal((weights @ z[known])[0], math.sqrt(rest[0, 0]), size=400):
        told = float(np.clip(gaussian.mean[j] + gaussian.sd[j] * value, low, high))
        risk = predictor.answer(of_child(values | {"hba1c": told}), site=SITE, level=LEVEL).last
        widths.append(risk.interval.width)
    error = np.std(widths) / math.sqrt(len(widths))
    assert worth_of.expected == pytest.approx(np.mean(widths), abs=5 * error)


def test_bands_of_a_risk_count_people_as_near_one_risk():
    predictor = load_prognosis(progression(), ARTIFACTS / "t1d_progression")
    validated = predictor._hazard._served.validated
    found = tenths_of_risk(validated, 1, 2)
    assert sum(b.n for b in found) == validated.people[1, 2].sum()
    assert all(b.observed_low <= b.observed_high for b in found)


def test_the_shipped_groups_are_of_the_shipped_model(served):
    found = subgroups.read_subgroups(FOLDER, served.identity.checksum)
    assert len(found) == 18
    for arm in (0, 1):
        for one, other in itertools.pairwise([g for g in found if "male" in g.ranges]):
            assert one.n[arm] + other.n[arm] == served.band_n[arm].sum()
            assert one.events[arm] + other.events[arm] == served.band_events[arm].sum()
    assert all(0 < g.expected[arm] < g.n[arm] for g in found for arm in (0, 1))


def test_a_patient_is_in_her_own_groups_and_in_no_group_of_what_is_not_known(shipped):
    values = {k: v for k, v in TYPICAL.items() if k != "bmi"}
    found = shipped.outlook(vector(values), site=SITE, level=LEVEL)
    own = [g for g in found.groups["il6i"] if g.own]
    assert {g.feature for g in own} == {"", "male", "age", "rheumatoid_factor", "acpa"}
    assert next(g.label for g in own if g.label).startswith("no earlier TNF inhibitor, on")


def test_groups_of_another_model_are_refused_and_none_is_no_error(tmp_path):
    assert subgroups.read_subgroups(tmp_path, "x") == ()
    told = json.loads((FOLDER / subgroups.FILE).read_text())
    (tmp_path / subgroups.FILE).write_text(json.dumps(told))
    assert len(subgroups.read_subgroups(tmp_path, told["checksum"])) == 18
    with pytest.raises(SchemaError, match="another artefact"):
        subgroups.read_subgroups(tmp_path, "x")
    (tmp_path / subgroups.FILE).write_text("{")
    with pytest.raises(SchemaError, match="not readable"):
        subgroups.read_subgroups(tmp_path, "x")


def test_a_group_says_how_well_it_ranks_only_where_enough_are_in_it():
    rng = np.random.default_rng(1)
    p = rng.random(80)
    y = (rng.random(80) < p).astype(float)
    everybody = np.ones(80, dtype=bool)
    few = np.arange(80) < 40
    whole = count_subgroups.counted("", {"age": (0.0, 1.0)}, everybody, [(everybody, y, p)])
    half = count_subgroups.counted("", {"age": (0.0, 1.0)}, few, [(everybody, y, p)])
    assert whole.n == (80,)
    assert whole.events == (int(y.sum()),)
    assert whole.auc[0] > 0.5
    assert half.auc == (None,)
