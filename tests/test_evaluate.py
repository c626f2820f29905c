"""The evaluation command: shape of its answer, and that leakage stops it."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from decision import catalog
from models import evaluate, held_out, leakage
from models.cohort import CohortError
from models.decisions import UnknownDecisionError, known_decisions, modelled, simulator
from models.held_out import Sizes, evaluate_seed
from models.interval import ranges
from models.leakage import LeakageError
from models.sources import fingerprint
from tests.trained import DECISION, about
from tests.trained import spec as about_spec

ARM = (
    "auroc auroc_reference auroc_oracle brier log_loss calibration_slope calibration_intercept ici "
    "interval_coverage_90 interval_width_90"
).split()
COUNTS = "answered named_patients named_rightly policy_value_named".split()
CONTRAST = (
    "calibration_slope sign_agreement named_share named_sign_agreement "
    "no_clear_preference_naive_mtx policy_value policy_value_best_fixed policy_value_reference "
    "policy_value_oracle interval_coverage_90 interval_width_90"
).split()
# A reference of a few more patients scored on a few would lie below the fit by chance: leakage.
TINY = [
    "--n",
    "700",
    "--per-site",
    "80",
    "--scored",
    "3000",
    "--reference",
    "10000",
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
    blocks = [(found["arms"][a], ARM) for a in ("tnfi", "il6i")]
    blocks.append((found["contrast"], CONTRAST + COUNTS))
    for block, names in blocks:
        assert set(block) == set(names)
        for summary in block.values():
            assert set(summary) == {"mean", "sd", "min", "max"}
            if summary["mean"] is not None:
                assert summary["min"] <= summary["mean"] <= summary["max"]
    value = {name: found["contrast"][f"policy_value{name}"]["mean"] for name in ("", "_oracle")}
    assert value["_oracle"] >= value[""]
    assert found["named_rightly"] <= found["named_patients"] <= found["answered"]
    assert found["named_patients"] == round(2 * found["contrast"]["named_patients"]["mean"])
    defined = found["seeds_with_a_named_patient"]
    assert (found["contrast"]["named_sign_agreement"]["mean"] is None) is (defined == 0)
    assert found["sources"] == fingerprint(about())


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


def test_a_leak_too_small_for_the_ceilings_is_found_in_its_column():
    """The recorded outcome adds 1 g/dL to haemoglobin (SD 1.4): no AUROC reaches a ceiling."""
    world = held_out.draw(simulator(DECISION), 0.5, 33, Sizes(n=300, per_site=60, scored=3_000))
    clean = world.scored.rows(held_out.answered(about(), world.scored))
    told = clean.features["hemoglobin"] + np.where(clean.outcome == 1.0, 1.0, 0.0)
    leakage.refuse_informed("seed 33", about().design, clean)
    leaked = replace(clean, features={**clean.features, "hemoglobin": told})
    with pytest.raises(LeakageError, match=r"'hemoglobin'.*beyond the true probability"):
        leakage.refuse_informed("seed 33", about().design, leaked)


def swapped(n, **asked):
    """The same patients by a simulator that counts its treatments the other way round."""
    table = simulator(DECISION).simulate(n, **asked)
    return replace(table, treatments=table.treatments[::-1], treatment=1 - table.treatment)


def test_treatments_in_another_order_are_refused_not_mixed_up():
    world = replace(simulator(DECISION), simulate=swapped)
    sizes = Sizes(n=300, per_site=60, scored=300, reference=300)
    with pytest.raises(CohortError, match=r"'il6i', 'tnfi'.*decision's order"):
        evaluate_seed(about(), world, 1.0, 35, sizes, lambda _: None)


@pytest.mark.parametrize(
    ("fitted", "reference", "oracle", "why"),
    [
        (0.771, 0.76, 0.75, r"AUROC 0\.771 is above the oracle \+ 0\.02"),
        (0.74, 0.771, 0.75, r"of the reference 0\.771 is above the oracle"),
        (0.75, 0.729, 0.75, r"AUROC 0\.750 is above the reference \+ 0\.02"),
    ],
)
def test_each_ceiling_stops_the_evaluation(fitted, reference, oracle, why):
    with pytest.raises(LeakageError, match=why):
        leakage.refuse_leak("seed 1, tnfi", fitted, reference, oracle)
    leakage.refuse_leak("seed 1, tnfi", oracle, oracle, oracle)


def test_following_names_only_is_the_best_fixed_drug_for_all_others():
    truth = np.array([[0.2, 0.5], [0.4, 0.1], [0.3, 0.6]])
    margins, variance = np.log(truth / (1 - truth)), np.zeros((3, 2, 2))
    found = ranges(margins, variance, 0.9)
    scored = held_out._contrast(truth, found, np.array([False, True, False]), "90")
    assert scored["policy_value_named"] == pytest.approx((0.5 + 0.4 + 0.6) / 3)
    silent = held_out._contrast(truth, found, np.zeros(3, bool), "90")
    assert silent["policy_value_named"] == pytest.approx(silent["policy_value_best_fixed"])
    assert (silent["named_patients"], silent["answered"]) == (0.0, 3.0)


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
        modelled(replace(about_spec(), id="gout"))


def test_a_decision_that_compares_nothing_is_sent_to_the_commands_of_its_kind():
    prognosis = catalog.load("t1d_progression")
    with pytest.raises(UnknownDecisionError, match="compares nothing"):
        modelled(prognosis)
