"""DAS28 from C-reactive protein or erythrocyte sedimentation rate, with and without the patient's
global.
"""

from __future__ import annotations

import math

from decision.clinical.scores.checks import ScoreSource, in_range, joint_count
from decision.clinical.spec import Verification

SOURCES = {
    "das28_esr": ScoreSource(
        citation="Prevoo 1995 Arthritis Rheum 38:44",
        verification=Verification.PARTLY,
    ),
    "das28_crp": ScoreSource(
        citation="Wells 2009 Ann Rheum Dis 68:954", verification=Verification.PARTLY
    ),
    "das28_esr_three": ScoreSource(
        citation="Prevoo 1995 Arthritis Rheum 38:44; three-variable form",
        verification=Verification.VERIFIED,
    ),
    "das28_crp_three": ScoreSource(
        citation="Three-variable form for CRP: source to be supplied",
        verification=Verification.UNVERIFIED,
    ),
}
"""PARTLY: taken from the paper by way of docs/evidence.md and held by printed test vectors; the
paper itself is to be re-read.
"""

HIGHEST_CRP_MG_L = 1000.0
HIGHEST_ESR_MM_H = 200.0


def _joints(tender_joints_28: float, swollen_joints_28: float) -> float:
    tender = joint_count("tender_joints_28", tender_joints_28)
    swollen = joint_count("swollen_joints_28", swollen_joints_28)
    return 0.56 * math.sqrt(tender) + 0.28 * math.sqrt(swollen)


def _crp_term(crp_mg_l: float) -> float:
    return 0.36 * math.log(in_range("crp_mg_l", crp_mg_l, 0, HIGHEST_CRP_MG_L, "mg/L") + 1)


def _esr_term(esr_mm_h: float) -> float:
    # ln(0) does not exist and ln of a fraction would lower the score: rates below 1 count as 1.
    return 0.70 * math.log(max(in_range("esr_mm_h", esr_mm_h, 0, HIGHEST_ESR_MM_H, "mm/h"), 1.0))


def _global_term(patient_global_0_100: float) -> float:
    return 0.014 * in_range("patient_global_0_100", patient_global_0_100, 0, 100, "mm")


def das28_crp(
    *,
    tender_joints_28: float,
    swollen_joints_28: float,
    crp_mg_l: float,
    patient_global_0_100: float,
) -> float:
    """DAS28-CRP; CRP in mg/L and the global in mm (0-100): 4, 5, 7, 50 give 4.15."""
    joints = _joints(tender_joints_28, swollen_joints_28)
    return joints + _crp_term(crp_mg_l) + _global_term(patient_global_0_100) + 0.96


def das28_esr(
    *,
    tender_joints_28: float,
    swollen_joints_28: float,
    esr_mm_h: float,
    patient_global_0_100: float,
) -> float:
    """DAS28-ESR; ESR in mm/h (below 1 counts as 1), global in mm: 4, 5, 7, 50 give 3.81."""
    joints = _joints(tender_joints_28, swollen_joints_28)
    return joints + _esr_term(esr_mm_h) + _global_term(patient_global_0_100)


def das28_crp_three(*, tender_joints_28: float, swollen_joints_28: float, crp_mg_l: float) -> float:
    """Three-variable DAS28-CRP (unverified formula): 4, 5, 7 give 3.89."""
    joints = _joints(tender_joints_28, swollen_joints_28)
    return (joints + _crp_term(crp_mg_l)) * 1.10 + 1.15


def das28_esr_three(*, tender_joints_28: float, swollen_joints_28: float, esr_mm_h: float) -> float:
    """Three-variable DAS28-ESR: 4, 5, 7 give 3.52."""
    joints = _joints(tender_joints_28, swollen_joints_28)
    return (joints + _esr_term(esr_mm_h)) * 1.08 + 0.16
