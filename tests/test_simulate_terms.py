"""Each term of the simulated response and assignment, on one reference patient at a time."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from models.simulate.ra_population import PREVALENCE, Patients
from models.simulate.ra_record import MISSING_RATE, propensity
from models.simulate.ra_response import at_week_24, mean_log_reduction, stopping_probability
from models.simulate.ra_world import EHR, EHR_COMPLETE, MISSING_ITEMS, TRIAL_NAIVE, world

# Every centred term is zero here: mu is the intercept and nothing else.
CENTRED = {
    "age": 55.0,
    "bmi": 25.0,
    "duration": 9.0,
    "haq": 1.4,
    "tjc": 7.0,
    "sjc": 7.0,
    "ptga": 60.0,
    "phga": 50.0,
    "rf": 0.75,
    "acpa": 0.72,
    "crp": 12.0,
    "il6": 12.0,
    "hb": 13.0,
    "anc": 4.0,
}


def patient(**values):
    filled = {f.name: values.get(f.name, CENTRED.get(f.name, 0.0)) for f in fields(Patients)}
    columns = {name: np.array([float(value)]) for name, value in filled.items()}
    return Patients(**{**columns, "site": np.array([int(values.get("site", 0))])})


def mu(p, k=1.0, mode=TRIAL_NAIVE):
    return mean_log_reduction(p, k, world(mode, 1))[0]


@pytest.mark.parametrize(
    ("change", "tnfi", "il6i"),
    [
        ({}, 0.0, 0.0),
        ({"male": 1}, 0.05, 0.05),
        ({"age": 75}, -0.06, -0.10),
        ({"haq": 2.4}, -0.13, -0.13),
        ({"ptga": 80}, -0.06, -0.06),
        ({"duration": 29}, -0.08, -0.08),
        ({"smoker": 1}, -0.14, -0.10),
        ({"bmi": 30}, -0.14, -0.10),
        ({"bmi": 29.99}, 0.0, 0.0),
        ({"monotherapy": 1}, -0.20, 0.0),
        ({"prior": 1}, -0.20, -0.15),
        ({"prior": 3}, -0.34, -0.25),
        ({"primary_failure": 1}, -0.28, -0.05),
        ({"rf": 1.75}, -0.02, 0.07),
        ({"acpa": 1.72}, -0.03, 0.05),
        ({"crp": 12 * np.exp(1.25)}, 0.02, 0.10),
        ({"il6": 12 * np.exp(1.7)}, -0.05, 0.12),
        ({"hb": 11.99}, -0.05, 0.05),
        ({"hb": 12.0}, 0.0, 0.0),
        ({"icam": 1}, 0.09, -0.10),
        ({"cxcl13": 1}, -0.07, 0.10),
        ({"cal": 1}, 0.03, 0.03),
        ({"gtnf": 1}, -0.24, -0.03),
        ({"ifn": 1}, -0.08, 0.02),
    ],
)
def test_each_term_moves_the_log_reduction_by_its_coefficient(change, tnfi, il6i):
    assert mu(patient(**change)) == pytest.approx((0.95 + tnfi, 0.86 + il6i), abs=1e-12)


def test_the_gap_between_efficacy_and_effectiveness_lowers_both_arms():
    assert mu(patient(), mode=EHR_COMPLETE) == pytest.approx((0.80, 0.71))


@pytest.mark.parametrize(
    ("change", "flags", "log_odds"),
    [
        ({}, {}, 0.0),
        ({"prior": 1}, {}, 1.3),
        ({"prior": 2}, {}, 2.0),
        ({"prior": 3}, {}, 2.0),
        ({"monotherapy": 1}, {}, 0.8),
        ({"crp": 12 * np.exp(1.25)}, {}, 0.35),
        ({"tjc": 17}, {}, 0.15),
        ({"primary_failure": 1}, {}, 0.5),
        ({"anc": 2.4}, {}, -0.5),
        ({}, {"heart_failure"}, 1.2),
        ({}, {"diverticulitis"}, -1.5),
        ({}, {"uveitis"}, -0.8),
        ({}, {"uveitis", "inflammatory_bowel_disease"}, -0.8),
        ({}, {"psoriasis"}, 0.0),
    ],
)
def test_each_term_moves_the_choice_by_its_log_odds(change, flags, log_odds):
    # CDAI 25: 7 + 7 joints, globals 6.0 and 5.0.
    p = patient(**change)
    named = {name: np.array([float(name in flags)]) for name in PREVALENCE}
    mode = replace(EHR, sites=False)
    chance = propensity(p, named, np.zeros(1), mode, world(mode, 1))
    assert chance == pytest.approx(expit(-3.0 + log_odds))
    frail = propensity(p, named, np.ones(1), mode, world(mode, 1))
    assert frail == pytest.approx(expit(-3.0 + log_odds + 0.4))


@pytest.mark.parametrize(
    ("name", "arm", "fall", "sd"),
    [
        ("crp", 0, 0.10 + 0.35 * 0.9, 0.85),
        ("crp", 1, 2.1 + 0.25 * 0.9, 0.90),
        ("esr", 0, 0.25 + 0.35 * 0.9, 0.45),
        ("esr", 1, 1.55 + 0.25 * 0.9, 0.60),
        ("ptga", 0, 0.9 - 0.45, 0.375),
        ("pain", 1, 0.9 - 0.45, 0.375),
        ("phga", 1, 0.9 - 0.30, 0.29),
    ],
)
def test_components_fall_as_specified(name, arm, fall, sd):
    # Baselines far from every floor and ceiling, so that the lognormal is seen whole.
    n = 40_000
    baseline = patient(crp=1e6, esr=1e6, ptga=1.0, phga=1.0, pain=1.0).rows(np.zeros(n, dtype=int))
    after = at_week_24(baseline, np.full(n, 0.9), arm, np.random.default_rng(3))
    log_fall = np.log(getattr(baseline, name) / getattr(after, name))
    assert log_fall.mean() == pytest.approx(fall, abs=4.5 * sd / np.sqrt(n))
    assert log_fall.std() == pytest.approx(sd, rel=0.02)


@pytest.mark.parametrize(("name", "offset"), [("tjc", 1.23), ("sjc", 1.35)])
def test_joint_counts_fall_as_specified(name, offset):
    # Half of the patients keep at most the median count, whatever the rounding: P(x < 14.5).
    n, u = 40_000, -offset
    baseline = patient(tjc=14, sjc=14).rows(np.zeros(n, dtype=int))
    count = getattr(at_week_24(baseline, np.full(n, u), 0, np.random.default_rng(3)), name)
    expected = norm.cdf(np.log(14.5 / 14) / 0.74)
    assert (count <= 14).mean() == pytest.approx(expected, abs=0.012)
    assert count.max() == 28
    assert np.array_equal(count, np.rint(count))


def test_haq_moves_in_eighths_around_its_offset():
    n = 40_000
    baseline = patient(haq=1.5).rows(np.zeros(n, dtype=int))
    haq = at_week_24(baseline, np.full(n, 0.07), 0, np.random.default_rng(3)).haq
    assert np.array_equal(haq * 8, np.rint(haq * 8))
    assert np.median(haq) == 1.5
    expected = norm.cdf(np.log(1.0625 / 1.5) / 0.375)
    assert (haq <= 1.0).mean() == pytest.approx(expected, abs=0.01)


def test_floors_and_ceilings_hold():
    n = 2_000
    worst = patient(crp=0.3, esr=1, ptga=99, phga=99, pain=99, haq=3, tjc=28, sjc=28)
    after = at_week_24(
        worst.rows(np.zeros(n, dtype=int)), np.full(n, -2.0), 1, np.random.default_rng(3)
    )
    assert after.crp.min() == 0.3
    assert after.esr.min() == 1.0
    assert (after.ptga.max(), after.phga.max(), after.pain.max()) == (100, 100, 100)
    assert (after.haq.max(), after.tjc.max(), after.sjc.max()) == (3, 28, 28)


@pytest.mark.parametrize(("mode", "nominal"), [(TRIAL_NAIVE, 0.10), (EHR, 0.18)])
def test_average_response_stops_at_the_nominal_rate_and_poor_response_oftener(mode, nominal):
    assert stopping_probability(np.array([0.9]), mode)[0] == pytest.approx(nominal)
    expected = norm.cdf(norm.ppf(nominal) + 0.45)
    assert stopping_probability(np.array([-0.1]), mode)[0] == pytest.approx(expected)


def test_site_effects_have_their_size():
    # Over 600 worlds, twelve sites each: the standard error of an SD is below one per cent.
    worlds = [world(EHR, seed) for seed in range(600)]

    def spread(name, rows=slice(1, 12)):
        return np.std([getattr(w, name)[rows] for w in worlds])

    assert spread("response") == pytest.approx(0.12, rel=0.05)
    assert spread("response_by_arm") == pytest.approx(0.04, rel=0.05)
    assert spread("assignment") == pytest.approx(0.5, rel=0.05)
    assert spread("batch") == pytest.approx(0.25, rel=0.05)
    assert spread("missing") == pytest.approx(0.3, rel=0.05)
    assert np.std(np.log([w.joint_factor[1:] for w in worlds])) == pytest.approx(0.12, rel=0.05)
    means = np.mean([w.response for w in worlds], axis=0)
    assert means[1:12] == pytest.approx(-0.15, abs=0.022)
    assert means[12] == pytest.approx(-0.30, abs=0.022)


def test_every_item_has_a_rate_and_a_site_effect():
    assert {*MISSING_RATE, "endpoint"} == set(MISSING_ITEMS)


def test_without_site_effects_a_world_is_neutral():
    there = world(EHR_COMPLETE, 3)
    assert (there.response == EHR_COMPLETE.gap).all()
    assert (there.joint_factor == 1).all()
    assert not there.response_by_arm.any()
    assert not there.assignment.any()
