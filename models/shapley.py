"""Exact Shapley values of the displayed probability, for a model whose log-odds are additive.

The game (interventional, on a weighted *joint* background): row r of the background has
contributions g_rj and log-odds m0_r = b + sum_j g_rj; with D_rj = g_j(x) - g_rj, a coalition S of
players is worth v(S) = sum_r rho_r sigma(m0_r + sum_{j in S} D_rj). The values therefore add up to
the patient's probability minus the mean probability of the background.

Up to nine players every coalition is enumerated; beyond, `models.trigonometric` gives the same
values in polynomial time with a proved error.

References
----------
L. S. Shapley, "A value for n-person games", Contributions to the Theory of Games II (1953)
307-317; S. M. Lundberg and S.-I. Lee, "A unified approach to interpreting model
predictions", NeurIPS 30 (2017); D. Janzing, L. Minorics and P. Bloebaum, "Feature relevance
quantification in explainable AI", AISTATS (2020) (the interventional game).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from decision.clinical.errors import ModelError
from models.cohort import Floats
from models.link import sigmoid
from models.trigonometric import REPORT, CertificateError, trigonometric_values

MOST_ENUMERATED = 9
FINITE = "Give unmeasured players a contribution of 0 and mask them in the background."
_ROUNDING = float(np.finfo(np.float64).eps)


class ShapleyError(ModelError):
    """Input that defines no game."""


@dataclass(frozen=True, slots=True)
class Background:
    """The reference patients an explanation compares with, the same rows for every treatment.

    Parameters
    ----------
    contributions : (T, B, d) contribution of player j to the log-odds of row r under treatment t
    weights : (B,) share of the population that each row stands for; non-negative, sum 1

    Raises
    ------
    ShapleyError
        If the shapes disagree, a number is not finite or the weights are no shares.
    """

    contributions: Floats
    weights: Floats

    def __post_init__(self) -> None:
        shape = self.contributions.shape
        if len(shape) != 3 or self.weights.shape != shape[1:2] or not shape[1]:
            raise ShapleyError(
                f"Background contributions {shape} and weights {self.weights.shape} disagree.",
                "Give (T, B, d) and (B,) with B >= 1.",
            )
        if not np.isfinite(self.contributions).all():
            raise ShapleyError("Background contributions hold a number that is not finite.", FINITE)
        total = float(self.weights.sum())
        if not (self.weights.min() >= 0.0 and abs(total - 1.0) <= 1e-12):
            raise ShapleyError(
                f"Background weights must be non-negative and sum to 1, not {total!r}.",
                "Divide them by their sum in double precision.",
            )


@dataclass(frozen=True, slots=True)
class ShapleyValues:
    """Shapley values in units of probability.

    Parameters
    ----------
    values : (T, d) per treatment and player; exactly 0 for a player equal in every row
    base : (T,) weighted mean probability of the background
    probability : (T,) the explained probability; base + sum of values up to `residual`
    certificate : proved bound on the error of every value and of every difference of two treatments
    residual : largest |sum of values - (probability - base)|, over treatments and, on the
        trigonometric route, over single background rows as well
    """

    values: Floats
    base: Floats
    probability: Floats
    certificate: float
    residual: float

    @property
    def prognostic(self) -> Floats:
        """(d,) mean over the treatments: what moves all of them."""
        return np.asarray(self.values.mean(axis=0), dtype=np.float64)

    @property
    def differential(self) -> Floats:
        """(d,) values of the difference, last treatment minus first: what moves the gap.

        Exact because Shapley values are linear in the game.
        """
        return np.asarray(self.values[-1] - self.values[0], dtype=np.float64)


def mask(background: Background, absent: Sequence[int] | NDArray[np.bool_]) -> Background:
    """The background as it would look with the patient's absent players absent in every row.

    With the patient's own contributions of these players 0 as well, each gets exactly 0 and the
    base value is the mean probability of patients with this pattern of missingness.

    Parameters
    ----------
    absent : player numbers, or a (d,) boolean mask
    """
    masked = background.contributions.copy()
    masked[:, :, np.asarray(absent, dtype=None if len(absent) else np.int64)] = 0.0
    return Background(masked, background.weights)


def explain(
    contributions: Floats,
    intercepts: Floats,
    background: Background,
    *,
    epsilon: float = 1e-9,
) -> ShapleyValues:
    """Shapley values of sigma(intercept + sum of contributions), for every treatment.

    Parameters
    ----------
    contributions : (T, d) the patient's contribution of each player, in log-odds
    intercepts : (T,) everything that is no player (intercept, flags of absent modalities,
        recalibration), the same for the patient and the background
    epsilon : largest certificate allowed, in units of probability

    Returns
    -------
    ShapleyValues

    Raises
    ------
    ShapleyError
        If shapes disagree or a number is not finite.
    CertificateError
        If the values do not add up within their proved error.
    LinkError
        If a coalition can reach a margin beyond 1,000, or `epsilon` is below 5e-13.

    Examples
    --------
    >>> rows = Background(np.array([[[0.0, 0.0]]]), np.array([1.0]))
    >>> explain(np.array([[1.0, 1.0]]), np.array([0.0]), rows).values.round(4).tolist()
    [[0.1904, 0.1904]]
    """
    _check(contributions, intercepts, background)
    deltas = contributions[:, None, :] - background.contributions
    return _explain(deltas, contributions, intercepts, background, epsilon)


def grouped(
    contributions: Floats,
    intercepts: Floats,
    background: Background,
    groups: Sequence[Sequence[int]],
    *,
    epsilon: float = 1e-9,
) -> ShapleyValues:
    """Shapley values of the coarser game whose players are `groups` of players, e.g. modalities.

    A game of its own: a group's value is not the sum of its members' values, although both add up
    to the same probability. Parameters as in `explain`; `groups` must be a partition of 0..d-1.
    The values have one column per group.
    """
    _check(contributions, intercepts, background)
    member = _membership(contributions.shape[1], tuple(tuple(group) for group in groups))
    deltas = (contributions[:, None, :] - background.contributions) @ member
    return _explain(deltas, contributions, intercepts, background, epsilon)


@cache
def _membership(players: int, groups: tuple[tuple[int, ...], ...]) -> Floats:
    """(d, G) 1 where the player belongs to the group; kept, since a decision has one partition."""
    if sorted(j for group in groups for j in group) != list(range(players)):
        raise ShapleyError(
            f"Groups {groups} are no partition of the players.",
            f"Name each of the players 0..{players - 1} exactly once.",
        )
    member = np.zeros((players, len(groups)))
    for column, group in enumerate(groups):
        member[list(group), column] = 1.0
    return member


def _check(contributions: Floats, intercepts: Floats, background: Background) -> None:
    treatments, _, players = background.contributions.shape
    if contributions.shape != (treatments, players) or intercepts.shape != (treatments,):
        raise ShapleyError(
            f"Contributions {contributions.shape} and intercepts {intercepts.shape} do not fit "
            "the background.",
            f"Give {(treatments, players)} and {(treatments,)}.",
        )
    if not (np.isfinite(contributions).all() and np.isfinite(intercepts).all()):
        raise ShapleyError("Contributions or intercepts hold a number that is not finite.", FINITE)


def _explain(
    deltas: Floats, contributions: Floats, intercepts: Floats, rows: Background, epsilon: float
) -> ShapleyValues:
    start = intercepts[:, None] + rows.contributions.sum(axis=2)
    finish = intercepts + contributions.sum(axis=1)
    probability = sigmoid(finish)
    active = deltas.any(axis=(0, 1))
    count = int(np.count_nonzero(active))
    values = np.zeros((deltas.shape[0], active.size))
    bounds, residual = [0.0], 0.0
    if count <= MOST_ENUMERATED:
        member, added = coalitions(count)
        kept = deltas if count == active.size else deltas[:, :, active]
        worth = rows.weights @ sigmoid(kept @ member + start[:, :, None])
        base, values[:, active] = worth[:, 0], worth @ added
        bounds = [2.0 ** (count + 1) * _ROUNDING] * len(values)
    else:
        base = sigmoid(start) @ rows.weights
        for t in range(len(values)):
            values[t, active], bound, worst = trigonometric_values(
                deltas[t][:, active], start[t], float(finish[t]), rows.weights, epsilon / 2.0
            )
            bounds.append(bound)
            residual = max(residual, worst)
    # a difference of two treatments errs by at most the sum of their bounds
    certificate = sum(sorted(bounds)[-2:])
    gap = float(np.abs(values.sum(axis=1) - (probability - base)).max())
    if not (certificate <= epsilon and gap <= max(count, 1) * certificate + 1e-12):
        raise CertificateError(
            f"The reasons miss the probability by {gap:.1e} with certificate {certificate:.1e} "
            f"(allowed {epsilon:.1e}).",
            REPORT,
        )
    return ShapleyValues(values, base, probability, certificate, max(residual, gap))


@cache
def coalitions(players: int) -> tuple[Floats, Floats]:
    """Which players each coalition holds, and what its worth adds to each player's value.

    Returns
    -------
    (d, 2^d) 0 or 1, and (2^d, d) the weights of Shapley (1953): |S|! (d-|S|-1)! / d! for the
    coalition a player joins, minus that for the one it is missing from
    """
    member = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    size = member.sum(axis=1)
    orders = [math.factorial(s) for s in range(players + 1)]
    moves = [orders[s] * orders[players - s - 1] / orders[-1] for s in range(players)]
    joined, absent = np.array([0.0, *moves])[size, None], np.array([*moves, 0.0])[size, None]
    return member.T.astype(np.float64), np.where(member == 1, joined, -absent)
