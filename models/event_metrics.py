"""Discrimination and calibration of risks by a horizon, under censoring; numpy only.

Weights follow T. A. Gerds and M. Schumacher, Biom. J. 48 (2006) 1029 (Brier score) and H. Uno et
al., JASA 102 (2007) 527 (cumulative/dynamic AUC): a row whose status at the horizon is known stands
for those like it whose status was censored.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools

SMALLEST_G = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A step function that is `start` before the first of `times`, right-continuous."""

    times: Floats
    values: Floats
    start: float = 1.0

    def at(self, t: Floats | float) -> Floats:
        """Value at t."""
        index = np.searchsorted(self.times, t, side="right") - 1
        return np.asarray(np.where(index < 0, self.start, self.values[np.maximum(index, 0)]))

    def before(self, t: Floats) -> Floats:
        """Left limit at t."""
        index = np.searchsorted(self.times, t, side="left") - 1
        return np.asarray(np.where(index < 0, self.start, self.values[np.maximum(index, 0)]))


def kaplan_meier(
    time: Floats, event: Bools, weight: Floats | None = None, entry: Floats | None = None
) -> Curve:
    """Survival function; weights and delayed entry if asked for.

    References
    ----------
    E. L. Kaplan and P. Meier, JASA 53 (1958) 457.
    """
    w = np.ones(len(time)) if weight is None else weight
    if entry is not None:
        event = event & (time > entry)  # an end at the very entry had nobody at risk
    times = np.unique(time[event])
    if not len(times):
        return Curve(times=np.array([np.inf]), values=np.ones(1))
    order = np.argsort(time, kind="stable")
    total = np.concatenate([[0.0], np.cumsum(w[order])])
    risk = total[-1] - total[np.searchsorted(time[order], times, side="left")]
    if entry is not None:
        late = np.argsort(entry, kind="stable")
        coming = np.concatenate([[0.0], np.cumsum(w[late])])
        risk -= coming[-1] - coming[np.searchsorted(entry[late], times, side="left")]
    place = np.searchsorted(times, time[event])
    deaths = np.bincount(place, weights=w[event], minlength=len(times))
    return Curve(times=times, values=np.cumprod(1.0 - deaths / np.maximum(risk, 1e-300)))


def censoring(time: Floats, event: Bools) -> Curve:
    """Probability of not yet being censored."""
    return kaplan_meier(time, ~event)


def status_weights(time: Floats, event: Bools, horizon: float, g: Curve) -> tuple[Floats, Floats]:
    """(n,) weight as a case and as a control at the horizon; both 0 where the status is unknown."""
    case = (event & (time <= horizon)) / np.maximum(g.before(time), SMALLEST_G)
    control = (time > horizon) / np.maximum(g.at(horizon), SMALLEST_G)
    return np.asarray(case, dtype=np.float64), np.asarray(control, dtype=np.float64)


def weighted_auc(score: Floats, case: Floats, control: Floats) -> float:
    """Probability that a weighted case scores above a weighted control, ties half; NaN if none.

    >>> weighted_auc(np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    1.0
    """
    _, at = np.unique(score, return_inverse=True)
    cases = np.bincount(at, weights=case)
    controls = np.bincount(at, weights=control)
    total = float(cases.sum() * controls.sum())
    if total <= 0.0:
        return float("nan")
    below = np.cumsum(controls) - controls
    return float(cases @ (below + controls / 2.0)) / total


def weighted_brier(risk: Floats, case: Floats, control: Floats) -> float:
    """Mean squared distance of status and risk, divided by the number of rows."""
    return float((case * (1.0 - risk) ** 2 + control * risk**2).sum() / len(risk))


def expected_brier(risk: Floats, truth: Floats) -> float:
    """The same without the noise of outcomes: what the true risks say it will be."""
    return float(np.mean(truth * (1.0 - risk) ** 2 + (1.0 - truth) * risk**2))


def net_benefit(risk: Floats, case: Floats, control: Floats, threshold: float) -> float:
    """Cases found per person, minus controls treated at the odds of the threshold, when everybody
    from a risk of `threshold` on is treated.

    References
    ----------
    A. J. Vickers and E. B. Elkin, Med. Decis. Making 26 (2006) 565.

    Examples
    --------
    >>> net_benefit(np.array([0.9, 0.1]), np.array([1.0, 0.0]), np.array([0.0, 1.0]), 0.5)
    0.5
    """
    treated, total = risk >= threshold, float((case + control).sum())
    odds = threshold / (1.0 - threshold)
    return float(case[treated].sum() - odds * control[treated].sum()) / total


def cloglog(risk: Floats) -> Floats:
    """log(-log(1 - risk)), risks kept within [1e-9, 1 - 1e-9]."""
    return np.asarray(np.log(-np.log1p(-np.clip(risk, 1e-9, 1.0 - 1e-9))))


def calibration(risk: Floats, case: Floats, control: Floats) -> tuple[float, float]:
    """Observed over expected, and slope of the status on the log-odds of the risk; 1 is ideal."""
    kept = (case + control) > 0.0
    w = (case + control)[kept]
    y = case[kept] / w  # a status known in part counts in part
    p = np.clip(risk[kept], 1e-9, 1.0 - 1e-9)
    observed, expected = float(case.sum()), float(risk.mean() * w.sum())
    X = np.column_stack([np.ones_like(p), np.log(p) - np.log1p(-p)])
    theta = np.array([0.0, 1.0])
    for _ in range(50):
        q = 1.0 / (1.0 + np.exp(-np.clip(X @ theta, -30.0, 30.0)))
        information = X.T @ (X * (w * q * (1.0 - q))[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(information, X.T @ (w * (y - q)))
        theta = theta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return (observed / expected if expected else float("nan")), float(theta[1])


def d_calibration(early: Floats, late: Floats, bins: int = 10) -> tuple[Floats, float]:
    """Share of people whose survival probability at their event falls in each bin, and chi-square.

    early, late : (n,) survival probability at the end and at the start of the interval that holds
    the event; a censored person's reaches down to 0. Each is spread evenly over its range, which
    is what it would be were the curves right.

    References
    ----------
    H. Haider et al., JMLR 21 (2020) 85.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    width = np.maximum(late - early, 1e-12)
    high = np.minimum(late[:, None], edges[1:])
    low = np.maximum(np.minimum(early, late - 1e-12)[:, None], edges[:-1])
    share = np.maximum(high - low, 0.0) / width[:, None]
    counts = share.sum(axis=0)
    expected = len(late) / bins
    return counts / len(late), float(((counts - expected) ** 2 / expected).sum())


def person_bootstrap(person: Ints, draws: int, seed: int) -> Floats:
    """(draws, n) how often each row counts when people, never rows, are drawn with replacement."""
    people, row = np.unique(person, return_inverse=True)
    rng = np.random.default_rng(seed)
    chosen = rng.multinomial(len(people), np.full(len(people), 1.0 / len(people)), size=draws)
    return np.asarray(chosen[:, row], dtype=np.float64)
