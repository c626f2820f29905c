"""Values per feature of the deep challenger along a few orders of joining: fast, and an estimate.

One path per reference patient: its values are exchanged for the patient's own, player by player in
some order, and each player is credited with what its step changed. The mean over all orders is the
Shapley value; a path is one order. Orders are drawn once for all patients and dealt so that every
player joins at every place about equally often (a Latin square), and each is followed by its
reverse. What is credited adds up exactly, whatever the orders; who is credited with how much has an
error, which `python -m benchmarks.deep` measures against `models.deep_features`.

J. Castro, D. Gomez and J. Tejada, Computers & Operations Research 36 (2009) 1726.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from models.background import Reference
from models.cohort import Floats, Ints
from models.deep_features import FeatureValues
from models.deep_served import DeepPanel, as_seen
from models.design import Bools, Design
from models.gaussian import conditional
from models.link import sigmoid
from models.panel import SIDES
from models.shapley import ShapleyError

SEED = 20261122


def estimate_features(
    panel: DeepPanel, z: Floats, present: Bools, reference: Reference
) -> FeatureValues:
    """Values of every player for one patient's two probabilities; `bound` is NaN, for none is
    proved.

    Parameters
    ----------
    z : (1, p) with NaN where unknown · present : (1, M) · reference : complete patients

    Raises
    ------
    ShapleyError
        If the inputs of a modality are genes.
    """
    design = panel.design
    if any(e.sets is not None and present[0, m] for m, e in enumerate(panel.encoders)):
        raise ShapleyError("A modality's inputs are genes.", "Explain it as one, by modality.")
    known = ~np.isnan(z[0])
    here = known & present[0, design.modality_of]
    players = np.unique(design.player_of[here])
    others, weights = as_seen(panel, reference, known, present[0]), reference.weights
    count, d = len(others), len(players)
    orders = _orders(count, d)
    rank = np.argsort(orders, axis=1)
    step = np.arange(d + 1)
    margins = panel.starts(present)[:, :, None, :]
    for m in np.flatnonzero(present[0]).tolist():
        mine = np.flatnonzero(_modality_of(design)[players] == m)
        if len(mine):
            # A path passes d_m + 1 states of a modality, at every other step it stays in one.
            at = (rank[:, None, mine] < step[None, :, None]).sum(axis=2)
            order = np.argsort(np.argsort(rank[:, mine], axis=1), axis=1)
            taken = order[:, None, :] < np.arange(len(mine) + 1)[None, :, None]
            out = _states(panel, m, z[0], others, players[mine], taken)
            out = out[:, np.arange(2 * count)[:, None], at]
        else:
            out = _states(
                panel, m, z[0], others[:1], players[mine], np.zeros((2, 1, 0), dtype=bool)
            )
            out = out[:, :1]
        margins = margins + out[..., :1] + out[..., 1:] * SIDES
    p = np.broadcast_to(sigmoid(margins).mean(axis=0), (2 * count, d + 1, 2))
    steps = np.diff(p, axis=1)
    share = np.repeat(weights, 2) / 2.0
    own = np.zeros((d, 2))
    np.add.at(own, orders, steps * share[:, None, None])
    values = np.zeros((2, len(design.players)))
    values[:, players] = own.T
    base, whole = np.einsum("i,ia->a", share, p[:, 0]), p[0, -1]
    residual = float(np.abs(values.sum(axis=1) - (whole - base)).max())
    return FeatureValues(
        values=values, base=base, probability=whole, bound=float("nan"), residual=residual
    )


def _states(
    panel: DeepPanel, m: int, patient: Floats, others: Floats, players: Ints, taken: Bools
) -> Floats:
    """(K, paths, states, 2) what a modality adds, for who of its players has joined.

    others : (B, p) two paths each · taken : (paths, states, players)
    """
    columns = panel.encoders[m].columns
    known = ~np.isnan(patient[columns])
    place = np.searchsorted(players, panel.design.player_of[columns][known])
    mixed = np.where(
        taken[:, :, place],
        patient[columns][known],
        np.repeat(others[:, columns[known]], 2, axis=0)[:, None, :],
    )
    filled = np.zeros((*mixed.shape[:2], len(columns)))
    filled[..., known] = mixed
    if not known.all():
        # All rows lack the same columns of this modality, so that one regression completes them.
        some, wanted = np.zeros(len(patient), dtype=bool), np.zeros(len(patient), dtype=bool)
        some[columns[known]], wanted[columns[~known]] = True, True
        weights, _ = conditional(panel.gaussian.covariance, some, wanted)
        filled[..., ~known] = mixed @ weights.T
    encoder, rows = panel.encoders[m], filled.reshape(-1, len(columns))
    out = np.empty((len(encoder.w1), len(rows), 2))
    for k in range(len(out)):  # in place, one member at a time: what stays in the cache is faster
        hidden = rows @ encoder.w1[k]
        hidden += encoder.b1[k]
        np.maximum(hidden, 0.0, out=hidden)
        out[k] = hidden @ encoder.w2[k]
    return out.reshape(len(out), *mixed.shape[:2], 2)


def _modality_of(design: Design) -> Ints:
    """(players,) index of each player's modality."""
    return np.array([design.modalities.index(p.modality) for p in design.players])


@cache
def _orders(count: int, players: int) -> Ints:
    """(2 count, players) who joins when: cyclic shifts of random orders, each with its reverse."""
    rng = np.random.default_rng(SEED)
    found: list[Ints] = []
    while len(found) < count and players:
        order = rng.permutation(players)
        found += [np.roll(order, shift) for shift in rng.permutation(players)]
    if not players:
        return np.zeros((2 * count, 0), dtype=np.int64)
    forward = np.array(found[:count])
    return np.stack([forward, forward[:, ::-1]], axis=1).reshape(2 * count, players)
