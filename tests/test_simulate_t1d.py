"""The simulated progression cohort: what it is built to show, and what it must never do."""

from __future__ import annotations

import csv
from dataclasses import fields

import numpy as np
import pytest

from models.events import EventError, EventTable
from models.simulate import t1d, t1d_measure
from models.simulate.__main__ import cohorts, main
from models.simulate.t1d_check import targets
from models.simulate.t1d_follow import FIRST_ENTRY, THERAPY_AGE, THERAPY_YEAR, delayed
from models.simulate.t1d_hazard import (
    REFERENCE,
    cumulative,
    inverse_cumulative,
    predictor,
    risk,
    solve_hazard,
)
from models.simulate.t1d_markers import correlations, dptrs, dysglycaemic, index60, recorded_stage
from models.simulate.t1d_people import median_bmi
from models.simulate.t1d_tables import DATA, STRATA, betas, of_site, of_stratum, sites
from tests.progression import EVERYWHERE, others, training


@pytest.fixture(scope="module")
def quick():
    """The parts of the check that take a second, at the smallest size the tolerances allow."""
    drawn = tuple(
        t1d.simulate(30_000, seed=60 + s, sites=EVERYWHERE, strata=(s,)) for s in range(3)
    )
    return t1d_measure.people_and_risks(drawn) | t1d_measure.discrimination(drawn)


def test_anchors_markers_and_discrimination_meet_their_targets(quick):
    goals = [g for g in targets() if g.key in quick]
    assert len(goals) > 140
    assert [g.key for g in goals if not g.met_by(quick[g.key])] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_published_anchors_are_met_on_other_seeds_too(seed):
    drawn = tuple(
        t1d.simulate(20_000, seed=100 * seed + s, sites=EVERYWHERE, strata=(s,)) for s in range(3)
    )
    got = t1d_measure.people_and_risks(drawn)
    published = [g for g in targets() if "published" in g.section]
    assert len(published) == 8
    assert [g.key for g in published if not g.met_by(got[g.key])] == []


def test_recording_follow_up_and_development_meet_their_targets():
    got = t1d_measure.recording(60_000, 20) | t1d_measure.incidence_by_onset(60_000, 20)
    got |= t1d_measure.development(30_000, 20)
    assert 0.9 <= got["development.index60_before_onset"] <= 1.5
    goals = [g for g in targets() if g.key in got]
    assert [(g.key, got[g.key]) for g in goals if not g.met_by(got[g.key])] == []


def test_every_target_is_measured_and_every_measurement_has_a_target():
    got = {}
    for _, part in t1d_measure.measure(400, 3):
        got |= part
    assert got.keys() == {g.key for g in targets()}


def test_every_target_says_where_it_comes_from():
    rows = list(csv.DictReader((DATA / "t1d_targets.csv").read_text("utf-8").splitlines()))
    assert all(row["source"].strip() and row["reason"].strip() for row in rows)
    assert {row["kind"] for row in rows} == {"published", "computed"}
    assert len({row["key"] for row in rows}) == len(rows)


def test_the_command_finds_its_cohorts_by_name():
    assert cohorts() == ("ra", "t1d")


@pytest.mark.parametrize(("missed", "code"), [(0.0, 0), (1.0, 1)])
def test_the_exit_code_says_whether_all_targets_are_met(missed, code, monkeypatch, capsys):
    got = {g.key: g.target + missed * (g.tolerance + 1.0) for g in targets()}
    monkeypatch.setattr(t1d_measure, "measure", lambda n, seed: iter([("all", got)]))
    assert main(["t1d", "--check"]) == code
    out = capsys.readouterr().out
    assert out.startswith("SIMULATED type 1 diabetes progression cohort - not patients")
    assert f"{0 if missed else len(got)} of {len(got)} targets met" in out


def test_fewer_people_than_the_tolerances_allow_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["t1d", "--check", "--n", "500"])
    assert "hold from 30000" in capsys.readouterr().err


# ------------------------------------------------------------------------------------- equations


