"""Baseline marginals of the simulated populations, against the published figures they encode."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from models.simulate import ra_population
from models.simulate.ra_world import EHR, EHR_COMPLETE, TRIAL_NAIVE, TRIAL_TNF_IR, Population, world

N = 40_000


def drawn(mode, sites=0, seed=2):
    rng = np.random.default_rng(seed)
    return ra_population.draw(mode, world(mode, 1), np.full(N, sites, dtype=np.int64), rng)


@cache
def everyone(population):
    modes = (EHR_COMPLETE, TRIAL_NAIVE, TRIAL_TNF_IR)
    return drawn(next(mode for mode in modes if mode.population is population))


@pytest.mark.parametrize(
    ("population", "name", "mean", "sd"),
    [
        (Population.REGISTRY, "age", 56, 13),
        (Population.REGISTRY, "ptga", 57, 24),
        (Population.REGISTRY, "phga", 46, 21),
        (Population.REGISTRY, "pain", 57, 24),
        (Population.REGISTRY, "haq", 1.15, 0.65),
        (Population.TRIAL_NAIVE, "age", 52, 12.3),
        (Population.TRIAL_NAIVE, "ptga", 66, 18),
        (Population.TRIAL_NAIVE, "phga", 65, 15),
        (Population.TRIAL_NAIVE, "pain", 67, 19),
        (Population.TRIAL_NAIVE, "haq", 1.62, 0.62),
        (Population.TRIAL_TNF_IR, "age", 53, 12.3),
        (Population.TRIAL_TNF_IR, "ptga", 69, 18),
        (Population.TRIAL_TNF_IR, "phga", 67, 15),
        (Population.TRIAL_TNF_IR, "pain", 69, 19),
        (Population.TRIAL_TNF_IR, "haq", 1.75, 0.60),
    ],
)
def test_means_and_spreads(population, name, mean, sd):
    values = getattr(everyone(population), name)
    assert values.mean() == pytest.approx(mean, abs=4.5 * sd / np.sqrt(N) + 0.005)
    assert values.std() == pytest.approx(sd, rel=0.02)  # clipping age at 18 and 88 costs 1 %


@pytest.mark.parametrize(
    ("population", "name", "median", "log_sd"),
    [
        (Population.REGISTRY, "crp", 10, 1.35),
        (Population.REGISTRY, "esr", 22, 0.85),
        (Population.REGISTRY, "il6", 10, 1.6),
        (Population.TRIAL_NAIVE, "crp", 15, 1.0),
        (Population.TRIAL_NAIVE, "esr", 44, 0.50),
        (Population.TRIAL_NAIVE, "il6", 17, 1.8),
        (Population.TRIAL_TNF_IR, "crp", 17, 1.05),
        (Population.TRIAL_TNF_IR, "esr", 45, 0.52),
        (Population.TRIAL_TNF_IR, "il6", 19, 1.8),
    ],
)
def test_medians_and_quartiles_of_lognormals(population, name, median, log_sd):
    # Quartiles lie inside every clip, so they show the unclipped distribution.
    q25, q50, q75 = np.log(np.percentile(getattr(everyone(population), name), (25, 50, 75)))
    assert q50 == pytest.approx(np.log(median), abs=4.5 * 1.25 * log_sd / np.sqrt(N))
    assert (q75 - q25) / 1.349 == pytest.approx(log_sd, rel=0.035)


@pytest.mark.parametrize(
    ("population", "name", "mean", "size"),
    [
        (Population.REGISTRY, "tjc", 8.0, 1.7),
        (Population.REGISTRY, "sjc", 7.0, 1.8),
        (Population.TRIAL_NAIVE, "tjc", 15.5, 5),
        (Population.TRIAL_NAIVE, "sjc", 12.0, 5),
        (Population.TRIAL_TNF_IR, "tjc", 16.5, 5),
        (Population.TRIAL_TNF_IR, "sjc", 12.5, 5),
    ],
)
def test_joint_counts_are_negative_binomial_up_to_the_cap(population, name, mean, size):
    # Drawn here by another road: a Poisson whose mean is gamma distributed, then capped.
    rng = np.random.default_rng(7)
    other = np.minimum(rng.poisson(rng.gamma(size, mean / size, 400_000)), 28)
    counts = getattr(everyone(population), name)
    for edge in (0, 3, 8, 15, 27):
        assert (counts <= edge).mean() == pytest.approx((other <= edge).mean(), abs=0.013)


def test_shares_and_dependencies_of_the_registry():
    p = everyone(Population.REGISTRY)
    for prior, share in enumerate((0.65, 0.22, 0.09, 0.04)):
        assert (p.prior == prior).mean() == pytest.approx(share, abs=0.012)
    exposed = p.prior > 0
    assert p.primary_failure[exposed].mean() == pytest.approx(0.38, abs=0.02)
    assert not p.primary_failure[~exposed].any()
    assert p.monotherapy.mean() == pytest.approx(0.28, abs=0.011)
    assert p.smoker[p.rf == 1].mean() == pytest.approx(0.180, abs=0.01)
    assert p.smoker[p.rf == 0].mean() == pytest.approx(0.143, abs=0.016)
    assert p.duration[~exposed].mean() == pytest.approx(1.1 * 6.5, abs=0.2)
    assert p.duration[p.prior == 2].mean() == pytest.approx(1.1 * 6.5 + 5.0, abs=0.55)
    assert np.median(p.bmi) == pytest.approx(27.2, abs=0.2)
    assert p.hb[p.male == 1].mean() - p.hb[p.male == 0].mean() == pytest.approx(1.2, abs=0.06)
    assert p.hb[p.male == 0].mean() == pytest.approx(12.6, abs=0.03)
    for name in ("icam", "cxcl13", "cal", "gtnf", "ifn"):
        assert getattr(p, name).std() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize(
    ("one", "other", "correlation"),
    [("crp", "esr", 0.62), ("crp", "il6", 0.65), ("crp", "cal", 0.55), ("esr", "hb", -0.45)],
)
def test_correlations_survive_the_marginals(one, other, correlation):
    # Rank correlation of a Gaussian pair is 6/pi asin(r/2), untouched by monotone marginals; in
    # women only, because haemoglobin also depends on sex.
    p = everyone(Population.REGISTRY)
    women = p.male == 0
    ranks = [np.argsort(np.argsort(getattr(p, name)[women])) for name in (one, other)]
    expected = 6 / np.pi * np.arcsin(correlation / 2)
    assert np.corrcoef(*ranks)[0, 1] == pytest.approx(expected, abs=0.02)


def test_the_assessor_of_a_site_scales_joint_counts_before_rounding():
    factor = world(EHR, 1).joint_factor
    here = int(np.argmax(np.abs(np.log(factor[1:])))) + 1
    plain, scaled = drawn(EHR_COMPLETE), drawn(EHR, sites=here)
    assert abs(np.log(factor[here])) > 0.1
    # Same generator, hence the same uncapped counts at both sites.
    inside = (plain.tjc < 28) & (scaled.tjc < 28)
    assert np.array_equal(scaled.tjc[inside], np.rint(plain.tjc * factor[here])[inside])


def test_eligibility_of_trials_needs_joints_and_inflammation():
    p = everyone(Population.TRIAL_NAIVE)
    chosen = ra_population.eligible(p, TRIAL_NAIVE)
    assert 0.7 < chosen.mean() < 0.9
    assert p.tjc[chosen].min() == 6
    assert p.sjc[chosen].min() == 4
    assert not ((p.crp < 8) & (p.esr < 28))[chosen].any()
