"""The columns of the model, the players of its explanations and what bounds its intervals, as data.

`modifier=True` marks the candidate effect modifiers named in publications: no concomitant
methotrexate (SSATG; BSRBR; ACT-RAY), class switch after primary failure, CRP
(Ann Rheum Dis 2020 79:874), IL-6 (Boyapati 2020), RF (Maneiro 2012), ACPA (Takase-Minegishi 2025),
haemoglobin, sICAM1 and CXCL13 (Dennis 2014), blood TNFi non-response score (Cohen 2021) and the
type I interferon score. They say where to look; neither a size nor a direction is taken from them.
The simulator's interactions come from the same list, so on simulated patients it is right by
construction; `python -m benchmarks.modifiers` measures what a wrong list costs.
"""

from __future__ import annotations

from collections.abc import Mapping

from decision.clinical.spec import (
    Modality,
    ModelColumn,
    Player,
    ShownAs,
    Stratum,
    Transform,
    UnmeasuredFloor,
    Verification,
)

_CDAI = ("tender_joints", "swollen_joints", "patient_global", "physician_global")


def _column(
    column: str,
    player: str,
    inputs: tuple[str, ...],
    transform: Transform = Transform.IDENTITY,
    argument: float = 0.0,
    *,
    modifier: bool = False,
) -> ModelColumn:
    return ModelColumn(
        id=column,
        player=player,
        inputs=inputs,
        transform=transform,
        argument=argument,
        modifier=modifier,
    )


def _same(
    feature: str, transform: Transform = Transform.IDENTITY, *, modifier: bool = False
) -> ModelColumn:
    return _column(feature, feature, (feature,), transform, modifier=modifier)


REQUIRED = ("age", "male", *_CDAI)
"""Without these no answer is given; a model is judged on the patients who have them."""

COLUMNS: tuple[ModelColumn, ...] = (
    _same("age"),
    _same("male"),
    _same("bmi", Transform.LOG),
    # RABBIT and the tocilizumab cohorts report obesity as BMI >= 30 kg/m2, not a slope.
    _column("obese", "bmi", ("bmi",), Transform.AT_LEAST, 30.0),
    _same("current_smoker"),
    _same("disease_duration"),
    _same("monotherapy", modifier=True),
    _column("prior_tnfi", "prior_tnfi", ("prior_tnfi_count",), Transform.AT_LEAST, 1.0),
    _column("prior_tnfi_2", "prior_tnfi", ("prior_tnfi_count",), Transform.AT_LEAST, 2.0),
    _same("primary_failure", modifier=True),
    _same("haq"),
    # The outcome is an absolute CDAI, so its logarithm at baseline carries most of the level.
    _column("cdai", "disease_activity", _CDAI, Transform.LOG_SUM),
    _column("tender_joints", "disease_activity", ("tender_joints",), Transform.SQRT),
    _column("swollen_joints", "disease_activity", ("swollen_joints",), Transform.SQRT),
    _column("patient_global", "disease_activity", ("patient_global",)),
    _column("physician_global", "disease_activity", ("physician_global",)),
    _same("rheumatoid_factor", modifier=True),
    _same("acpa", modifier=True),
    _same("crp", Transform.LOG, modifier=True),
    _same("esr", Transform.LOG),
    _same("il6", Transform.LOG, modifier=True),
    _same("sicam1", Transform.LOG, modifier=True),
    _same("cxcl13", Transform.LOG, modifier=True),
    _same("calprotectin", Transform.LOG),
    _same("hemoglobin", modifier=True),
    # 12 g/dL is the WHO's limit for women; using it for both sexes is the simulator's cut.
    _column("anemia", "hemoglobin", ("hemoglobin",), Transform.BELOW, 12.0, modifier=True),
    _same("tnfi_nonresponse_score", modifier=True),
    _same("interferon_score", modifier=True),
)


def _player(
    player: str,
    label: str,
    modality: Modality,
    *features: str,
    shown_as: ShownAs = ShownAs.PARTS,
    parts: Mapping[str, str] | None = None,
) -> Player:
    return Player(
        id=player,
        label=label,
        modality=modality,
        features=features or (player,),
        shown_as=shown_as,
        parts=parts or {},
    )


