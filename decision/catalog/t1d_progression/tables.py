"""Every table of this decision, read and checked once."""

from __future__ import annotations

from pathlib import Path

from decision.clinical.dated import read_dated

FOLDER = Path(__file__).parent

STAGING = read_dated(FOLDER / "staging.csv", jurisdictions=True)
MONITORING = read_dated(FOLDER / "monitoring.csv", jurisdictions=True)
THERAPY = read_dated(FOLDER / "therapy.csv", jurisdictions=True)
EXCLUSIONS = read_dated(FOLDER / "exclusions.csv", jurisdictions=True)
ANCHORS = read_dated(FOLDER / "anchors.csv")
ANTIBODIES = read_dated(FOLDER / "antibodies.csv")
CENTILES = read_dated(FOLDER / "grs2x_centiles.csv")
COMPARATORS = read_dated(FOLDER / "comparators.csv")
INPUTS = read_dated(FOLDER / "inputs.csv")
EQUATIONS = read_dated(FOLDER / "equations.csv")
LIMITS = read_dated(FOLDER / "limits.csv")
PARAMETERS = read_dated(FOLDER / "parameters.csv")
THRESHOLDS = read_dated(FOLDER / "thresholds.csv")
TRENDS = read_dated(FOLDER / "trends.csv")
UNITS = read_dated(FOLDER / "units.csv")

DEFAULT_JURISDICTION = "US"
"""The only one whose rules have been entered."""


def parameter(row_id: str) -> float:
    """The number of that row of `parameters.csv`."""
    return PARAMETERS[row_id].number("value")
