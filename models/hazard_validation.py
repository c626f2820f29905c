"""Validation people by stratum, horizon and predicted risk, and what became of those near a risk.

Whoever was lost before the horizon counts through those like them who stayed (inverse probability
of censoring): counting only people whose status is known would keep every event and lose many who
stayed well. numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from decision.clinical.assessment import LocalCalibration
from models.cohort import Floats, Ints
from models.events import EventTable
from models.hazard_calibration import soft_status
from models.wilson import wilson

BANDS = 200
"""Equal bands of [0, 1]: most risks by one year lie below .05."""
BAND_PEOPLE = 300
"""People aimed at around a risk, so that their share says something."""
WIDEST_BAND = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated:
    """All (S, H, B): by stratum, horizon and band of the predicted risk.

    people : whoever was predicted · known : of these, status at the horizon known
    case, weight, square : sums over them of the weight as a case, of the whole weight, of its
    square
    """

    people: Ints
    known: Ints
    case: Floats
    weight: Floats
    square: Floats


def counted(table: EventTable, risk: Floats, horizons: tuple[float, ...], strata: int) -> Validated:
    """Count people never trained on; risk (n, H) as it would have been shown.

    Status weights are of each stratum's own follow-up, which differs between strata.
    """
    shape = (strata, len(horizons), BANDS)
    people, known = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
    case, weight, square = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for s in np.unique(table.stratum).tolist():
        own = table.rows(table.stratum == s)
        for h, years in enumerate(horizons):
            cases, controls = soft_status(own, years)
            both = cases + controls
            band = np.minimum((risk[table.stratum == s, h] * BANDS).astype(np.int64), BANDS - 1)
            people[s, h] = np.bincount(band, minlength=BANDS)
            known[s, h] = np.bincount(band[both > 0.0], minlength=BANDS)
            case[s, h] = np.bincount(band, weights=cases, minlength=BANDS)
            weight[s, h] = np.bincount(band, weights=both, minlength=BANDS)
            square[s, h] = np.bincount(band, weights=both**2, minlength=BANDS)
    return Validated(people=people, known=known, case=case, weight=weight, square=square)


def local_calibration(
    found: Validated, stratum: int, horizon: int, risk: float
) -> LocalCalibration:
    """Validation people of the stratum scored near a risk by a horizon, and how many progressed.

    `n` counts everybody scored there. `events` is their number times the share that progressed,
    estimated as the module says; the limits of the share are for as many people as the weights
    are worth.

    Notes
    -----
    The band around the risk grows on both sides until it holds 300 people or is .2 wide.
    """
    n = found.people[stratum, horizon]
    first = last = min(int(risk * BANDS), BANDS - 1)
    while (
        n[first : last + 1].sum() < BAND_PEOPLE and (last + 3 - first) / BANDS <= WIDEST_BAND + 1e-9
    ):
        first, last = max(first - 1, 0), min(last + 1, BANDS - 1)
    at = (stratum, horizon, slice(first, last + 1))
    total, weight = int(n[first : last + 1].sum()), float(found.weight[at].sum())
    share = float(found.case[at].sum()) / weight if weight else 0.0
    worth = weight**2 / float(found.square[at].sum()) if weight else 0.0
    low, high = wilson(share * worth, worth)
    return LocalCalibration(
        low=first / BANDS,
        high=(last + 1) / BANDS,
        n=total if weight else 0,
        events=round(share * total),
        observed_low=low,
        observed_high=high,
    )
