"""The evaluation of a time-to-event decision: one run's shape, bars, leaks and refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from models import evaluate, evaluate_hazard, hazard_bars, hazard_ceiling, hazard_scores, peers
from models.decisions import time_to_event
from models.event_metrics import expected_brier, weighted_auc
from models.events import SplitError, refuse_shared
from models.hazard_draws import draw
from models.hazard_model import predict
from models.hazard_sources import fingerprint
from models.hazard_temporal import known_by
from models.simulate import t1d
from models.sources import HERE
from tests.needed import missing
from tests.progression import model, others, training

DECISION = "t1d_progression"
TINY = "--n 1500 --scored 1800 --per-site 300 --reference 2500 --ceiling 4000".split()


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
    for stratum in t1d.STRATA:
        bar = bars[f"auc.{stratum}.complete"]
        assert bar["met"] == (bar["below_oracle"] <= hazard_bars.WITHIN_ORACLE)
    assert "brier.kaplan_meier" in bars
    assert "brier.cox" not in bars
    assert all(isinstance(bar["met"], bool) for bar in bars.values())
    assert bars["brier.kaplan_meier"]["met"]


def test_curves_are_d_calibrated(answer):
    found = answer["d_calibration"]
    assert len(found["shares"]) == 10
    assert sum(found["shares"]) == pytest.approx(1.0, abs=1e-3)
    assert found["p_value"] > 1e-4


def test_with_something_missing_the_bar_is_what_could_be_known(answer):
    """The oracle knows tests nobody had; the ceiling knows what the model was given."""
    for stratum in t1d.STRATA:
        row = answer["development_sites"][stratum]["5y"]
        assert row["auc_expected_oracle_observed"] < row["auc_expected_oracle"]
        bar = answer["bars"][f"auc.{stratum}"]
        assert bar["below_oracle_observed"] < bar["below_oracle"]
        assert bar["met"] == (bar["below_oracle_observed"] <= hazard_bars.WITHIN_ORACLE)
        assert 0 <= bar["precision"] < 0.05


def test_no_ceiling_says_why(monkeypatch):
    said = []
    monkeypatch.setattr(evaluate_hazard, "_say", said.append)
    assert evaluate_hazard._ceilings(t1d, others().table, 1, 0) == {}
    monkeypatch.setattr(hazard_ceiling, "installed", lambda: False)
    assert evaluate_hazard._ceilings(t1d, others().table, 1, 10) == {}
    assert said == ["no ceiling asked for", "no ceiling: scikit-learn is not installed"]


def test_every_bar_says_what_it_is_held_against(answer):
    """`met` alone would hide that with missing values another ceiling is meant."""
    assert all(bar["against"] for bar in answer["bars"].values())
    for stratum in t1d.STRATA:
        assert answer["bars"][f"auc.{stratum}.complete"]["against"] == "oracle"
        assert answer["bars"][f"auc.{stratum}"]["against"] == "oracle_observed"


def test_the_ceiling_is_what_is_expected_of_people_who_look_the_same():
    """Right against the truth in every tenth; better than our model, worse than the oracle."""
    design = replace(t1d.DESIGN, horizons=(5.0,))
    samples = [
        last_only(t1d.simulate(25_000, seed=300 + i, first_person=(5 + i) * 10**6))
        for i in range(2)
    ]
    table, F = others().table, others().truth.risk[:, -1]
    best, each = hazard_ceiling.ceilings(design, samples, table)
    assert best.shape == (table.n, 1)
    assert best == pytest.approx((each[0] + each[1]) / 2, abs=1e-12)
    assert ((best >= 0) & (best <= 1)).all()
    for part in np.array_split(np.argsort(best[:, 0]), 10):
        assert F[part].mean() == pytest.approx(best[part, 0].mean(), rel=0.15, abs=0.01)
    ours = predict(model(), table.X, table.stratum).risk[:, -1]
    for stratum in range(3):
        at = table.stratum == stratum
        truth, found, fitted = F[at], best[at, 0], ours[at]
        briers = [expected_brier(r, truth) for r in (truth, found, fitted)]
        assert briers == sorted(briers)
        aucs = [weighted_auc(r, truth, 1.0 - truth) for r in (fitted, found, truth)]
        assert aucs == sorted(aucs)


def last_only(world):
    """Simulated people with their true risk by the last horizon alone, to save time."""
    truth = SimpleNamespace(eta=world.truth.eta, risk=world.truth.risk[:, -1:])
    return SimpleNamespace(table=world.table, truth=truth)


def test_a_ceiling_without_a_deciding_group_or_a_pattern_never_seen():
    """Someone without the test whom no sample resembles gets the stratum's mean, not a crash."""
    sample = t1d.simulate(3_000, seed=310, first_person=8 * 10**6)
    seen = np.flatnonzero(~np.isnan(sample.table.X).any(axis=1))
    whole = SimpleNamespace(
        table=sample.table.rows(seen),
        truth=SimpleNamespace(eta=sample.truth.eta[seen], risk=sample.truth.risk[seen]),
    )
    blind = others().table.rows(np.flatnonzero(np.isnan(others().table.X[:, 6]))[:50])
    found, _ = hazard_ceiling.ceilings(t1d.DESIGN, [whole], blind)
    assert np.isfinite(found).all()
    plain = replace(t1d.DESIGN, restaged="")
    found, _ = hazard_ceiling.ceilings(plain, [sample], others().table.rows(np.arange(50)))
    assert np.isfinite(found).all()


