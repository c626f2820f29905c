"""The simulated rheumatoid arthritis cohort: worlds, seeds, knob, assignment and its tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models.cohort import CohortError
from models.simulate import ra_population
from models.simulate.ra import HELD_OUT_SITES, TRAINING_SITES, simulate, simulate_all
from models.simulate.ra_response import mean_log_reduction
from models.simulate.ra_tables import (
    LATENTS,
    baseline_correlations,
    response_coefficients,
)
from models.simulate.ra_world import EHR, EHR_COMPLETE, TRIAL_NAIVE, TRIAL_TNF_IR, world

BIOMARKERS = {"rf", "acpa", "zcrp", "zil6", "hblow", "icam", "cxcl13", "gtnf", "ifn"}
FEATURES = (
    "age male bmi current_smoker disease_duration monotherapy prior_tnfi_count primary_failure haq "
    "tender_joints swollen_joints patient_global physician_global rheumatoid_factor acpa crp esr "
    "il6 sicam1 cxcl13 calprotectin hemoglobin tnfi_nonresponse_score interferon_score"
).split()


def same(a, b):
    return np.array_equal(a, b, equal_nan=True)


def test_the_same_seeds_give_the_same_cohort_to_the_last_bit():
    a, b = (simulate(900, k=0.5, seed=3, site_seed=8, truth=True) for _ in range(2))
    assert a.features.keys() == b.features.keys()
    assert all(same(a.features[name], b.features[name]) for name in a.features)
    assert same(a.outcome, b.outcome)
    assert same(a.treatment, b.treatment)
    assert same(a.truth.probability, b.truth.probability)
    assert same(a.truth.potential, b.truth.potential)


def test_another_patient_seed_gives_other_patients_of_the_same_world():
    a, b = (simulate_all(900, k=0.5, seed=seed, site_seed=8) for seed in (3, 4))
    assert not np.isin(a.patients.gtnf, b.patients.gtnf).any()
    assert same(world(EHR, 8).response, world(EHR, 8).response)
    assert not same(world(EHR, 8).response, world(EHR, 9).response)


def test_a_site_is_the_same_site_whichever_others_are_asked_for():
    # What the site adds to mu, recovered from two calls with different sites, sizes and patients.
    def site_10(sites, n, seed):
        s = simulate_all(n, k=0, seed=seed, site_seed=8, sites=sites)
        here = np.flatnonzero(s.cohort.site == 10)
        plain = mean_log_reduction(s.patients, 0, world(EHR_COMPLETE, 0))
        return (s.mu - plain)[here]

    alone, among = site_10((10,), 50, 1), site_10((10, 11, 12), 90, 2)
    assert np.allclose(alone, alone[0])
    assert np.allclose(among, alone[0])
    assert abs(alone[0]).max() > 1e-3


def test_the_seed_of_the_world_is_the_seed_of_the_patients_unless_given():
    assert same(
        simulate(90, k=1, seed=5).features["crp"],
        simulate(90, k=1, seed=5, site_seed=5).features["crp"],
    )
    assert not same(
        simulate(90, k=1, seed=5).features["tender_joints"],
        simulate(90, k=1, seed=5, site_seed=6).features["tender_joints"],
    )


@pytest.mark.parametrize("n", [1, 10, 900, 1_003])
def test_sites_are_equal_in_size_to_one_patient(n):
    cohort = simulate(n, k=1, seed=5)
    counts = [int((cohort.site == site).sum()) for site in TRAINING_SITES]
    assert sum(counts) == n == cohort.n
    assert max(counts) - min(counts) <= 1


def test_training_and_held_out_sites_do_not_overlap():
    assert set(TRAINING_SITES) | set(HELD_OUT_SITES) == set(range(1, 13))
    assert not set(TRAINING_SITES) & set(HELD_OUT_SITES)


def test_the_cohort_carries_exactly_the_features_of_the_decision_and_says_simulated():
    cohort = simulate(60, k=1, seed=5)
    assert list(cohort.features) == FEATURES
    assert cohort.simulated
    assert cohort.description.startswith("SIMULATED")
    assert "k=1" in cohort.description
    assert cohort.treatments == ("tnfi", "il6i")


def test_without_interaction_no_biomarker_moves_the_gap():
    changed = {name: np.zeros(200) for name in ("gtnf", "ifn", "icam", "cxcl13")}
    s = simulate_all(200, k=0, seed=5, mode=EHR_COMPLETE)
    there = world(EHR_COMPLETE, 5)
    p = s.patients
    other = replace(p, **changed, il6=p.il6 * 9, crp=p.crp * 5, rf=1 - p.rf, acpa=1 - p.acpa)
    gap = mean_log_reduction(p, 0.0, there) @ [-1, 1]
    assert np.allclose(gap, mean_log_reduction(other, 0.0, there) @ [-1, 1], atol=1e-12)
    assert not np.allclose(gap, mean_log_reduction(other, 0.5, there) @ [-1, 1], atol=0.01)


def test_the_knob_scales_the_interaction_and_leaves_the_mean_effect_alone():
    for name, c in response_coefficients().items():
        t0, i0 = c.at(0.0)
        t2, i2 = c.at(2.0)
        assert c.at(1.0) == pytest.approx((c.tnfi, c.il6i))
        assert t0 + i0 == pytest.approx(t2 + i2)
        if name in BIOMARKERS:
            assert t0 == i0
            assert i2 - t2 == pytest.approx(2 * (c.il6i - c.tnfi))
        else:
            assert (t0, i0) == (t2, i2) == (c.tnfi, c.il6i)


def test_another_k_keeps_patients_drugs_and_records():
    a, b = (simulate(600, k=k, seed=5) for k in (0.0, 2.0))
    assert all(same(a.features[name], b.features[name]) for name in a.features)
    assert same(a.treatment, b.treatment)
    assert not same(a.truth.potential, b.truth.potential)


def test_treatment_follows_habit_unless_a_coin_is_tossed():
    habit = simulate_all(9_000, k=1, seed=5)
    coin = simulate_all(9_000, k=1, seed=5, confounded=False)
    experienced = habit.patients.prior > 0
    assert (coin.propensity == 0.5).all()
    assert coin.cohort.treatment.mean() == pytest.approx(0.5, abs=0.02)
    chosen = habit.cohort.treatment
    assert chosen[experienced].mean() > 2 * chosen[~experienced].mean()
    assert same(habit.truth.potential, coin.truth.potential)


def test_hidden_frailty_confounds_and_can_be_switched_off():
    on, off = (simulate_all(9_000, k=1, seed=5, mode=m) for m in (EHR, replace(EHR, hidden=False)))
    gap = on.frailty[on.cohort.treatment == 1].mean() - on.frailty[on.cohort.treatment == 0].mean()
    assert gap > 0.2  # 0.4 log-odds per SD, in a minority arm
    frail = on.frailty > 0
    assert (on.truth.potential[frail].mean() - on.truth.potential[~frail].mean()) < -0.02
    assert (off.frailty == 0).all()
    assert off.endpoints["cdai_lda"].mean() == pytest.approx(
        on.endpoints["cdai_lda"].mean(), abs=0.01
    )


def test_a_contraindication_moves_the_choice_and_not_the_response():
    s = simulate_all(9_000, k=1, seed=5)
    bowel = s.comorbidities["diverticulitis"] == 1
    ours = np.log(s.propensity[bowel]).mean() - np.log(s.propensity[~bowel]).mean()
    assert ours < -1.0
    response = s.truth.potential[bowel].mean() - s.truth.potential[~bowel].mean()
    assert abs(response) < 4 * 0.5 / np.sqrt(bowel.sum())


def test_trial_populations_and_the_shifted_site():
    assert (simulate_all(300, k=1, seed=5, mode=TRIAL_NAIVE).patients.prior == 0).all()
    assert (simulate_all(300, k=1, seed=5, mode=TRIAL_TNF_IR).patients.prior >= 1).all()
    assert (simulate_all(300, k=1, seed=5, mode=TRIAL_NAIVE).cohort.site == 0).all()
    s = simulate_all(6_000, k=1, seed=5, sites=(11, 12)).patients
    assert s.age[s.site == 12].mean() - s.age[s.site == 11].mean() == pytest.approx(7.6, abs=1.0)
    assert s.monotherapy[s.site == 12].mean() == pytest.approx(0.58, abs=0.03)
    assert s.age.max() <= 88


def test_comorbidities_have_their_prevalence():
    s = simulate_all(40_000, k=1, seed=5)
    for name, share in ra_population.PREVALENCE.items():
        error = np.sqrt(share * (1 - share) / 40_000)
        assert abs(s.comorbidities[name].mean() - share) < 4.5 * error, name
    young_women = (s.patients.male == 0) & (s.patients.age < 45)
    assert s.comorbidities["pregnancy_intent"][~young_women].sum() == 0
    assert s.comorbidities["pregnancy_intent"][young_women].mean() == pytest.approx(0.04, abs=0.012)
    assert s.comorbidities["anc_below_2"].mean() == pytest.approx(0.02, abs=0.005)


def test_rows_selects_truth_with_the_rest():
    cohort = simulate(60, k=1, seed=5, truth=True)
    part = cohort.rows(np.array([4, 2]))
    assert same(part.truth.probability, cohort.truth.probability[[4, 2]])
    assert part.features["crp"].shape == (2,)


# The upper triangle, row by row, retyped from the specification: a slip in the file shows here.
TRIANGLE = """
.2 0 0 0 0 0 .08 .2 0 0 0 0 0 0 0 0
.35 .2 .5 .35 .5 .22 .22 .22 0 0 0 0 0 0 .12
.55 .4 .5 .4 .1 .08 .12 0 0 0 0 0 0 0
.28 .6 .25 .25 .22 .25 0 0 0 0 0 0 0
.5 .8 .18 .15 .15 0 0 0 0 0 0 0
.45 .3 .25 .28 0 0 0 0 0 0 0
.15 0 .13 0 0 0 0 0 0 0
.62 .65 -.35 .3 .2 .55 .1 0 .12
.5 -.45 .28 0 .35 0 0 0
-.38 .35 .2 .45 0 0 0
0 0 0 0 0 0
0 0 0 0 0
0 0 0 0
0 0 0
0 .2
0
"""


def test_the_correlation_matrix_is_the_specified_one_and_positive_definite():
    matrix = baseline_correlations()
    expected = [float(value) for value in TRIANGLE.split()]
    assert matrix[np.triu_indices(len(LATENTS), 1)].tolist() == expected
    assert same(matrix, matrix.T)
    assert (np.diag(matrix) == 1).all()
    assert np.linalg.eigvalsh(matrix)[0] == pytest.approx(0.115, abs=5e-4)


COEFFICIENTS = """
icpt .95 .86   male .05 .05   age10 -.03 -.05   haq -.13 -.13   ptga10 -.03 -.03
dur10 -.04 -.04   smoke -.14 -.10   obese -.14 -.10   mono -.20 0   prior1 -.20 -.15
prior2 -.14 -.10   prim -.28 -.05   rf -.02 .07   acpa -.03 .05   zcrp .02 .10
zil6 -.05 .12   hblow -.05 .05   icam .09 -.10   cxcl13 -.07 .10   cal .03 .03
gtnf -.24 -.03   ifn -.08 .02
"""


def test_the_coefficients_are_the_specified_ones():
    words = COEFFICIENTS.split()
    expected = {t: (float(a), float(b)) for t, a, b in zip(*[iter(words)] * 3, strict=True)}
    table = response_coefficients()
    assert {name: (c.tnfi, c.il6i) for name, c in table.items()} == expected
    assert {name for name, c in table.items() if c.biomarker_interaction} == BIOMARKERS


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"n": 0}, "n is 0; ask for at least 1"),
        ({"k": -0.5}, "k is -0.5"),
        ({"k": float("nan")}, "k is nan"),
        ({"seed": -1}, "seed is -1; use a whole number"),
        ({"site_seed": -2}, "site_seed is -2"),
        ({"sites": ()}, r"sites \[\]: choose one or more"),
        ({"sites": (0, 3)}, r"sites \[0, 3\]: choose"),
        ({"sites": (1.5,)}, r"sites \[1.5\]: choose"),
        ({"sites": (13,)}, "from 1 to 12"),
    ],
)
def test_a_wrong_argument_is_named_with_its_remedy(wrong, says):
    with pytest.raises(CohortError, match=says):
        simulate(**{"n": 10, "k": 1.0, "seed": 1, **wrong})


@pytest.mark.parametrize("wrong", [{"dropout": 0.0}, {"dropout": 1.2}, {"monotherapy": -0.1}])
def test_a_wrong_mode_is_refused(wrong):
    with pytest.raises(CohortError, match=f"mode {next(iter(wrong))} is"):
        replace(EHR, **wrong)
