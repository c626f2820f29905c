"""The comparison's own machinery: folds by site, scores, ceiling, resuming, and its words."""

from __future__ import annotations

import json
import math
import sys

import numpy as np
import pytest

from models import compare as comparison
from models.cohort import CohortError
from models.compare import compare
from models.contest import ORACLE, Plan, compare_once, dealt, judged, refuse_ceiling, scored
from models.decisions import simulator
from models.leakage import LeakageError
from models.metrics import calibration_slope
from models.rivals import ADDITIVE, DEEP, boosts, rivals
from tests.trained import DECISION, about, cohort


def plan(n: int = 900, seeds: tuple[int, ...] = (1, 2, 3)) -> Plan:
    return Plan(decision=DECISION, variant="", k=1.0, n=n, seeds=seeds, folds=3)


def truthful(_about, _train, test, seed):
    return test.truth.probability


def noisy(_about, _train, test, seed):
    noise = np.random.default_rng(seed).normal(0.0, 0.15, test.truth.probability.shape)
    return np.clip(test.truth.probability + noise, 0.05, 0.95)


def informed(_about, _train, test, seed):
    return np.clip(test.truth.potential, 0.1, 0.9)


def repeats(challenger, champion, seeds=(1, 2, 3)):
    rows = {ADDITIVE: champion, DEEP: challenger}
    world = simulator(DECISION)
    return [compare_once(about(), world, plan(), s, rows, lambda _: None) for s in seeds]


def test_sites_are_never_split_between_folds():
    c = cohort()
    folds = dealt(c, 3, 4)
    assert np.bincount(folds).min() > 0
    for site in np.unique(c.site):
        assert len(np.unique(folds[c.site == site])) == 1
    assert not np.array_equal(folds, dealt(c, 3, 5))
    with pytest.raises(CohortError, match="20 folds of 9 sites"):
        dealt(c, 20, 1)


def test_no_model_is_fitted_on_a_site_it_is_scored_at():
    seen = []

    def watch(_about, train, test, seed):
        seen.append((set(train.site.tolist()), set(test.site.tolist())))
        return np.full((test.n, 2), 0.5)

    compare_once(about(), simulator(DECISION), plan(), 1, {ADDITIVE: watch}, lambda _: None)
    assert len(seen) == 3
    assert all(not own & other for own, other in seen)
    assert set.union(*(other for _, other in seen)) == set(range(1, 10))


def test_a_better_challenger_is_promoted_and_a_worse_one_is_not():
    better = judged(repeats(truthful, noisy))
    assert better.log_loss.mean < 0.0
    assert better.promoted, better.reasons
    assert not judged(repeats(noisy, truthful)).promoted
    assert not judged(repeats(noisy, noisy)).promoted


def test_scores_of_the_truth_are_those_of_the_oracle_and_nobody_beats_its_policy():
    one = repeats(noisy, truthful, seeds=(1,))[0]
    same = {k: v for k, v in one[ADDITIVE].items() if k != "cpu_seconds" and not math.isnan(v)}
    assert same == {k: v for k, v in one[ORACLE].items() if not math.isnan(v)}
    assert one[DEEP]["policy_value"] < one[ORACLE]["policy_value"]
    assert one[DEEP]["expected_log_loss"] > one[ORACLE]["expected_log_loss"]


def test_a_rate_per_drug_has_no_calibration_curve():
    c = cohort(held_out=True)
    row = scored(about(), c, np.tile([0.4, 0.5], (c.n, 1)))
    assert math.isnan(row["calibration_slope"])
    assert math.isnan(row["ici"])
    assert row["auroc"] == pytest.approx(0.5, abs=0.1)


def test_subgroups_with_few_events_and_the_whole_make_no_claim():
    c = cohort(held_out=True)
    row = scored(about(), c, c.truth.probability)
    assert math.isnan(row["loss:all"])
    assert math.isnan(row["loss:with transcriptomic"])
    assert row["loss:women"] > 0.0


def test_who_beats_the_truth_is_refused():
    found = repeats(informed, noisy)
    with pytest.raises(LeakageError, match=f"{DEEP}: potential_auroc"):
        refuse_ceiling(found)
    refuse_ceiling(repeats(truthful, noisy))


