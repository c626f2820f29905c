"""Ranges: they hold the truth as often as they say, and cost more where less was measured."""

from __future__ import annotations

import numpy as np
import pytest

from models.held_out import answered, local_shifts, predict
from models.interval import ranges, unmeasured, variances
from tests.trained import TYPICAL, about, cohort, fitted


def one(values):
    design = about().design
    return {f: np.array([values.get(f, np.nan)]) for f in design.features}


def variance_of(values):
    panel = fitted().panel_
    z, present = panel.standardise(one(values))
    return variances(panel, z, panel.complete(z, present), present, np.zeros(1))[0]


def test_ranges_hold_the_true_probability_about_as_often_as_stated():
    """Small n, fresh sites: nominal .90, floors make the ranges conservative rather than short."""
    scored = cohort(2_000, seed=12, held_out=True)
    scored = scored.rows(answered(about(), scored))
    found = predict(
        fitted(), scored, local_shifts(fitted(), cohort(900, seed=14, held_out=True)), 0.9
    )
    truth = scored.truth.probability
    for arm in (0, 1):
        covered = (found.low[:, arm] <= truth[:, arm]) & (truth[:, arm] <= found.high[:, arm])
        assert covered.mean() > 0.8
    d = truth[:, 1] - truth[:, 0]
    assert np.mean((found.difference_low <= d) & (d <= found.difference_high)) > 0.8
    assert np.mean(found.high - found.low) < 0.6


def test_the_variance_is_the_quadratic_form_of_the_design_rows():
    panel = fitted().panel_
    z, present = panel.standardise(one(TYPICAL))
    filled = panel.complete(z, present)
    total = variances(panel, z, filled, present, np.array([0.02]))[0]
    rest = unmeasured(panel, ~np.isnan(z[0]), present[0])
    for i, a in enumerate((-0.5, 0.5)):
        for j, b in enumerate((-0.5, 0.5)):
            rows = [
                np.r_[1.0, s, ~present[0], filled[0], s * filled[0]].astype(float) for s in (a, b)
            ]
            expected = rows[0] @ panel.covariance @ rows[1] + rest[i, j]
            assert total[i, j] == pytest.approx(expected + 0.02 + 0.015 + a * b * 0.01, abs=1e-12)


@pytest.mark.parametrize("feature", ["esr", "acpa", "haq", "hemoglobin"])
def test_the_unmeasured_never_makes_us_more_certain(feature):
    less = {f: v for f, v in TYPICAL.items() if f != feature}
    panel = fitted().panel_
    amounts = []
    for values in (TYPICAL, less):
        z, present = panel.standardise(one(values))
        amounts.append(unmeasured(panel, ~np.isnan(z[0]), present[0]))
    assert np.linalg.eigvalsh(amounts[1] - amounts[0]).min() > -1e-12


def test_a_rare_test_costs_the_floor_of_outside_evidence():
    """Fewer than 500 of 1,200 patients had any research test, so each costs its floor."""
    panel, design = fitted().panel_, about().design
    everything = np.ones(len(design.columns), bool)
    present = np.ones(len(design.modalities), bool)
    for floor in about().floors:
        known = everything.copy()
        known[list(floor.columns)] = False
        assert unmeasured(panel, known, present) == pytest.approx(np.diag(floor.variance))


def test_ranges_widen_with_the_level_and_stay_on_the_scale():
    margins, variance = np.array([[-4.0, 3.0]]), np.array([[[4.0, 0.0], [0.0, 4.0]]])
    narrow, wide = (ranges(margins, variance, level) for level in (0.5, 0.999))
    assert (wide.low < narrow.low).all()
    assert (wide.high > narrow.high).all()
    assert (wide.low > 0).all()
    assert (wide.high < 1).all()
    assert -1 <= wide.difference_low[0] < wide.difference_high[0] <= 1


@pytest.mark.parametrize("level", [0.0, 1.0, 90.0])
def test_a_level_that_is_no_share_is_refused(level):
    with pytest.raises(ValueError, match="share between 0 and 1"):
        ranges(np.zeros((1, 2)), np.eye(2)[None], level)


def test_the_difference_is_the_delta_method():
    margins, variance = np.array([[0.3, -0.2]]), np.array([[[0.20, 0.08], [0.08, 0.30]]])
    found = ranges(margins, variance, 0.9)
    draws = np.random.default_rng(0).multivariate_normal(margins[0], variance[0] / 100, 200_000)
    p = 1 / (1 + np.exp(-draws))
    # At a hundredth of the variance the link is straight enough: sd scales by ten, to 1 %.
    assert found.sd[0] == pytest.approx(10 * (p[:, 1] - p[:, 0]).std(), rel=0.01)
