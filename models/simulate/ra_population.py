"""Baseline of SIMULATED patients: a Gaussian copula with published marginals.

Marginals: Swedish register (n = 22,486) and trial baselines; see `data/` for the correlations.
Sizes without a source (CXCL13, sICAM1, IL-6 of the registry) are design assumptions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr, ndtri

from models.cohort import Floats, Ints
from models.simulate.ra_tables import LATENTS, baseline_correlations
from models.simulate.ra_world import Mode, Population, World

_Z = np.linspace(-6.0, 6.0, 4001)
"""Knots of tabulated quantile functions: interpolating is far faster than inverting a beta."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marginals:
    """Baseline marginals of one population; pairs are (mean, SD) unless named otherwise."""

    age: tuple[float, float]
    tjc: tuple[float, float]  # mean, size of a negative binomial
    sjc: tuple[float, float]  # mean, size
    ptga: tuple[float, float]  # 0-100
    phga: tuple[float, float]  # 0-100
    pain: tuple[float, float]  # 0-100
    haq: tuple[float, float]  # 0-3
    crp: tuple[float, float]  # median mg/L, log-SD
    esr: tuple[float, float]  # median mm/h, log-SD
    il6: tuple[float, float]  # median pg/mL, log-SD
    prior: tuple[float, float, float, float]  # share with 0, 1, 2, 3 prior TNFi


MARGINALS: Mapping[Population, Marginals] = {
    Population.REGISTRY: Marginals(
        age=(56, 13),
        tjc=(8.0, 1.7),
        sjc=(7.0, 1.8),
        ptga=(57, 24),
        phga=(46, 21),
        pain=(57, 24),
        haq=(1.15, 0.65),
        crp=(10, 1.35),
        esr=(22, 0.85),
        il6=(10, 1.6),
        prior=(0.65, 0.22, 0.09, 0.04),
    ),
    Population.TRIAL_NAIVE: Marginals(
        age=(52, 12.3),
        tjc=(15.5, 5),
        sjc=(12.0, 5),
        ptga=(66, 18),
        phga=(65, 15),
        pain=(67, 19),
        haq=(1.62, 0.62),
        crp=(15, 1.0),
        esr=(44, 0.50),
        il6=(17, 1.8),
        prior=(1.0, 0.0, 0.0, 0.0),
    ),
    Population.TRIAL_TNF_IR: Marginals(
        age=(53, 12.3),
        tjc=(16.5, 5),
        sjc=(12.5, 5),
        ptga=(69, 18),
        phga=(67, 15),
        pain=(69, 19),
        haq=(1.75, 0.60),
        crp=(17, 1.05),
        esr=(45, 0.52),
        il6=(19, 1.8),
        prior=(0.0, 0.50, 0.35, 0.15),
    ),
}

PREVALENCE: Mapping[str, float] = {
    "heart_failure": 0.015,
    "diverticulitis": 0.03,
    "interstitial_lung_disease": 0.05,
    "latent_tuberculosis": 0.05,
    "anti_hbc": 0.03,
    "multiple_sclerosis": 0.003,
    "uveitis": 0.01,
    "inflammatory_bowel_disease": 0.01,
    "psoriasis": 0.03,
    "alt_above_1_5_uln": 0.03,
}
"""Comorbidity prevalences (design assumptions), independent of each other and of activity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """True baseline of n patients, every array (n,); the simulator knows it, a record may not.

    Globals and pain are 0-100 mm, HAQ 0-3, CRP mg/L, ESR mm/h, IL-6 pg/mL, Hb g/dL, age and
    duration years, BMI kg/m2; `icam`, `cxcl13`, `cal`, `gtnf`, `ifn` standardised; flags 0/1.
    """

    site: Ints
    age: Floats
    male: Floats
    bmi: Floats
    smoker: Floats
    duration: Floats
    monotherapy: Floats
    prior: Floats
    primary_failure: Floats
    haq: Floats
    tjc: Floats
    sjc: Floats
    ptga: Floats
    phga: Floats
    pain: Floats
    rf: Floats
    acpa: Floats
    crp: Floats
    esr: Floats
    il6: Floats
    hb: Floats
    icam: Floats
    cxcl13: Floats
    cal: Floats
    gtnf: Floats
    ifn: Floats
    anc: Floats

    @property
    def n(self) -> int:
        return int(self.age.shape[0])

    @property
    def cdai(self) -> Floats:
        """(n,) Clinical Disease Activity Index, 0-76."""
        return self.tjc + self.sjc + self.ptga / 10 + self.phga / 10

    def rows(self, where: Ints) -> Patients:
        return Patients(**{f.name: getattr(self, f.name)[where] for f in fields(self)})


def concatenate(parts: Sequence[Patients]) -> Patients:
    """Several sets of patients as one, in order."""
    return Patients(
        **{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Patients)}
    )


def _beta(z: Floats, mean: float, sd: float) -> Floats:
    """Beta quantile at Phi(z), for a mean and SD on [0, 1]."""
    nu = mean * (1 - mean) / sd**2 - 1
    return np.asarray(np.interp(z, _Z, stats.beta.ppf(ndtr(_Z), mean * nu, (1 - mean) * nu)))


def _joints(z: Floats, mean: float, size: float, factor: Floats) -> Floats:
    """Negative binomial count at Phi(z), times the assessor's habit, rounded and capped at 28."""
    cdf = stats.nbinom.cdf(np.arange(400), size, size / (size + mean))
    count = np.searchsorted(cdf, ndtr(z)).astype(float)
    return np.asarray(np.minimum(np.rint(count * factor), 28.0))