@pytest.mark.parametrize(
    ("bmi", "age", "glucose", "c_peptide", "scores"),
    [
        (18, 10, (90, 150, 140, 120, 110), (1.2, 5, 6, 6, 5), (6.3674, 0.1910)),
        (18, 10, (90, 190, 210, 200, 180), (1.0, 3, 4, 4.5, 4.5), (8.8959, 2.0074)),
        (24, 30, (90, 160, 150, 130, 115), (2.0, 6, 8, 8, 7), (5.5528, -0.1841)),
    ],
)
def test_the_scores_meet_the_worked_examples(bmi, age, glucose, c_peptide, scores):
    G, C = np.array([glucose], float), np.array([c_peptide], float)
    found = dptrs(np.array([bmi]), np.array([age]), G, C), index60(G, C)
    assert [float(f[0]) for f in found] == pytest.approx(scores, abs=5e-5)


WORKED = {**t1d_measure.WORKED, "ab_group[GADA+IAA+IA-2A]": 1.0, "ab_group[IA-2A]": 1.0}


@pytest.mark.parametrize(
    ("model", "ratios"),
    [
        ("full", (43.546, 7.761, 11.327)),
        ("no_grs", (30.685, 9.308, 9.244)),
        ("no_hba1c", (31.770, 6.690, 5.771)),
        ("no_ogtt", (9.215, 2.347, 3.731)),
        ("no_ogtt_no_grs", (4.789, 2.224, 2.252)),
        ("grs2_alone", (1.780, 1.258, 1.298)),
    ],
)
def test_the_linear_predictors_meet_the_worked_person(model, ratios):
    used = {c for s in STRATA for c in betas(s, model)}
    x = {c: np.full(3, WORKED.get(c, 0.0)) for c in used}
    found = np.exp(predictor(model, np.arange(3), x))
    assert found == pytest.approx(ratios, abs=6e-4)


def test_the_baseline_hazard_and_its_inverse_undo_each_other():
    years = np.array([0.3, 1.0, 4.9, 5.0, 7.0, 20.0])
    for stratum in range(3):
        here = np.full(len(years), stratum)
        assert inverse_cumulative(here, cumulative(here, years)) == pytest.approx(years)
    assert (np.diff(cumulative(np.zeros(6, int), years)) > 0).all()


def test_a_knot_is_where_the_mean_risk_is_the_target():
    eta = np.array([-1.0, 0.0, 1.5])
    H = solve_hazard(eta, 0.3)
    assert np.mean(1 - np.exp(-H * np.exp(eta))) == pytest.approx(0.3, abs=1e-12)


def test_onsets_follow_the_true_risk():
    """F(T | x) is uniform if T is drawn from F: no decile off by more than five SDs."""
    world = others()
    T, truth = world.truth.untreated_onset, world.truth
    u = 1 - np.exp(-cumulative(truth.stratum, T) * np.exp(truth.eta))
    share = np.histogram(u, bins=10, range=(0, 1))[0] / len(u)
    assert np.abs(share - 0.1).max() < 5 * np.sqrt(0.09 / len(u))
    assert truth.risk[:, 2] == pytest.approx(risk(truth.stratum, truth.eta, 5.0))


def test_tables_are_complete_and_sites_are_shares():
    assert of_site("weight").sum() == pytest.approx(1.0)
    assert [site.name for site in sites()] == list("ABCDEF")
    assert of_stratum("share").sum() == pytest.approx(1.0)
    assert set(betas("stage_1", "full")) == set(REFERENCE)
    for bad in (lambda: of_stratum("nothing"), lambda: betas("stage_1", "nothing")):
        with pytest.raises(ValueError, match="nothing"):
            bad()


def test_marker_correlations_are_a_correlation_matrix():
    R = correlations()
    assert np.diag(R) == pytest.approx(np.ones(11))
    assert np.linalg.eigvalsh(R).min() > 0
    assert R[1, 2] == pytest.approx(0.78, abs=0.02)


# ---------------------------------------------------------------------------------------- people


def test_everybody_fits_their_stratum_in_truth():
    p = others().people
    dys = dysglycaemic(p.glucose, p.hba1c)
    assert (dys == (p.stratum == 2)).all()
    assert (p.glucose[p.stratum < 2][:, 1:4] < 200).all()
    assert (p.glucose > 50).all()
    assert ((p.glucose[:, 0] < 126) & (p.glucose[:, 4] < 200) & (p.hba1c < 6.5)).all()
    assert ((p.age >= 1) & (p.age <= 45)).all()
    assert (p.counted[p.stratum == 0] == 1).all()
    assert (p.counted[p.stratum > 0] >= 2).all()


