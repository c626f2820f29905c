"""A leak of the outcome into what a progression model reads stops its evaluation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models import evaluate, evaluate_hazard, hazard_ceiling, peers
from models.evaluate_hazard import Sizes
from models.events import SplitError
from models.hazard_leakage import refuse_informed_onset
from models.leakage import LeakageError
from models.simulate import t1d
from tests.progression import DECISION, others, training


def leaking(monkeypatch, column, amount):
    """Every cohort drawn has `amount` added to a column of those with an onset within 5 years."""
    honest = t1d.simulate

    def leaky(n, **asked):
        world = honest(n, **asked)
        X = world.table.X.copy()
        X[:, t1d.COLUMNS.index(column)] += amount * (world.truth.untreated_onset <= 5.0)
        return replace(world, table=replace(world.table, X=X))

    monkeypatch.setattr(t1d, "simulate", leaky)


@pytest.mark.parametrize(("column", "amount"), [("hba1c", 0.15), ("grs2", 2.0), ("ln_age", -0.3)])
def test_an_input_that_knows_the_outcome_stops_the_evaluation(monkeypatch, column, amount):
    """HbA1c read .15 too high before an onset lifts the AUC by less than any ceiling allows."""
    leaking(monkeypatch, column, amount)
    sizes = Sizes(n=3_000, scored=2_000, per_site=200, reference=1_200, ceiling=0)
    with pytest.raises(LeakageError, match=f"training.*{column}"):
        evaluate_hazard.evaluate(DECISION, 1, sizes, with_peers=False)


def test_a_test_made_because_of_what_came_later_is_found():
    """No value leaks, only that there is one."""
    world = t1d.simulate(6_000, seed=9)
    X = world.table.X.copy()
    X[world.truth.untreated_onset > 5.0, t1d.COLUMNS.index("grs2")] = np.nan
    with pytest.raises(LeakageError, match="whether 'grs' is known"):
        refuse_informed_onset("x", t1d, replace(world, table=replace(world.table, X=X)))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_an_honest_cohort_passes(seed):
    refuse_informed_onset("x", t1d, t1d.simulate(6_000, seed=seed, sites=range(6)))


def test_a_fit_that_ranks_outcomes_better_than_the_truth_stops_the_evaluation(monkeypatch):
    """The ranking is by drawn outcomes: true risks rank best of all by themselves, leak or not."""
    monkeypatch.setattr(evaluate_hazard, "refuse_informed_onset", lambda *_: None)
    leaking(monkeypatch, "hba1c", 0.3)
    sizes = Sizes(n=1_500, scored=2_000, per_site=200, reference=2_500, ceiling=0)
    with pytest.raises(LeakageError, match="above the oracle"):
        evaluate_hazard.evaluate(DECISION, 1, sizes, with_peers=False)


def test_a_leak_ends_the_command_with_its_words(monkeypatch, capsys):
    monkeypatch.setattr(
        evaluate_hazard, "evaluate", lambda *_: (_ for _ in ()).throw(LeakageError("leakage: x"))
    )
    assert evaluate.main([DECISION, "--cohort", "simulated"]) == 1
    assert "leakage" in capsys.readouterr().err


def test_a_ceiling_from_the_people_it_is_for_is_refused():
    with pytest.raises(SplitError):
        hazard_ceiling.ceilings(t1d.DESIGN, [others()], others().table.rows(np.arange(50)))


@pytest.mark.parametrize("fit", [peers.cox_risks, peers.forest_risks])
def test_peers_are_not_scored_on_people_they_were_fitted_on(fit):
    table = training().table
    with pytest.raises(SplitError, match="both sides"):
        fit(t1d.DESIGN, table, table.rows(np.arange(100)), 1)
