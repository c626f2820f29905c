"""The evaluation command: shape of its answer, and that leakage stops it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from models import evaluate, held_out
from models.decisions import UnknownDecisionError, known_decisions, modelled, simulator
from models.held_out import LeakageError, Sizes, evaluate_seed
from tests.trained import DECISION, about

ARM = (
    "auroc auroc_reference auroc_oracle brier log_loss calibration_slope calibration_intercept ici "
    "interval_coverage_90 interval_width_90"
).split()
CONTRAST = (
    "calibration_slope sign_agreement named_share named_sign_agreement "
    "no_clear_preference_naive_mtx policy_value policy_value_best_fixed policy_value_reference "
    "policy_value_oracle interval_coverage_90 interval_width_90"
).split()
TINY = [
    "--n",
    "700",
    "--per-site",
    "80",
    "--scored",
    "600",
    "--reference",
    "1500",
    "--workers",
    "1",
]


def test_the_last_line_is_one_object_of_summaries(capsys):
    code = evaluate.main(
        [DECISION, "--cohort", "simulated", "--k", "1", "--seeds", "31-32", "--json", *TINY]
    )
    out, err = capsys.readouterr()
    found = json.loads(out.splitlines()[-1])
    assert code == 0
    assert "seed 31" in err
    assert found["cohort"] == "SIMULATED"
    assert found["seeds"] == [31, 32]
    assert set(found["arms"]) == {"tnfi", "il6i"}
    blocks = [(found["arms"][a], ARM) for a in ("tnfi", "il6i")] + [(found["contrast"], CONTRAST)]
    for block, names in blocks:
        assert set(block) == set(names)
        for summary in block.values():
            assert set(summary) == {"mean", "sd", "min", "max"}
            if summary["mean"] is not None:
                assert summary["min"] <= summary["mean"] <= summary["max"]
    value = {name: found["contrast"][f"policy_value{name}"]["mean"] for name in ("", "_oracle")}
    assert value["_oracle"] >= value[""]
    assert found["named_rightly"] <= found["named_patients"]


def test_a_fit_better_than_the_truth_is_leakage(monkeypatch):
    world = simulator(DECISION)

    def leaky(n, **asked):
        """The physician's score is written after the outcome was seen."""
        table = world.simulate(n, **asked)
        told = np.where(np.isnan(table.outcome), 0.5, table.outcome)
        if table.truth is not None and not np.isnan(table.truth.probability).any():
            told = table.truth.potential.mean(axis=1)
        return replace(table, features={**table.features, "physician_global": 10 - 9 * told})

    sizes = Sizes(n=900, per_site=100, scored=800, reference=900)
    with pytest.raises(LeakageError, match="leakage"):
        evaluate_seed(about(), replace(world, simulate=leaky), 1.0, 33, sizes, lambda _: None)
    monkeypatch.setattr(
        evaluate, "evaluate", lambda *_: (_ for _ in ()).throw(LeakageError("leakage: made up"))
    )
    assert evaluate.main([DECISION, "--cohort", "simulated"]) != 0


def test_nobody_is_scored_who_was_trained_or_recalibrated_on():
    world = held_out.draw(simulator(DECISION), 1.0, 34, Sizes(n=300, per_site=60, scored=300))
    sites = [set(c.site.tolist()) for c in (world.training, world.local, world.scored)]
    assert sites[0].isdisjoint(sites[1] | sites[2])
    # Durations are continuous between their limits: an equal one means the same patient.
    local, scored = (
        set(c.features["disease_duration"]) - {0.2, 45.0} for c in (world.local, world.scored)
    )
    assert len(local) > 0.8 * world.local.n
    assert not local & scored


def test_undefined_values_are_left_out_of_a_summary():
    assert evaluate.summary([math.nan, math.nan]) == dict.fromkeys(("mean", "sd", "min", "max"))
    assert evaluate.summary([2.0, math.nan])["mean"] == 2.0


@pytest.mark.parametrize("text", ["", "1-", "a", "3-1"])
def test_seeds_are_asked_for_in_one_way(text, capsys):
    with pytest.raises(SystemExit):
        evaluate.main([DECISION, "--cohort", "simulated", "--seeds", text])
    assert "seeds" in capsys.readouterr().err


def test_an_unknown_decision_lists_the_known_ones(capsys):
    assert evaluate.main(["gout", "--cohort", "simulated"]) == 2
    assert "gout" in capsys.readouterr().err
    with pytest.raises(UnknownDecisionError, match=known_decisions()[0]):
        modelled("gout", ("a", "b"))