def test_without_a_glucose_test_the_stage_is_provisional():
    glucose = np.full((3, 5), np.nan)
    several = np.array([True, True, False])
    assert recorded_stage(several, glucose, np.array([5.2, 5.7, 6.0])).tolist() == [1, 2, 0]
    assert recorded_stage(several, glucose, np.full(3, np.nan)).tolist() == [1, 1, 0]


def test_the_same_arguments_give_the_same_people_and_another_seed_gives_others():
    a, b, c = (t1d.simulate(50, seed=s) for s in (3, 3, 4))
    assert np.array_equal(a.table.X, b.table.X, equal_nan=True)
    assert np.array_equal(a.table.right, b.table.right)
    assert not np.array_equal(a.truth.eta, c.truth.eta)


def test_what_an_estimator_sees_holds_no_truth():
    """No column, and no field, is a function of the truth: the types share nothing."""
    world = others()
    seen = {f.name for f in fields(EventTable)}
    assert not seen & {f.name for f in fields(t1d.Truth)} - {"stratum"}
    assert world.table.stratum is not world.truth.stratum
    assert (world.table.stratum != world.truth.stratum).any()
    assert set(world.table.columns) == set(t1d.COLUMNS)
    assert not {"microbiome", "relative", "znt8a"} & set(t1d.COLUMNS)


def test_missing_tests_are_missing_as_a_whole():
    f = others().features
    names = [n for n in f if n.startswith(("glucose_", "c_peptide_"))]
    known = np.stack([~np.isnan(f[n]) for n in names])
    assert len(names) == 10
    assert (known.all(axis=0) == known.any(axis=0)).all()
    assert (known[0] == ~np.isnan(f["index60"])).all()


@pytest.mark.parametrize("asked", [{"n": 0}, {"sites": ()}, {"sites": (6,)}])
def test_an_impossible_draw_is_refused(asked):
    with pytest.raises(EventError, match="at least one person at sites 0 to 5"):
        t1d.simulate(**({"n": 5, "seed": 1} | asked))


def test_body_mass_follows_age():
    assert median_bmi(np.array([1.0, 6.0, 45.0])).tolist() == [16.8, 15.4, 27.3]


# -------------------------------------------------------------------------------------- follow-up


def test_onset_lies_in_the_recorded_interval():
    world = others()
    t, onset = world.table, world.followed.onset
    seen = t.event
    assert (onset[seen] >= t.left[seen]).all()
    assert (onset[seen] <= t.right[seen]).all()
    # nobody without an event was past it at the last attended visit
    assert (onset[~seen] > t.left[~seen]).all()
    assert seen.mean() > 0.2


def test_follow_up_ends_with_the_study():
    f = others().followed
    last = np.where(np.isfinite(f.right), f.right, f.left)
    assert (f.entered + last <= 2025.0).all()
    assert (f.entered >= FIRST_ENTRY).all()
    assert (f.attended[:, 0]).all()


def test_treatment_begins_in_stage_2_when_allowed_and_delays_onset():
    world = t1d.simulate(4_000, seed=8, strata=(2,))
    f = world.followed
    begun = np.isfinite(f.treated)
    assert 20 < begun.sum() < 1_000
    assert (f.entered[begun] + f.treated[begun] >= THERAPY_YEAR).all()
    assert (world.people.age[begun] + f.treated[begun] >= THERAPY_AGE).all()
    untreated = world.truth.untreated_onset
    rest = untreated[begun] - f.treated[begun]
    assert f.onset[begun] - f.treated[begun] == pytest.approx(rest / 0.457)
    assert (f.onset[~begun] == untreated[~begun]).all()
    assert not np.isfinite(t1d.simulate(2_000, seed=8, strata=(0, 1)).followed.treated).any()


def test_only_what_remains_is_stretched():
    found = delayed(np.array([2.0, 2.0, 2.0]), np.array([np.inf, 1.0, 3.0]))
    assert found == pytest.approx([2.0, 1.0 + 1.0 / 0.457, 2.0])


def test_the_training_cohort_is_marked_as_simulated():
    table = training().table
    assert table.simulated
    assert table.description.startswith("SIMULATED")
