"""Response of SIMULATED patients: one latent log reduction, every component derived from it.

Because CDAI, DAS28, ACR and EULAR come from the same joints, globals and acute-phase reactants,
the endpoints agree by construction, and IL-6 blockade flatters those that count CRP or ESR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from models.cohort import Floats
from models.simulate.ra_population import Patients, round_haq
from models.simulate.ra_tables import response_coefficients
from models.simulate.ra_world import Mode, World

SD_U = 0.69
FRAILTY = 0.10
"""Fall of mu per SD of the hidden frailty."""

OFFSET_SD = {
    "sjc": (1.35, 0.74),
    "tjc": (1.23, 0.74),
    "phga": (-0.30, 0.29),
    "ptga": (-0.45, 0.375),
    "pain": (-0.45, 0.375),
    "haq": (-0.07, 0.375),
}
"""Component at week 24 = baseline * exp(-(U + offset + SD * N(0, 1)))."""
CRP_FALL = ((0.10, 0.35, 0.85), (2.1, 0.25, 0.90))
ESR_FALL = ((0.25, 0.35, 0.45), (1.55, 0.25, 0.60))
"""(constant, per U, SD) of the log fall under TNFi and IL-6i, which suppresses both directly."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Components:
    """Disease components, each (n,), in the units of `Patients`."""

    tjc: Floats
    sjc: Floats
    ptga: Floats
    phga: Floats
    pain: Floats
    haq: Floats
    crp: Floats
    esr: Floats


def mean_log_reduction(patients: Patients, k: float, sites: World) -> Floats:
    """(n, 2) mu under each treatment, without the hidden frailty.

    Parameters
    ----------
    k : size of the biomarker-by-treatment interaction; 0 none, 1 calibrated, 2 as published
    """
    p = patients
    terms = {
        "icpt": np.ones(p.n),
        "male": p.male,
        "age10": (p.age - 55) / 10,
        "haq": p.haq - 1.4,
        "ptga10": (p.ptga - 60) / 10,
        "dur10": (p.duration - 9) / 10,
        "smoke": p.smoker,
        "obese": (p.bmi >= 30).astype(float),
        "mono": p.monotherapy,
        "prior1": (p.prior >= 1).astype(float),
        "prior2": (p.prior >= 2).astype(float),
        "prim": p.primary_failure,
        "rf": p.rf - 0.75,
        "acpa": p.acpa - 0.72,
        "zcrp": (np.log(p.crp) - np.log(12)) / 1.25,
        "zil6": (np.log(p.il6) - np.log(12)) / 1.7,
        "hblow": (p.hb < 12).astype(float),
        "icam": p.icam,
        "cxcl13": p.cxcl13,
        "cal": p.cal,
        "gtnf": p.gtnf,
        "ifn": p.ifn,
    }
    coefficients = response_coefficients()
    if coefficients.keys() != terms.keys():
        raise KeyError(
            f"terms without a coefficient or the reverse: {coefficients.keys() ^ terms.keys()}"
        )
    beta = np.array([coefficients[name].at(k) for name in terms])
    design = np.stack(list(terms.values()), axis=1)
    site_effect = sites.response[p.site][:, None] + sites.response_by_arm[p.site]
    return np.asarray(design @ beta + site_effect)


def stopping_probability(u: Floats, mode: Mode) -> Floats:
    """Probability of stopping the drug before week 24: poor responders stop more often."""
    return np.asarray(ndtr(ndtri(mode.dropout) - 0.45 * (u - 0.9)))


def at_week_24(patients: Patients, u: Floats, arm: int, rng: np.random.Generator) -> Components:
    """Components 24 weeks after starting treatment `arm`, given the log reduction u (n,)."""

    def shrink(baseline: Floats, name: str) -> Floats:
        offset, sd = OFFSET_SD[name]
        return baseline * np.exp(-(u + offset + sd * rng.standard_normal(patients.n)))

    def suppress(baseline: Floats, fall: tuple[float, float, float], floor: float) -> Floats:
        constant, per_u, sd = fall
        log_fall = constant + per_u * u + sd * rng.standard_normal(patients.n)
        return np.maximum(baseline * np.exp(-log_fall), floor)

    return Components(
        sjc=np.minimum(np.rint(shrink(patients.sjc, "sjc")), 28.0),
        tjc=np.minimum(np.rint(shrink(patients.tjc, "tjc")), 28.0),
        phga=np.clip(shrink(patients.phga, "phga"), 0.0, 100.0),
        ptga=np.clip(shrink(patients.ptga, "ptga"), 0.0, 100.0),
        pain=np.clip(shrink(patients.pain, "pain"), 0.0, 100.0),
        haq=round_haq(shrink(patients.haq, "haq")),
        crp=suppress(patients.crp, CRP_FALL[arm], 0.3),
        esr=suppress(patients.esr, ESR_FALL[arm], 1.0),
    )
