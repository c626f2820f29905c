"""Exact Shapley values of the displayed risk at every horizon.

The risk is one function of one additive score per horizon, so the game of `models.shapley` applies
with another link; with as few players as here every coalition is enumerated. What is not known
gets exactly 0: what it is expected to be is part of the effects of what is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.hazard_model import HazardModel, SiteShift, part_of, rising
from models.shapley import FINITE, ShapleyError, coalitions

MOST_PLAYERS = 12
MOST_RESIDUAL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """players : the d players · values : (H, d) in units of risk · base : (H,) mean risk of the
    reference people with the same pattern · risk : (H,), base plus the sum of the values
    """

    players: tuple[str, ...]
    pattern: str
    values: Floats
    base: Floats
    risk: Floats
    residual: float


def explain_risk(
    model: HazardModel,
    x: Floats,
    stratum: int,
    shift: SiteShift | None = None,
    players: Mapping[str, tuple[int, ...]] | None = None,
) -> Reasons:
    """Why the risks of one person, x (p,), are what they are.

    players : name -> the numbers of its columns, every column in just one; each column its own
    player if not given. A player of several columns has a value of its own in a game of its own:
    it is not the sum of theirs.

    Raises
    ------
    EventError
        For a person about whom nothing is said.
    ShapleyError
        If the values do not add up to the risk within 1e-9, or a number is not finite.
    """
    ((number, decided, name, _),) = part_of(model.design, x[None], np.array([stratum]))
    fitted = model.models[number, decided]
    part = fitted.submodels[name]
    z = np.where(part.known, fitted.gaussian.standardise(x[None])[0], 0.0)
    playing = players or {column: (j,) for j, column in enumerate(model.design.columns)}
    sums = np.zeros((len(model.design.columns), len(playing)))
    for k, members in enumerate(playing.values()):
        sums[list(members), k] = 1.0
    if not (sums.sum(axis=1) == 1.0).all():
        raise ShapleyError("A column belongs to no player or to several.", "Give each one player.")
    own, rows = z * part.effect, fitted.reference * part.effect
    if not (np.isfinite(own).all() and np.isfinite(rows).all()):
        raise ShapleyError("A contribution to the risk is not a finite number.", FINITE)
    own, rows = own @ sums, rows @ sums
    level = part.level + (shift.shift if shift and shift.applied else 0.0)
    values, base, risk = shapley(own, rows, fitted.reference_weights, level, part.slope)
    residual = float(np.abs(base + values.sum(axis=1) - risk).max())
    if not residual <= MOST_RESIDUAL:
        raise ShapleyError(
            f"The reasons miss the risk by {residual:.1e}.", "Show no explanation; report it."
        )
    return Reasons(
        players=tuple(playing),
        pattern=name,
        values=values,
        base=base,
        risk=risk,
        residual=residual,
    )


def shapley(
    own: Floats, rows: Floats, weights: Floats, level: Floats, slope: Floats
) -> tuple[Floats, Floats, Floats]:
    """Values (H, p), base (H,) and risk (H,) of the interventional game on weighted rows (B, p).

    Raises
    ------
    ShapleyError
        For more players than can be enumerated.
    """
    deltas = own - rows
    active = deltas.any(axis=0)
    if active.sum() > MOST_PLAYERS:
        raise ShapleyError(
            f"{int(active.sum())} players; {MOST_PLAYERS} can be enumerated.", "Group the columns."
        )
    member, added = coalitions(int(active.sum()))
    score = rows.sum(axis=1)[:, None] + deltas[:, active] @ member
    worth = weights @ _risks(level, slope, score)
    values = np.zeros((len(level), own.size))
    values[:, active] = worth @ added
    return values, worth[:, 0], _risks(level, slope, own.sum()[None])[:, 0]


def _risks(level: Floats, slope: Floats, score: Floats) -> Floats:
    """(H, ...) risks of additive scores (...)."""
    margin = np.multiply.outer(score, slope) + level
    return np.moveaxis(rising(margin), -1, 0)