def test_acting_on_the_model_is_worth_more_than_acting_on_the_stratum(answer):
    """Net benefit at 5 years; nobody's is 0, everybody's falls below it."""
    curves = answer["decision_curves"]
    assert set(curves) == {"1y", "2y", "5y"}
    at = curves["5y"]
    assert at["0.15"]["model"] > at["0.15"]["everybody"]
    assert at["0.5"]["everybody"] < 0 < at["0.5"]["model"]
    assert sum(row["model"] > row["kaplan_meier"] for row in at.values()) >= 5


def test_the_temporal_split_fits_on_the_past_only(answer):
    found = answer["temporal_split"]
    assert 2016 < found["date"] < 2019
    assert found["fitted_on"] == pytest.approx(900, abs=2)
    assert found["events"] < answer["events"]
    assert 0.7 < found["overall"]["auc_expected_model"] < found["overall"]["auc_expected_oracle"]
    assert set(t1d.STRATA) <= set(found)


def test_what_happens_after_the_date_is_not_known_by_it():
    table = training().table.rows(np.flatnonzero(training().table.event)[:400])
    years = np.linspace(0.5, 4.0, table.n)
    then = known_by(table, years)
    later = table.right > years
    assert later.any()
    assert not later.all()
    assert (then.left <= np.maximum(years, 0)).all()
    assert np.isinf(then.right[later]).all()
    assert (then.right[~later] == table.right[~later]).all()
    moved = replace(table, right=np.where(later, table.right + 3.0, table.right))
    again = known_by(moved, years)
    assert np.array_equal(again.right, then.right)
    assert np.array_equal(again.left, then.left)


def test_every_pattern_shows_its_auc(answer):
    assert len(answer["patterns"]) >= 48
    assert answer["patterns"]["stage_1.no_ogtt_no_grs"]["events"] > 50


def test_purposes_share_nobody():
    drawn = [draw(t1d, 200, 1, part, (0, 5)).table for part in (0, 1, 2, 3, 4, 10, 20)]
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
        model(), model(), training().table, others(), 1, True, {}
    )
    assert set(risks) == {"model", "reference", "kaplan_meier"}
    assert tuned == {"installed": False}
    assert any("requirements-dev.txt" in line for line in said)


def test_peers_fit_the_same_rows(monkeypatch):
    if not peers.installed():
        missing("scikit-survival is not installed: pip install -r requirements-dev.txt")
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
