"""Disease scores and response criteria for arrays of SIMULATED patients.

The single-patient scores shown to clinicians live in `decision.clinical`; these are their
vectorised twins, and the tests hold the two equal. Globals and pain are 0-100 mm here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.cohort import Floats
from models.simulate.ra_population import Patients
from models.simulate.ra_response import Components

Baseline = Patients | Components


def cdai(p: Baseline) -> Floats:
    """Clinical Disease Activity Index, 0-76; not rounded: simulated globals are continuous."""
    return p.tjc + p.sjc + p.ptga / 10 + p.phga / 10


def das28_crp(p: Baseline) -> Floats:
    """DAS28 with CRP in mg/L and the patient's global in mm."""
    joints = 0.56 * np.sqrt(p.tjc) + 0.28 * np.sqrt(p.sjc)
    return np.asarray(joints + 0.36 * np.log(p.crp + 1) + 0.014 * p.ptga + 0.96)


def das28_esr(p: Baseline) -> Floats:
    """DAS28 with ESR in mm/h, floored at 1 so that the logarithm stays defined."""
    joints = 0.56 * np.sqrt(p.tjc) + 0.28 * np.sqrt(p.sjc)
    return np.asarray(joints + 0.70 * np.log(np.maximum(p.esr, 1.0)) + 0.014 * p.ptga)


def eular_good(before: Floats, after: Floats) -> NDArray[np.bool_]:
    """Attained DAS28 <= 3.2, fall > 1.2; rounded to 2 decimals: 4.4 - 3.2 exceeds 1.2 in floats."""
    return np.asarray((np.round(after, 2) <= 3.2) & (np.round(before - after, 2) > 1.2))


def acr(before: Baseline, after: Components, percent: float) -> NDArray[np.bool_]:
    """ACR response on 28 joints, an approximation: trials count 68/66.

    Both joint counts and at least three of patient's global, physician's global, pain, HAQ and CRP
    improved by `percent`; a component at 0 at baseline counts as improved.
    """

    def improved(name: str) -> NDArray[np.bool_]:
        b, a = getattr(before, name), getattr(after, name)
        fall = np.divide(b - a, b, out=np.ones_like(b), where=b > 0)
        return np.asarray(fall >= percent / 100)

    others = sum(improved(name).astype(int) for name in ("ptga", "phga", "pain", "haq", "crp"))
    return np.asarray(improved("tjc") & improved("sjc") & (others >= 3))


def endpoints(before: Patients, after: Components, stopped: NDArray[np.bool_]) -> dict[str, Floats]:
    """Endpoint -> (n,) 0/1 at week 24, and falls; stopping is non-response on every endpoint."""
    after_cdai, before_cdai = cdai(after), cdai(before)
    fall = das28_esr(before) - das28_esr(after)
    reached = {
        "cdai_lda": after_cdai <= 10.0,
        "cdai_remission": after_cdai <= 2.8,
        "acr20": acr(before, after, 20),
        "acr50": acr(before, after, 50),
        "acr70": acr(before, after, 70),
        "eular_good": eular_good(das28_crp(before), das28_crp(after)),
    }
    answer = {name: (flag & ~stopped).astype(float) for name, flag in reached.items()}
    return {
        **answer,
        "das28_esr_fall": fall,
        "cdai_fall": before_cdai - after_cdai,
        "stopped": stopped.astype(float),
    }
