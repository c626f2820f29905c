"""SIMULATED rheumatoid arthritis cohort: TNF inhibitor or IL-6 inhibitor, CDAI <= 10 at 24 weeks.

One call draws one set of patients in one world of twelve sites:

    train = simulate(6_000, k=0.5, seed=1, site_seed=7)
    test = simulate(20_000, k=0.5, seed=2, site_seed=7, sites=(10, 11, 12), truth=True)

`site_seed` fixes the world (all site effects), `seed` the patients: same world and different seeds
give disjoint patients at the same sites. The same seeds with another `k` give the same patients,
the same noise and another biology. Software validation only; nothing here is a patient.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.cohort import Cohort, CohortError, Floats, Ints, Truth
from models.simulate import ra_population, ra_record, ra_response, ra_scores, ra_truth
from models.simulate.ra_population import Patients, concatenate
from models.simulate.ra_world import CRP_MG_DL_SITES, EHR, SITES, Mode, World, site_of, world

TREATMENTS = ("tnfi", "il6i")
TRAINING_SITES = tuple(range(1, 10))
HELD_OUT_SITES = (10, 11, 12)
_PURPOSES = ("baseline", "comorbidity", "assignment", "outcome", "assay", "missingness")


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCohort:
    """A SIMULATED cohort and everything a record would not say.

    cohort : what a model may see, and the truth to score it against
    truth : the same truth, which here always exists
    complete : feature id -> (n,), as recorded but with nothing missing
    patients : true baseline
    comorbidities : name -> (n,) 0/1
    endpoints : name -> (n, 2) under each treatment (see `ra_scores.endpoints`)
    mu : (n, 2) mean log reduction under each treatment, hidden frailty apart
    frailty : (n,) hidden frailty, SD units; zeros where switched off
    propensity : (n,) probability with which IL-6i was chosen
    crp_reported, crp_unit : (n,) CRP as the site's laboratory wrote it, and in which unit
    """

    cohort: Cohort
    truth: Truth
    complete: Mapping[str, Floats]
    patients: Patients
    comorbidities: Mapping[str, Floats]
    endpoints: Mapping[str, Floats]
    mu: Floats
    frailty: Floats
    propensity: Floats
    crp_reported: Floats
    crp_unit: np.ndarray[tuple[int], np.dtype[np.str_]]


def simulate(
    n: int,
    *,
    k: float,
    seed: int,
    mode: Mode = EHR,
    sites: Sequence[int] = TRAINING_SITES,
    truth: bool = False,
    site_seed: int | None = None,
    confounded: bool = True,
) -> Cohort:
    """`simulate_all(...)` reduced to what a model may see, plus the truth to score it against."""
    return simulate_all(
        n,
        k=k,
        seed=seed,
        mode=mode,
        sites=sites,
        truth=truth,
        site_seed=site_seed,
        confounded=confounded,
    ).cohort


def simulate_all(
    n: int,
    *,
    k: float,
    seed: int,
    mode: Mode = EHR,
    sites: Sequence[int] = TRAINING_SITES,
    truth: bool = False,
    site_seed: int | None = None,
    confounded: bool = True,
) -> SimulatedCohort:
    """Draw n eligible patients, equally many per site.

    Parameters
    ----------
    n : patients after eligibility
    k : biomarker-by-treatment interaction: 0 none, 0.5 demo default, 1 calibrated, 2 as published
    seed : which patients; every purpose has its own generator, so masking cannot move an outcome
    mode : `EHR`, `EHR_COMPLETE`, `TRIAL_NAIVE`, `TRIAL_TNF_IR` or a `dataclasses.replace` of one
    sites : among 1-12; ignored (all at site 0, "one centre") where the mode has no site effects
    truth : compute the true probabilities too (20,000 patients in a few seconds); otherwise NaN
    site_seed : which world; `seed` if not given
    confounded : False assigns treatment by a fair coin whatever the mode says

    Raises
    ------
    CohortError
        For an argument out of range, naming it and the remedy.
    """
    _check(n, k, seed, sites, site_seed)
    if not confounded:
        mode = replace(mode, confounded=False)
    there = world(mode, seed if site_seed is None else site_seed)
    streams = np.random.SeedSequence(seed, spawn_key=(1,)).spawn(len(_PURPOSES))
    rng = {name: np.random.default_rng(s) for name, s in zip(_PURPOSES, streams, strict=True)}

    patients = _eligible_patients(n, mode, there, np.unique(np.asarray(sites)), rng["baseline"])
    flags = ra_population.comorbidities(patients, rng["comorbidity"])
    frailty = rng["assignment"].standard_normal(n) * (1.0 if mode.hidden else 0.0)
    chance = ra_record.propensity(patients, flags, frailty, mode, there)
    treatment = (rng["assignment"].random(n) < chance).astype(np.int64)

    mu = ra_response.mean_log_reduction(patients, k, there)
    both = [
        _endpoints_under(arm, patients, mu[:, arm], frailty, mode, rng["outcome"]) for arm in (0, 1)
    ]
    endpoints = {name: np.stack([arm[name] for arm in both], axis=1) for name in both[0]}
    probability = np.full((n, 2), np.nan)
    if truth:
        probability = ra_truth.true_probability(patients, mu, mode)

    rows = np.arange(n)
    complete = ra_record.recorded(patients, mode, there, rng["assay"])
    features, outcome = complete, endpoints["cdai_lda"][rows, treatment]
    if mode.masked:
        missing = ra_record.missing_items(patients, there, rng["missingness"])
        features = ra_record.masked(complete, missing)
        stopped = endpoints["stopped"][rows, treatment]
        unknown = ra_record.endpoint_missing(patients, outcome, stopped, there, rng["missingness"])
        outcome = np.where(unknown, np.nan, outcome)

    in_mg_dl = mode.sites & np.isin(patients.site, CRP_MG_DL_SITES)
    truth_known = Truth(probability=probability, potential=endpoints["cdai_lda"])
    cohort = Cohort(
        features=features,
        treatment=treatment,
        outcome=outcome,
        site=patients.site,
        treatments=TREATMENTS,
        simulated=True,
        description=(
            f"SIMULATED rheumatoid arthritis cohort, not patients: {n} courses, "
            f"{mode.name}, k={k:g}, "
            f"sites {sorted(set(patients.site.tolist()))}, patient seed {seed}, "
            f"world seed {seed if site_seed is None else site_seed}"
        ),
        truth=truth_known,
    )
    return SimulatedCohort(
        cohort=cohort,
        truth=truth_known,
        complete=complete,
        patients=patients,
        comorbidities=flags,
        endpoints=endpoints,
        mu=mu,
        frailty=frailty,
        propensity=chance,
        crp_reported=np.where(in_mg_dl, features["crp"] / 10, features["crp"]),
        crp_unit=np.where(in_mg_dl, "mg/dL", "mg/L"),
    )


def _check(n: int, k: float, seed: int, sites: Sequence[int], site_seed: int | None) -> None:
    if n < 1:
        raise CohortError(f"n is {n}; ask for at least 1 patient")
    if not 0.0 <= k <= 5.0:
        raise CohortError(f"k is {k}; the interaction knob runs from 0 (none) to 5, usually 0 to 2")
    for name, value in (("seed", seed), ("site_seed", site_seed)):
        if value is not None and value < 0:
            raise CohortError(f"{name} is {value}; use a whole number from 0")
    wrong = [s for s in sites if s not in range(1, SITES + 1)]
    if wrong or not len(sites):
        raise CohortError(
            f"sites {list(sites)}: choose one or more whole numbers from 1 to {SITES}"
        )


def _eligible_patients(
    n: int, mode: Mode, there: World, sites: Ints, rng: np.random.Generator
) -> Patients:
    """The first eligible draws of each site, sites in turn, until every site has its share."""
    wanted = np.bincount(site_of(n, sites, mode), minlength=SITES + 1)
    kept: list[Patients] = []
    while wanted.any():
        # Half of trial candidates can be ineligible; a second batch is cheap and seldom needed.
        open_sites = np.flatnonzero(wanted)
        batch = site_of(int(wanted.max() * 1.3 + 50) * open_sites.size, open_sites, mode)
        drawn = ra_population.draw(mode, there, batch, rng)
        suitable = np.flatnonzero(ra_population.eligible(drawn, mode))
        at = drawn.site[suitable]
        rank = np.empty(suitable.size, dtype=np.int64)
        for site in open_sites:
            rank[at == site] = np.arange(np.count_nonzero(at == site))
        taken = suitable[rank < wanted[at]]
        kept.append(drawn.rows(taken))
        wanted -= np.bincount(drawn.site[taken], minlength=SITES + 1)
    return concatenate(kept)


def _endpoints_under(
    arm: int,
    patients: Patients,
    mu: Floats,
    frailty: Floats,
    mode: Mode,
    rng: np.random.Generator,
) -> dict[str, Floats]:
    """Every endpoint of every patient under one treatment; noise is independent between the two."""
    u = mu - ra_response.FRAILTY * frailty + ra_response.SD_U * rng.standard_normal(patients.n)
    after = ra_response.at_week_24(patients, u, arm, rng)
    stopped = rng.random(patients.n) < ra_response.stopping_probability(u, mode)
    return ra_scores.endpoints(patients, after, stopped)
