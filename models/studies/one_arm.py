"""What expression says of one drug class: a penalised logit on panel scores, scored honestly.

    logit p = b + Σ β_j z_j       panels, and age and sex where they are recorded

With one drug class there is no contrast: the model says who does well on that class, not who would
do better on it than on another. Everything fitted (centre and spread per study, penalty,
calibration) is fitted without the courses that are scored:

- *by study*: each study is predicted by the others. Panel scores of the predicted study are centred
  on the very courses that are scored, without their outcomes; so this says how the ranking carries
  over to another laboratory that has a cohort of its own, and nothing of a single patient there.
- *within a study*: five folds, repeated. Repeats share their courses, so that their spread says too
  little; the standard error is corrected for that (`admission.resampled`).

An AUROC compares only courses of the same study and fold. Between studies it would reward knowing
which study had the easier outcome; between folds it leans below .5, because whoever is left out of
a fold lowers the share that is learned there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from models.admission import Paired, resampled
from models.cohort import Floats, Ints
from models.metrics import auroc, brier, calibration_intercept, calibration_slope, log_loss
from models.ridge import FitError, fit_logistic, log_loss_of_margin, sigmoid
from models.studies.errors import TooFewError

LAMBDAS = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
INNER, OUTER = 5, 5
LEAST_OF_CLASS = 10
"""Of either outcome in all; below it nothing is fitted."""
ADVISED_OF_CLASS = 50
"""Below it an AUROC is known to some ± 0.1 at best (Hanley and McNeil, Radiology 143 (1982) 29)."""
BOOTSTRAPS = 2_000
SLOPE_PENALTY, INTERCEPT_PENALTY = 10.0, 1.0
_TINY = 1e-6
_LOOSE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """n courses of one drug class with a recorded outcome.

    panels : (n, q) · covariates : (n, c), NaN unknown · study : (n,) number · centred : whether the
    panels are to be centred within a study
    """

    names: tuple[str, ...]
    panels: Floats = field(repr=False)
    covariates: Floats = field(repr=False)
    y: Floats = field(repr=False)
    study: Ints = field(repr=False)
    centred: bool

    def rows(self, at: Ints) -> Arm:
        """Some of the courses."""
        return Arm(
            names=self.names,
            panels=self.panels[at],
            covariates=self.covariates[at],
            y=self.y[at],
            study=self.study[at],
            centred=self.centred,
        )

    def without_panels(self) -> Arm:
        """The same courses with age and sex alone."""
        return Arm(
            names=self.names[self.panels.shape[1] :],
            panels=self.panels[:, :0],
            covariates=self.covariates,
            y=self.y,
            study=self.study,
            centred=self.centred,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """theta : (1 + q + c,) calibrated, intercept first · centre, spread : of the training courses
    by study number, and under -1 those of the covariates
    """

    theta: Floats
    penalty: float
    centre: dict[int, Floats]
    spread: dict[int, Floats]

    def probability(self, arm: Arm) -> Floats:
        """(n,) of courses; a study that was not trained on is centred on itself."""
        return sigmoid(_design(arm, *_scales(arm, self.centre, self.spread)) @ self.theta)


def fit(arm: Arm, seed: int) -> Fitted:
    """Penalty by cross-validation, then the level and slope on margins out of the fold.

    Raises
    ------
    TooFewError
        Fewer courses of either outcome than there are folds.
    """
    fewer = int(min(arm.y.sum(), len(arm.y) - arm.y.sum()))
    if fewer < INNER:
        raise TooFewError(
            f"{fewer} courses of the rarer outcome to fit on; {INNER} folds need one each.",
            "Add courses.",
        )
    centre, spread = _own(arm)
    X = _design(arm, *_scales(arm, centre, spread))
    folds = stratified(arm.y, INNER, np.random.default_rng(seed))
    best, chosen, margins = math.inf, LAMBDAS[-1], np.zeros(len(arm.y))
    starts: list[Floats | None] = [None] * INNER
    for lam in sorted(LAMBDAS, reverse=True):
        out = np.empty(len(arm.y))
        for f in range(INNER):
            at = folds == f
            theta = fit_logistic(
                X[~at], arm.y[~at], _penalty(X, lam), start=starts[f], tolerance=_LOOSE
            ).theta
            out[at], starts[f] = X[at] @ theta, theta
        loss = log_loss_of_margin(out, arm.y)
        if loss < best:
            best, chosen, margins = loss, lam, out
    level = np.column_stack([margins, np.ones(len(margins))])
    penalty = np.array([SLOPE_PENALTY, INTERCEPT_PENALTY])
    s, c = fit_logistic(level, arm.y, penalty, centre=np.array([1.0, 0.0])).theta
    theta = s * fit_logistic(X, arm.y, _penalty(X, chosen)).theta
    theta[0] += c
    return Fitted(theta=theta, penalty=chosen, centre=centre, spread=spread)


def _penalty(X: Floats, lam: float) -> Floats:
    return np.concatenate([[1e-6], np.full(X.shape[1] - 1, lam)])


def _own(arm: Arm) -> tuple[dict[int, Floats], dict[int, Floats]]:
    """Mean and spread of the panels by study, and of the covariates (-1) over all."""
    centre, spread = {}, {}
    for s in np.unique(arm.study).tolist():
        at = arm.panels[arm.study == s] if arm.centred else arm.panels
        centre[s], spread[s] = _moments(at)
    centre[-1], spread[-1] = _moments(arm.covariates)
    return centre, spread


def _moments(x: Floats) -> tuple[Floats, Floats]:
    mean, sd = np.zeros(x.shape[1]), np.ones(x.shape[1])
    for j, column in enumerate(x.T):
        known = column[~np.isnan(column)]
        if len(
            known
        ):  # one course of a study lies at its centre, not where its raw score happens to
            mean[j] = known.mean()
            sd[j] = known.std() if known.std() > 1e-9 else 1.0
    return mean, sd


def _scales(
    arm: Arm, centre: dict[int, Floats], spread: dict[int, Floats]
) -> tuple[Floats, Floats]:
    """(n, q + c) what to subtract from and divide each course's values by."""
    means, sds = np.empty_like(arm.panels), np.ones_like(arm.panels)
    for s in np.unique(arm.study).tolist():
        at = arm.study == s
        if s in centre:
            means[at], sds[at] = centre[s], spread[s]
        elif arm.centred:
            means[at], sds[at] = _moments(arm.panels[at])
        else:
            known = next(k for k in centre if k >= 0)
            means[at], sds[at] = centre[known], spread[known]
    shape = arm.covariates.shape
    return (
        np.concatenate([means, np.broadcast_to(centre[-1], shape)], axis=1),
        np.concatenate([sds, np.broadcast_to(spread[-1], shape)], axis=1),
    )


