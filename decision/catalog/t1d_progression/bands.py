"""Low, intermediate and high: bands of our own, with no published source."""

from __future__ import annotations

from enum import StrEnum

from decision.catalog.t1d_progression.staging import Stratum
from decision.catalog.t1d_progression.tables import parameter

FOOTNOTE = (
    "Bands are defined by this project; no published source: low below"
    f" {parameter('band-low-below'):.0%}, high above {parameter('band-high-above'):.0%},"
    " stage 2 always high."
).replace("%", " %")


class Band(StrEnum):
    """How a 5-year risk is called."""

    LOW = "low"
    INTERMEDIATE = "intermediate"
    HIGH = "high"


def band(risk_5_years: float, stratum: Stratum) -> Band:
    """Below 15 % low, above 50 % high, else intermediate; stage 2 is high whatever the model says.

    Risks at 1 and 2 years are numbers without a band.
    """
    if not 0 <= risk_5_years <= 1:
        raise ValueError("a risk lies between 0 and 1")
    if stratum is Stratum.STAGE_2 or risk_5_years > parameter("band-high-above"):
        return Band.HIGH
    return Band.LOW if risk_5_years < parameter("band-low-below") else Band.INTERMEDIATE