PLAYERS: tuple[Player, ...] = (
    _player("age", "Age", Modality.CLINICAL),
    _player("male", "Sex", Modality.CLINICAL),
    _player("bmi", "Body mass index", Modality.CLINICAL),
    _player("current_smoker", "Current smoking", Modality.CLINICAL),
    _player("disease_duration", "Disease duration", Modality.CLINICAL),
    _player("monotherapy", "Concomitant methotrexate or other csDMARD", Modality.CLINICAL),
    _player("prior_tnfi", "Earlier TNF inhibitors", Modality.CLINICAL, "prior_tnfi_count"),
    _player("primary_failure", "Why the last TNF inhibitor was stopped", Modality.CLINICAL),
    _player("haq", "Function (HAQ-DI)", Modality.CLINICAL),
    _player(
        "disease_activity",
        "Disease activity (CDAI)",
        Modality.CLINICAL,
        *_CDAI,
        shown_as=ShownAs.SUM,
        parts={
            "tender_joints": "joints",
            "swollen_joints": "joints",
            "patient_global": "globals",
            "physician_global": "globals",
        },
    ),
    _player("rheumatoid_factor", "Rheumatoid factor", Modality.SEROLOGICAL),
    _player("acpa", "ACPA (anti-CCP)", Modality.SEROLOGICAL),
    _player("crp", "C-reactive protein", Modality.SEROLOGICAL),
    _player("esr", "Erythrocyte sedimentation rate", Modality.SEROLOGICAL),
    _player("il6", "Interleukin-6", Modality.SEROLOGICAL),
    _player("sicam1", "sICAM1", Modality.SEROLOGICAL),
    _player("cxcl13", "CXCL13", Modality.SEROLOGICAL),
    _player("calprotectin", "Calprotectin", Modality.SEROLOGICAL),
    _player("hemoglobin", "Haemoglobin", Modality.SEROLOGICAL),
    _player("tnfi_nonresponse_score", "Blood TNFi non-response score", Modality.TRANSCRIPTOMIC),
    _player("interferon_score", "Type I interferon score", Modality.TRANSCRIPTOMIC),
)

QUORUM: dict[Modality, int] = {
    Modality.CLINICAL: 6,
    Modality.SEROLOGICAL: 1,
    Modality.TRANSCRIPTOMIC: 2,
}
"""Features that must be known for a modality to count as present: the clinical core (age, sex and
the four CDAI components are required anyway), any one blood test, both scores of the RNA panel."""


def _floor(
    tnfi: float, il6i: float, citation: str, verification: Verification, *features: str
) -> UnmeasuredFloor:
    return UnmeasuredFloor(
        features=features,
        variance={"tnfi": tnfi, "il6i": il6i},
        citation=citation,
        verification=verification,
    )


FLOORS: tuple[UnmeasuredFloor, ...] = (
    _floor(
        0.25,
        0.10,
        "AUC 0.64 of a blood classifier (Cohen 2021) is 0.51 logit per SD, 0.26 squared; the value "
        "for IL-6 inhibitors is an assumption.",
        Verification.PARTLY,
        "tnfi_nonresponse_score",
        "interferon_score",
    ),
    _floor(
        0.05,
        0.05,
        "No published size (Boyapati 2020 gives directions).",
        Verification.DESIGN,
        "il6",
    ),
    _floor(
        0.10,
        0.10,
        "Quadrants of Dennis 2014, contested by a pilot (n = 29); size assumed.",
        Verification.DESIGN,
        "sicam1",
        "cxcl13",
    ),
    _floor(
        0.0,
        0.0,
        "Nothing beyond CRP and nothing on CDAI in a re-test (n = 470).",
        Verification.VERIFIED,
        "calprotectin",
    ),
)

_NAIVE, _EXPERIENCED = (0.0, 0.0), (1.0, float("inf"))
_WITH_CSDMARD, _WITHOUT = (0.0, 0.0), (1.0, 1.0)

STRATA: tuple[Stratum, ...] = tuple(
    Stratum(id=stratum, label=label, ranges=ranges)
    for stratum, label, ranges in (
        (
            "naive_mtx",
            "no earlier TNF inhibitor, on methotrexate or another csDMARD",
            {"prior_tnfi_count": _NAIVE, "monotherapy": _WITH_CSDMARD},
        ),
        (
            "naive_mono",
            "no earlier TNF inhibitor, no methotrexate or other csDMARD",
            {"prior_tnfi_count": _NAIVE, "monotherapy": _WITHOUT},
        ),
        (
            "experienced_mtx",
            "earlier TNF inhibitor, on methotrexate or another csDMARD",
            {"prior_tnfi_count": _EXPERIENCED, "monotherapy": _WITH_CSDMARD},
        ),
        (
            "experienced_mono",
            "earlier TNF inhibitor, no methotrexate or other csDMARD",
            {"prior_tnfi_count": _EXPERIENCED, "monotherapy": _WITHOUT},
        ),
        ("naive", "no earlier TNF inhibitor", {"prior_tnfi_count": _NAIVE}),
        ("experienced", "earlier TNF inhibitor", {"prior_tnfi_count": _EXPERIENCED}),
        ("all", "all training patients", {}),
    )
)
"""Overlap is thin where one drug is rarely given; the coarse strata and `all` serve patients whose
co-medication or earlier drugs are not recorded."""
