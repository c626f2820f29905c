"""The decision: TNF inhibitor or IL-6 inhibitor for active rheumatoid arthritis, as data."""

from __future__ import annotations

from pathlib import Path

from decision.catalog.ra_biologic_response.caution_entries import CAUTION_ENTRIES
from decision.catalog.ra_biologic_response.cautions import find_cautions
from decision.catalog.ra_biologic_response.codelists import (
    BIOLOGIC_OR_TARGETED,
    CONVENTIONAL,
    load_codelists,
    names_of,
)
from decision.catalog.ra_biologic_response.columns import COLUMNS, PLAYERS, QUORUM, STRATA
from decision.catalog.ra_biologic_response.eligibility import eligibility
from decision.catalog.ra_biologic_response.features import FEATURES
from decision.catalog.ra_biologic_response.thresholds import THRESHOLDS
from decision.clinical.spec import (
    DecisionSpec,
    OtherChoice,
    Outcome,
    OverrideReason,
    SummaryItem,
    Treatment,
)
from decision.clinical.summary import DrugHistory, StopReason
from decision.evidence.caution_table import read_cautions

FOLDER = Path(__file__).parent

TREATMENTS = (
    Treatment(
        id="tnfi",
        label="TNF inhibitor",
        label_with_article="a TNF inhibitor",
        names=names_of("tnfi"),
    ),
    Treatment(
        id="il6i",
        label="IL-6 inhibitor",
        label_with_article="an IL-6 inhibitor",
        names=names_of("il6i"),
    ),
)

SPEC = DecisionSpec(
    id=FOLDER.name,
    version="1.0.1",
    title="Next biologic in rheumatoid arthritis: TNF inhibitor or IL-6 inhibitor",
    intended_use=(
        "To show a rheumatologist, for an adult with active rheumatoid arthritis who is about to"
        " start or change a biologic, the estimated probability of low disease activity at 24"
        " weeks under a TNF inhibitor and under an IL-6 inhibitor, with the uncertainty, the"
        " reasons and the cautions. It supports, and does not replace, clinical judgement."
    ),
    not_for=(
        "People under 18",
        "Anyone who has taken an IL-6 inhibitor",
        "A fifth or later biologic or targeted drug",
        "Choices that include a JAK inhibitor, abatacept or rituximab",
        "Overlap connective-tissue disease",
        "Low disease activity (CDAI 10 or less)",
        "Deciding on dose, product, biosimilar or route",
        "Any care decision while the model is simulated",
    ),
    treatments=TREATMENTS,
    outcome=Outcome(
        label="low disease activity (CDAI ≤ 10)",
        definition=(
            "Clinical Disease Activity Index of at most 10 at 24 weeks while still on the drug;"
            " stopping it counts as not reached."
        ),
        horizon_weeks=24,
        citation=(
            "CDAI holds no CRP or ESR, which IL-6 blockade lowers whatever the joints do: of"
            " tocilizumab patients in DAS28 remission 26 % were in SDAI remission (Smolen and"
            " Aletaha 2011)."
        ),
        desirable=True,
    ),
    features=FEATURES,
    players=PLAYERS,
    columns=COLUMNS,
    strata=STRATA,
    quorum=QUORUM,
    thresholds=THRESHOLDS,
    codelists=load_codelists(),
    cautions=read_cautions(FOLDER / "cautions.csv", TREATMENTS, CAUTION_ENTRIES),
    eligibility=eligibility,
    find_cautions=find_cautions,
    override_reasons=(
        OverrideReason(code="patient-preference", label="Patient preference"),
        OverrideReason(code="caution", label="Contraindication or comorbidity"),
        OverrideReason(code="formulary", label="Formulary, payer or price"),
        OverrideReason(code="route", label="Route, distance or monitoring"),
        OverrideReason(code="earlier-experience", label="Experience with earlier drugs"),
        OverrideReason(code="data-wrong", label="Data used are wrong or incomplete"),
        OverrideReason(
            code="estimate-implausible",
            label="The estimate is not plausible",
            about_estimate=True,
        ),
        OverrideReason(code="other-class", label="Another drug class was chosen"),
        OverrideReason(
            code="repeat-acceptable",
            label="Repeat result acceptable",
            against_caution=True,
            otherwise=False,
        ),
        OverrideReason(
            code="risk-accepted",
            label="Risk accepted, discussed with the patient",
            against_caution=True,
            otherwise=False,
        ),
        OverrideReason(
            code="caution-not-applicable",
            label="Caution does not apply to this patient or product",
            against_caution=True,
            otherwise=False,
        ),
        OverrideReason(code="other", label="Other", against_caution=True),
    ),
    other_choices=(
        OtherChoice(code="abatacept", label="Abatacept"),
        OtherChoice(code="rituximab", label="Rituximab"),
        OtherChoice(code="jak-inhibitor", label="JAK inhibitor"),
    ),
    history=DrugHistory(
        drugs=(*CONVENTIONAL, *BIOLOGIC_OR_TARGETED),
        stop_reasons=(
            StopReason(id="stop_primary_failure", words="primary failure", against=True),
            StopReason(id="stop_secondary_failure", words="secondary failure", against=True),
            StopReason(id="stop_adverse_event", words="adverse event", against=True),
            StopReason(id="stop_other", words="another reason"),
        ),
    ),
    summary=(
        SummaryItem(id="prior_tnfi_count", label="Earlier TNF inhibitors"),
        SummaryItem(id="primary_failure", label="last one:", only_if_true=True),
        SummaryItem(id="monotherapy", label=""),
        SummaryItem(id="disease_activity", label="CDAI"),
        SummaryItem(id="tender_joints", label="TJC"),
        SummaryItem(id="swollen_joints", label="SJC"),
        SummaryItem(id="patient_global", label="PtGA"),
        SummaryItem(id="physician_global", label="PhGA"),
        SummaryItem(id="haq", label="HAQ"),
        SummaryItem(id="crp", label="CRP"),
        SummaryItem(id="esr", label="ESR"),
        SummaryItem(id="rheumatoid_factor", label="RF"),
        SummaryItem(id="acpa", label="ACPA"),
    ),
    not_modelled=(
        "JAK inhibitors",
        "Abatacept",
        "Rituximab",
        "Differences between drugs of one class",
        "Formulary, price, route and distance",
        "Erosions, pain sensitisation and fibromyalgia",
        "Synovial tissue",
    ),
    citations=(
        "Østergaard 2023 Ann Rheum Dis (NORD-STAR): with methotrexate, CDAI remission at week 48"
        " 52.3 % and 51.9 %",
        "Gabay 2013 Lancet (ADACTA) and Burmester 2017 Ann Rheum Dis (MONARCH): monotherapy",
        "Taylor 2018 Ann Rheum Dis (SIRROUND-H): monotherapy, no large difference",
        "Smolen and Aletaha 2011: DAS28 flatters IL-6 blockade",
        "EULAR recommendations 2022: any biologic after csDMARD failure with poor prognosis",
        "American College of Rheumatology guideline 2021",
    ),
)