def test_finished_repeats_are_kept_and_not_done_again(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "rivals", lambda: {ADDITIVE: noisy, DEEP: truthful})
    keep, said = tmp_path / "kept.jsonl", []
    first = compare(plan(seeds=(1, 2)), keep, said.append)
    assert not any("kept from" in line for line in said)
    second = compare(plan(seeds=(1, 2, 3)), keep, said.append)
    assert sum("kept from" in line for line in said) == 2
    assert first["verdict"]["promoted"] is False
    assert second["verdict"]["log_loss"]["repeats"] == 3
    assert [first["repeats_of_earlier_runs"], second["repeats_of_earlier_runs"]] == [0, 2]
    other = compare(plan(n=901, seeds=(1,)), keep, said.append)
    assert other["n"] == 901
    assert sum("kept from" in line for line in said) == 2


def test_the_command_prints_one_json_line_with_table_and_verdict(monkeypatch, capsys):
    monkeypatch.setattr(comparison, "rivals", lambda: {ADDITIVE: noisy, DEEP: truthful})
    words = [DECISION, "--cohort", "simulated", "--n", "900", "--repeats", "3"]
    assert comparison.main([*words, "--json"]) == 0
    out = capsys.readouterr().out
    found = json.loads(out.splitlines()[-1])
    assert set(found["table"]) == {ADDITIVE, DEEP, ORACLE}
    assert found["verdict"]["promoted"] is True
    for metric in ("log_loss", "brier", "auroc", "calibration_slope", "ici", "policy_value"):
        assert set(found["table"][DEEP][metric]) == {"mean", "sem", "repeats"}
    assert "--repeats 3 --seed 501 --folds 3" in found["command"]
    assert comparison.main(words) == 0
    assert "challenger PROMOTED" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["no_such_decision", "--cohort", "simulated"], "no_such_decision"),
        ([DECISION, "--cohort", "simulated", "--variant", "curly"], "curly_ra"),
        ([DECISION, "--cohort", "simulated", "--folds", "40"], "40 folds"),
    ],
)
def test_what_cannot_be_compared_is_said(words, named, capsys):
    assert comparison.main([*words, "--n", "300", "--repeats", "1"]) == 2
    assert named in capsys.readouterr().err


def test_leakage_ends_the_command(monkeypatch, capsys):
    monkeypatch.setattr(comparison, "rivals", lambda: {ADDITIVE: noisy, DEEP: informed})
    words = [DECISION, "--cohort", "simulated", "--n", "900", "--repeats", "1"]
    assert comparison.main(words) == 1
    assert "leakage" in capsys.readouterr().err


def test_every_reference_row_fits_and_predicts():
    c, new = cohort(), cohort(held_out=True).rows(np.arange(50))
    rows = rivals()
    assert list(rows)[:2] == [ADDITIVE, DEEP]
    for name in [n for n in rows if n != DEEP]:
        p = rows[name](about(), c, new, 0)
        assert p.shape == (50, 2), name
        assert ((p > 0.0) & (p < 1.0)).all(), name
    assert any("LightGBM" in n for n in rows) == boosts()


def test_without_lightgbm_scikit_learn_stands_in_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    name = "histogram boosting T-learner (scikit-learn)"
    assert not boosts()
    p = rivals()[name](about(), cohort(), cohort(held_out=True).rows(np.arange(20)), 0)
    assert p.shape == (20, 2)


def test_models_per_drug_are_calibrated_as_ours_are():
    """Trees of a few hundred courses are too sure of themselves; rows set aside tell them so."""
    c, new = cohort(), cohort(held_out=True, n=3_000, seed=12)
    name = next(n for n in rivals() if "T-learner" in n)
    p = rivals()[name](about(), c, new, 0)
    given = p[np.arange(new.n), new.treatment]
    known = ~np.isnan(new.outcome)
    assert calibration_slope(new.outcome[known], given[known]) > 0.7


def test_repeats_of_other_code_are_not_taken_up(tmp_path, monkeypatch):
    monkeypatch.setattr(comparison, "rivals", lambda: {ADDITIVE: noisy, DEEP: truthful})
    keep = tmp_path / "kept.jsonl"
    compare(plan(seeds=(1,)), keep, lambda _: None)
    monkeypatch.setattr(comparison, "sources", lambda *_: "other code")
    said: list[str] = []
    compare(plan(seeds=(1,)), keep, said.append)
    assert not any("kept from" in line for line in said)
