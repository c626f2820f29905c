"""The 24 predictors: where each is looked for, in which unit, how old it may be, what is
supported.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from decision.catalog.ra_biologic_response.derive import arthritis, drugs
from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.clinical.codes import Codelist
from decision.clinical.features import Finding
from decision.clinical.record import PatientRecord
from decision.clinical.spec import FeatureSpec, Limits, Modality
from decision.evidence import person, results
from decision.evidence.asking import Ask, choice, number, whole_number

Derive = Callable[[PatientRecord, FeatureSpec, Mapping[str, Codelist]], Finding]

_SCALE = "Range of the scale itself."
_PLAUSIBLE = "Design assumption: a value beyond is more likely an error of unit or entry."
_FLAG = Limits(low=0, high=1, citation="0 or 1.")


def _feature(
    feature_id: str,
    label: str,
    short: str,
    unit: str,
    limits: Limits,
    derive: Derive = results.measured,
    *,
    modality: Modality = Modality.CLINICAL,
    within: timedelta | None = None,
    concepts: tuple[str, ...] | None = None,
    required: bool = False,
    ask: Ask | None = None,
    flag_labels: tuple[str, str] | None = None,
) -> FeatureSpec:
    return FeatureSpec(
        id=feature_id,
        label=label,
        short=short,
        modality=modality,
        unit=unit,
        concepts=(feature_id,) if concepts is None else concepts,
        lookback=within,
        supported=limits,
        required=required,
        derive=derive,
        entry=ask(unit, limits) if ask else None,
        flag_labels=flag_labels,
    )


def _limits(low: float, high: float, citation: str = _PLAUSIBLE) -> Limits:
    return Limits(low=low, high=high, citation=citation)


_POSITIVE = {"positive": "Positive", "negative": "Negative"}
_ANTIBODY_WORDS = ("negative", "positive")
_JOINTS = _limits(0, 28, "28-joint count.")
_TEN = _limits(0, 10, _SCALE)

_PERSON = (
    _feature(
        "age",
        "Age",
        "age",
        "a",
        _limits(18, 100, "Adults; the model's patients were 18 to 88."),
        person.age,
        concepts=(),
        required=True,
    ),
    _feature(
        "male",
        "Sex",
        "sex",
        "1",
        _FLAG,
        person.male,
        concepts=(),
        required=True,
        flag_labels=("female", "male"),
    ),
    _feature(
        "bmi",
        "Body mass index",
        "BMI",
        "kg/m2",
        _limits(12, 70),
        within=lookback("bmi"),
        ask=number("Body mass index (kg/m²)", "bmi", 0.1),
    ),
    _feature(
        "current_smoker",
        "Current smoking",
        "smoking status",
        "1",
        _FLAG,
        results.current_smoker,
        concepts=("smoking_status",),
        within=lookback("smoking"),
        ask=choice(
            "Does the patient smoke now?",
            "smoking_status",
            {"not-current-smoker": "Does not smoke now", "current-smoker": "Smokes now"},
        ),
        flag_labels=("does not smoke now", "smokes now"),
    ),
    _feature(
        "disease_duration",
        "Disease duration",
        "disease duration",
        "a",
        _limits(0, 70),
        person.disease_duration,
        concepts=("disease_duration", "rheumatoid_arthritis"),
        ask=number("Years since rheumatoid arthritis began", "disease_duration", 0.5),
    ),
)

_DRUGS = (
    _feature(
        "monotherapy",
        "Concomitant methotrexate or other csDMARD",
        "methotrexate or other csDMARD",
        "1",
        _FLAG,
        drugs.monotherapy,
        concepts=("methotrexate_status", "csdmard"),
        within=lookback("methotrexate_status"),
        ask=choice(
            "Is the patient taking methotrexate or another conventional DMARD?",
            "methotrexate_status",
            {"taking": "Taking one", "not-taking": "Taking none"},
        ),
        flag_labels=("taking methotrexate or another csDMARD", "no methotrexate or other csDMARD"),
    ),
    _feature(
        "prior_tnfi_count",
        "Earlier TNF inhibitors",
        "number of earlier TNF inhibitors",
        "{count}",
        _limits(0, 3, "Three or fewer earlier drugs: the model was built for no more."),
        drugs.prior_tnfi_count,
        concepts=("prior_tnfi_count", "tnfi"),
        ask=whole_number("How many different TNF inhibitors were ever taken?", "prior_tnfi_count"),
    ),
    _feature(
        "primary_failure",
        "Why the last TNF inhibitor was stopped",
        "reason for stopping the last TNF inhibitor",
        "1",
        _FLAG,
        drugs.primary_failure,
        concepts=("last_tnfi_stop_reason", "tnfi"),
        ask=choice(
            "Why was the last TNF inhibitor stopped?",
            "last_tnfi_stop_reason",
            {
                "primary-failure": "It never worked (primary failure)",
                "secondary-failure": "It worked, then lost effect (secondary failure)",
                "adverse-event": "Adverse event",
                "other": "Another reason",
            },
        ),
        flag_labels=("no primary failure", "primary failure"),
    ),
)

_ACTIVITY = (
    _feature(
        "haq",
        "Function (HAQ-DI)",
        "HAQ-DI",
        "{score}",
        _limits(0, 3, _SCALE),
        within=lookback("haq"),
        ask=number("HAQ-DI (0 to 3)", "haq", 0.125),
    ),
    _feature(
        "tender_joints",
        "Tender joint count",
        "tender joint count",
        "{count}",
        _JOINTS,
        arthritis.joint_count,
        within=lookback("activity"),
        required=True,
        ask=whole_number("Tender joints (of 28)", "tender_joints"),
    ),
    _feature(
        "swollen_joints",
        "Swollen joint count",
        "swollen joint count",
        "{count}",
        _JOINTS,
        arthritis.joint_count,
        within=lookback("activity"),
        required=True,
        ask=whole_number("Swollen joints (of 28)", "swollen_joints"),
    ),
    _feature(
        "patient_global",
        "Patient global assessment",
        "patient global assessment",
        "{score}",
        _TEN,
        within=lookback("activity"),
        required=True,
        ask=number("Patient global assessment (0 to 10)", "patient_global", 0.5),
    ),
    _feature(
        "physician_global",
        "Physician global assessment",
        "physician global assessment",
        "{score}",
        _TEN,
        within=lookback("activity"),
        required=True,
        ask=number("Physician global assessment (0 to 10)", "physician_global", 0.5),
    ),
)


def _blood(
    feature_id: str,
    label: str,
    short: str,
    unit: str,
    limits: Limits,
    within: str,
    question: str = "",
    step: float = 0.1,
    modality: Modality = Modality.SEROLOGICAL,
) -> FeatureSpec:
    ask = number(question, feature_id, step) if question else None
    return _feature(
        feature_id,
        label,
        short,
        unit,
        limits,
        results.concentration if modality is Modality.SEROLOGICAL else results.measured,
        modality=modality,
        within=lookback(within),
        ask=ask,
    )


def _antibody(feature_id: str, label: str, short: str, derive: Derive) -> FeatureSpec:
    return _feature(
        feature_id,
        label,
        short,
        "1",
        _FLAG,
        derive,
        modality=Modality.SEROLOGICAL,
        ask=choice(label, feature_id, _POSITIVE),
        flag_labels=_ANTIBODY_WORDS,
    )


_BLOOD = (
    _antibody("rheumatoid_factor", "Rheumatoid factor", "RF", arthritis.rheumatoid_factor),
    _antibody("acpa", "ACPA (anti-CCP)", "ACPA", results.antibody),
    _blood(
        "crp",
        "C-reactive protein",
        "CRP",
        "mg/L",
        _limits(0.3, 500),
        "acute_phase",
        "C-reactive protein (mg/L)",
    ),
    _blood(
        "esr",
        "Erythrocyte sedimentation rate",
        "ESR",
        "mm/h",
        _limits(1, 200),
        "acute_phase",
        "Erythrocyte sedimentation rate (mm/h)",
        1.0,
    ),
    _blood("il6", "Interleukin-6", "IL-6", "pg/mL", _limits(0.1, 5000), "research_test"),
    _blood("sicam1", "sICAM1", "sICAM1", "ng/mL", _limits(1, 5000), "research_test"),
    _blood("cxcl13", "CXCL13", "CXCL13", "pg/mL", _limits(0.1, 5000), "research_test"),
    _blood(
        "calprotectin", "Calprotectin", "calprotectin", "mg/L", _limits(0.05, 200), "research_test"
    ),
    _blood(
        "hemoglobin",
        "Haemoglobin",
        "haemoglobin",
        "g/dL",
        _limits(4, 22),
        "blood_count",
        "Haemoglobin (g/dL)",
    ),
)

_RNA = (
    _blood(
        "tnfi_nonresponse_score",
        "Blood TNFi non-response score",
        "TNFi non-response score",
        "{score}",
        _limits(-6, 6),
        "research_test",
        modality=Modality.TRANSCRIPTOMIC,
    ),
    _blood(
        "interferon_score",
        "Type I interferon score",
        "type I interferon score",
        "{score}",
        _limits(-6, 6),
        "research_test",
        modality=Modality.TRANSCRIPTOMIC,
    ),
)

FEATURES: tuple[FeatureSpec, ...] = (*_PERSON, *_DRUGS, *_ACTIVITY, *_BLOOD, *_RNA)
