"""The models that are compared on the same folds: each fits on one cohort and predicts another.

The reference rows are other people's recipes at their usual settings, each with its own tuning
inside the training fold. Those with a model per drug get the additive model's cross-fitted
calibration on top: without it they would lose by a step that ours have. None is ever served.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from models.additive import LAMBDAS, PanelLogit
from models.calibrate import half, shrink
from models.cohort import Cohort, Floats, Ints
from models.decisions import Modelled
from models.deep import DeepLogit
from models.design import Bools
from models.metrics import logit
from models.ridge import fit_logistic, log_loss_of_margin, sigmoid

Rival = Callable[[Modelled, Cohort, Cohort, int], Floats]
"""(decision, training cohort, scored cohort, seed) -> (n, 2) probabilities."""

ADDITIVE, DEEP = "additive panel logit", "deep challenger"
_FOLDS = 5
_CS = (0.01, 0.03, 0.1, 0.3, 1.0)
_TREES = (10, 20, 40, 80, 160)
_TINY = 1e-6


def rivals() -> Mapping[str, Rival]:
    """Every row of the comparison by its name, in the order of the table."""
    boosted = "LightGBM T-learner" if boosts() else "histogram boosting T-learner (scikit-learn)"
    return {
        ADDITIVE: _additive,
        DEEP: _deep,
        "clinical-only ridge": _clinical_ridge,
        "elastic net per drug": _elastic_net,
        boosted: _boosting,
        "best fixed drug": _fixed,
    }


def boosts() -> bool:
    """Whether LightGBM is there; scikit-learn's boosting stands in where it is not."""
    return find_spec("lightgbm") is not None


def _additive(about: Modelled, train: Cohort, scored: Cohort, seed: int) -> Floats:
    model = PanelLogit(about.design, about.floors, seed=seed).fit_cohort(train)
    X, present = about.design.gated(scored.features)
    return np.asarray(model.predict_proba(X, present=present))


def _deep(about: Modelled, train: Cohort, scored: Cohort, seed: int) -> Floats:
    model = DeepLogit(about.design, seed=seed).fit_cohort(train)
    X, present = about.design.gated(scored.features)
    return model.panel_.predict_proba(X, present=present)


def _clinical_ridge(about: Modelled, train: Cohort, scored: Cohort, seed: int) -> Floats:
    """Columns of the first modality and their products with the treatment, ridge by folds."""
    own, new, y, arm = _prepared(about, train, scored)
    clinical = np.flatnonzero(about.design.modality_of == 0)
    own, new = own[:, clinical], new[:, clinical]
    M = _with_treatment(own, half(arm))
    tests = _cuts(2 * arm + y.astype(np.int64), seed)

    def penalty(lam: float) -> Floats:
        return np.concatenate([[1e-6, 1.0], np.full(M.shape[1] - 2, lam)])

    def loss(lam: float) -> float:
        total = 0.0
        for test in tests:
            rest = np.setdiff1d(np.arange(len(y)), test)
            theta = fit_logistic(M[rest], y[rest], penalty(lam), tolerance=1e-4).theta
            total += len(test) * log_loss_of_margin(M[test] @ theta, y[test])
        return total

    theta = fit_logistic(M, y, penalty(min(LAMBDAS, key=loss))).theta
    both = [_with_treatment(new, np.full(len(new), a)) @ theta for a in (-0.5, 0.5)]
    return sigmoid(np.stack(both, axis=1))


def _elastic_net(about: Modelled, train: Cohort, scored: Cohort, seed: int) -> Floats:
    """One elastic net for each drug on all columns and flags, its strength by folds."""
    own, new, y, arm = _prepared(about, train, scored)

    def fitted(rows: Floats, outcome: Floats) -> Any:
        net = LogisticRegression(solver="saga", l1_ratio=0.5, max_iter=2_000, tol=1e-3)
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
        net.random_state = seed
        search = GridSearchCV(net, {"C": _CS}, scoring="neg_log_loss", cv=folds)
        return search.fit(rows, outcome)

    return _per_drug(fitted, own, new, y, arm, seed)


