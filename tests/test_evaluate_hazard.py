"""The evaluation of a time-to-event decision: one run's shape, bars, leaks and refusals."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from models import evaluate, evaluate_hazard, hazard_scores, peers
from models.decisions import time_to_event
from models.evaluate_hazard import Sizes
from models.events import SplitError, refuse_shared
from models.hazard_draws import draw
from models.hazard_sources import fingerprint
from models.leakage import LeakageError
from models.simulate import t1d
from models.sources import HERE
from tests.progression import model, others, training

DECISION = "t1d_progression"
TINY = ["--n", "1500", "--scored", "1800", "--per-site", "300", "--reference", "2500"]


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    """One small run of the command without peers; its figures mean little, its shape all."""
    import contextlib
    import io

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = evaluate.main(
            [DECISION, "--cohort", "simulated", "--seed", "3", "--json", "--no-peers", *TINY]
        )
    assert code == 0
    assert "leaving out site 5" in err.getvalue()
    return json.loads(out.getvalue().splitlines()[-1])


def test_the_answer_is_one_object_marked_as_simulated(answer):
    assert answer["cohort"] == "SIMULATED"
    assert answer["n"] == 1500
    assert answer["seed"] == 3
    assert answer["sources"] == fingerprint(t1d)
    assert f"{DECISION} --cohort simulated --n 1500 --seed 3 --json" in answer["command"]


def test_every_stratum_and_everybody_is_scored_at_every_horizon(answer):
    blocks = answer["development_sites"]
    assert set(blocks) == {"overall"} | {name for s in t1d.STRATA for name in (s, f"{s}.complete")}
    for block in blocks.values():
        for horizon in ("1y", "2y", "5y"):
            row = block[horizon]
            assert {"auc_model", "auc_oracle", "auc_reference"} <= set(row)
            assert {"brier_model", "brier_kaplan_meier", "brier_oracle"} <= set(row)
            assert row["brier_expected_oracle"] <= row["brier_expected_model"]
            assert row["auc_expected_oracle"] >= row["auc_expected_model"] - 0.02
        assert {"oe", "slope"} <= set(block["calibration_5y"])
        assert 0 <= block["interval"]["coverage_5y"] <= 1
    assert blocks["overall"]["5y"]["auc_oracle"] > blocks["stage_1"]["5y"]["auc_oracle"]


def test_every_site_is_left_out_before_and_after_recalibration(answer):
    held_out = answer["held_out_sites"]
    assert set(held_out) == {*"012345", "before", "after"}
    for site in "012345":
        assert set(held_out[site]["shift"]) == set(t1d.STRATA)
        assert held_out[site]["before"]["oe"] > 0
    assert held_out["5"]["shift"]["stage_1"] < 0
    # the external site is over-predicted as shipped
    assert held_out["5"]["before"]["oe"] < held_out["5"]["after"]["oe"]


def test_the_bars_carry_their_figures(answer):
    bars = answer["bars"]
    assert {f"auc.{s}.complete" for s in t1d.STRATA} <= set(bars)
    assert "brier.kaplan_meier" in bars
    assert "brier.cox" not in bars
    assert all(isinstance(bar["met"], bool) for bar in bars.values())
    assert bars["brier.kaplan_meier"]["met"]


def test_curves_are_d_calibrated(answer):
    found = answer["d_calibration"]
    assert len(found["shares"]) == 10
    assert sum(found["shares"]) == pytest.approx(1.0, abs=1e-3)
    assert found["p_value"] > 1e-4


def test_every_pattern_shows_its_auc(answer):
    assert len(answer["patterns"]) >= 48
    assert answer["patterns"]["stage_1.no_ogtt_no_grs"]["events"] > 50


def test_an_input_that_knows_the_outcome_stops_the_evaluation(monkeypatch, capsys):
    """HbA1c is written after the onset was seen: the fit then beats the truth."""
    honest = t1d.simulate

    def leaky(n, **asked):
        world = honest(n, **asked)
        X = world.table.X.copy()
        at = t1d.COLUMNS.index("hba1c")
        X[:, at] = 5.0 + np.minimum(world.truth.untreated_onset, 6.0) / -8.0
        return replace(world, table=replace(world.table, X=X))

    monkeypatch.setattr(t1d, "simulate", leaky)
    sizes = Sizes(n=1_200, scored=1_500, per_site=200, reference=1_200)
    with pytest.raises(LeakageError, match="leakage"):
        evaluate_hazard.evaluate(DECISION, 1, sizes, with_peers=False)
    monkeypatch.setattr(
        evaluate_hazard, "evaluate", lambda *_: (_ for _ in ()).throw(LeakageError("leakage: x"))
    )
    assert evaluate.main([DECISION, "--cohort", "simulated"]) == 1
    assert "leakage" in capsys.readouterr().err


def test_purposes_share_nobody():
    drawn = [draw(t1d, 200, 1, part, (0, 5)).table for part in (0, 1, 2, 10, 20)]
    for i, first in enumerate(drawn):
        for second in drawn[i + 1 :]:
            refuse_shared(first, second)
            assert not set(first.left[first.left > 0]) & set(second.left[second.left > 0])
    with pytest.raises(SplitError):
        refuse_shared(drawn[0], drawn[0])


def test_only_a_time_to_event_decision_goes_this_way():
    assert time_to_event(DECISION) is t1d
    for word in ("ra_biologic_response", "gout", "--cohort", "simulated", "ra", "", "a.b"):
        assert time_to_event(word) is None


def test_a_decision_without_a_simulator_of_this_kind_is_refused(capsys):
    assert evaluate_hazard.main(["gout", "--cohort", "simulated"]) == 2
    assert "gout" in capsys.readouterr().err


def test_without_the_peers_package_the_run_says_so(monkeypatch):
    said = []
    monkeypatch.setattr(peers, "installed", lambda: False)
    monkeypatch.setattr(evaluate_hazard, "_say", said.append)
    _, risks, tuned = evaluate_hazard._development(
        model(), model(), training().table, others(), 1, True
    )
    assert set(risks) == {"model", "reference", "kaplan_meier"}
    assert tuned == {"installed": False}
    assert any("requirements-dev.txt" in line for line in said)


@pytest.mark.skipif(not peers.installed(), reason="scikit-survival is optional")
def test_peers_fit_the_same_rows(monkeypatch):
    monkeypatch.setattr(peers, "TREES", 20)
    monkeypatch.setattr(peers, "TUNING_TREES", 5)
    table, scored = training().table, others().table.rows(np.arange(500))
    for fit in (peers.cox_risks, peers.forest_risks):
        risks, tuned = fit(t1d.DESIGN, table, scored, 1)
        assert risks.shape == (500, 3)
        assert (np.diff(risks, axis=1) >= -1e-9).all()
        assert set(tuned) == set(t1d.STRATA)


def test_peers_see_flags_for_what_is_missing():
    X, mean, sd = peers._prepared(t1d.DESIGN, training().table.X)
    assert X.shape[1] == len(t1d.COLUMNS) + 4
    assert not np.isnan(X).any()
    assert X[:, :7].mean(axis=0) == pytest.approx(np.zeros(7), abs=1e-9)
    again, _, _ = peers._prepared(t1d.DESIGN, training().table.X, mean, sd)
    assert np.array_equal(again, X)


def test_kaplan_meier_says_the_same_of_everybody_in_a_stratum():
    risks = hazard_scores.kaplan_meier_risks(training().table, others().table, t1d.HORIZONS)
    for stratum in range(3):
        own = risks[others().table.stratum == stratum]
        assert (own == own[0]).all()
        assert (np.diff(own[0]) > 0).all()


def test_the_fingerprint_covers_what_is_run():
    assert len(fingerprint(t1d)) == 64
    from models.hazard_sources import ESTIMATOR

    assert all((HERE / f"{name}.py").is_file() for name in ESTIMATOR)
