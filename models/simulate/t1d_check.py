"""Does the SIMULATED progression cohort still meet every figure it was built to?"""

from __future__ import annotations

import csv

from models.simulate.ra_check import Target, missed, table
from models.simulate.t1d_tables import DATA

TITLE = "SIMULATED type 1 diabetes progression cohort - not patients"
UNIT = "people per stratum"
USUAL_N, LEAST_N = 60_000, 30_000
"""Below the least, sampling error outgrows the tolerances."""


def targets() -> tuple[Target, ...]:
    """Every target in `data/t1d_targets.csv`, in file order."""
    with (DATA / "t1d_targets.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Target(
                section=row["section"],
                key=row["key"],
                quantity=row["quantity"],
                target=float(row["target"]),
                tolerance=float(row["tolerance"]),
                reason=row["reason"],
            )
            for row in csv.DictReader(file)
        )


__all__ = ["LEAST_N", "TITLE", "UNIT", "USUAL_N", "missed", "table", "targets"]
