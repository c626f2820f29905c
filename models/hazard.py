"""Fitting the progression model: a discrete-time hazard per stratum, never pooled across strata.

Each stratum is fitted twice: on people in whom the group that decides the stage (the glucose test)
is known, and, where events suffice, on everybody as staged without it. Whoever comes without that
test is then compared with people staged as blindly, those with a hidden later stage among them.
Within a fit other missing values are completed from the known ones, and every pattern of them has
a calibration and an AUC of its own, from everybody who knows at least that much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from models.background import MEDOIDS, drawn
from models.cohort import Floats, Ints
from models.design import Bools
from models.domain import FEWEST_ROWS, Domain, fit_domain
from models.event_metrics import weighted_auc
from models.events import EventError, EventTable, check_folds, people_in_folds
from models.gaussian import Gaussian, complete, conditional, fit_gaussian
from models.hazard_calibration import between_sites, calibrate, soft_status
from models.hazard_fit import (
    EVENTS_PER_INTERVAL,
    HazardFit,
    Spells,
    cut_points,
    fit_hazard,
    log_likelihood,
    spells,
)
from models.hazard_model import HazardDesign, HazardModel, StratumModel, Submodel, predict
from models.medoids import weighted_medoids
from models.treatment import starting_rate, weights

RIDGES = (10.0, 5.0, 2.5)
"""Few and near one another: with seven columns and hundreds of events little is to be shrunk, and
the likelihood of those left out tells no more apart. On 20 simulated cohorts grids up to 30 or 100
cost up to .001 of AUC in stage 2."""
FEWEST_EVENTS, BLIND_EVENTS = 2 * EVENTS_PER_INTERVAL, 150
"""For a fit at all, and for one of its own for people without the deciding group. Below the latter
they are served by the fit of those who have it, which expects their missing values."""
LOOSE = 1e-3
"""Cross-validated likelihoods need no more digits of the coefficients than this."""
FEWEST_STARTS = 10
"""Treatments begun, below which nothing can be said of who is treated."""
FEWEST_SEEN = 30
"""People with the deciding group, from which its worth is learnt."""
CURVE_YEARS = np.linspace(0.0, 15.0, 61)


class ProgressionHazard:
    """Discrete-time hazard with interval censoring, calibrated at every horizon.

    Parameters
    ----------
    design : columns, groups, strata and horizons of the decision
    ridges : grid of the ridge, chosen by the likelihood of people left out
    folds, seed : of the cross-fitting, drawn by person
    """

    def __init__(
        self,
        design: HazardDesign,
        ridges: Sequence[float] = RIDGES,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.design = design
        self.ridges = ridges
        self.folds = folds
        self.seed = seed

    def fit(self, table: EventTable, fold: Ints | None = None) -> HazardModel:
        """Fit every stratum that has enough events.

        Folds go by person, but covariance and counts of events take every row for a person of its
        own: of repeat visits the ranges come out too narrow. What is served has one row each.

        Parameters
        ----------
        fold : (n,) folds of the cross-fitting, by person; drawn if not given

        Raises
        ------
        SplitError
            If somebody is in two folds.
        EventError
            If the columns are not the design's, or no stratum has enough events.
        """
        if table.columns != self.design.columns:
            raise EventError(
                f"the table has columns {table.columns}, the design {self.design.columns}"
            )
        if fold is None:
            fold = people_in_folds(table.person, self.folds, self.seed)
        fold = check_folds(table.person, fold)
        free = table.untreated()
        models: dict[tuple[int, bool], StratumModel] = {}
        for stratum in range(len(self.design.strata)):
            blind = self._part(free, fold, stratum, decided=False, fewest=BLIND_EVENTS)
            serves = (True,) if blind or not self.design.restaged else (True, False)
            whole = self._part(
                free, fold, stratum, decided=True, fewest=FEWEST_EVENTS, serves=serves
            )
            models |= {(stratum, d): whole for d in serves if whole}
            models |= {(stratum, False): blind} if blind else {}
        if not models:
            raise EventError("no stratum has 20 events; there is nothing to fit")
        model = HazardModel(
            design=self.design,
            models=models,
            simulated=table.simulated,
            description=table.description,
        )
        finished = {k: self._unseen(model, k, free) for k in models}
        return replace(
            model,
            models={k: _judged(part, finished.get((k[0], True))) for k, part in finished.items()},
        )

    def _part(
        self,
        table: EventTable,
        fold: Ints,
        stratum: int,
        *,
        decided: bool,
        fewest: int,
        serves: tuple[bool, ...] = (False,),
    ) -> StratumModel | None:
        """One fit, or None where the events do not suffice."""
        rows, X = self._training(table, stratum, decided)
        if rows is None or table.event[rows].sum() < fewest:
            return None
        part = replace(table.rows(rows), X=X)
        return self._stratum(part, fold[rows], stratum, decided, serves)

    def _unseen(self, model: HazardModel, key: tuple[int, bool], table: EventTable) -> StratumModel:
        """The stratum with what the deciding group would have said, stage included, counted as
        unknown: the spread between both predictions of people in whom it is known.
        """
        stratum, decided = key
        fitted, group = model.models[key], self.design.restaged
        if decided or not group or fitted is model.models.get((stratum, True)):
            return fitted
        served = np.isin(table.stratum, [s for s, d in model.models if d])
        whole = ~np.isnan(table.X).any(axis=1) & served & (table.without[group] == stratum)
        if whole.sum() < FEWEST_SEEN:
            return fitted
        rows = table.rows(whole)
        X = rows.X.copy()
        X[:, self.design.mask(group)] = np.nan
        seen = predict(model, rows.X, rows.stratum).margin
        unread = (seen - predict(model, X, rows.without[group]).margin).var(axis=0)
        parts = {
            name: replace(part, missing=part.missing + unread)
            for name, part in fitted.submodels.items()
        }
        return replace(fitted, submodels=parts)

    def _training(
        self, table: EventTable, stratum: int, decided: bool
    ) -> tuple[Ints | None, Floats]:
        """Rows of one fit, and their columns."""
        group = self.design.restaged
        if not group:
            return (np.flatnonzero(table.stratum == stratum) if decided else None), table.X[
                table.stratum == stratum
            ]
        columns = self.design.mask(group)
        if decided:
            have = ~np.isnan(table.X[:, columns]).any(axis=1)
            rows = np.flatnonzero(have & (table.stratum == stratum))
            return rows, table.X[rows]
        rows = np.flatnonzero(table.without[group] == stratum)
        X = table.X[rows].copy()
        X[:, columns] = np.nan
        return rows, X

    def _stratum(
        self,
        table: EventTable,
        fold: Ints,
        stratum: int,
        decided: bool,
        serves: tuple[bool, ...],
    ) -> StratumModel:
        active = np.ones(len(self.design.columns), dtype=bool)
        if not decided:
            active &= ~self.design.mask(self.design.restaged)
        gaussian = fit_gaussian(table.X)
        z = gaussian.standardise(table.X)
        filled = complete(gaussian, z, np.broadcast_to(active, z.shape))
        time, event = table.midpoint()
        cuts = cut_points(time, event)
        cut = spells(table.entry, table.left, table.right, cuts)
        cut = replace(cut, weight=self._weights(table, filled, cut))
        ridge, kept = self._choose(cut, filled, fold)
        fit = fit_hazard(cut, filled, ridge)
        submodels = {}
        for groups in self._patterns(serves):
            own = self._like(table, groups, stratum)
            part = self._submodel(groups, table, own, gaussian, z, kept, fit)
            submodels[part.name] = part
        levels = [fit.level(h) for h in self.design.horizons]
        rng = np.random.default_rng([self.seed, stratum, decided])
        reference, shares = self._reference(gaussian, z, fit, rng)
        expected = _expected(cut, fit, filled)
        return StratumModel(
            gaussian=gaussian,
            gradient=np.stack([gradient for _, gradient in levels]),
            covariance=fit.covariance,
            submodels=submodels,
            between_sites=between_sites(event, expected, table.site),
            times=CURVE_YEARS,
            baseline=fit.cumulative(CURVE_YEARS),
            reference=reference,
            reference_weights=shares,
            domain=self._domain(table.X, active, rng),
            ridge=ridge,
            people=len(np.unique(table.person)),
            events=int(event.sum()),
        )

    def _weights(self, table: EventTable, z: Floats, cut: Spells) -> Floats:
        """Weights for those whose follow-up ended with treatment; 1 where hardly anybody's did."""
        ones = np.ones_like(cut.sure)
        started = np.isfinite(table.treated)
        if started.sum() < FEWEST_STARTS:
            return ones
        last = table.left + np.where(table.event, table.right - table.left, 0.0) / 2.0
        exposure = np.maximum(np.where(started, table.treated, last) - table.available, 0.0)
        rate = starting_rate(z, np.where(np.isfinite(exposure), exposure, 0.0), started)
        middle = (cut.cuts[:-1] + cut.cuts[1:]) / 2.0
        return weights(rate, table.available, middle)

    def _choose(
        self, cut: Spells, z: Floats, fold: Ints
    ) -> tuple[float, list[tuple[Bools, HazardFit]]]:
        """Ridge by the likelihood of people left out, and the fits that left each fold out."""
        best, chosen, kept = -np.inf, 0.0, list[tuple[Bools, HazardFit]]()
        tests = [fold == f for f in np.unique(fold)]
        start: list[HazardFit | None] = [None] * len(tests)
        for ridge in sorted(self.ridges, reverse=True):
            total, fits = 0.0, []
            for f, test in enumerate(tests):
                fit = fit_hazard(cut.rows(~test), z[~test], ridge, start[f], LOOSE)
                total += float(log_likelihood(cut.rows(test), fit.alpha, z[test] @ fit.beta).sum())
                fits.append((test, fit))
            start = [fit for _, fit in fits]
            if total > best:
                best, chosen, kept = total, ridge, fits
        return chosen, kept

    def _patterns(self, serves: tuple[bool, ...]) -> list[Bools]:
        """Every pattern of known groups that a fit serves."""
        choices = [
            serves if g == self.design.restaged else (True, False) for g in self.design.groups
        ]
        return [np.array(pattern) for pattern in product(*choices)]

    def _like(self, table: EventTable, groups: Bools, stratum: int) -> Bools:
        """(n,) who would be in this stratum with no more than these groups known."""
        group = self.design.restaged
        if not group or groups[list(self.design.groups).index(group)]:
            return np.ones(table.n, dtype=bool)
        return np.asarray(table.without[group] == stratum)

    def _submodel(
        self,
        groups: Bools,
        table: EventTable,
        like: Bools,
        gaussian: Gaussian,
        z: Floats,
        kept: list[tuple[Bools, HazardFit]],
        fit: HazardFit,
    ) -> Submodel:
        known = np.ones(len(self.design.columns), dtype=bool)
        for group, have in zip(self.design.groups, groups, strict=True):
            if not have:
                known &= ~self.design.mask(group)
        rows = like & ~np.isnan(z[:, known]).any(axis=1)
        count = len(self.design.horizons)
        margin = np.zeros((table.n, count))
        for test, left_out in kept:
            score = z[np.ix_(test, known)] @ _projected(gaussian, left_out.beta, known)[known]
            levels = [left_out.level(h)[0] for h in self.design.horizons]
            margin[test] = np.add.outer(score, levels)
        level, slope = np.zeros(count), np.ones(count)
        own, auc = table.rows(rows), float("nan")
        for h, years in enumerate(self.design.horizons):
            case, control = soft_status(own, years)
            c, slope[h] = calibrate(margin[rows, h], case, control)
            level[h] = c + slope[h] * fit.level(years)[0]
            auc = weighted_auc(margin[rows, h], case, control)
        rest = conditional(gaussian.covariance, known, ~known)[1] if not known.all() else None
        unread = fit.beta[~known]
        return Submodel(
            name=self.design.name(groups),
            known=known,
            effect=_projected(gaussian, fit.beta, known),
            level=level,
            slope=slope,
            missing=np.full(count, float(unread @ rest @ unread) if rest is not None else 0.0),
            auc=auc,
            people=len(np.unique(own.person)),
            events=int(own.event.sum()),
        )

    def _reference(
        self, gaussian: Gaussian, z: Floats, fit: HazardFit, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        full = drawn(gaussian, z, rng)
        chosen, shares = weighted_medoids(full * fit.beta, MEDOIDS, rng)
        return full[chosen], shares

    def _domain(self, X: Floats, active: Bools, rng: np.random.Generator) -> Domain | None:
        """None where too few people could say what is usual."""
        if len(X) < 3 * FEWEST_ROWS:
            return None
        return fit_domain(X, np.flatnonzero(active), np.ones(len(X), dtype=bool), rng)


def _judged(fitted: StratumModel, whole: StratumModel | None) -> StratumModel:
    """With too few people of its own, who is usual is judged by the stratum's other fit."""
    if fitted.domain is not None or whole is None or whole.domain is None:
        return fitted
    return replace(fitted, domain=whole.domain)


def _projected(gaussian: Gaussian, beta: Floats, known: Bools) -> Floats:
    """(p,) effects when what is not known is expected from what is; 0 for what is not known."""
    effect = np.where(known, beta, 0.0)
    if not known.all():
        across, _ = conditional(gaussian.covariance, known, ~known)
        effect[known] += across.T @ beta[~known]
    return effect


def _expected(cut: Spells, fit: HazardFit, z: Floats) -> Floats:
    """(n,) cumulative hazard over the follow-up, to the middle of the interval of an event."""
    years = cut.sure + cut.open / 2.0
    return np.asarray((years @ np.exp(fit.alpha)) * np.exp(z @ fit.beta))