def _design(arm: Arm, means: Floats, sds: Floats) -> Floats:
    z = (np.concatenate([arm.panels, arm.covariates], axis=1) - means) / sds
    return np.column_stack([np.ones(len(arm.y)), np.nan_to_num(z, nan=0.0)])


def stratified(strata: Floats | Ints, folds: int, rng: np.random.Generator) -> Ints:
    """(n,) fold of each course, every stratum spread evenly."""
    found = np.empty(len(strata), dtype=np.int64)
    start = 0
    for value in np.unique(strata):
        at = rng.permutation(np.flatnonzero(strata == value))
        found[at] = (start + np.arange(len(at))) % folds
        start += len(at)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfFold:
    """p, base : (repeats, n) probabilities of the model, and without the panels
    fold : (repeats, n) · group : (repeats, n) courses that may be compared with one another: one
    study and one fold · share : of scored to training courses
    """

    p: Floats
    base: Floats
    fold: Ints
    group: Ints
    share: float


def by_study(arm: Arm, seed: int) -> OutOfFold:
    """Every study predicted by the others."""
    p, base = np.empty((1, len(arm.y))), np.empty((1, len(arm.y)))
    for s in np.unique(arm.study):
        at, rest = np.flatnonzero(arm.study == s), np.flatnonzero(arm.study != s)
        p[0, at] = _predicted(arm, rest, at, seed)
        base[0, at] = _predicted(arm.without_panels(), rest, at, seed)
    others = max(1, len(np.unique(arm.study)) - 1)
    fold = arm.study[None]
    return OutOfFold(p=p, base=base, fold=fold, group=fold, share=1.0 / others)


