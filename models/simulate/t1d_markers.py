"""Glucose tolerance test, HbA1c and the stage they amount to, in the SIMULATED progression cohort.

Index60 and DPTRS follow J. Sosenko et al. (2015, PMID 25519451; 2008, PMID 18000175).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from models.cohort import CohortError, Floats, Ints
from models.design import Bools
from models.simulate.t1d_people import People
from models.simulate.t1d_tables import STAGE_1, STAGE_2, TIMES, of_stratum

C_PEPTIDE_SD = np.array([0.35, 0.34, 0.33, 0.33, 0.35])
_LAGS_GLUCOSE = (1.0, 0.78, 0.58, 0.45, 0.35)
_LAGS_C_PEPTIDE = (1.0, 0.85, 0.75, 0.68, 0.62)
_WITH_FASTING_GLUCOSE, _WITH_FASTING_C_PEPTIDE = 0.6, 0.85
_SMALLEST_EIGENVALUE = 0.001
_MOST_DRAWS = 2_000


@cache
def correlations() -> Floats:
    """(11, 11) of glucose at 5 times, ln C-peptide at 5 times, HbA1c; made positive definite."""
    matrix = np.eye(11)
    for i in range(5):
        for j in range(5):
            fasting = (i == 0) != (j == 0)
            lag = abs(i - j)
            matrix[i, j] = _LAGS_GLUCOSE[lag] * (_WITH_FASTING_GLUCOSE if fasting else 1.0)
            matrix[5 + i, 5 + j] = _LAGS_C_PEPTIDE[lag] * (
                _WITH_FASTING_C_PEPTIDE if fasting else 1.0
            )
            later = 0.15 if TIMES[j] >= 60 else 0.05
            matrix[i, 5 + j] = matrix[5 + j, i] = -0.15 if j < i else later
    matrix[10, :5] = matrix[:5, 10] = 0.18
    matrix[10, 5:10] = matrix[5:10, 10] = -0.05
    values, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(values, _SMALLEST_EIGENVALUE)) @ vectors.T
    scale = np.sqrt(np.diag(matrix))
    correlated = np.asarray(matrix / np.outer(scale, scale), dtype=np.float64)
    correlated.setflags(write=False)
    return correlated


def with_markers(people: People, rng: np.random.Generator) -> People:
    """The people with a glucose test and an HbA1c that their stratum allows, redrawn until so.

    Raises
    ------
    CohortError
        When somebody's stratum cannot be met: the tables contradict the staging rules.
    """
    n, root = people.n, np.linalg.cholesky(correlations())
    stratum = people.stratum
    means = of_stratum(*[f"glucose_{t}" for t in TIMES]).T[stratum]
    sds = of_stratum(*[f"glucose_sd_{t}" for t in TIMES]).T[stratum]
    body = 0.80 * np.log(people.bmi / 18.0) + 0.12 * np.log(people.age / 10.0)
    logs = np.log(of_stratum(*[f"c_peptide_{t}" for t in TIMES]).T)[stratum] + body[:, None]
    hba1c_mean, hba1c_sd = of_stratum("hba1c", "hba1c_sd")
    glucose, c_peptide, hba1c = np.zeros((n, 5)), np.zeros((n, 5)), np.zeros(n)
    left = np.arange(n)
    for _ in range(_MOST_DRAWS):
        z = rng.standard_normal((len(left), 11)) @ root.T
        glucose[left] = means[left] + sds[left] * z[:, :5]
        c_peptide[left] = np.exp(logs[left] + C_PEPTIDE_SD * z[:, 5:10])
        hba1c[left] = hba1c_mean[stratum[left]] + hba1c_sd[stratum[left]] * z[:, 10]
        left = left[~_allowed(stratum[left], glucose[left], hba1c[left])]
        if not len(left):
            return replace(people, glucose=glucose, c_peptide=c_peptide, hba1c=hba1c)
    raise CohortError(
        f"{len(left)} people still miss their stratum after {_MOST_DRAWS} draws; the marker means "
        "in t1d_strata.csv contradict the staging limits"
    )


def dysglycaemic(glucose: Floats, hba1c: Floats) -> Bools:
    """(n,) a fasting, two-hour or HbA1c value from the stage 2 limits; unknown values count not."""
    with np.errstate(invalid="ignore"):
        return np.asarray((glucose[:, 0] >= 100.0) | (glucose[:, 4] >= 140.0) | (hba1c >= 5.7))


def recorded_stage(several: Bools, glucose: Floats, hba1c: Floats) -> Ints:
    """(n,) stratum that the known values say; provisional stage 1 where no glucose is known."""
    stage = np.where(dysglycaemic(glucose, hba1c), STAGE_2, STAGE_1)
    return np.where(several, stage, 0).astype(np.int64)


def _allowed(stratum: Ints, glucose: Floats, hba1c: Floats) -> Bools:
    diabetic = (glucose[:, 0] >= 126.0) | (glucose[:, 4] >= 200.0) | (hba1c >= 6.5)
    dys = dysglycaemic(glucose, hba1c)
    normal = ~dys & (glucose[:, 1:4] < 200.0).all(axis=1)
    fits = np.where(stratum == STAGE_2, dys & ~diabetic, normal)
    return np.asarray((glucose > 50.0).all(axis=1) & fits)


def index60(glucose: Floats, c_peptide: Floats) -> Floats:
    """(n,) from mg/dL and ng/mL."""
    return np.asarray(
        0.3695 * np.log(c_peptide[:, 0]) + 0.0165 * glucose[:, 2] - 0.3644 * c_peptide[:, 2]
    )


def dptrs(bmi: Floats, age: Floats, glucose: Floats, c_peptide: Floats) -> Floats:
    """(n,) diabetes prevention trial risk score, from kg/m2, years, mg/dL and ng/mL."""
    return np.asarray(
        1.57 * np.log(bmi)
        - 0.06 * age
        + 0.81 * glucose[:, 1:].sum(axis=1) / 100.0
        - 0.85 * c_peptide[:, 1:].sum(axis=1) / 10.0
        + 0.48 * np.log(c_peptide[:, 0])
    )