def _boosting(about: Modelled, train: Cohort, scored: Cohort, seed: int) -> Floats:
    """Boosted trees for each drug on the columns as they are; how many trees by folds."""
    labelled = ~np.isnan(train.outcome)
    X = about.design.gated(train.features)[0][labelled]
    new = about.design.gated(scored.features)[0]
    y, arm = train.outcome[labelled], train.treatment[labelled]

    def fitted(rows: Floats, outcome: Floats) -> Any:
        name = "n_estimators" if boosts() else "max_iter"
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
        search = GridSearchCV(_trees(seed), {name: _TREES}, scoring="neg_log_loss", cv=folds)
        return search.fit(rows, outcome)

    return _per_drug(fitted, X, new, y, arm, seed)


def _per_drug(
    fitted: Callable[[Floats, Floats], Any],
    own: Floats,
    new: Floats,
    y: Floats,
    arm: Ints,
    seed: int,
) -> Floats:
    """A tuned model for each drug, calibrated on margins of rows it was not fitted on."""
    best = [fitted(own[arm == a], y[arm == a]).best_estimator_ for a in (0, 1)]

    def margins(models: list[Any], rows: Floats) -> tuple[Floats, Floats]:
        p = np.stack([m.predict_proba(rows)[:, 1] for m in models], axis=1)
        both = logit(np.clip(p, _TINY, 1.0 - _TINY))
        return both.mean(axis=1), both[:, 1] - both[:, 0]

    level, gap = np.empty(len(y)), np.empty(len(y))
    for test in _cuts(2 * arm + y.astype(np.int64), seed):
        rest = np.setdiff1d(np.arange(len(y)), test)
        again = [
            clone(best[a]).fit(own[rest][arm[rest] == a], y[rest][arm[rest] == a]) for a in (0, 1)
        ]
        level[test], gap[test] = margins(again, own[test])
    s = shrink(level, gap, arm, y)
    mu, tau = margins(best, new)
    gap_new = s.centre + s.effect + s.contrast * (tau - s.centre)
    return sigmoid((s.slope * mu + s.level)[:, None] + gap_new[:, None] * np.array([-0.5, 0.5]))


def _trees(seed: int) -> Any:
    if not boosts():
        return HistGradientBoostingClassifier(
            learning_rate=0.1, max_leaf_nodes=15, early_stopping=False, random_state=seed
        )
    kind = importlib.import_module("lightgbm").LGBMClassifier
    return kind(learning_rate=0.1, num_leaves=15, n_jobs=1, random_state=seed, verbose=-1)


def _fixed(about: Modelled, train: Cohort, scored: Cohort, seed: int) -> Floats:
    """Everybody has the share of the training patients who had the same drug."""
    labelled = ~np.isnan(train.outcome)
    y, arm = train.outcome[labelled], train.treatment[labelled]
    share = np.array([y[arm == a].mean() for a in (0, 1)])
    return np.repeat(share[None], scored.n, axis=0)


def _prepared(
    about: Modelled, train: Cohort, scored: Cohort
) -> tuple[Floats, Floats, Floats, Ints]:
    """Standardised columns with 0 for what is missing, and a flag per absent modality."""
    labelled = ~np.isnan(train.outcome)
    X, present = about.design.gated(train.features)
    mean, sd = np.zeros(X.shape[1]), np.ones(X.shape[1])
    for j, column in enumerate(X.T):
        known = column[~np.isnan(column)]
        if len(known) > 1 and known.std() > 1e-9:
            mean[j], sd[j] = known.mean(), known.std()

    def rows(x: Floats, here: Bools) -> Floats:
        return np.column_stack([np.nan_to_num((x - mean) / sd, nan=0.0), ~here])

    own = rows(X, present)[labelled]
    return (
        own,
        rows(*about.design.gated(scored.features)),
        train.outcome[labelled],
        train.treatment[labelled],
    )


def _with_treatment(rows: Floats, a: Floats) -> Floats:
    return np.column_stack([np.ones(len(a)), a, rows, a[:, None] * rows])


def _cuts(stratum: Ints, seed: int) -> list[Ints]:
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    return [test for _, test in folds.split(np.zeros((len(stratum), 1)), stratum)]
