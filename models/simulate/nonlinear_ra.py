"""SIMULATED rheumatoid arthritis cohort whose response bends and interacts: same patients, other
biology.

Patients, sites, choice of drug, assays and missing values are those of `models.simulate.ra`; only
the mean log reduction differs, by `bends`, and with it the outcomes. It exists so that a flexible
model *can* win, and the gate that admits one is seen to open: nearly nothing of what is added can
be told by a straight line in any recorded column. Sizes are chosen for that purpose and come from
no publication; directions follow a plausible reading, no more. Software validation only.

| term | added to mu, both drugs unless named | where |
|---|---|---|
| weight | lowest at the extremes of BMI, a U in ln BMI | clinical |
| age and duration | early disease pays in the young, not in the old: product | clinical |
| discordance | patient's global above the physician's, the worse the older: product | clinical |
| joints | tender beyond swollen joints tells against a response only at a high HAQ | clinical |
| acute phase | best at a middling CRP, a hump in ln CRP | serology |
| antibodies | one of RF and ACPA alone responds worse than both or neither | serology |
| anaemia | high CRP with low Hb favours the IL-6 inhibitor: product | serology, effect |
| habitus | heavy without methotrexate favours the IL-6 inhibitor | clinical, effect |
| smoking and ACPA | together they respond worse: product | across modalities |

The last row is out of reach of every model that adds up modalities.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.cohort import Cohort, CohortError, Floats, Truth
from models.simulate import ra_record, ra_response, ra_scores, ra_truth
from models.simulate.ra import HELD_OUT_SITES, TRAINING_SITES, TREATMENTS, simulate_all
from models.simulate.ra_population import Patients
from models.simulate.ra_world import EHR, Mode, world

__all__ = ["HELD_OUT_SITES", "TRAINING_SITES", "TREATMENTS", "bends", "simulate"]

STRENGTH = 1.0
"""Scale of everything added; 0 gives the linear biology of `models.simulate.ra` again."""
_PURPOSES = ("outcome", "missingness")
_LIMIT = 2.0
"""Standardised values are cut here, so that no single patient has an absurd response."""


def bends(p: Patients) -> Floats:
    """(n, 2) what is added to the mean log reduction under each treatment."""
    age, duration = _z(p.age, 56.0, 13.0), _z(np.log(p.duration), 1.7, 1.0)
    weight = _z(np.log(p.bmi), 3.30, 0.19)
    discord = _z(p.ptga - p.phga, 10.0, 24.0)
    tender = _z(np.sqrt(p.tjc) - np.sqrt(p.sjc), 0.2, 1.2)
    haq = _z(p.haq, 1.3, 0.65)
    crp, hb = _z(np.log(p.crp), 2.3, 1.3), _z(p.hb, 12.9, 1.25)
    level = (
        0.18 * (0.9 - weight**2)
        + 0.25 * age * duration
        - 0.22 * discord * age
        - 0.20 * tender * haq
        + 0.22 * (0.9 - crp**2)
        + 0.90 * (p.rf - 0.75) * (p.acpa - 0.72)
        - 0.60 * (p.smoker - 0.17) * (p.acpa - 0.72)
    )
    gap = -0.35 * (crp * hb + 0.25) + 0.60 * weight * (p.monotherapy - 0.3)
    return np.asarray(level[:, None] + gap[:, None] * np.array([-0.5, 0.5]))


def simulate(
    n: int,
    *,
    k: float,
    seed: int,
    mode: Mode = EHR,
    sites: Sequence[int] = TRAINING_SITES,
    truth: bool = False,
    site_seed: int | None = None,
    strength: float = STRENGTH,
) -> Cohort:
    """Draw n eligible patients; arguments as for `models.simulate.ra.simulate_all`.

    Parameters
    ----------
    strength : scale of what bends and interacts; 0 is the linear biology

    Raises
    ------
    CohortError
        For an argument out of range, naming it and the remedy.
    """
    if not 0.0 <= strength <= 3.0:
        raise CohortError(f"strength is {strength}; use 0 (linear) to 3, usually {STRENGTH:g}")
    base = simulate_all(n, k=k, seed=seed, mode=mode, sites=sites, site_seed=site_seed)
    there = world(mode, seed if site_seed is None else site_seed)
    # The first two keys of a seed belong to the world and the patients of the linear cohort.
    streams = np.random.SeedSequence(seed, spawn_key=(2,)).spawn(len(_PURPOSES))
    rng = {name: np.random.default_rng(s) for name, s in zip(_PURPOSES, streams, strict=True)}

    p, drug, rows = base.patients, base.cohort.treatment, np.arange(n)
    mu = base.mu + strength * bends(p)
    both = [_under(arm, p, mu[:, arm], base.frailty, mode, rng["outcome"]) for arm in (0, 1)]
    reached = np.stack([arm["cdai_lda"] for arm in both], axis=1)
    stopped = np.stack([arm["stopped"] for arm in both], axis=1)
    probability = ra_truth.true_probability(p, mu, mode) if truth else np.full((n, 2), np.nan)
    outcome = reached[rows, drug]
    if mode.masked:
        unknown = ra_record.endpoint_missing(
            p, outcome, stopped[rows, drug], there, rng["missingness"]
        )
        outcome = np.where(unknown, np.nan, outcome)
    return Cohort(
        features=base.cohort.features,
        treatment=drug,
        outcome=outcome,
        site=p.site,
        treatments=TREATMENTS,
        simulated=True,
        description=f"{base.cohort.description}; NONLINEAR response, strength {strength:g}",
        truth=Truth(probability=probability, potential=reached),
    )


def _under(
    arm: int, p: Patients, mu: Floats, frailty: Floats, mode: Mode, rng: np.random.Generator
) -> dict[str, Floats]:
    """Every endpoint under one treatment, drawn as in the linear cohort."""
    u = mu - ra_response.FRAILTY * frailty + ra_response.SD_U * rng.standard_normal(p.n)
    after = ra_response.at_week_24(p, u, arm, rng)
    return ra_scores.endpoints(
        p, after, rng.random(p.n) < ra_response.stopping_probability(u, mode)
    )


def _z(x: Floats, centre: float, scale: float) -> Floats:
    return np.asarray(np.clip((x - centre) / scale, -_LIMIT, _LIMIT))
