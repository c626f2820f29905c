"""Does the SIMULATED progression cohort still meet every figure it was built to?"""

from __future__ import annotations

from models.simulate.t1d_tables import DATA
from models.simulate.targets import Target, read_targets

TITLE = "SIMULATED type 1 diabetes progression cohort - not patients"
UNIT = "people per stratum"
USUAL_N, LEAST_N = 60_000, 30_000
"""Below the least, sampling error outgrows the tolerances."""


def targets() -> tuple[Target, ...]:
    """Every target in `data/t1d_targets.csv`, in file order."""
    return read_targets(DATA / "t1d_targets.csv")
