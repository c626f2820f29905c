"""Discrete-time hazard with interval-censored events, fitted by expectation-maximisation; numpy.

    h_k(x) = 1 - exp(-w_k exp(alpha_k + eta(x))),   eta = z beta,   w_k the width of interval k

that is, a complementary log-log link with survival log-linear inside an interval. With it the risk
by any horizon is 1 - exp(-exp(a_h + eta)), one function of one additive score, and an event known
only to lie in (L, R] needs no time of its own. Alphas are drawn towards their neighbours, betas
towards 0.

References
----------
R. L. Prentice and L. A. Gloeckler, Biometrics 34 (1978) 57 (grouped proportional hazards); B. W.
Turnbull, JRSS B 38 (1976) 290 (self-consistency for interval-censored events); M. Friedman, Ann.
Stat. 10 (1982) 101 (piecewise exponential models).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.design import Bools
from models.events import EventError

MOST_INTERVALS, EVENTS_PER_INTERVAL = 12, 10
SMOOTH = 4.0
"""Prior precision of a step between neighbouring log hazards: an SD of .5."""
NARROWEST = 1e-4
"""Years; an event seen on one day still needs an interval to lie in."""
LARGEST_SCORE = 50.0
_ROUNDS, _SETTLED = 60, 1e-6
_WEAK = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Spells:
    """Follow-up cut at the interval ends.

    cuts : (K + 1,) · sure : (n, K) years certainly event-free · open : (n, K) years in which the
    event lies somewhere, 0 for rows without one · weight : (n, K)
    """

    cuts: Floats
    sure: Floats
    open: Floats
    weight: Floats

    @property
    def event(self) -> Bools:
        """(n,) whether the row has an event."""
        return np.asarray(self.open.sum(axis=1) > 0.0)

    def rows(self, where: Bools) -> Spells:
        """The rows selected by a mask."""
        return Spells(
            cuts=self.cuts,
            sure=self.sure[where],
            open=self.open[where],
            weight=self.weight[where],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardFit:
    """alpha : (K,) log hazard per year at z = 0 · beta : (p,) · covariance : (K + p,) squared, of
    both together (Laplace)
    """

    cuts: Floats
    alpha: Floats
    beta: Floats
    covariance: Floats

    def cumulative(self, years: Floats | float) -> Floats:
        """Cumulative baseline hazard, the last interval's hazard going on beyond the last cut."""
        return np.asarray(_lengths(self.cuts, np.atleast_1d(years)) @ np.exp(self.alpha))

    def level(self, years: float) -> tuple[float, Floats]:
        """log of the cumulative baseline hazard, and its gradient by alpha."""
        parts = _lengths(self.cuts, np.array([years]))[0] * np.exp(self.alpha)
        return float(np.log(parts.sum())), parts / parts.sum()


