"""A fitted progression model: risks with ranges at fixed horizons; all that serving needs, numpy.

    risk_h(x) = max over h' <= h of  1 - exp(-exp(level_h' + slope_h' (z effect) + shift))

One `Submodel` per pattern of what is known, with every horizon stored: no horizon is derived from
another, and the maximum keeps the first above none of the later ones. What is not known enters
through what the known values say of it (a Gaussian learnt in training), folded into `effect`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from statistics import NormalDist

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools, patterns
from models.domain import Domain
from models.events import EventError
from models.gaussian import Gaussian, conditional

LACK_OF_FIT = 0.015
"""Variance of the log hazard: no log hazard is quite linear in its columns."""
SMALLEST_SITE = 0.0225
"""Least variance between sites, an SD of .15: a handful of sites cannot prove less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardDesign:
    """What a progression model reads.

    columns : names of the p columns · groups : what can be missing, name -> its columns, in the
    order of the patterns' names; columns of no group are required · strata : names by number
    horizons : years, ascending · restaged : group without which the stratum itself is provisional
    noise : SD of a column's assay error, in the column's unit
    """

    columns: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    strata: tuple[str, ...]
    horizons: tuple[float, ...]
    restaged: str = ""
    noise: Mapping[str, float] = field(default_factory=dict)

    @property
    def required(self) -> tuple[str, ...]:
        """Columns without which nothing is said."""
        optional = {c for group in self.groups.values() for c in group}
        return tuple(c for c in self.columns if c not in optional)

    @property
    def noise_sd(self) -> Floats:
        """(p,) SD of the assay error of every column."""
        return np.array([self.noise.get(c, 0.0) for c in self.columns])

    def mask(self, group: str) -> Bools:
        """(p,) columns of a group."""
        return np.array([c in self.groups[group] for c in self.columns])

    def known(self, X: Floats) -> Bools:
        """(n, G) whether every column of each group is known."""
        have = ~np.isnan(X)
        return np.stack([have[:, self.mask(g)].all(axis=1) for g in self.groups], axis=1)

    def patterns(self, decided: bool) -> dict[str, Bools]:
        """Name -> (p,) columns read, of every pattern with the deciding group known or not."""
        found = {}
        for have in product((True, False), repeat=len(self.groups)):
            if self.restaged and have[list(self.groups).index(self.restaged)] != decided:
                continue
            known = np.ones(len(self.columns), dtype=bool)
            for group, here in zip(self.groups, have, strict=True):
                known &= here | ~self.mask(group)
            found[self.name(np.array(have))] = known
        return found

    def name(self, known: Bools) -> str:
        """`full`, or what is missing, such as `no_ogtt_no_grs`."""
        missing = [f"no_{g}" for g, have in zip(self.groups, known, strict=True) if not have]
        return "_".join(missing) or "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submodel:
    """One pattern of one stratum, H horizons.

    known : (p,) columns it reads · effect : (p,) per standardised column, 0 where not read
    level, slope : (H,) · missing : (H,) variance of the log hazard that the unread columns leave
    auc : out-of-fold, at the last horizon · people, events : behind its calibration
    """

    name: str
    known: Bools
    effect: Floats
    level: Floats
    slope: Floats
    missing: Floats
    auc: float
    people: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StratumModel:
    """One stratum, fitted with or without the group that decides the stage.

    gradient : (H, K) of each horizon's level by the baseline · covariance : (K + p) squared
    times, baseline : (m,) cumulative hazard between the horizons, for curves
    reference : (B, p) standardised people with reference_weights, for explanations
    """

    gaussian: Gaussian
    gradient: Floats
    covariance: Floats
    submodels: Mapping[str, Submodel]
    between_sites: float
    times: Floats
    baseline: Floats
    reference: Floats
    reference_weights: Floats
    domain: Domain | None
    ridge: float
    people: int
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteShift:
    """What is added to the log hazard at one site in one stratum; none below the fewest events."""

    shift: float
    variance: float
    events: int
    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardModel:
    """models : (stratum, whether the deciding group is known) -> fitted stratum."""

    design: HazardDesign
    models: Mapping[tuple[int, bool], StratumModel]
    simulated: bool
    description: str

    def __post_init__(self) -> None:
        count = len(self.design.horizons)
        for (stratum, _), model in self.models.items():
            for part in model.submodels.values():
                if part.level.shape != (count,) or part.slope.shape != (count,):
                    raise EventError(
                        f"{self.design.strata[stratum]}, {part.name}: {len(part.level)} horizons "
                        f"stored, {count} needed; a horizon is never derived from another"
                    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """n people, H horizons. pattern : name of the submodel of each · margin : (n, H) log cumulative
    hazard · sd : (n, H) of the margin · risk, low, high : (n, H), never falling with the horizon
    """

    pattern: tuple[str, ...]
    margin: Floats
    sd: Floats
    risk: Floats
    low: Floats
    high: Floats


def rising(margin: Floats) -> Floats:
    """Risks from log cumulative hazards, the horizons along the last axis, made non-decreasing.

    >>> rising(np.array([-50.0, 0.0, -1.0])).round(3).tolist()
    [0.0, 0.632, 0.632]
    """
    top = np.maximum.accumulate(np.minimum(margin, 30.0), axis=-1)
    return np.asarray(-np.expm1(-np.exp(top)))


def part_of(design: HazardDesign, X: Floats, stratum: Ints) -> list[tuple[int, bool, str, Ints]]:
    """Rows by stratum, whether the deciding group is known, and pattern name.

    Raises
    ------
    EventError
        Where a required column or the stratum is not known.
    """
    for j, column in enumerate(design.columns):
        if column in design.required and np.isnan(X[:, j]).any():
            raise EventError(f"{column} is not known; it is required and never imputed")
    if ((stratum < 0) | (stratum >= len(design.strata))).any():
        raise EventError(
            f"stratum not known or not one of {design.strata}; the number of antibodies is "
            "required and never imputed"
        )
    parts = []
    for pattern, rows in patterns(design.known(X)):
        name = design.name(pattern)
        decided = not design.restaged or bool(pattern[list(design.groups).index(design.restaged)])
        for number in np.unique(stratum[rows]).tolist():
            parts.append((number, decided, name, rows[stratum[rows] == number]))
    return parts


def predict(
    model: HazardModel,
    X: Floats,
    stratum: Ints,
    shifts: Mapping[int, SiteShift] | None = None,
    level: float = 0.9,
) -> Risks:
    """Risks without disease-modifying treatment, with central ranges at `level`.

    Parameters
    ----------
    X : (n, p) columns, NaN not known · stratum : (n,) · shifts : of the site, by stratum

    Raises
    ------
    EventError
    """
    n, count = len(X), len(model.design.horizons)
    margin, variance = np.zeros((n, count)), np.zeros((n, count))
    names = np.empty(n, dtype=object)
    for number, decided, name, rows in part_of(model.design, X, stratum):
        fitted = _fitted(model, number, decided)
        part = fitted.submodels[name]
        local = (shifts or {}).get(number)
        z = fitted.gaussian.standardise(X[rows])
        score = np.where(part.known, z, 0.0) @ part.effect
        margin[rows] = part.level + np.outer(score, part.slope)
        between = max(fitted.between_sites, SMALLEST_SITE)
        if local is not None and local.applied:
            margin[rows] += local.shift
            between = local.variance
        assay = (part.effect / fitted.gaussian.sd * model.design.noise_sd)[part.known]
        variance[rows] = _variance(fitted, part, z) + between + assay @ assay
        names[rows] = name
    sd = np.sqrt(variance)
    reach = NormalDist().inv_cdf(0.5 + level / 2.0) * sd
    return Risks(
        pattern=tuple(names.tolist()),
        margin=margin,
        sd=sd,
        risk=rising(margin),
        low=rising(margin - reach),
        high=rising(margin + reach),
    )


def _fitted(model: HazardModel, stratum: int, decided: bool) -> StratumModel:
    if (stratum, decided) not in model.models:
        raise EventError(
            f"stratum {model.design.strata[stratum]!r} was not fitted: too few events in training"
        )
    return model.models[stratum, decided]


def completed(gaussian: Gaussian, part: Submodel, z: Floats) -> Floats:
    """(n, p) what the known columns say of all."""
    filled = np.where(part.known, z, 0.0)
    if not part.known.all():
        weights, _ = conditional(gaussian.covariance, part.known, ~part.known)
        filled[:, ~part.known] = filled[:, part.known] @ weights.T
    return filled


def _variance(fitted: StratumModel, part: Submodel, z: Floats) -> Floats:
    """(n, H) of the margin: coefficients and baseline together, and what is missing."""
    rows = completed(fitted.gaussian, part, z)
    K = fitted.gradient.shape[1]
    C = fitted.covariance
    own = np.einsum("ni,ij,nj->n", rows, C[K:, K:], rows)
    both = rows @ C[K:, :K] @ fitted.gradient.T
    base = np.einsum("hi,ij,hj->h", fitted.gradient, C[:K, :K], fitted.gradient)
    return np.asarray(own[:, None] + 2.0 * both + base + part.missing + LACK_OF_FIT)


def survival(model: HazardModel, X: Floats, stratum: Ints, years: Floats, margin: Floats) -> Floats:
    """(n,) or (n, t) probability of no event by `years`, through the displayed risks at the
    horizons; between them the baseline gives the shape.

    years : (t,) the same for all, or (n, 1) one each · margin : (n, H) from `predict`
    """
    grid = np.broadcast_to(years, (len(X), years.shape[-1]))
    total = np.zeros(grid.shape)
    ends = np.concatenate([[0.0], model.design.horizons])
    for number, decided, _, rows in part_of(model.design, X, stratum):
        fitted = _fitted(model, number, decided)
        shape = np.interp(ends, fitted.times, fitted.baseline)
        at = np.interp(grid[rows], fitted.times, fitted.baseline)
        reached = np.maximum.accumulate(np.exp(np.minimum(margin[rows], 30.0)), axis=1)
        steps = np.diff(np.concatenate([np.zeros((len(rows), 1)), reached], axis=1), axis=1)
        for h in range(len(ends) - 1):
            last = h == len(ends) - 2
            share = (at - shape[h]) / (shape[h + 1] - shape[h])
            if not last:
                total[rows] += steps[:, h : h + 1] * np.clip(share, 0.0, 1.0)
                continue
            inside = steps[:, h : h + 1] * np.clip(share, 0.0, 1.0)
            beyond = reached[:, -1:] * (np.maximum(at, shape[-1]) / shape[-1] - 1.0)
            total[rows] += inside + beyond
    return np.asarray(np.exp(-total))
