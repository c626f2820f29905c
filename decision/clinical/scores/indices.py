"""CDAI and SDAI: plain sums, computed in decimal and rounded to one place before any cut-off."""

from __future__ import annotations

from decimal import Decimal

from decision.clinical.scores.checks import ScoreSource, exact, in_range, joint_count, rounded
from decision.clinical.scores.das28 import HIGHEST_CRP_MG_L
from decision.clinical.spec import Verification

SOURCES = {
    "cdai": ScoreSource(
        citation="Aletaha 2005 Arthritis Res Ther 7:R796", verification=Verification.PARTLY
    ),
    "sdai": ScoreSource(
        citation="Smolen 2003 Rheumatology 42:244", verification=Verification.PARTLY
    ),
}


def _sum(tender: float, swollen: float, patient: float, physician: float) -> Decimal:
    return (
        exact(joint_count("tender_joints_28", tender))
        + exact(joint_count("swollen_joints_28", swollen))
        + exact(in_range("patient_global_0_10", patient, 0, 10, "on a 0-10 scale"))
        + exact(in_range("physician_global_0_10", physician, 0, 10, "on a 0-10 scale"))
    )


def cdai(
    *,
    tender_joints_28: float,
    swollen_joints_28: float,
    patient_global_0_10: float,
    physician_global_0_10: float,
) -> float:
    """Clinical disease activity index, 0 to 76, to one decimal: 9 + 4 + 7.0 + 5.5 = 25.5."""
    total = _sum(tender_joints_28, swollen_joints_28, patient_global_0_10, physician_global_0_10)
    return rounded(total, 1)


def sdai(
    *,
    tender_joints_28: float,
    swollen_joints_28: float,
    patient_global_0_10: float,
    physician_global_0_10: float,
    crp_mg_l: float,
) -> float:
    """Simplified disease activity index; takes CRP in mg/L and adds it in mg/dL: CDAI 25.5, CRP 30
    mg/L give 28.5.
    """
    total = _sum(tender_joints_28, swollen_joints_28, patient_global_0_10, physician_global_0_10)
    crp_mg_dl = exact(in_range("crp_mg_l", crp_mg_l, 0, HIGHEST_CRP_MG_L, "mg/L")) / 10
    return rounded(total + crp_mg_dl, 1)
