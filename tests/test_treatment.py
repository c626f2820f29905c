"""Treatment that the ill prefer: what ignoring, censoring and weighting do to an estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.event_metrics import kaplan_meier
from models.hazard import ProgressionHazard
from models.hazard_model import predict
from models.simulate import t1d
from models.simulate.t1d_check import targets
from models.simulate.t1d_therapy import therapy_estimates
from models.treatment import (
    LARGEST_WEIGHT,
    kaplan_meier_weighted,
    starting_rate,
    weights,
)


@pytest.fixture(scope="module")
def estimates():
    return therapy_estimates(100_000, 20)


@pytest.mark.parametrize("years", ["2", "5"])
def test_ignoring_is_worse_than_censoring_and_weighting_finds_the_truth(estimates, years):
    ignored, censored, weighted, truth = (
        estimates[f"treatment.{word}.{years}"]
        for word in ("ignored", "censored", "weighted", "truth")
    )
    assert ignored < censored < truth
    assert weighted == pytest.approx(truth, abs=0.01)


def test_the_estimates_meet_their_targets(estimates):
    goals = [g for g in targets() if g.key in estimates]
    assert len(goals) == 8
    assert [g.key for g in goals if not g.met_by(estimates[g.key])] == []


def test_the_rate_of_starting_and_its_dependence_are_found():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((30_000, 1))
    wait = rng.exponential(1.0 / (0.15 * np.exp(0.4 * z[:, 0])))
    end = rng.uniform(0.5, 6.0, 30_000)
    rate = starting_rate(z, np.minimum(wait, end), wait <= end)
    assert np.log(rate) == pytest.approx(np.log(0.15) + 0.4 * z[:, 0], abs=0.12)


def test_nobody_weighs_more_before_treatment_was_there():
    w = weights(np.array([0.2, 0.2]), np.array([3.0, np.inf]), np.array([1.0, 3.0, 5.0]))
    assert w[0] == pytest.approx([1.0, 1.0, np.exp(0.4)])
    assert w[1].tolist() == [1.0, 1.0, 1.0]
    assert weights(np.array([9.0]), np.zeros(1), np.array([5.0])).max() == LARGEST_WEIGHT


def test_without_starts_the_weighted_curve_is_the_plain_one():
    rng = np.random.default_rng(2)
    time, event = rng.exponential(2.0, 4_000), rng.random(4_000) < 0.7
    plain, weighted = kaplan_meier(time, event), kaplan_meier_weighted(time, event, np.zeros(4_000))
    for years in (0.5, 1.0, 3.0):
        assert float(weighted.at(years)) == pytest.approx(float(plain.at(years)), abs=0.02)


@pytest.fixture(scope="module")
def treated_world():
    """Treatment from entry on, so that every year of follow-up is touched by it."""
    return t1d.simulate(4_000, seed=41, strata=(2,), therapy_from_entry=True)


def mean_risk(world, table):
    fitted = ProgressionHazard(t1d.DESIGN, ridges=(10.0,)).fit(table)
    at = (table.stratum == 2) & ~np.isnan(table.X).any(axis=1)
    risk = predict(fitted, world.table.X[at], world.table.stratum[at]).risk[:, 2].mean()
    return float(risk), float(world.truth.risk[at, 2].mean())


def test_the_model_is_of_untreated_risk(treated_world, monkeypatch):
    """Who is treated is known from the model's own columns, so censoring alone is nearly right;
    counting the treated as untreated is two points too low.
    """
    table = treated_world.table
    assert np.isfinite(table.treated).sum() > 300
    weighted, truth = mean_risk(treated_world, table)
    ignored, _ = mean_risk(treated_world, replace(table, treated=np.full(table.n, np.inf)))
    monkeypatch.setattr("models.hazard.FEWEST_STARTS", 10**9)
    censored, _ = mean_risk(treated_world, table)
    assert weighted == pytest.approx(truth, abs=0.03)
    assert ignored < min(weighted, censored) - 0.01
    assert weighted != censored


def test_weights_are_used_where_treatment_ended_follow_up(treated_world):
    table = treated_world.table.untreated()
    cut = np.isfinite(table.treated)
    assert cut.sum() == np.isfinite(treated_world.table.treated).sum()
    assert (table.left[cut] == table.treated[cut]).all()
    again = table.untreated()
    assert np.array_equal(again.left, table.left)
    assert np.array_equal(again.treated, table.treated)
