"""The temporal split: fitted on what was known by a date, scored on who entered after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from models.cohort import Floats
from models.event_metrics import weighted_auc
from models.events import EventTable
from models.hazard import ProgressionHazard
from models.hazard_model import HazardDesign, predict
from models.hazard_scores import calibrated

SHARE_BEFORE = 0.6
"""Of the people fitted on, by their entry: the date is the quantile of theirs."""


def known_by(table: EventTable, years: Floats) -> EventTable:
    """The same people as followed up to so many years (n,) from their own entry, above 0."""
    seen = table.right <= years
    return replace(
        table,
        left=np.where(seen, table.left, np.maximum(np.minimum(table.left, years), table.entry)),
        right=np.where(seen, table.right, np.inf),
        treated=np.where(table.treated <= years, table.treated, np.inf),
    )


def temporal(design: HazardDesign, training: Any, scored: Any, seed: int) -> dict[str, Any]:
    """Discrimination and calibration at the last horizon of those who entered after the date.

    training, scored : simulated people, whose dates of entry are in `followed.entered`
    """
    date = float(np.quantile(training.followed.entered, SHARE_BEFORE))
    early = training.followed.entered < date
    table = known_by(training.table.rows(early), date - training.followed.entered[early])
    model = ProgressionHazard(design, seed=seed).fit(table)
    late = scored.followed.entered >= date
    new, truth = scored.table.rows(late).untreated(), scored.truth.risk[late]
    risk = predict(model, new.X, new.stratum).risk
    found: dict[str, Any] = {
        "date": round(date, 2),
        "fitted_on": table.n,
        "events": int(table.event.sum()),
    }
    for number, name in enumerate(("overall", *design.strata)):
        at = np.ones(new.n, dtype=bool) if number == 0 else new.stratum == number - 1
        F, p = truth[at, -1], risk[at, -1]
        found[name] = {
            "auc_expected_model": weighted_auc(p, F, 1.0 - F),
            "auc_expected_oracle": weighted_auc(F, F, 1.0 - F),
            **calibrated(new.rows(at), p, F, design.horizons[-1]),
        }
    return found
