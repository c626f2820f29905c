"""Three slow routes to the same Shapley values, none sharing a line with the product.

Brute force is the definition; counting is exact for contributions on a lattice, at any number of
players; the periodised sum covers everything else. Tests and benchmarks measure errors with them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from models.cohort import Floats
from models.shapley import Background, ShapleyValues, explain

SPREADS = (0.3, 1.0, 3.0, 10.0)


@dataclass(frozen=True)
class Game:
    """A patient, two treatments and a joint background, drawn at random."""

    contributions: Floats
    intercepts: Floats
    background: Background

    def explain(self) -> ShapleyValues:
        return explain(self.contributions, self.intercepts, self.background)

    def deltas(self, treatment: int) -> Floats:
        rows = self.background.contributions[treatment]
        return np.asarray(self.contributions[treatment] - rows, dtype=np.float64)

    def start(self, treatment: int) -> Floats:
        rows = self.background.contributions[treatment]
        return np.asarray(self.intercepts[treatment] + rows.sum(axis=1), dtype=np.float64)

    def worth(self, treatment: int) -> Floats:
        return worth(self.deltas(treatment), self.start(treatment), self.background.weights)


def game(seed: int, players: int, spread: float, rows: int = 8) -> Game:
    """Correlated contributions, unequal weights: nothing that an accident could make symmetric."""
    rng = np.random.default_rng(seed)
    mixing = rng.normal(0.0, 1.0, (players, players)) / np.sqrt(players)
    weights = rng.gamma(1.0, size=rows) + 1e-3
    background = rng.normal(0.0, spread, (2, rows, players)) @ (np.eye(players) + mixing)
    return Game(
        contributions=rng.normal(0.0, spread, (2, players)),
        intercepts=rng.normal(0.0, 1.0, 2),
        background=Background(background, weights / weights.sum()),
    )


def worth(deltas: Floats, start: Floats, weights: Floats) -> Floats:
    """(2^d,) mean probability of every coalition; bit j of the index says that j has joined."""
    players = deltas.shape[1]
    member = (np.arange(2**players)[:, None] >> np.arange(players)) & 1
    total = np.zeros(len(member))
    for delta, margin, weight in zip(deltas, start, weights, strict=True):
        total += weight * expit(margin + member @ delta)
    return total


def by_definition(value: Floats) -> Floats:
    """Shapley (1953): sum over coalitions without j of |S|! (d-|S|-1)! / d! times what j adds."""
    players = len(value).bit_length() - 1
    codes = np.arange(len(value))
    size = np.array([code.bit_count() for code in range(len(value))])
    share = np.array(
        [
            1.0 / (players * math.comb(players - 1, s)) if s < players else 0.0
            for s in range(players + 1)
        ]
    )
    values = np.zeros(players)
    for j in range(players):
        without = codes[(codes >> j) & 1 == 0]
        values[j] = np.sum(share[size[without]] * (value[without | (1 << j)] - value[without]))
    return values


def by_permutations(value: Floats) -> Floats:
    """Mean over all orders of arrival of what each player adds on arriving; for d <= 7."""
    players = len(value).bit_length() - 1
    orders = np.array(list(permutations(range(players))))
    after = np.cumsum(1 << orders, axis=1)
    added = value[after] - value[after - (1 << orders)]
    return np.array([added[orders == j].mean() for j in range(players)])


def by_counting(steps: NDArray[np.int64], unit: float, start: Floats, weights: Floats) -> Floats:
    """For deltas = unit * steps: count the coalitions of each size with each sum, then add up.

    steps : (B, d) integers. The counts are sums of positive numbers, so nothing cancels.
    """
    players = steps.shape[1]
    values = np.zeros(players)
    for row, margin, weight in zip(steps, start, weights, strict=True):
        low, high = int(np.minimum(row, 0).sum()), int(np.maximum(row, 0).sum())
        sums = expit(margin + unit * np.arange(2 * low, 2 * high + 1))
        for j in range(players):
            count = np.zeros((players, high - low + 1))
            count[0, -low] = 1.0
            for joined, step in enumerate(np.delete(row, j)):
                shifted = np.roll(count[: joined + 1], step, axis=1)
                count[1 : joined + 2] += shifted
            size = np.arange(players)
            share = 1.0 / (players * np.array([float(math.comb(players - 1, s)) for s in size]))
            here = np.arange(high - low + 1) - low
            gain = sums[here + row[j]] - sums[here]
            values[j] += weight * float(share @ count @ gain)
    return values


def by_periodised_sum(
    deltas: Floats, start: Floats, weights: Floats, tolerance: float = 1e-12
) -> Floats:
    """Owen's integral over t by an exact Gauss-Legendre rule, the sigmoid as a Fourier series of
    period 2P, every leave-one-out product by prefixes and suffixes.
    """
    rows, players = deltas.shape
    reach = np.maximum(
        np.abs(start + np.minimum(deltas, 0).sum(axis=1)),
        np.abs(start + np.maximum(deltas, 0).sum(axis=1)),
    )
    log = math.log(2.0 / tolerance)
    period = float(reach.max()) + log
    k = np.arange(1, int(period * log / math.pi**2) + 3, 2)
    w = math.pi * k / period
    amplitude = 2.0 * math.pi / (period * np.sinh(math.pi * w))
    nodes, node_weights = np.polynomial.legendre.leggauss((players + 1) // 2)
    values = np.zeros(players)
    for r in range(rows):
        turn = np.exp(1j * np.outer(deltas[r], w))
        integral = np.zeros((players, w.size), dtype=np.complex128)
        for node, node_weight in zip(nodes, node_weights, strict=True):
            factor = 1.0 + 0.5 * (1.0 + node) * (turn - 1.0)
            one = np.ones((1, w.size))
            before = np.cumprod(np.concatenate([one, factor[:-1]]), axis=0)
            behind = np.cumprod(np.concatenate([one, factor[:0:-1]]), axis=0)[::-1]
            integral += 0.5 * node_weight * before * behind
        wave = np.exp(1j * w * start[r]) * (turn - 1.0) * integral
        values += weights[r] * (wave.imag @ amplitude)
    return values
