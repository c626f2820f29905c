"""Where SIMULATED patients are seen: populations, modes (trial or EHR), and twelve sites.

A *world* is one draw of all site effects. It depends on the world's seed alone, so that site 10 is
the same site whichever other sites, patients or number of patients are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from models.cohort import CohortError, Floats, Ints

SITES = 12
COMMUNITY_SITES = (1, 4, 7, 10)
SHIFTED_SITE = 12
"""Older patients, more monotherapy, a wider gap: the site that needs recalibration."""
CRP_MG_DL_SITES = (5, 11)
"""Sites that report CRP in mg/dL: which two is our choice, one trained on, one held out."""
CRP_LLOQ_4_SITE = 3
MISSING_ITEMS = (
    "joints phga ptga haq crp esr hemoglobin rheumatoid_factor acpa smoking bmi "
    "stop_reason il6 calprotectin sicam1_cxcl13 rna endpoint"
).split()
"""What is recorded or missing together, one draw each."""


class Population(StrEnum):
    """Whose baseline is drawn."""

    REGISTRY = "registry"
    TRIAL_NAIVE = "trial, bDMARD-naive"
    TRIAL_TNF_IR = "trial, TNF-IR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """What is switched on. Derive variants with `dataclasses.replace`.

    Attributes
    ----------
    dropout : nominal probability of stopping the drug before week 24
    gap : efficacy-effectiveness gap added to the log reduction in both arms
    monotherapy : share without methotrexate or another csDMARD
    sites : site effects; without them every patient is at site 0, "one centre"
    assays : assay noise, LLOQ and batch shift on what is recorded
    confounded : treatment assigned by the clinician's habits; otherwise by a fair coin
    hidden : unrecorded frailty lowers response (and, where confounded, moves assignment)
    masked : values and endpoints go unrecorded
    """

    name: str
    population: Population
    dropout: float
    gap: float
    monotherapy: float
    sites: bool
    assays: bool
    confounded: bool
    hidden: bool
    masked: bool

    def __post_init__(self) -> None:
        if not 0.0 < self.dropout < 1.0:
            raise CohortError(f"mode dropout is {self.dropout}; use a probability inside (0, 1)")
        if not 0.0 <= self.monotherapy <= 1.0:
            raise CohortError(f"mode monotherapy is {self.monotherapy}; use a share from 0 to 1")


EHR = Mode(
    name="EHR",
    population=Population.REGISTRY,
    dropout=0.18,
    gap=-0.15,
    monotherapy=0.28,
    sites=True,
    assays=True,
    confounded=True,
    hidden=True,
    masked=True,
)
EHR_COMPLETE = replace(
    EHR,
    name="EHR population, complete, one centre, randomised",
    sites=False,
    assays=False,
    confounded=False,
    hidden=False,
    masked=False,
)
TRIAL_NAIVE = replace(
    EHR_COMPLETE,
    name="trial, bDMARD-naive, with methotrexate",
    population=Population.TRIAL_NAIVE,
    dropout=0.10,
    gap=0.0,
    monotherapy=0.0,
)
TRIAL_TNF_IR = replace(
    TRIAL_NAIVE,
    name="trial, TNF-IR, with methotrexate",
    population=Population.TRIAL_TNF_IR,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Effects by site number, the first axis; row 0 is "one centre", used without site effects.

    response : (13,) added to mu of both arms, gap included
    response_by_arm : (13, 2) added to mu of one arm
    joint_factor : (13,) multiplies baseline joint counts, the assessor's habit
    assignment : (13,) log-odds of IL-6i
    batch : (13, 2) shift of the two RNA scores
    missing : (13, items) log-odds that an item of `MISSING_ITEMS` is missing
    monotherapy : (13,) share
    age_shift : (13,) years
    """

    response: Floats
    response_by_arm: Floats
    joint_factor: Floats
    assignment: Floats
    batch: Floats
    missing: Floats
    monotherapy: Floats
    age_shift: Floats


def world(mode: Mode, seed: int) -> World:
    """The site effects of one world; without `mode.sites` every site is neutral."""
    draws = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    scale = 1.0 if mode.sites else 0.0

    def normal(sd: float, *shape: int) -> Floats:
        return scale * sd * draws.standard_normal((SITES + 1, *shape))

    response = mode.gap + normal(0.12)
    response_by_arm = normal(0.04, 2)
    joint_factor = np.exp(normal(0.12))
    assignment = normal(0.5)
    batch = normal(0.25, 2)
    missing = normal(0.3, len(MISSING_ITEMS))
    monotherapy = np.full(SITES + 1, mode.monotherapy)
    age_shift = np.zeros(SITES + 1)
    if mode.sites:
        response[SHIFTED_SITE] += -0.30 - mode.gap  # in place of the gap, not on top of it
        monotherapy[SHIFTED_SITE] = min(1.0, mode.monotherapy + 0.30)
        age_shift[SHIFTED_SITE] = 8.0
    return World(
        response=response,
        response_by_arm=response_by_arm,
        joint_factor=joint_factor,
        assignment=assignment,
        batch=batch,
        missing=missing,
        monotherapy=monotherapy,
        age_shift=age_shift,
    )


def site_of(n: int, sites: Ints, mode: Mode) -> Ints:
    """(n,) site of the i-th draw: sites in turn, so that all are asked equally often."""
    return np.resize(sites if mode.sites else np.zeros(1, dtype=np.int64), n)
