"""True risk of diabetes in the SIMULATED progression cohort.

    eta = LP(x) - LP(reference) + log-HR of the site,   F(t | x) = 1 - exp(-H0(t) exp(eta))

with the published stage-specific coefficients and H0 linear between knots, the last slope going on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.cohort import Floats, Ints
from models.simulate.t1d_markers import index60
from models.simulate.t1d_people import People
from models.simulate.t1d_tables import STRATA, betas, of_site, of_stratum

REFERENCE = {
    "GRS2": 11.0,
    "IA2": 0.0,
    "sex_male": 0.0,
    "BMI": 18.0,
    "ln_age": float(np.log(10.0)),
    "Index60": 0.0,
    "HbA1c": 5.2,
}
"""The reference person of the evidence, section 3.4."""


def covariates(people: People) -> dict[str, Floats]:
    """The published models' covariates, true values."""
    single_kind = people.antibodies
    pattern = single_kind[:, 0] * 1 + single_kind[:, 1] * 2 + single_kind[:, 2] * 4
    groups = {
        "IAA": 2,
        "IA-2A": 4,
        "GADA+IAA": 3,
        "IAA+IA-2A": 6,
        "GADA+IAA+IA-2A": 7,
    }
    return {
        "GRS2": people.grs2,
        "IA2": people.ia2a.astype(np.float64),
        "sex_male": people.male.astype(np.float64),
        "BMI": people.bmi,
        "ln_age": np.log(people.age),
        "Index60": index60(people.glucose, people.c_peptide),
        "HbA1c": people.hba1c,
        **{f"ab_group[{k}]": (pattern == v).astype(np.float64) for k, v in groups.items()},
    }


def predictor(model: str, stratum: Ints, x: Mapping[str, Floats]) -> Floats:
    """(n,) linear predictor minus the reference person's, with each stratum's own coefficients."""
    total = np.zeros(len(stratum))
    for number, name in enumerate(STRATA):
        at = stratum == number
        for covariate, beta in betas(name, model).items():
            total[at] += beta * (x[covariate][at] - REFERENCE.get(covariate, 0.0))
    return total


def true_eta(people: People) -> Floats:
    """(n,) log hazard ratio against the reference person at site A."""
    own = predictor("full", people.stratum, covariates(people))
    return np.asarray(own + of_site("log_hr")[people.site])


def cumulative(stratum: Ints, years: Floats | float) -> Floats:
    """(n,) H0 at a time."""
    t1, h1, t2, h2 = _knots()[:, stratum]
    first, last = h1 / t1, (h2 - h1) / (t2 - t1)
    return np.asarray(np.where(years <= t1, first * years, h1 + last * (years - t1)))


def inverse_cumulative(stratum: Ints, hazard: Floats) -> Floats:
    """(n,) the time at which H0 reaches a value."""
    t1, h1, t2, h2 = _knots()[:, stratum]
    slope = (h2 - h1) / (t2 - t1)
    return np.asarray(np.where(hazard <= h1, hazard * t1 / h1, t1 + (hazard - h1) / slope))


def risk(stratum: Ints, eta: Floats, years: float) -> Floats:
    """(n,) F(years | x)."""
    return np.asarray(-np.expm1(-cumulative(stratum, years) * np.exp(eta)))


def onset(stratum: Ints, eta: Floats, rng: np.random.Generator) -> Floats:
    """(n,) years from entry to diabetes without disease-modifying treatment."""
    return inverse_cumulative(stratum, rng.exponential(size=len(eta)) * np.exp(-eta))


def solve_hazard(eta: Floats, target: float) -> float:
    """H0 at which the mean risk of these people is `target`, by bisection."""
    low, high = 0.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2.0
        mean = float(np.mean(-np.expm1(-middle * np.exp(eta))))
        low, high = (middle, high) if mean < target else (low, middle)
    return (low + high) / 2.0


def _knots() -> Floats:
    names = ("first_knot_years", "first_knot_hazard", "last_knot_years", "last_knot_hazard")
    return of_stratum(*names)
