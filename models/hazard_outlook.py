"""What one more measurement is worth to a risk over time, and how risks were checked over the whole
scale; `outlook` has the same for a comparison. numpy only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from decision.clinical.answers import LocalCalibration
from decision.clinical.outlook import ExpectedRange, Unexpected
from models.cohort import Floats
from models.design import Bools
from models.gaussian import conditional
from models.hazard_artifact import ServedHazard
from models.hazard_model import part_of, predict
from models.hazard_validation import Validated
from models.outlook import FEWEST, TENTHS, normal_nodes, sorted_ranges
from models.wilson import wilson


def tenths(found: Validated, stratum: int, horizon: int) -> tuple[LocalCalibration, ...]:
    """Validation people of the stratum over the whole scale in ten bands, counted and limited as
    near one risk (`hazard_validation.local_calibration`).
    """

    def summed(counts: Floats) -> list[float]:
        at = np.asarray(counts[stratum, horizon], dtype=np.float64)
        return [float(x) for x in at.reshape(TENTHS, -1).sum(axis=1)]

    people = summed(np.asarray(found.people, dtype=np.float64))
    told = []
    for i, (n, case, weight, square) in enumerate(
        zip(people, summed(found.case), summed(found.weight), summed(found.square), strict=True)
    ):
        share = case / weight if weight else 0.0
        worth = weight**2 / square if weight else 0.0
        low, high = wilson(share * worth, worth)
        told.append(
            LocalCalibration(
                low=i / TENTHS,
                high=(i + 1) / TENTHS,
                n=int(n) if weight else 0,
                events=round(share * n),
                observed_low=low,
                observed_high=high,
            )
        )
    return tuple(told)


def expected_ranges(
    served: ServedHazard,
    x: Floats,
    stratum: int,
    site: str,
    level: float,
    players: Mapping[str, str],
) -> tuple[ExpectedRange, ...]:
    """For every group that is not known: the range expected of the last risk once it is measured.

    Parameters
    ----------
    x : (p,) columns, NaN unknown · players : group -> who is measured with it
    """
    model, shifts = served.model, served.sites[site]
    who = np.array([stratum])
    own = predict(model, x[None], who, shifts, level)
    now = float(own.high[0, -1] - own.low[0, -1])
    found = []
    for group in model.design.groups:
        columns = model.design.mask(group)
        if not np.isnan(x[columns]).any():
            continue
        nodes: Floats | Unexpected
        if group == model.design.restaged:
            nodes = Unexpected.SETS_THE_CLASS
        else:
            nodes = _nodes(served, x, stratum, np.asarray(columns & np.isnan(x)))
        if isinstance(nodes, Unexpected):
            found.append(
                ExpectedRange(players=(players[group],), now=now, expected=None, why=nodes)
            )
            continue
        after = predict(model, nodes, np.full(len(nodes), stratum), shifts, level)
        width = float(np.mean(after.high[:, -1] - after.low[:, -1]))
        found.append(ExpectedRange(players=(players[group],), now=now, expected=width))
    return sorted_ranges(iter(found))


def _nodes(served: ServedHazard, x: Floats, stratum: int, missing: Bools) -> Floats | Unexpected:
    """(N, p) the person with the missing columns where training people like this one have them."""
    read = np.where(missing, 0.0, x)
    ((_, decided, _, _),) = part_of(served.model.design, read[None], np.array([stratum]))
    fitted = served.model.models.get((stratum, decided))
    if fitted is None:
        return Unexpected.NO_DISTRIBUTION
    gaussian = fitted.gaussian
    if (gaussian.counts[missing] < FEWEST).any():
        return Unexpected.RARELY_MEASURED
    known = ~np.isnan(x)
    weights, rest = conditional(gaussian.covariance, known, missing)
    z = gaussian.standardise(x[None])[0]
    spread = np.linalg.cholesky(rest + 1e-12 * np.eye(len(rest)))
    drawn = weights @ z[known] + normal_nodes(len(rest)) @ spread.T
    values = gaussian.mean[missing] + gaussian.sd[missing] * drawn
    usual = served.usual.get(stratum, {})
    for k, j in enumerate(np.flatnonzero(missing).tolist()):
        low, high = usual.get(served.model.design.columns[j], (-np.inf, np.inf))
        values[:, k] = np.clip(values[:, k], low, high)
    rows = np.repeat(x[None], len(values), axis=0)
    rows[:, missing] = values
    return rows
