"""Shapley values per feature of the deep challenger, exact up to a proved error; numpy only.

A network bends and interacts within a modality, and modalities add up in the log-odds. With the
link as a sum of sines (`models.link`) the worth of a coalition is therefore a product over
modalities, and only the coalitions *within* each modality are enumerated: 2^10 + 2^9 + 2^2 rather
than 2^21 for this decision. With every other player in the coalition independently with probability
t (G. Owen, Management Science 18 (1972) 64),

    phi_j = sum_k A_k int_0^1 Im[ exp(i w_k b) D_kj(t) prod over other modalities of P_kl(t) ] dt,

P the expectation of exp(i w F(S)) over the coalitions of a modality, D that of what j changes in
its own. The integrand is a polynomial in t, so the Gauss-Legendre rule is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.background import Reference
from models.cohort import Floats, Ints
from models.deep_served import DeepPanel, as_seen
from models.design import Bools
from models.link import link_for, sigmoid
from models.panel import SIDES
from models.shapley import ShapleyError

MOST_PLAYERS = 12
"""Of one modality: 4,096 coalitions; its time doubles with each further one."""
TOLERANCE = 2e-10

Complexes = NDArray[np.complex128]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureValues:
    """values : (2, d) per treatment and player, 0 for who is not known · base, probability : (2,)

    bound : on the error of every value · residual : largest miss of values against probability
    """

    values: Floats
    base: Floats
    probability: Floats
    bound: float
    residual: float


def explain_features(
    panel: DeepPanel, z: Floats, present: Bools, reference: Reference
) -> FeatureValues:
    """Values of every player (see `Design.players`) for one patient's two probabilities.

    Parameters
    ----------
    z : (1, p) with NaN where unknown · present : (1, M) · reference : complete patients

    Raises
    ------
    ShapleyError
        If a modality has more players than can be enumerated, or its inputs are genes.
    """
    design, known = panel.design, ~np.isnan(z[0])
    rows = as_seen(panel, reference, known, present[0])
    patient = panel.complete(z, present)[0]
    games = [
        _game(panel, m, patient, rows, known)
        for m in range(len(design.modalities))
        if present[0, m]
    ]
    start = panel.starts(present)[:, 0]
    count = len(design.players)
    values, base, probability = np.zeros((2, count)), np.zeros(2), np.zeros(2)
    worst, bound = 0.0, 0.0
    for arm in (0, 1):
        for k in range(len(start)):
            worth = [worths[k] @ np.array([1.0, SIDES[arm]]) for _, worths in games]
            own, from_, to, error = _member(worth, start[k, arm], reference.weights)
            for (players, _), part in zip(games, own, strict=True):
                values[arm, players] += part / len(start)
            base[arm] += from_ / len(start)
            probability[arm] += to / len(start)
            worst = max(worst, abs(sum(float(p.sum()) for p in own) - (to - from_)))
            bound = max(bound, error)
    return FeatureValues(
        values=values, base=base, probability=probability, bound=bound, residual=worst
    )


def _game(
    panel: DeepPanel, m: int, patient: Floats, rows: Floats, known: Bools
) -> tuple[Ints, Floats]:
    """Players of a modality that are known, and (K, B, 2^players, 2) what each coalition adds."""
    encoder, design = panel.encoders[m], panel.design
    columns = encoder.columns
    players = np.unique(design.player_of[columns[known[columns]]])
    if encoder.sets is not None or len(players) > MOST_PLAYERS:
        raise ShapleyError(
            f"Modality {design.modalities[m].value!r} has genes or more than {MOST_PLAYERS} "
            "players.",
            "Explain it as one, by modality.",
        )
    member = _coalitions(len(players))
    takes = np.zeros((len(member), len(columns)), dtype=bool)
    mine = np.isin(design.player_of[columns], players)
    takes[:, mine] = member[:, np.searchsorted(players, design.player_of[columns][mine])]
    own = np.where(known[columns], patient[columns], np.nan)
    other = np.where(known[columns], rows[:, columns], np.nan)
    mixed = np.where(takes[None], own, other[:, None]).reshape(-1, len(columns))
    whole = np.full((len(mixed), len(design.columns)), np.nan)
    whole[:, columns] = mixed
    here = np.zeros((len(mixed), len(design.modalities)), dtype=bool)
    here[:, m] = True
    out = encoder(panel.complete(whole, here)[:, columns])
    return players, out.reshape(len(out), len(rows), len(member), 2)


def _member(
    worth: list[Floats], start: float, weights: Floats
) -> tuple[list[Floats], float, float, float]:
    """Values per modality and player, base, probability and bound, of one network's game.

    worth : per modality (B, 2^players) log-odds of each coalition
    """
    lowest = start + sum(w.min(axis=1) for w in worth) if worth else np.array([start])
    highest = start + sum(w.max(axis=1) for w in worth) if worth else np.array([start])
    link = link_for(float(max(np.abs(lowest).max(), np.abs(highest).max())), TOLERANCE)
    none = start + sum(w[:, 0] for w in worth) if worth else np.full(len(weights), start)
    whole = sigmoid(np.array([start + math.fsum(float(w[0, -1]) for w in worth)]))
    degree = sum(int(math.log2(w.shape[1])) for w in worth)
    nodes, rule = np.polynomial.legendre.leggauss(max(1, (degree + 1) // 2))
    t = (nodes + 1.0) / 2.0
    inside = [_expected(w, link.frequencies, t) for w in worth]
    turn = np.exp(1j * start * link.frequencies)
    values = []
    for m, (_, changes) in enumerate(inside):
        rest: Complexes = turn[:, None] * np.ones((len(weights), 1, len(t)))
        for other, (mean, _) in enumerate(inside):
            if other != m:
                rest = rest * mean
        path = np.einsum("bkt,bkjt->bkj", rest * (rule / 2.0), changes).imag
        values.append(np.einsum("b,k,bkj->j", weights, link.amplitudes, path))
    base = float(weights @ sigmoid(np.asarray(none, dtype=np.float64)))
    return values, base, float(whole[0]), 2.0 * link.sup_error


def _expected(worth: Floats, frequencies: Floats, t: Floats) -> tuple[Complexes, Complexes]:
    """(B, K, T) mean of exp(iwF) over coalitions; (B, K, d, T) mean of what each one changes."""
    players = int(math.log2(worth.shape[1]))
    means, changes = _weights(players, tuple(t.tolist()))
    angle = worth[:, None, :] * frequencies[:, None]
    both = np.concatenate([means, changes], axis=1)
    # Two real products take half of what one of mixed kind does.
    found = np.cos(angle) @ both + 1j * (np.sin(angle) @ both)
    mean, change = found[..., : len(t)], found[..., len(t) :]
    return mean, change.reshape(*change.shape[:2], players, len(t))


@cache
def _coalitions(players: int) -> Bools:
    """(2^d, d) who is in which coalition."""
    return np.asarray((np.arange(2**players)[:, None] >> np.arange(players)) & 1, dtype=bool)


@cache
def _weights(players: int, t: tuple[float, ...]) -> tuple[Floats, Floats]:
    """(2^d, T) chance of a coalition; (2^d, d T) that of the others, signed by who joins."""
    member = _coalitions(players).astype(np.float64)
    at = np.array(t)
    size = member.sum(axis=1)[:, None]
    chance = at**size * (1.0 - at) ** (players - size)
    # Without j's own factor; the sign says whether j is in or not.
    joined = (
        member[:, :, None] * (chance / at)[:, None]
        - (1.0 - member)[:, :, None] * (chance / (1.0 - at))[:, None]
    )
    return chance, joined.reshape(len(member), -1)
