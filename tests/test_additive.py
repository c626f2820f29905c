"""The additive panel model: fit, completion of missing values, presence of modalities, leakage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from models import metrics
from models.additive import PanelLogit
from models.cohort import Cohort, CohortError
from models.design import DesignError
from models.gaussian import complete, conditional, fit_gaussian
from models.held_out import answered
from models.ridge import FitError, fit_logistic, sigmoid
from tests.trained import TYPICAL, about, cohort, fitted


def logistic_data(n: int = 400, q: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """The same at every call, so that no test depends on which ran before it."""
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(n), rng.standard_normal((n, q - 1))])
    y = (rng.random(n) < sigmoid(X @ rng.standard_normal(q))).astype(float)
    return X, y


def test_ridge_equals_scikit_learn():
    X, y = logistic_data()
    for lam in (0.5, 30.0):
        ours = fit_logistic(X, y, np.r_[0.0, np.full(X.shape[1] - 1, lam)]).theta
        theirs = LogisticRegression(C=1 / lam, tol=1e-10, max_iter=1_000).fit(X[:, 1:], y)
        # lbfgs stops at a gradient of 1e-10; Newton has quadratic convergence below that.
        assert ours[0] == pytest.approx(theirs.intercept_[0], abs=1e-6)
        assert ours[1:] == pytest.approx(theirs.coef_[0], abs=1e-6)


def test_ridge_draws_towards_its_centre_and_starts_anywhere():
    X, y = logistic_data()
    centre = np.arange(6.0)
    tight = fit_logistic(X, y, np.full(6, 1e9), centre=centre).theta
    assert tight == pytest.approx(centre, abs=1e-4)
    near, far = (fit_logistic(X, y, np.ones(6), start=np.full(6, s)).theta for s in (0.0, 5.0))
    assert near == pytest.approx(far, abs=1e-8)


def test_separated_outcomes_without_penalty_are_refused():
    X = np.column_stack([np.ones(20), np.arange(20.0)])
    with pytest.raises(FitError, match=r"separation|Hessian|diverge"):
        fit_logistic(X, (np.arange(20) > 9).astype(float), np.zeros(2))


def test_completion_is_the_regression_on_the_known_values():
    truth = np.array([[1.0, 0.6, 0.3], [0.6, 1.0, 0.5], [0.3, 0.5, 1.0]])
    x = np.random.default_rng(2).multivariate_normal(np.zeros(3), truth, 6_000)
    x[np.random.default_rng(3).random(6_000) < 0.4, 2] = np.nan
    gaussian = fit_gaussian(x)
    # Standard error of a correlation from 3,600 pairs is .013.
    assert gaussian.covariance == pytest.approx(truth, abs=0.05)
    z = gaussian.standardise(np.array([[1.0, 2.0, np.nan]]))
    expected, _ = conditional(truth, np.array([1, 1, 0], bool), np.array([0, 0, 1], bool))
    filled = complete(gaussian, z, np.ones((1, 3), bool))
    assert filled[0, 2] == pytest.approx(expected[0] @ np.array([1.0, 2.0]), abs=0.1)


def test_completion_learns_from_values_missing_at_random_given_others():
    """A test ordered mostly for high CRP must not make everybody's expected result high."""
    rng = np.random.default_rng(4)
    crp = rng.standard_normal(8_000)
    il6 = 0.7 * crp + np.sqrt(1 - 0.49) * rng.standard_normal(8_000)
    ordered = rng.random(8_000) < sigmoid(2.0 * crp - 1.0)
    gaussian = fit_gaussian(np.column_stack([crp, np.where(ordered, il6, np.nan)]))
    assert np.nanmean(np.where(ordered, il6, np.nan)) > 0.4
    assert gaussian.mean[1] == pytest.approx(0.0, abs=0.06)


