"""Shrunk calibration against an independent optimiser; recalibration of a site."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from models.calibrate import between_sites, recalibrate, shrink
from models.ridge import sigmoid


def draw(seed: int, n: int, slope: float = 1.0, contrast: float = 1.0):
    rng = np.random.default_rng(seed)
    mu, tau = rng.normal(-0.5, 0.9, n), rng.normal(0.2, 0.6, n)
    treatment = (rng.random(n) < 0.3).astype(np.int64)
    margin = slope * mu + (treatment - 0.5) * (0.2 + contrast * (tau - 0.2))
    return mu, tau, treatment, (rng.random(n) < sigmoid(margin)).astype(float)


def test_shrunk_calibration_equals_an_independent_optimiser():
    mu, tau, treatment, y = draw(1, 900, slope=0.8, contrast=0.4)
    a, centre = treatment - 0.5, tau.mean()

    def loss(v):
        s, c, e, r = v
        eta = s * mu + c + a * (centre + e + r * (tau - centre))
        fit = np.logaddexp(0, eta).sum() - y @ eta
        return fit + 0.5 * (10 * (s - 1) ** 2 + c**2 + 10 * e**2 + 50 * (r - 1) ** 2)

    best = minimize(loss, [1, 0, 0, 1], method="BFGS", options={"gtol": 1e-8})
    found = shrink(mu, tau, treatment, y)
    # BFGS differences the gradient numerically: good to about 1e-5 here.
    assert [found.slope, found.level, found.effect, found.contrast] == pytest.approx(
        best.x, abs=1e-4
    )


def test_a_contrast_that_is_not_there_is_shrunk_and_never_reversed():
    real = shrink(*draw(2, 4_000, contrast=1.0))
    none = shrink(*draw(2, 4_000, contrast=0.0))
    reversed_ = shrink(*draw(2, 4_000, contrast=-1.0))
    assert none.contrast < 0.4 < 0.8 < real.contrast
    assert reversed_.contrast == 0.0


def test_small_tables_expect_half_the_contrast():
    mu, tau, treatment, y = draw(3, 60, contrast=0.5)
    assert shrink(mu, tau, treatment, y).contrast < 0.8


def test_a_site_is_drawn_to_the_shipped_intercept_until_its_labels_say_otherwise():
    rng = np.random.default_rng(4)
    margin = rng.normal(-0.5, 1.0, 20_000)
    y = (rng.random(20_000) < sigmoid(margin + 0.4)).astype(float)
    few, many = recalibrate(margin[:20], y[:20]), recalibrate(margin, y)
    nothing = recalibrate(margin[:0], y[:0])
    assert many.shift == pytest.approx(0.4, abs=0.06)
    assert abs(few.shift) < abs(many.shift)
    assert many.variance < few.variance < nothing.variance == 0.0625
    assert nothing.shift == 0.0


def test_variance_between_sites_is_found():
    rng = np.random.default_rng(5)
    site = np.repeat(np.arange(60), 400)
    margin = rng.normal(0, 1, site.size)
    shifts = rng.normal(0, 0.5, 60)
    y = (rng.random(site.size) < sigmoid(margin + shifts[site])).astype(float)
    # 60 sites estimate a variance to within about 20 %.
    assert between_sites(margin, y, site) == pytest.approx(shifts.var(), abs=0.08)
    same = (rng.random(site.size) < sigmoid(margin)).astype(float)
    assert between_sites(margin, same, site) < 0.02
    assert between_sites(margin[:400], y[:400], site[:400]) == 0.0