def round_haq(haq: Floats) -> Floats:
    """HAQ-DI moves in steps of an eighth, from 0 to 3."""
    return np.asarray(np.clip(np.rint(haq * 8) / 8, 0.0, 3.0))


def draw(mode: Mode, sites: World, site: Ints, rng: np.random.Generator) -> Patients:
    """Baseline of one patient per entry of `site`, before eligibility.

    Parameters
    ----------
    site : (n,) site numbers, rows of `sites`
    rng : the baseline generator

    Returns
    -------
    Patients
        Not yet filtered: see `eligible`.
    """
    n = site.shape[0]
    m = MARGINALS[mode.population]
    cholesky = np.linalg.cholesky(baseline_correlations())
    z = dict(zip(LATENTS, (rng.standard_normal((n, len(LATENTS))) @ cholesky.T).T, strict=True))

    zr = 0.35 * z["cxcl13"] + np.sqrt(1 - 0.35**2) * rng.standard_normal(n)
    rf = np.where(zr > ndtri(0.25), 1.0, 0.0)
    za = 0.75 * zr + np.sqrt(1 - 0.75**2) * rng.standard_normal(n)
    acpa = np.where(za > ndtri(0.28), 1.0, 0.0)
    smoker = np.where(rng.random(n) < ndtr(ndtri(0.17) + 0.15 * (rf - 0.75)), 1.0, 0.0)
    prior = np.searchsorted(np.cumsum(m.prior)[:3], rng.random(n), side="right").astype(float)
    primary = np.where((prior > 0) & (rng.random(n) < 0.38), 1.0, 0.0)
    mono = np.where(rng.random(n) < sites.monotherapy[site], 1.0, 0.0)
    male = np.where(rng.random(n) < 0.22, 1.0, 0.0)
    duration = rng.gamma(1.1, 6.5, n) + 2.5 * prior
    factor = sites.joint_factor[site]

    def log_normal(name: str, median_sd: tuple[float, float], low: float, high: float) -> Floats:
        return np.asarray(np.clip(median_sd[0] * np.exp(median_sd[1] * z[name]), low, high))

    age = np.clip(m.age[0] + m.age[1] * z["age"], 18.0, 88.0)
    return Patients(
        site=site,
        age=np.clip(age + sites.age_shift[site], 18.0, 88.0),
        male=male,
        bmi=np.clip(27.2 * np.exp(0.19 * z["bmi"]), 16.0, 55.0),
        smoker=smoker,
        duration=np.clip(duration, 0.2, 45.0),
        monotherapy=mono,
        prior=prior,
        primary_failure=primary,
        haq=round_haq(3 * _beta(z["haq"], m.haq[0] / 3, m.haq[1] / 3)),
        tjc=_joints(z["tjc"], *m.tjc, factor),
        sjc=_joints(z["sjc"], *m.sjc, factor),
        ptga=100 * _beta(z["ptga"], m.ptga[0] / 100, m.ptga[1] / 100),
        phga=100 * _beta(z["phga"], m.phga[0] / 100, m.phga[1] / 100),
        pain=100 * _beta(z["pain"], m.pain[0] / 100, m.pain[1] / 100),
        rf=rf,
        acpa=acpa,
        crp=log_normal("lncrp", m.crp, 0.3, 250.0),
        esr=log_normal("lnesr", m.esr, 1.0, 140.0),
        il6=log_normal("lnil6", m.il6, 1.5, 800.0),
        hb=12.6 + 1.2 * male + 1.15 * z["hb"],
        icam=z["icam"],
        cxcl13=z["cxcl13"],
        cal=z["cal"],
        gtnf=z["gtnf"],
        ifn=z["ifn"],
        anc=4.3 * np.exp(0.36 * rng.standard_normal(n)),
    )


def eligible(patients: Patients, mode: Mode) -> NDArray[np.bool_]:
    """(n,) trial: active by joints and by CRP or ESR; EHR: CDAI above 10, not yet at target."""
    if mode.population is Population.REGISTRY:
        return np.asarray(patients.cdai > 10.0)
    inflamed = (patients.crp >= 8.0) | (patients.esr >= 28.0)
    return np.asarray((patients.tjc >= 6) & (patients.sjc >= 4) & inflamed)


def comorbidities(patients: Patients, rng: np.random.Generator) -> dict[str, Floats]:
    """Comorbidity -> (n,) 0/1; ANC below 2.0 follows the count, pregnancy intent women under 45."""
    flags = {
        name: (rng.random(patients.n) < share).astype(float) for name, share in PREVALENCE.items()
    }
    flags["anc_below_2"] = (patients.anc < 2.0).astype(float)
    fertile = (patients.male == 0) & (patients.age < 45)
    flags["pregnancy_intent"] = (fertile & (rng.random(patients.n) < 0.04)).astype(float)
    return flags
