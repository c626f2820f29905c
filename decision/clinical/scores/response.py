"""Response between two visits: EULAR, CDAI and ACR. Every comparison is made in decimal, never on
binary noise.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from enum import StrEnum

from decision.clinical.scores.checks import ScoreSource, exact, in_range, joint_count, rounded
from decision.clinical.spec import Verification

SOURCES = {
    "eular_response": ScoreSource(
        citation="van Gestel 1998 Arthritis Rheum 41:1845", verification=Verification.PARTLY
    ),
    "cdai_response": ScoreSource(
        citation="Aletaha 2012 Arthritis Rheum (minor, moderate, major)",
        verification=Verification.PARTLY,
    ),
    "cdai_important_difference": ScoreSource(
        citation="Curtis 2015 Arthritis Care Res 67:1345; the step for a baseline of 10 or less"
        " is unverified",
        verification=Verification.PARTLY,
    ),
    "HAQ_IMPORTANT_DIFFERENCE": ScoreSource(
        citation="Wells 1993 J Rheumatol 20:557", verification=Verification.PARTLY
    ),
    "acr_reached": ScoreSource(
        citation="Felson 1995 Arthritis Rheum 38:727; a component that was and stays 0 counts as"
        " improved by assumption",
        verification=Verification.PARTLY,
    ),
    "acr_response": ScoreSource(
        citation="Felson 1995 Arthritis Rheum 38:727", verification=Verification.PARTLY
    ),
}

HAQ_IMPORTANT_DIFFERENCE = 0.22


class EularResponse(StrEnum):
    """EULAR response categories."""

    NONE = "none"
    MODERATE = "moderate"
    GOOD = "good"


class CdaiResponse(StrEnum):
    """CDAI response categories: improvement of at least 50, 70 and 85 %."""

    NONE = "none"
    MINOR = "minor"
    MODERATE = "moderate"
    MAJOR = "major"


def eular_response(*, baseline_das28: float, attained_das28: float) -> EularResponse:
    """EULAR response from the attained DAS28 and the fall; both rounded to two decimals first (4.4
    to 3.2 is 1.20).
    """
    before = exact(in_range("baseline_das28", baseline_das28, 0, 10, "DAS28 units"))
    after = exact(in_range("attained_das28", attained_das28, 0, 10, "DAS28 units"))
    fall, attained = rounded(before - after, 2), rounded(after, 2)
    if fall <= 0.6:
        return EularResponse.NONE
    if attained <= 3.2:
        return EularResponse.GOOD if fall > 1.2 else EularResponse.MODERATE
    if attained <= 5.1 or fall > 1.2:
        return EularResponse.MODERATE
    return EularResponse.NONE


def _improved_by(before: float, after: float, percent: int) -> bool:
    # Nothing was wrong and nothing is: counts as improved. From nothing to something never does.
    if before == 0:
        return after == 0
    return (exact(before) - exact(after)) * 100 >= percent * exact(before)


def cdai_response(*, baseline_cdai: float, attained_cdai: float) -> CdaiResponse:
    """Minor, moderate or major CDAI response (at least 50, 70, 85 % improvement). A baseline of 0
    has none.
    """
    before = in_range("baseline_cdai", baseline_cdai, 0, 76, "CDAI units")
    after = in_range("attained_cdai", attained_cdai, 0, 76, "CDAI units")
    if before == 0:
        return CdaiResponse.NONE
    for percent, response in (
        (85, CdaiResponse.MAJOR),
        (70, CdaiResponse.MODERATE),
        (50, CdaiResponse.MINOR),
    ):
        if _improved_by(before, after, percent):
            return response
    return CdaiResponse.NONE


def cdai_important_difference(baseline_cdai: float) -> float:
    """Smallest fall in CDAI that matters to patients: 12 above 22, 6 above 10, 1 at 10 or less
    (last unverified).
    """
    value = rounded(in_range("baseline_cdai", baseline_cdai, 0, 76, "CDAI units"), 1)
    if value > 22:
        return 12.0
    return 6.0 if value > 10 else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrCoreSet:
    """The seven ACR core-set measures of one visit. Counts of 28 joints approximate the 68/66 of
    trials: label them so.

    `acute_phase` is CRP or ESR, the same one at both visits.
    """

    tender_joints: float
    swollen_joints: float
    patient_global: float
    physician_global: float
    pain: float
    haq_di: float
    acute_phase: float

    def __post_init__(self) -> None:
        joint_count("tender_joints", self.tender_joints)
        joint_count("swollen_joints", self.swollen_joints)
        for name in ("patient_global", "physician_global", "pain"):
            in_range(name, getattr(self, name), 0, 100, "mm")
        in_range("haq_di", self.haq_di, 0, 3, "on the HAQ-DI scale")
        in_range("acute_phase", self.acute_phase, 0, 1000, "mg/L or mm/h")


def acr_reached(baseline: AcrCoreSet, attained: AcrCoreSet, percent: int) -> bool:
    """Both joint counts and three of the other five improved by at least `percent`; exactly 20 %
    counts.
    """
    improved = [
        _improved_by(before, after, percent)
        for before, after in zip(astuple(baseline), astuple(attained), strict=True)
    ]
    return improved[0] and improved[1] and sum(improved[2:]) >= 3


def acr_response(baseline: AcrCoreSet, attained: AcrCoreSet) -> int:
    """The highest of ACR 70, 50 and 20 reached, or 0."""
    return next((n for n in (70, 50, 20) if acr_reached(baseline, attained, n)), 0)
