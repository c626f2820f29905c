"""Scores of rheumatoid arthritis: pure functions with the unit and the scale of every argument in
its name.
"""

from decision.clinical.scores.checks import ScoreError, ScoreSource
from decision.clinical.scores.das28 import (
    SOURCES as _DAS28,
)
from decision.clinical.scores.das28 import das28_crp, das28_crp_three, das28_esr, das28_esr_three
from decision.clinical.scores.indices import SOURCES as _INDICES
from decision.clinical.scores.indices import cdai, sdai
from decision.clinical.scores.response import (
    HAQ_IMPORTANT_DIFFERENCE,
    AcrCoreSet,
    CdaiResponse,
    EularResponse,
    acr_reached,
    acr_response,
    cdai_important_difference,
    cdai_response,
    eular_response,
)
from decision.clinical.scores.response import SOURCES as _RESPONSE
from decision.clinical.scores.states import SOURCES as _STATES
from decision.clinical.scores.states import (
    ActivityState,
    Disability,
    boolean_remission,
    boolean_remission_2,
    cdai_state,
    das28_crp_state,
    das28_state,
    haq_category,
    sdai_state,
)

SOURCES = {**_DAS28, **_INDICES, **_STATES, **_RESPONSE}
"""Citation and verification status of every formula and cut-off here, by its public name."""

__all__ = [
    "HAQ_IMPORTANT_DIFFERENCE",
    "SOURCES",
    "AcrCoreSet",
    "ActivityState",
    "CdaiResponse",
    "Disability",
    "EularResponse",
    "ScoreError",
    "ScoreSource",
    "acr_reached",
    "acr_response",
    "boolean_remission",
    "boolean_remission_2",
    "cdai",
    "cdai_important_difference",
    "cdai_response",
    "cdai_state",
    "das28_crp",
    "das28_crp_state",
    "das28_crp_three",
    "das28_esr",
    "das28_esr_three",
    "das28_state",
    "eular_response",
    "haq_category",
    "sdai",
    "sdai_state",
]
