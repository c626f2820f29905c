"""Disease-activity states, HAQ categories and Boolean remission: cut-offs applied to rounded
values.
"""

from __future__ import annotations

from enum import StrEnum

from decision.clinical.scores.checks import ScoreSource, exact, in_range, joint_count, rounded
from decision.clinical.spec import Verification

SOURCES = {
    "das28_state": ScoreSource(
        citation="Fransen 2004 Rheumatology 43:1252 (remission); van Gestel 1996 Arthritis Rheum"
        " 39:34",
        verification=Verification.PARTLY,
    ),
    "das28_crp_state": ScoreSource(
        citation="Fleischmann 2015 Ann Rheum Dis 74:1132 (2.4 and 2.9, as in its abstract); 4.6"
        " for high activity: source to be supplied",
        verification=Verification.PARTLY,
    ),
    "cdai_state": ScoreSource(
        citation="Aletaha and Smolen 2005 Clin Exp Rheumatol 23:S100",
        verification=Verification.PARTLY,
    ),
    "sdai_state": ScoreSource(
        citation="Aletaha and Smolen 2005 Clin Exp Rheumatol 23:S100",
        verification=Verification.PARTLY,
    ),
    "haq_category": ScoreSource(
        citation="Bruce and Fries 2003 J Rheumatol 30:167", verification=Verification.UNVERIFIED
    ),
    "boolean_remission": ScoreSource(
        citation="Felson 2011 Ann Rheum Dis 70:404", verification=Verification.PARTLY
    ),
    "boolean_remission_2": ScoreSource(
        citation="Studenic 2022 Ann Rheum Dis", verification=Verification.UNVERIFIED
    ),
}


class ActivityState(StrEnum):
    """How active the disease is, from none that shows to high."""

    REMISSION = "remission"
    LOW = "low"
    MODERATE = "moderate"
    HIGH = "high"


class Disability(StrEnum):
    """What a HAQ-DI says of daily function. Cut-offs unverified."""

    MILD = "mild to moderate difficulty"
    MODERATE = "moderate to severe disability"
    SEVERE = "severe to very severe disability"


def das28_state(das28: float) -> ActivityState:
    """Remission below 2.6, low to 3.2, moderate to 5.1 (ESR-derived cut-offs; often also used for
    the CRP form).
    """
    value = rounded(in_range("das28", das28, 0, 10, "DAS28 units"), 2)
    if value < 2.6:
        return ActivityState.REMISSION
    return _upto(value, 3.2, 5.1)


def das28_crp_state(das28_crp: float) -> ActivityState:
    """Remission below 2.4, low to 2.9, moderate to 4.6: cut-offs also in use for the CRP form."""
    value = rounded(in_range("das28_crp", das28_crp, 0, 10, "DAS28 units"), 2)
    if value < 2.4:
        return ActivityState.REMISSION
    return _upto(value, 2.9, 4.6)


def cdai_state(cdai: float) -> ActivityState:
    """Remission to 2.8, low to 10, moderate to 22."""
    value = rounded(in_range("cdai", cdai, 0, 76, "CDAI units"), 1)
    return ActivityState.REMISSION if value <= 2.8 else _upto(value, 10.0, 22.0)


def sdai_state(sdai: float) -> ActivityState:
    """Remission to 3.3, low to 11, moderate to 26."""
    value = rounded(in_range("sdai", sdai, 0, 176, "SDAI units"), 1)
    return ActivityState.REMISSION if value <= 3.3 else _upto(value, 11.0, 26.0)


def _upto(value: float, low: float, moderate: float) -> ActivityState:
    if value <= low:
        return ActivityState.LOW
    return ActivityState.MODERATE if value <= moderate else ActivityState.HIGH


def haq_category(haq_di: float) -> Disability:
    """Mild below 1, moderate below 2, severe from 2 to 3 (unverified)."""
    value = in_range("haq_di", haq_di, 0, 3, "on the HAQ-DI scale")
    if value < 1:
        return Disability.MILD
    return Disability.MODERATE if value < 2 else Disability.SEVERE


def boolean_remission(
    *,
    tender_joints_28: float,
    swollen_joints_28: float,
    crp_mg_l: float,
    patient_global_0_10: float,
    highest_patient_global: float = 1.0,
) -> bool:
    """All of: one tender and one swollen joint at most, CRP at most 1 mg/dL (10 mg/L), global at
    most 1 of 10.
    """
    crp_mg_dl = exact(in_range("crp_mg_l", crp_mg_l, 0, 1000, "mg/L")) / 10
    return (
        joint_count("tender_joints_28", tender_joints_28) <= 1
        and joint_count("swollen_joints_28", swollen_joints_28) <= 1
        and crp_mg_dl <= 1
        and in_range("patient_global_0_10", patient_global_0_10, 0, 10, "on a 0-10 scale")
        <= highest_patient_global
    )


def boolean_remission_2(
    *,
    tender_joints_28: float,
    swollen_joints_28: float,
    crp_mg_l: float,
    patient_global_0_10: float,
) -> bool:
    """Boolean 2.0: the same with a patient global of at most 2 of 10 (unverified)."""
    return boolean_remission(
        tender_joints_28=tender_joints_28,
        swollen_joints_28=swollen_joints_28,
        crp_mg_l=crp_mg_l,
        patient_global_0_10=patient_global_0_10,
        highest_patient_global=2.0,
    )