def test_an_absent_modality_adds_exactly_its_flag():
    model, design = fitted().panel_, about().design
    known = {f: np.array([v]) for f, v in TYPICAL.items()}
    rest = {f: np.array([np.nan]) for f in design.features if f not in known}
    z, present = model.standardise({**known, **rest})
    rna = list(design.modalities).index("transcriptomic")
    columns = design.modality_of == rna
    assert not present[0, rna]
    filled = model.complete(z, present)
    assert (filled[0, columns] == 0.0).all()
    flag = model.margins(filled, present) - model.margins(filled, np.ones_like(present))
    assert flag == pytest.approx(np.full((1, 2), model.absent[rna]), abs=1e-12)
    assert (model.pattern_weights(~np.isnan(z[0]), present[0])[:, columns] == 0.0).all()


@settings(max_examples=40)
@given(st.sets(st.sampled_from(sorted(set(TYPICAL) - {"age", "male"})), max_size=8))
def test_what_known_values_add_is_the_whole_margin(blank):
    """Completion credits everything to known columns, so that explanations can be exact."""
    model, design = fitted().panel_, about().design
    table = {
        f: np.array([TYPICAL.get(f, np.nan) if f not in blank else np.nan]) for f in design.features
    }
    z, present = model.standardise(table)
    known = ~np.isnan(z[0])
    weights = model.pattern_weights(known, present[0])
    start = model.intercept + (~present[0]) @ model.absent + np.array([-0.5, 0.5]) * model.effect
    total = start + weights @ np.where(known, z[0], 0.0)
    assert total == pytest.approx(model.margins(model.complete(z, present), present)[0], abs=1e-10)


def test_estimator_can_be_cloned_and_its_fit_repeats():
    model = fitted()
    copy = clone(model)
    assert copy.get_params()["other"] == model.other
    again = copy.fit_cohort(cohort())
    assert (again.panel_.main == model.panel_.main).all()
    assert (again.panel_.interaction == model.panel_.interaction).all()


def test_learns_who_responds():
    """1,200 patients suffice to beat chance clearly at other sites; the oracle has about .76."""
    scored = cohort(2_000, seed=12, held_out=True)
    scored = scored.rows(answered(about(), scored))
    X, present = about().design.gated(scored.features)
    p = fitted().predict_proba(X, present=present)
    assert metrics.auroc(scored.truth.potential[:, 0], p[:, 0]) > 0.68


def test_permuted_outcomes_teach_nothing_through_the_whole_pipeline():
    """Standardisation, completion, choice of the penalty and calibration all see the outcome only
    in training: with permuted outcomes, 3,000 fresh patients must score AUROC .5 within four
    standard errors (.011 each, and the fit's own luck of about .015)."""
    table = cohort()
    known = np.flatnonzero(~np.isnan(table.outcome))
    outcome = table.outcome.copy()
    outcome[known] = np.random.default_rng(5).permutation(outcome[known])
    shuffled = Cohort(
        features=table.features,
        treatment=table.treatment,
        outcome=outcome,
        site=table.site,
        treatments=table.treatments,
        simulated=True,
        description="permuted",
    )
    model = PanelLogit(about().design, about().floors).fit_cohort(shuffled)
    fresh = cohort(3_000, seed=13, held_out=True)
    X, present = about().design.gated(fresh.features)
    p = model.predict_proba(X, present=present)
    for arm in (0, 1):
        assert metrics.auroc(fresh.truth.potential[:, arm], p[:, arm]) == pytest.approx(
            0.5, abs=0.07
        )


def test_too_few_courses_are_named():
    with pytest.raises(CohortError, match="courses per treatment and outcome"):
        PanelLogit(about().design).fit_cohort(cohort().rows(np.arange(30)))


def test_impossible_values_name_their_column():
    design = about().design
    table = {f: np.array([1.0]) for f in design.features}
    with pytest.raises(DesignError, match=r"'crp'.*above 0"):
        design.raw({**table, "crp": np.array([0.0])})
    with pytest.raises(DesignError, match="tender_joints"):
        design.raw({**table, "tender_joints": np.array([-4.0])})
    with pytest.raises(DesignError, match="missing from the table"):
        design.raw({"age": np.array([50.0])})
