"""The two tables behind the SIMULATED rheumatoid arthritis cohort; citations are in the files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from models.cohort import CohortError, Floats

DATA = Path(__file__).parent / "data"

LATENTS = "age haq tjc sjc ptga phga pain lncrp lnesr lnil6 hb cxcl13 icam cal gtnf ifn bmi".split()
"""Order of the Gaussian copula's dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """Effect of one centred term on the log-reduction scale, per treatment (TNFi, IL-6i)."""

    term: str
    tnfi: float
    il6i: float
    biomarker_interaction: bool

    def at(self, k: float) -> tuple[float, float]:
        """Both coefficients when the biomarker interaction is `k` times its calibrated size."""
        if not self.biomarker_interaction:
            return self.tnfi, self.il6i
        mean = (self.tnfi + self.il6i) / 2
        return mean + k * (self.tnfi - mean), mean + k * (self.il6i - mean)


@cache
def response_coefficients() -> Mapping[str, Coefficient]:
    """Term -> coefficient, in file order."""
    with (DATA / "ra_response_coefficients.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["term"]: Coefficient(
                term=row["term"],
                tnfi=float(row["tnfi"]),
                il6i=float(row["il6i"]),
                biomarker_interaction=row["biomarker_interaction"] == "true",
            )
            for row in csv.DictReader(file)
        }


@cache
def baseline_correlations() -> Floats:
    """(17, 17) correlation matrix of `LATENTS`; pairs absent from the file are uncorrelated.

    Raises
    ------
    CohortError
        When a pair names an unknown latent, or the matrix is not positive definite: an edited
        correlation must fail here, not as a NaN patient.
    """
    matrix = np.eye(len(LATENTS))
    path = DATA / "ra_baseline_correlations.csv"
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for name in (row["first"], row["second"]):
                if name not in LATENTS:
                    raise CohortError(f"{path.name}: unknown latent {name!r}; use one of {LATENTS}")
            i, j = LATENTS.index(row["first"]), LATENTS.index(row["second"])
            matrix[i, j] = matrix[j, i] = float(row["correlation"])
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= 0:
        raise CohortError(
            f"{path.name}: smallest eigenvalue {smallest:.3g}; must be positive definite"
        )
    matrix.setflags(write=False)
    return matrix
