"""Fitting the additive panel model: a scikit-learn estimator, never loaded at the bedside."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.model_selection import StratifiedKFold

from models.calibrate import between_sites, half, shrink
from models.cohort import Cohort, CohortError, Floats, Ints
from models.design import Bools, Design
from models.gaussian import Gaussian, complete, fit_gaussian
from models.panel import Floor, Panel
from models.ridge import fit_logistic, log_loss_of_margin, sigmoid

LAMBDAS = (300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
EFFECT, MODIFIER, OTHER = 0.4**-2, 0.22**-2, 0.05**-2
"""Prior precisions of the difference of the treatments, in log-odds: SD .4 for its mean, .22 per SD
of a named modifier (an odds ratio of 1.25), .05 per SD of any other column. Fixed, because a few
hundred courses of the rarer drug cannot tell one such value from another. The .22 was chosen where
the slope of the true on the predicted difference came nearest to 1: on simulated truth, at k = 1,
on other seeds of the same response coefficients (docs/decisions/0002-estimator.md). It is a size
learned from the simulator, and patients may need another."""
INTERVAL_LAMBDA, INTERVAL_OTHER = 20.0, 0.1**-2
"""Ridges behind the ranges are weaker: what was shrunk away is still not known to be absent."""
LOOSE = 1e-4
"""Cross-validated losses need no more digits of the coefficients than this."""


class PanelLogit(BaseEstimator):  # type: ignore[misc]
    """Additive logit over modalities with treatment interactions, calibrated and folded.

    Parameters
    ----------
    design : columns, players and quorum of the decision
    floors : variances of what too few patients had measured
    lambdas : grid of the ridge of main effects and flags
    modifier, other : ridge of interactions of named modifiers, and of every other column
    folds, seed : of the cross-fitting, stratified on treatment and outcome

    Attributes
    ----------
    panel_ : the fitted parameters · lambda_ : chosen by cross-validated log loss
    between_ : variance between training sites · shrinkage_ : what was folded in
    """

    def __init__(
        self,
        design: Design,
        floors: tuple[Floor, ...] = (),
        lambdas: Sequence[float] = LAMBDAS,
        modifier: float = MODIFIER,
        other: float = OTHER,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.design = design
        self.floors = floors
        self.lambdas = lambdas
        self.modifier = modifier
        self.other = other
        self.folds = folds
        self.seed = seed

    def fit(
        self, X: Floats, y: Floats, *, treatment: Ints, present: Bools, site: Ints | None = None
    ) -> PanelLogit:
        """Fit on every row with an outcome; the other rows still teach what values go together.

        Parameters
        ----------
        X : (n, p) columns from `Design.gated`, NaN unknown · y : (n,) 0, 1 or NaN not recorded
        treatment : (n,) 0 or 1 · present : (n, M) · site : (n,)

        Raises
        ------
        CohortError
            If a treatment has fewer courses with either outcome than there are folds.
        """
        gaussian = fit_gaussian(X)
        z = gaussian.standardise(X)
        labelled = ~np.isnan(y)
        rows = complete(gaussian, z[labelled], present[labelled][:, self.design.modality_of])
        y, treatment, here = y[labelled], treatment[labelled], present[labelled]
        stratum = 2 * treatment + y.astype(np.int64)
        counts = np.bincount(stratum, minlength=4)
        if counts.min() < self.folds:
            raise CohortError(
                f"courses per treatment and outcome {counts.tolist()}; cross-fitting needs "
                f"at least {self.folds} of each"
            )
        M = _matrix(rows, here, treatment)
        cuts = StratifiedKFold(self.folds, shuffle=True, random_state=self.seed)
        folds = [test for _, test in cuts.split(M, stratum)]

        self.lambda_, theta_out = self._choose(M, y, folds)
        level, gap = _level_and_gap(M, theta_out, folds, here.shape[1], rows.shape[1])
        self.shrinkage_ = shrink(level, gap, treatment, y)
        fit = fit_logistic(M, y, self._penalty(self.lambda_, self.other))
        self.panel_ = self._fold(fit.theta, fit.information, gaussian, ~np.isnan(z[labelled]))
        margin = self.panel_.margins(rows, here)[np.arange(len(y)), treatment]
        self.between_ = between_sites(margin, y, site[labelled]) if site is not None else 0.0
        self.counts_ = np.bincount(treatment, minlength=2)
        return self

    def fit_cohort(self, cohort: Cohort) -> PanelLogit:
        """`fit` on a training table."""
        X, present = self.design.gated(cohort.features)
        return self.fit(
            X, cohort.outcome, treatment=cohort.treatment, present=present, site=cohort.site
        )

    def predict_proba(self, X: Floats, *, present: Bools) -> Floats:
        """(n, 2) probability of the outcome under the first and the second treatment."""
        z = self.panel_.gaussian.standardise(X)
        return sigmoid(self.panel_.margins(self.panel_.complete(z, present), present))

    def _choose(self, M: Floats, y: Floats, folds: Sequence[Ints]) -> tuple[float, list[Floats]]:
        """Ridge of the main effects by cross-validated log loss, and each fold's coefficients."""
        best, chosen, kept = np.inf, 0.0, list[Floats]()
        start: list[Floats | None] = [None] * len(folds)
        for lam in sorted(self.lambdas, reverse=True):
            thetas, total = [], 0.0
            for f, test in enumerate(folds):
                train = np.ones(len(y), dtype=bool)
                train[test] = False
                theta = fit_logistic(
                    M[train],
                    y[train],
                    self._penalty(lam, self.other),
                    start=start[f],
                    tolerance=LOOSE,
                ).theta
                total += len(test) * log_loss_of_margin(M[test] @ theta, y[test])
                thetas.append(theta)
            start = [*thetas]
            if total < best:
                best, chosen, kept = total, lam, thetas
        return chosen, kept

    def _penalty(self, lam: float, other: float) -> Floats:
        """(q,) ridge of (intercept, effect, flags, main, interaction)."""
        p, m = len(self.design.columns), len(self.design.modalities)
        gap = np.where(self.design.modifiers, self.modifier, other)
        return np.concatenate([[1e-6, EFFECT], np.full(m + p, lam), gap])

    def _fold(self, theta: Floats, information: Floats, gaussian: Gaussian, known: Bools) -> Panel:
        p, m = len(self.design.columns), len(self.design.modalities)
        flags, main, interaction = np.split(theta[2:], [m, m + p])
        s = self.shrinkage_
        loose = self._penalty(min(self.lambda_, INTERVAL_LAMBDA), INTERVAL_OTHER)
        covariance = s.slope**2 * np.linalg.inv(information + np.diag(loose))
        return Panel(
            design=self.design,
            gaussian=gaussian,
            intercept=s.slope * float(theta[0]) + s.level,
            effect=s.centre + s.effect + s.contrast * (float(theta[1]) - s.centre),
            main=s.slope * main,
            interaction=s.contrast * interaction,
            absent=s.slope * flags,
            spread_main=s.slope * main,
            spread_interaction=s.slope * interaction,
            covariance=(covariance + covariance.T) / 2.0,
            known_rows=known.sum(axis=0).astype(np.int64),
            floors=self.floors,
        )


def _matrix(filled: Floats, present: Bools, treatment: Ints) -> Floats:
    """(n, q) rows of (intercept, effect, flags, main, interaction)."""
    a = half(treatment)
    return np.column_stack([np.ones(len(a)), a, ~present, filled, a[:, None] * filled])


def _level_and_gap(
    M: Floats, thetas: Sequence[Floats], folds: Sequence[Ints], m: int, p: int
) -> tuple[Floats, Floats]:
    """Out-of-fold level mu and difference tau."""
    level, gap = np.empty(len(M)), np.empty(len(M))
    for theta, test in zip(thetas, folds, strict=True):
        rows = M[test]
        level[test] = theta[0] + rows[:, 2 : 2 + m + p] @ theta[2 : 2 + m + p]
        gap[test] = theta[1] + rows[:, 2 + m : 2 + m + p] @ theta[2 + m + p :]
    return level, gap
