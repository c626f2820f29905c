"""Low disease activity about 24 weeks after the start, by the scores and the limit of the page."""

from __future__ import annotations

from collections.abc import Mapping

from decision.catalog.ra_biologic_response.activity import COMPONENTS
from decision.catalog.ra_biologic_response.thresholds import THRESHOLDS
from decision.clinical.endpoint import Endpoint
from decision.clinical.scores import cdai


def _reached(later: Mapping[str, float]) -> bool:
    score = cdai(
        tender_joints_28=later["tender_joints"],
        swollen_joints_28=later["swollen_joints"],
        patient_global_0_10=later["patient_global"],
        physician_global_0_10=later["physician_global"],
    )
    return score <= THRESHOLDS["cdai_active"].value


# Visits are seldom to the day: four weeks either side is a design assumption.
ENDPOINT = Endpoint(components=COMPONENTS, target_week=24, window_weeks=(20, 28), reached=_reached)