def cut_points(time: Floats, event: Bools) -> Floats:
    """0, quantiles of the event times with at least ten events between them, the last time.

    Raises
    ------
    EventError
        For fewer than ten events.
    """
    events = time[event]
    if len(events) < EVENTS_PER_INTERVAL:
        raise EventError(
            f"{len(events)} events; a hazard needs at least {EVENTS_PER_INTERVAL}: pool strata or "
            "wait for follow-up"
        )
    count = int(min(MOST_INTERVALS, len(events) // EVENTS_PER_INTERVAL))
    inner = np.quantile(events, np.arange(1, count) / count)
    return np.unique(
        np.concatenate([[0.0], inner, [max(float(time.max()), inner.max(initial=0.0) + 0.01)]])
    )


def spells(
    entry: Floats, left: Floats, right: Floats, cuts: Floats, weight: Floats | None = None
) -> Spells:
    """Cut the follow-up of every row, from delayed entry on."""
    event = np.isfinite(right)
    sure = _lengths(cuts, left) - _lengths(cuts, np.minimum(entry, left))
    begins = np.minimum(left, np.where(event, right, np.inf) - NARROWEST)
    begins = np.where(event, np.maximum(begins, 0.0), 0.0)
    until = np.where(event, np.maximum(right, NARROWEST), 0.0)
    unsure = _lengths(cuts, until) - _lengths(cuts, begins)
    w = np.ones_like(sure) if weight is None else weight
    return Spells(cuts=cuts, sure=sure, open=np.where(event[:, None], unsure, 0.0), weight=w)


def log_likelihood(cut: Spells, alpha: Floats, eta: Floats) -> Floats:
    """(n,) log P(what was seen)."""
    rate = np.exp(alpha + eta[:, None])
    total = -(cut.sure * rate).sum(axis=1)
    inside = (cut.open * rate).sum(axis=1)
    event = cut.event
    total[event] += np.log(-np.expm1(-np.maximum(inside[event], 1e-300)))
    return np.asarray(total)


def fit_hazard(
    cut: Spells, z: Floats, ridge: float, start: HazardFit | None = None, settled: float = _SETTLED
) -> HazardFit:
    """Maximise the penalised likelihood of the interval-censored events.

    Parameters
    ----------
    z : (n, p) standardised columns without missing values · ridge : of beta

    Notes
    -----
    The covariance is that of the completed data. What is not known about where in (L, R] an event
    lies adds little for visits a few months apart.

    Raises
    ------
    EventError
        If the steps do not settle.
    """
    K, p = cut.sure.shape[1], z.shape[1]
    penalty = _penalty(K, p, ridge)
    if start is None:
        deaths, years = cut.event.sum(), (cut.sure + cut.open / 2.0).sum()
        theta = np.zeros(K + p)
        theta[:K] = np.log(max(float(deaths), 1.0) / max(float(years), 1e-9))
    else:
        theta = np.concatenate([start.alpha, start.beta])
    for _ in range(_ROUNDS):
        before = theta
        if not np.abs(z @ theta[K:]).max(initial=0.0) < LARGEST_SCORE:
            break
        deaths, years = _expected(cut, theta[:K], z @ theta[K:])
        deaths, years = deaths * cut.weight, years * cut.weight
        for _ in range(2):
            theta, hessian = _step(theta, deaths, years, z, penalty)
        if np.abs(theta - before).max() < settled:
            return HazardFit(
                cuts=cut.cuts,
                alpha=theta[:K],
                beta=theta[K:],
                covariance=np.asarray(np.linalg.inv(hessian), dtype=np.float64),
            )
    raise EventError(
        f"the hazard did not settle in {_ROUNDS} rounds; raise the ridge or look for a column that "
        "separates events"
    )


def _penalty(K: int, p: int, ridge: float) -> Floats:
    steps = np.diff(np.eye(K), axis=0)
    penalty = np.zeros((K + p, K + p))
    penalty[:K, :K] = SMOOTH * steps.T @ steps + _WEAK * np.eye(K)
    penalty[K:, K:] = ridge * np.eye(p)
    return penalty


def _expected(cut: Spells, alpha: Floats, eta: Floats) -> tuple[Floats, Floats]:
    """(n, K) expected events and years at risk, given what was seen."""
    deaths, years = np.zeros_like(cut.sure), cut.sure.copy()
    at = cut.event
    rate = np.exp(alpha + eta[at][:, None])
    width = cut.open[at]
    inside = rate * width
    reached = np.exp(-(np.cumsum(inside, axis=1) - inside))
    dies = -np.expm1(-inside)
    share = reached * dies
    total = share.sum(axis=1, keepdims=True)
    share /= total
    later = 1.0 - np.cumsum(share, axis=1)
    # mean time to an event known to lie within the width
    tiny = inside < 1e-6
    safe = np.where(tiny, 1.0, inside)
    mean = np.where(tiny, 0.5, 1.0 / safe - 1.0 / np.expm1(np.minimum(safe, 500.0))) * width
    deaths[at] = share
    years[at] += share * mean + np.maximum(later, 0.0) * width
    return deaths, years


def _step(
    theta: Floats, deaths: Floats, years: Floats, z: Floats, penalty: Floats
) -> tuple[Floats, Floats]:
    """One Newton step of the completed Poisson likelihood, and its Hessian."""
    K = deaths.shape[1]
    expected = years * np.exp(np.clip(theta[:K] + (z @ theta[K:])[:, None], -30.0, 12.0))
    by_row = expected.sum(axis=1)
    gradient = np.concatenate(
        [(deaths - expected).sum(axis=0), z.T @ (deaths.sum(axis=1) - by_row)]
    )
    hessian = np.zeros_like(penalty)
    hessian[:K, :K] = np.diag(expected.sum(axis=0))
    hessian[:K, K:] = expected.T @ z
    hessian[K:, :K] = hessian[:K, K:].T
    hessian[K:, K:] = z.T @ (z * by_row[:, None])
    hessian += penalty
    step = np.linalg.solve(hessian, gradient - penalty @ theta)
    return theta + np.clip(step, -2.0, 2.0), hessian


def _lengths(cuts: Floats, until: Floats) -> Floats:
    """(n, K) years spent in each interval by a time; the last interval has no end."""
    low = cuts[:-1]
    high = np.append(cuts[1:-1], np.inf)
    return np.asarray(np.clip(until[:, None], low, high) - low)
