"""How SIMULATED patients end up in a record: assays, treatment choice, what is not written."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, ndtr

from models.cohort import Floats
from models.simulate.ra_population import Patients
from models.simulate.ra_world import (
    COMMUNITY_SITES,
    CRP_LLOQ_4_SITE,
    MISSING_ITEMS,
    Mode,
    World,
)

LOG_SD_MARKER = 0.5
MARKER_MEDIAN = {"sicam1": 250.0, "cxcl13": 100.0, "calprotectin": 4.0}
"""Medians (ng/mL, pg/mL, mg/L) that turn a standardised marker into a concentration; assumed."""

MISSING_RATE = {
    "joints": 0.15,  # 0.30 at community sites
    "phga": 0.22,
    "ptga": 0.18,
    "haq": 0.38,
    "crp": 0.06,
    "esr": 0.25,
    "hemoglobin": 0.03,
    "rheumatoid_factor": 0.08,
    "acpa": 0.15,
    "smoking": 0.10,
    "bmi": 0.10,
    "stop_reason": 0.30,
    "il6": 0.88,
    "calprotectin": 0.93,
    "sicam1_cxcl13": 0.97,
    "rna": 0.95,
}
CORRELATED = (
    ("joints", "phga", "ptga", "haq"),
    ("crp", "esr", "hemoglobin"),
    ("rheumatoid_factor", "acpa"),
)
"""Same visit or same order: Gaussian copula with correlation 0.5 inside each group."""
COLUMNS_OF = {
    "joints": ("tender_joints", "swollen_joints"),
    "phga": ("physician_global",),
    "ptga": ("patient_global",),
    "smoking": ("current_smoker",),
    "stop_reason": ("primary_failure",),
    "sicam1_cxcl13": ("sicam1", "cxcl13"),
    "rna": ("tnfi_nonresponse_score", "interferon_score"),
}
"""Feature columns blanked together; any other item is a column of its own name."""


def recorded(p: Patients, mode: Mode, sites: World, rng: np.random.Generator) -> dict[str, Floats]:
    """Feature id -> (n,) as the site would record it, nothing missing, in the canonical units.

    With `mode.assays`: lognormal assay error (CRP 6 %, IL-6 15 %, markers 12 %), the quantification
    limit recorded in place of a lower value, RNA noise SD 0.35 and the site's batch shift.
    """

    def assay(cv: float) -> Floats:
        sd = np.sqrt(np.log(1 + cv**2)) if mode.assays else 0.0
        return np.asarray(np.exp(sd * rng.standard_normal(p.n)))

    def marker(name: str, z: Floats) -> Floats:
        return MARKER_MEDIAN[name] * np.exp(LOG_SD_MARKER * z) * assay(0.12)

    def rna(score: Floats, which: int) -> Floats:
        noise = 0.35 * rng.standard_normal(p.n) + sites.batch[p.site, which]
        return score + noise if mode.assays else score

    crp, il6 = p.crp * assay(0.06), p.il6 * assay(0.15)
    if mode.assays:
        crp = np.maximum(crp, np.where(p.site == CRP_LLOQ_4_SITE, 4.0, 1.0))
        il6 = np.maximum(il6, 1.5)
    return {
        "age": p.age,
        "male": p.male,
        "bmi": p.bmi,
        "current_smoker": p.smoker,
        "disease_duration": p.duration,
        "monotherapy": p.monotherapy,
        "prior_tnfi_count": p.prior,
        "primary_failure": p.primary_failure,
        "haq": p.haq,
        "tender_joints": p.tjc,
        "swollen_joints": p.sjc,
        "patient_global": p.ptga / 10,
        "physician_global": p.phga / 10,
        "rheumatoid_factor": p.rf,
        "acpa": p.acpa,
        "crp": crp,
        "esr": p.esr,
        "il6": il6,
        "sicam1": marker("sicam1", p.icam),
        "cxcl13": marker("cxcl13", p.cxcl13),
        "calprotectin": marker("calprotectin", p.cal),
        "hemoglobin": p.hb,
        "tnfi_nonresponse_score": rna(p.gtnf, 0),
        "interferon_score": rna(p.ifn, 1),
    }


def propensity(
    p: Patients, flags: dict[str, Floats], frailty: Floats, mode: Mode, sites: World
) -> Floats:
    """(n,) P(IL-6i): by habit and contraindication where confounded, otherwise one half."""
    if not mode.confounded:
        return np.full(p.n, 0.5)
    bowel_or_eye = (flags["uveitis"] == 1) | (flags["inflammatory_bowel_disease"] == 1)
    log_odds = (
        -3.0
        + 1.3 * (p.prior == 1)
        + 2.0 * (p.prior >= 2)
        + 0.8 * p.monotherapy
        + 0.35 * (np.log(p.crp) - np.log(12)) / 1.25
        + 0.15 * (p.cdai - 25) / 10
        + 0.5 * p.primary_failure
        + 1.2 * flags["heart_failure"]
        - 1.5 * flags["diverticulitis"]
        - 0.8 * bowel_or_eye
        - 0.5 * (p.anc < 2.5)
        + sites.assignment[p.site]
        + 0.4 * frailty
    )
    return np.asarray(expit(log_odds))


def _item_log_odds(item: str, p: Patients, sites: World) -> Floats:
    community = (item == "joints") & np.isin(p.site, COMMUNITY_SITES)
    rate: Floats = logit(np.where(community, 0.30, MISSING_RATE[item]))
    slope = 0.25 if item == "joints" else 0.10  # well patients are not scored
    site: Floats = sites.missing[p.site, MISSING_ITEMS.index(item)]
    return rate + site - slope * (p.cdai - 26.8) / 12.6


def missing_items(
    p: Patients, sites: World, rng: np.random.Generator
) -> dict[str, NDArray[np.bool_]]:
    """Item -> (n,) True where the record lacks it; one draw for what is ordered together."""
    answer: dict[str, NDArray[np.bool_]] = {}
    shared = {item: g for g, group in enumerate(CORRELATED) for item in group}
    common = rng.standard_normal((len(CORRELATED), p.n))
    for item in MISSING_RATE:
        z = rng.standard_normal(p.n)
        if item in shared:
            z = np.sqrt(0.5) * common[shared[item]] + np.sqrt(0.5) * z
        answer[item] = np.asarray(ndtr(z) < expit(_item_log_odds(item, p, sites)))
    answer["stop_reason"] &= p.prior > 0  # never exposed: known not to have failed
    return answer


def masked(features: dict[str, Floats], missing: dict[str, NDArray[np.bool_]]) -> dict[str, Floats]:
    """A copy of the features with NaN where the record lacks the item."""
    answer = dict(features)
    for item, where in missing.items():
        for column in COLUMNS_OF.get(item, (item,)):
            answer[column] = np.where(where, np.nan, features[column])
    return answer


def endpoint_missing(
    p: Patients, response: Floats, stopped: Floats, sites: World, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """(n,) True where week-24 CDAI is not recorded: oftener in the well and those who stopped."""
    site = sites.missing[p.site, MISSING_ITEMS.index("endpoint")]
    log_odds = logit(0.30) - 0.26 + site + 0.4 * response + 0.4 * stopped
    return np.asarray(rng.random(p.n) < expit(log_odds))
