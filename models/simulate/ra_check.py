"""Does the SIMULATED rheumatoid arthritis cohort still meet every figure it was built to?"""

from __future__ import annotations

from models.simulate.ra_tables import DATA
from models.simulate.targets import Target, read_targets

TITLE = "SIMULATED rheumatoid arthritis cohort - not patients"
UNIT = "patients per setting"
USUAL_N, LEAST_N = 48_000, 40_000
"""Below the least the sampling error outgrows the tolerances, and a miss would mean nothing."""


def targets() -> tuple[Target, ...]:
    """Every target in `data/ra_targets.csv`, in file order."""
    return read_targets(DATA / "ra_targets.csv")
