"""The tables behind the SIMULATED type 1 diabetes progression cohort; citations are in the files.

The coefficients are numerical facts of the TrialNet comparison, which a decision's published
comparator also retypes. This copy stays here: the simulation needs a truth whether or not a build
may show that comparator, and nothing outside the catalogue names a decision.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from models.cohort import CohortError, Floats

DATA = Path(__file__).parent / "data"
SINGLE, STAGE_1, STAGE_2 = 0, 1, 2
STRATA = ("single_antibody", "stage_1", "stage_2")
"""Number and id of every stratum, in the order of the tables."""
TIMES = (0, 30, 60, 90, 120)
"""Minutes of the oral glucose tolerance test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Who comes to a site and how it measures; shares, factors and offsets as in the table."""

    name: str
    weight: float
    log_hr: float
    c_peptide_factor: float
    hba1c_offset: float
    grs2_offset: float
    ia2a_sensitivity: float
    ogtt_missing: float
    grs2_missing: float
    relatives: float


@cache
def sites() -> tuple[Site, ...]:
    """Every site, in file order; a person's site is a number into it."""
    words = ("site", "citation", "verification")
    return tuple(
        Site(name=row["site"], **{k: float(v) for k, v in row.items() if k not in words})
        for row in _rows("t1d_sites.csv")
    )


def of_site(quantity: str) -> Floats:
    """One column of the site table, to be indexed with site numbers."""
    return np.array([getattr(site, quantity) for site in sites()], dtype=np.float64)


@cache
def _strata() -> Mapping[str, tuple[float, ...]]:
    return {
        row["quantity"]: tuple(float(row[s]) for s in STRATA) for row in _rows("t1d_strata.csv")
    }


def of_stratum(*quantities: str) -> Floats:
    """(3,) one quantity per stratum, or (q, 3) for several.

    Raises
    ------
    CohortError
    """
    if absent := [q for q in quantities if q not in _strata()]:
        raise CohortError(f"t1d_strata.csv: no quantity {absent}; use one of its first column")
    table = np.array([_strata()[q] for q in quantities])
    return table[0] if len(quantities) == 1 else table


@cache
def betas(stratum: str, model: str) -> Mapping[str, float]:
    """Covariate -> log hazard ratio of one published model.

    Raises
    ------
    CohortError
    """
    found = {
        row["covariate"]: float(row["beta"])
        for row in _rows("t1d_betas.csv")
        if (row["stratum"], row["model"]) == (stratum, model)
    }
    if not found:
        raise CohortError(f"t1d_betas.csv: no model {model!r} of stratum {stratum!r}")
    return found


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
