"""Every number a rule of this decision uses, with its meaning, its source and when to read it
again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from decision.clinical.spec import Threshold, Verification

WRITTEN = date(2026, 11, 22)
_LABEL_REVIEW = date(2027, 5, 22)
_DESIGN_REVIEW = date(2027, 11, 22)

_DESIGN = "Design assumption of this project; no source."
_LOCAL = "EU SmPC outstanding; re-read the current local label before clinical release."
_TCZ = f"Tocilizumab US product label; {_LOCAL}"
_SAR = f"Sarilumab US product label; {_LOCAL}"


def _threshold(
    threshold_id: str,
    value: float,
    unit: str,
    meaning: str,
    citation: str = _DESIGN,
    verification: Verification = Verification.DESIGN,
) -> Threshold:
    label = "label" in citation
    return Threshold(
        id=threshold_id,
        value=value,
        unit=unit,
        meaning=meaning,
        citation=citation,
        verification=verification,
        review_by=_LABEL_REVIEW if label else _DESIGN_REVIEW,
    )


_ANSWER = (
    _threshold(
        "interval_level",
        0.90,
        "1",
        "Level of every range shown: of 100 such ranges, 90 are meant to hold the true value.",
    ),
    _threshold(
        "naming_margin",
        0.05,
        "probability",
        "Smallest difference between the two probabilities at which a drug class may be named.",
    ),
    _threshold(
        "widest_range",
        0.70,
        "probability",
        "A range wider than this says too little to be shown.",
    ),
    _threshold(
        "widest_usual_range",
        0.50,
        "probability",
        "A range wider than this is printed before the estimate, which is then greyed.",
    ),
    _threshold(
        "domain_p_value",
        0.01,
        "1",
        "Share of validation patients as unusual as this one, at or below which none is answered.",
    ),
    _threshold(
        "smallest_comparable",
        20,
        "courses",
        "Comparable training patients needed on each drug before one may be named.",
    ),
    _threshold(
        "smallest_reason",
        0.02,
        "probability",
        "Smallest effect on the difference that is listed as a reason; less is summed up.",
    ),
    _threshold(
        "smallest_calibration_band",
        20,
        "patients",
        "Validation patients needed in a band before its observed share is stated.",
    ),
)

_ELIGIBILITY = (
    _threshold("adult_age", 18, "a", "Age from which the model's patients start."),
    _threshold(
        "cdai_active",
        10,
        "{score}",
        "CDAI above which disease is active enough to have entered the training data.",
        "Low disease activity is a CDAI of at most 10: Aletaha and Smolen 2005 Clin Exp Rheumatol"
        " 23:S100.",
        Verification.PARTLY,
    ),
    _threshold(
        "max_prior_lines",
        3,
        "{count}",
        "Most earlier biologic or targeted drugs the model was built for; four or more is another"
        " question.",
    ),
)

_LOOKBACKS = (
    ("activity", 90, "Joint counts and global assessments"),
    ("haq", 180, "HAQ-DI"),
    ("acute_phase", 90, "CRP and ESR"),
    ("blood_count", 180, "Haemoglobin"),
    ("research_test", 180, "IL-6, sICAM1, CXCL13, calprotectin and RNA scores"),
    ("bmi", 730, "Body mass index"),
    ("smoking", 1095, "Smoking status"),
    ("methotrexate_status", 90, "An explicit statement on methotrexate or another csDMARD"),
    ("caution_blood", 90, "Neutrophils, platelets and liver enzymes"),
    ("screening", 365, "A negative infection screen or a body weight"),
    ("situation", 90, "A statement on pregnancy, intent, breast-feeding, surgery or vaccines"),
    ("infection_answer", 14, "A statement that there is no serious infection now"),
    ("local_answer", 365, "A statement on whether a csDMARD can be given, or on the route"),
    ("recent_infection", 365, "Serious infection that counts as recent (ACR 2021: 12 months)"),
    ("cancer", 1826, "Lymphoma or melanoma that counts as recent (five years)"),
)

_TREATMENT = (
    _threshold(
        "csdmard_established",
        90,
        "d",
        "A csDMARD begun more recently may not have shown its effect yet; said, not used.",
        "EULAR recommendations 2022: improvement is looked for by three months; general knowledge,"
        " to be read at the source.",
        Verification.UNVERIFIED,
    ),
)

_CAUTIONS = (
    _threshold(
        "neutrophils_il6i",
        2.0,
        "10*9/L",
        "An IL-6 inhibitor is not started below.",
        f"{_TCZ} {_SAR}",
        Verification.PARTLY,
    ),
    _threshold(
        "neutrophils_tnfi",
        1.5,
        "10*9/L",
        "Caution with a TNF inhibitor below; the upper end of the 1.0 to 1.5 in use.",
        "Product labels of TNF inhibitors; to be verified by a clinician.",
        Verification.UNVERIFIED,
    ),
    _threshold(
        "platelets_tocilizumab",
        100,
        "10*9/L",
        "Tocilizumab is not started below.",
        _TCZ,
        Verification.VERIFIED,
    ),
    _threshold(
        "platelets_sarilumab",
        150,
        "10*9/L",
        "Sarilumab is not started below.",
        _SAR,
        Verification.UNVERIFIED,
    ),
    _threshold(
        "liver_enzyme_multiple",
        1.5,
        "x ULN",
        "An IL-6 inhibitor is not started above this multiple of the upper limit of normal.",
        _TCZ,
        Verification.PARTLY,
    ),
    _threshold(
        "liver_enzyme_assumed_uln",
        40,
        "U/L",
        "Upper limit of normal assumed, and said to be, when a result brings no reference range.",
        "General knowledge; laboratories differ.",
        Verification.UNVERIFIED,
    ),
    _threshold(
        "rf_assumed_uln",
        20,
        "[IU]/mL",
        "Upper limit of normal assumed for rheumatoid factor, and said to be, when a result"
        " brings neither a reference range nor an interpretation.",
        "General knowledge; laboratories use 14 to 20.",
        Verification.UNVERIFIED,
    ),
    _threshold(
        "pregnancy_question_age",
        50,
        "a",
        "Age above which pregnancy is not asked about; it is then not found, never absent.",
    ),
    _threshold(
        "weight_tocilizumab",
        100,
        "kg",
        "Intravenous tocilizumab is dosed per kg up to a cap above this weight.",
        _TCZ,
        Verification.PARTLY,
    ),
    _threshold(
        "csdmards_nice",
        2,
        "{count}",
        "Fewest different csDMARDs tried before NICE allows a biologic.",
        "NICE TA375, TA247; TA715 read in the consultation text.",
        Verification.PARTLY,
    ),
    _threshold(
        "das28_nice_high",
        5.1,
        "{score}",
        "DAS28 above which NICE TA375 and TA247 allow a biologic after two csDMARDs.",
        "NICE TA375, TA247, TA485.",
        Verification.VERIFIED,
    ),
    _threshold(
        "das28_nice_moderate",
        3.2,
        "{score}",
        "DAS28 from which NICE TA715 allows adalimumab, etanercept or infliximab.",
        "NICE TA715, read in the consultation text.",
        Verification.PARTLY,
    ),
)

THRESHOLDS: Mapping[str, Threshold] = MappingProxyType(
    {
        t.id: t
        for t in (
            *_ANSWER,
            *_ELIGIBILITY,
            *(
                _threshold(f"{name}_lookback", days, "d", f"{what}: how long a value stands.")
                for name, days, what in _LOOKBACKS
            ),
            *_TREATMENT,
            *_CAUTIONS,
        )
    }
)


def lookback(name: str) -> timedelta:
    """The look-back of that name as a duration."""
    return timedelta(days=THRESHOLDS[f"{name}_lookback"].value)