def within(arm: Arm, repeats: int, seed: int, *, compared: bool = True) -> OutOfFold:
    """Folds stratified on study and outcome, repeated with fresh deals.

    compared : also without the panels
    """
    shape = (repeats, len(arm.y))
    p, base, folds = np.empty(shape), np.empty(shape), np.empty(shape, dtype=np.int64)
    strata = 2 * arm.study + arm.y.astype(np.int64)
    for r in range(repeats):
        fold = stratified(strata, OUTER, np.random.default_rng([seed, r]))
        folds[r] = fold
        for f in range(OUTER):
            at, rest = np.flatnonzero(fold == f), np.flatnonzero(fold != f)
            p[r, at] = _predicted(arm, rest, at, seed + r)
            if compared:
                base[r, at] = _predicted(arm.without_panels(), rest, at, seed + r)
    return OutOfFold(
        p=p,
        base=base if compared else p,
        fold=folds,
        group=OUTER * arm.study + folds,
        share=1.0 / (OUTER - 1),
    )


def _predicted(arm: Arm, rest: Ints, at: Ints, seed: int) -> Floats:
    train = arm.rows(rest)
    if not arm.names:  # nothing known of anybody: the share of the training courses
        return np.full(len(at), train.y.mean())
    return np.clip(fit(train, seed).probability(arm.rows(at)), _TINY, 1.0 - _TINY)


def ranked(y: Floats, p: Floats, group: Ints) -> float:
    """AUROC over pairs of courses of the same group; NaN where no group has both outcomes."""
    pairs, right = 0.0, 0.0
    for g in np.unique(group):
        at = group == g
        events = float(y[at].sum())
        here = events * (float(at.sum()) - events)
        if here:
            pairs, right = pairs + here, right + here * auroc(y[at], p[at])
    return right / pairs if pairs else math.nan


def mean_ranked(y: Floats, p: Floats, group: Ints) -> float:
    """`ranked`, the mean over the repeats where it is defined."""
    values = [ranked(y, row, own) for row, own in zip(p, group, strict=True)]
    known = [v for v in values if not math.isnan(v)]
    return math.fsum(known) / len(known) if known else math.nan


def interval(
    y: Floats, found: OutOfFold, study: Ints, seed: int, draws: int
) -> tuple[float, float]:
    """95 % percentile bootstrap over courses within studies, of the predictions as they are."""
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(study == s) for s in np.unique(study)]
    values = []
    for _ in range(draws):
        at = np.concatenate([rng.choice(g, len(g)) for g in groups])
        values.append(mean_ranked(y[at], found.p[:, at], found.group[:, at]))
    known = [v for v in values if not math.isnan(v)]
    if not known:
        return math.nan, math.nan
    return float(np.quantile(known, 0.025)), float(np.quantile(known, 0.975))


def scores(arm: Arm, found: OutOfFold) -> dict[str, float]:
    """Means over repeats; `without_panels` is age and sex, or the training share alone."""
    some = bool(arm.covariates.shape[1])
    rows = [
        {
            "auroc": ranked(arm.y, p, group),
            "auroc_without_panels": ranked(arm.y, base, group) if some else math.nan,
            "log_loss": log_loss(arm.y, p),
            "log_loss_without_panels": log_loss(arm.y, base),
            "brier": brier(arm.y, p),
            "calibration_slope": _slope(arm.y, p),
            "calibration_intercept": calibration_intercept(arm.y, p),
        }
        for p, base, group in zip(found.p, found.base, found.group, strict=True)
    ]
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def _slope(y: Floats, p: Floats) -> float:
    try:
        return calibration_slope(y, p)
    except FitError:
        return math.nan


def gained(arm: Arm, found: OutOfFold) -> Paired:
    """Log loss of the model minus that without panels, per fold, with a corrected SEM."""
    differences: Sequence[float] = [
        log_loss(arm.y[at], p[at]) - log_loss(arm.y[at], base[at])
        for p, base, fold in zip(found.p, found.base, found.fold, strict=True)
        for at in (fold == f for f in np.unique(fold))
    ]
    return resampled(differences, found.share)
