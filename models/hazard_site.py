"""Recalibrating a progression model at one site, by the site's own follow-up; numpy only."""

from __future__ import annotations

import numpy as np

from models.events import EventError, EventTable
from models.hazard_calibration import recalibrate_site
from models.hazard_model import HazardModel, SiteShift, predict, survival


def recalibrate(model: HazardModel, local: EventTable) -> dict[int, SiteShift]:
    """Stratum -> shift of the log hazard at the site of these people.

    Their events within the last horizon are held against what the model expected over the same
    follow-up, so that nobody need be followed to a horizon.

    Raises
    ------
    EventError
        For people of several sites.
    """
    if len(np.unique(local.site)) != 1:
        raise EventError(f"people of sites {np.unique(local.site).tolist()}; recalibrate one site")
    table = local.untreated()
    table = table.rows(np.isin(table.stratum, [s for s, _ in model.models]))
    time, event = table.midpoint()
    end = model.design.horizons[-1]
    until = np.minimum(time, end)
    margin = predict(model, table.X, table.stratum).margin
    alive = survival(model, table.X, table.stratum, until[:, None], margin)[:, 0]
    known = survival(model, table.X, table.stratum, table.entry[:, None], margin)[:, 0]
    expected = np.log(known) - np.log(np.maximum(alive, 1e-300))
    early = event & (time <= end)
    observed: dict[int, int] = {}
    mean: dict[int, float] = {}
    between: dict[int, float] = {}
    for (stratum, _), fitted in model.models.items():
        at = table.stratum == stratum
        observed[stratum] = int(early[at].sum())
        mean[stratum] = float(expected[at].sum())
        between[stratum] = max(fitted.between_sites, between.get(stratum, 0.0))
    return recalibrate_site(observed, mean, between)
