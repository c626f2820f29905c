"""Other people's survival models on the same rows: penalised Cox and a random survival forest.

Both are fitted per stratum on the same columns, missing values at their mean with a flag per group,
onset at the middle of (L, R], with their tuning by the same folds of people. Optional: see
requirements-dev.txt.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from models.cohort import Floats
from models.design import Bools
from models.event_metrics import weighted_brier
from models.events import EventTable, people_in_folds, refuse_shared
from models.hazard_calibration import soft_status
from models.hazard_model import HazardDesign

PENALTIES = (100.0, 30.0, 10.0, 3.0, 1.0)
LEAVES = (10, 30)
TREES, TUNING_TREES = 300, 60
_CHUNK = 2_000
_MONTH = 1.0 / 12.0

Fit = Callable[[Floats, Bools, Floats, float, bool], Callable[[Floats], Floats]]


def installed() -> bool:
    """Whether scikit-survival is there."""
    return find_spec("sksurv") is not None


def cox_risks(
    design: HazardDesign, train: EventTable, scored: EventTable, seed: int
) -> tuple[Floats, dict[str, float]]:
    """(n, H) risks of a ridge-penalised Cox model with Breslow's baseline, and its tuning;
    SplitError for people who are on both sides.
    """
    return _by_stratum(design, train, scored, seed, _cox(design.horizons), PENALTIES)


def forest_risks(
    design: HazardDesign, train: EventTable, scored: EventTable, seed: int
) -> tuple[Floats, dict[str, float]]:
    """(n, H) risks of a random survival forest, and its tuning; SplitError as for `cox_risks`."""
    return _by_stratum(design, train, scored, seed, _forest(design.horizons, seed), LEAVES)


def _by_stratum(
    design: HazardDesign,
    train: EventTable,
    scored: EventTable,
    seed: int,
    fit: Fit,
    grid: Sequence[float],
) -> tuple[Floats, dict[str, float]]:
    refuse_shared(train, scored)
    risks = np.zeros((scored.n, len(design.horizons)))
    tuned = {}
    for number, name in enumerate(design.strata):
        own = train.untreated()
        own = own.rows(own.stratum == number)
        at = scored.stratum == number
        X, mean, sd = _prepared(design, own.X)
        fold = people_in_folds(own.person, 3, seed)
        time, event = own.midpoint()
        time = np.maximum(np.round(time / _MONTH), 0.5) * _MONTH
        losses = []
        for value in grid:
            out = np.zeros(own.n)
            for f in np.unique(fold):
                predict = fit(time[fold != f], event[fold != f], X[fold != f], value, True)
                out[fold == f] = predict(X[fold == f])[:, -1]
            losses.append(weighted_brier(out, *soft_status(own, design.horizons[-1])))
        best = grid[int(np.argmin(losses))]
        tuned[name] = float(best)
        new = _prepared(design, scored.X[at], mean, sd)[0]
        risks[at] = fit(time, event, X, best, False)(new)
    return risks, tuned


def _prepared(
    design: HazardDesign, X: Floats, mean: Floats | None = None, sd: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    if mean is None or sd is None:
        mean, sd = np.nanmean(X, axis=0), np.maximum(np.nanstd(X, axis=0), 1e-9)
    z = (X - mean) / sd
    flags = 1.0 - design.known(X).astype(np.float64)
    return np.column_stack([np.where(np.isnan(z), 0.0, z), flags]), mean, sd


def _target(time: Floats, event: Bools) -> Any:
    return importlib.import_module("sksurv.util").Surv.from_arrays(event, time)


def _cox(horizons: tuple[float, ...]) -> Fit:
    kind = importlib.import_module("sksurv.linear_model").CoxPHSurvivalAnalysis

    def fit(time: Floats, event: Bools, X: Floats, value: float, tuning: bool) -> Any:
        model = kind(alpha=value, n_iter=200).fit(X, _target(time, event))

        def risks(new: Floats) -> Floats:
            curves = model.predict_survival_function(new)
            ends = np.minimum(horizons, curves[0].x[-1])
            return np.stack([1.0 - curve(ends) for curve in curves])

        return risks

    return fit


def _forest(horizons: tuple[float, ...], seed: int) -> Fit:
    kind = importlib.import_module("sksurv.ensemble").RandomSurvivalForest

    def fit(time: Floats, event: Bools, X: Floats, value: float, tuning: bool) -> Any:
        model = kind(
            n_estimators=TUNING_TREES if tuning else TREES,
            min_samples_leaf=int(value),
            max_features="sqrt",
            random_state=seed,
        ).fit(X, _target(time, event))
        at = np.maximum(np.searchsorted(model.unique_times_, horizons, side="right") - 1, 0)

        def risks(new: Floats) -> Floats:
            parts = [
                model.predict_survival_function(new[i : i + _CHUNK], return_array=True)[:, at]
                for i in range(0, len(new), _CHUNK)
            ]
            return 1.0 - np.concatenate(parts)

        return risks

    return fit
