"""Scores of predicted risks by a horizon on people never trained on, with the truth beside them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.stats import chi2

from models.cohort import Floats
from models.design import Bools
from models.event_metrics import (
    calibration,
    d_calibration,
    expected_brier,
    kaplan_meier,
    net_benefit,
    weighted_auc,
    weighted_brier,
)
from models.events import EventTable
from models.hazard_calibration import soft_status
from models.hazard_model import HazardModel, Risks, survival

D_CALIBRATION_PEOPLE = 4_000
"""More people would find any model wrong; the same number makes runs comparable."""

THRESHOLDS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
"""Risks from which somebody might act, chosen before any curve was seen; .15 and .5 end bands."""

Tree = dict[str, object]


def kaplan_meier_risks(
    train: EventTable, scored: EventTable, horizons: tuple[float, ...]
) -> Floats:
    """(n, H) each stratum's incidence in the training people: what is known without a model."""
    risks = np.zeros((scored.n, len(horizons)))
    free = train.untreated()
    time, event = free.midpoint()
    for stratum in np.unique(scored.stratum):
        own = free.stratum == stratum
        curve = kaplan_meier(time[own], event[own], entry=free.entry[own])
        risks[scored.stratum == stratum] = 1.0 - curve.at(np.array(horizons))
    return risks


def groups(model: HazardModel, table: EventTable) -> dict[str, Bools]:
    """Everybody, every stratum, and every stratum's people with nothing missing."""
    known = ~np.isnan(table.X).any(axis=1)
    parts = {"overall": np.ones(table.n, dtype=bool)}
    for number, name in enumerate(model.design.strata):
        at = table.stratum == number
        parts |= {name: at, f"{name}.complete": at & known}
    return parts


def discrimination(
    table: EventTable, risks: Mapping[str, Floats], truth: Floats, horizons: tuple[float, ...]
) -> dict[str, dict[str, float]]:
    """AUC and Brier score by horizon of every set of risks, from outcomes and from true risks.

    risks : name -> (n, H) · truth : (n, H); `oracle` is scored as one of them
    """
    found: dict[str, dict[str, float]] = {}
    for h, years in enumerate(horizons):
        case, control = soft_status(table, years)
        F = truth[:, h]
        row: dict[str, float] = {}
        for name, values in {**risks, "oracle": truth}.items():
            p = values[:, h]
            row |= {
                f"auc_{name}": weighted_auc(p, case, control),
                f"auc_expected_{name}": weighted_auc(p, F, 1.0 - F),
                f"brier_{name}": weighted_brier(p, case, control),
                f"brier_expected_{name}": expected_brier(p, F),
            }
        found[f"{years:g}y"] = row
    return found


def calibrated(table: EventTable, risk: Floats, truth: Floats, years: float) -> dict[str, float]:
    """Observed over expected, by outcomes and by true risks, and the slope, at one horizon."""
    case, control = soft_status(table, years)
    ratio, slope = calibration(risk, case, control)
    return {
        "oe": ratio,
        "oe_true": float(truth.mean() / risk.mean()),
        "slope": slope,
        "people": float(table.n),
        "events": float((table.event & (table.right <= years)).sum()),
    }


def coverage(
    found: Risks, truth: Floats, at: Bools, horizons: tuple[float, ...]
) -> dict[str, float]:
    """Share of people whose true risk lies in the displayed range, and how wide it is."""
    inside = (found.low <= truth) & (truth <= found.high)
    got = {f"coverage_{y:g}y": float(inside[at, h].mean()) for h, y in enumerate(horizons)}
    wide = found.high - found.low
    return got | {f"width_{y:g}y": float(wide[at, h].mean()) for h, y in enumerate(horizons)}


def decision_curves(
    table: EventTable, risks: Mapping[str, Floats], horizons: tuple[float, ...]
) -> Tree:
    """Net benefit by horizon and threshold of every set of risks (n, H), beside acting for all;
    acting for nobody has 0.
    """
    found: Tree = {}
    for h, years in enumerate(horizons):
        case, control = soft_status(table, years)
        everybody = np.ones(table.n)
        found[f"{years:g}y"] = {
            f"{t:g}": {
                **{name: net_benefit(r[:, h], case, control, t) for name, r in risks.items()},
                "everybody": net_benefit(everybody, case, control, t),
            }
            for t in THRESHOLDS
        }
    return found


def d_calibrated(model: HazardModel, table: EventTable, margin: Floats) -> Tree:
    """D-calibration of the curves up to the last horizon, on at most 4,000 people."""
    rows = np.arange(min(table.n, D_CALIBRATION_PEOPLE))
    free, end = table.rows(rows), model.design.horizons[-1]
    event = free.event & (free.left < end)
    late = np.minimum(free.left, end)[:, None]
    last = np.where(event, np.minimum(free.right, 15.0), 0.0)[:, None]
    starts = survival(model, free.X, free.stratum, late, margin[rows])[:, 0]
    ends = survival(model, free.X, free.stratum, last, margin[rows])[:, 0]
    shares, statistic = d_calibration(np.where(event, ends, 0.0), starts)
    return {
        "people": len(rows),
        "chi_square": statistic,
        "p_value": float(chi2.sf(statistic, len(shares) - 1)),
        "shares": [round(float(s), 4) for s in shares],
        "largest_deviation": float(np.abs(shares - 1.0 / len(shares)).max()),
    }
