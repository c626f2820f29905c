"""What this decision shows over time: joint counts, globals, scores, blood tests, and their limits.

DAS28 is shown as what was measured; it is never an outcome here, because IL-6 blockade lowers CRP
and ESR whatever the joints do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from decision.catalog.ra_biologic_response.thresholds import THRESHOLDS
from decision.clinical.local import Local
from decision.clinical.scores import SOURCES, cdai, das28_crp, das28_esr
from decision.clinical.trends import Guide, Trend, no_guides

_ACTIVITY, _COMPONENTS = "Disease activity", "Joint counts and global assessments"
_BLOOD, _COUNTS = "Acute phase and blood", "Blood count and liver"
_RESEARCH = "Research tests"

_JOINTS = ("tender_joints", "swollen_joints")
_GLOBALS = ("patient_global", "physician_global")


def _guides(*listed: Guide) -> Callable[[date], tuple[Guide, ...]]:
    return lambda on: listed


def _cut(value: float, words: str, source: str) -> Guide:
    found = SOURCES[source]
    return Guide(value=value, words=words, citation=found.citation, verification=found.verification)


def _threshold(name: str, words: str) -> Guide:
    found = THRESHOLDS[name]
    return Guide(
        value=found.value, words=words, citation=found.citation, verification=found.verification
    )


def _cdai(parts: Mapping[str, float]) -> float:
    return cdai(
        tender_joints_28=parts["tender_joints"],
        swollen_joints_28=parts["swollen_joints"],
        patient_global_0_10=parts["patient_global"],
        physician_global_0_10=parts["physician_global"],
    )


def _das28_crp(parts: Mapping[str, float]) -> float:
    return das28_crp(
        tender_joints_28=parts["tender_joints"],
        swollen_joints_28=parts["swollen_joints"],
        crp_mg_l=parts["crp"],
        # The record holds the global on 0-10; DAS28 takes millimetres.
        patient_global_0_100=parts["patient_global"] * 10,
    )


def _das28_esr(parts: Mapping[str, float]) -> float:
    return das28_esr(
        tender_joints_28=parts["tender_joints"],
        swollen_joints_28=parts["swollen_joints"],
        esr_mm_h=parts["esr"],
        patient_global_0_100=parts["patient_global"] * 10,
    )


def _measured(
    name: str,
    label: str,
    short: str,
    unit: str,
    group: str,
    least: tuple[float, float],
    *,
    feature: str = "",
    decimals: int | None = None,
    guides: Callable[[date], tuple[Guide, ...]] = no_guides,
) -> Trend:
    return Trend(
        id=name,
        label=label,
        short=short,
        group=group,
        unit=unit,
        concepts=(name,),
        feature=feature,
        decimals=decimals,
        least=least,
        guides=guides,
    )


_PARTS = (
    # 66-joint counts are refused by the predictor's own rule, hence read through it.
    _measured(
        "tender_joints",
        "Tender joint count",
        "Tender joints",
        "{count}",
        _COMPONENTS,
        (0, 12),
        feature="tender_joints",
    ),
    _measured(
        "swollen_joints",
        "Swollen joint count",
        "Swollen joints",
        "{count}",
        _COMPONENTS,
        (0, 12),
        feature="swollen_joints",
    ),
    _measured(
        "patient_global",
        "Patient global assessment",
        "Patient global (0 to 10)",
        "{score}",
        _COMPONENTS,
        (0, 10),
    ),
    _measured(
        "physician_global",
        "Physician global assessment",
        "Physician global (0 to 10)",
        "{score}",
        _COMPONENTS,
        (0, 10),
    ),
    _measured("haq", "Function (HAQ-DI)", "HAQ-DI", "{score}", _COMPONENTS, (0, 3), decimals=3),
    _measured("crp", "C-reactive protein", "CRP", "mg/L", _BLOOD, (0, 10)),
    _measured("esr", "Erythrocyte sedimentation rate", "ESR", "mm/h", _BLOOD, (0, 30)),
    _measured("hemoglobin", "Haemoglobin", "Haemoglobin", "g/dL", _BLOOD, (10, 15)),
)

_SCORES = (
    Trend(
        id="cdai",
        label="Clinical disease activity index (CDAI)",
        short="CDAI",
        group=_ACTIVITY,
        unit="{score}",
        parts=(*_JOINTS, *_GLOBALS),
        compute=_cdai,
        decimals=1,
        least=(0, 24),
        guides=_guides(
            _cut(10.0, "low disease activity up to here", "cdai_state"),
            _cut(22.0, "moderate disease activity up to here", "cdai_state"),
        ),
    ),
    Trend(
        id="das28_crp",
        label="DAS28 with CRP",
        short="DAS28-CRP",
        group=_ACTIVITY,
        unit="{score}",
        parts=(*_JOINTS, "patient_global", "crp"),
        compute=_das28_crp,
        decimals=1,
        least=(2, 6),
        guides=_guides(_cut(2.9, "low disease activity up to here", "das28_crp_state")),
    ),
    Trend(
        id="das28_esr",
        label="DAS28 with ESR",
        short="DAS28-ESR",
        group=_ACTIVITY,
        unit="{score}",
        parts=(*_JOINTS, "patient_global", "esr"),
        compute=_das28_esr,
        decimals=1,
        least=(2, 6),
        guides=_guides(
            _cut(3.2, "low disease activity up to here", "das28_state"),
            _cut(5.1, "moderate disease activity up to here", "das28_state"),
        ),
    ),
)

_OTHER = (
    _measured(
        "neutrophils",
        "Neutrophils",
        "Neutrophils",
        "10*9/L",
        _COUNTS,
        (0, 6),
        guides=_guides(_threshold("neutrophils_il6i", "an IL-6 inhibitor is not started below")),
    ),
    _measured(
        "platelets",
        "Platelets",
        "Platelets",
        "10*9/L",
        _COUNTS,
        (0, 400),
        guides=_guides(_threshold("platelets_tocilizumab", "tocilizumab is not started below")),
    ),
    _measured("alt", "Alanine aminotransferase", "ALT", "U/L", _COUNTS, (0, 60)),
    _measured("ast", "Aspartate aminotransferase", "AST", "U/L", _COUNTS, (0, 60)),
    _measured("il6", "Interleukin-6", "IL-6", "pg/mL", _RESEARCH, (0, 10)),
    _measured("sicam1", "sICAM1", "sICAM1", "ng/mL", _RESEARCH, (0, 300)),
    _measured("cxcl13", "CXCL13", "CXCL13", "pg/mL", _RESEARCH, (0, 100)),
    _measured("calprotectin", "Calprotectin", "Calprotectin", "mg/L", _RESEARCH, (0, 5)),
    _measured(
        "tnfi_nonresponse_score",
        "Blood TNFi non-response score",
        "TNFi non-response score",
        "{score}",
        _RESEARCH,
        (-2, 2),
    ),
    _measured(
        "interferon_score",
        "Type I interferon score",
        "Interferon score",
        "{score}",
        _RESEARCH,
        (-2, 2),
    ),
)


def trends(local: Local) -> tuple[Trend, ...]:
    """Every series, in the order of the page; a place changes nothing here."""
    return (*_SCORES, *_PARTS, *_OTHER)
