"""The decision: progression to type 1 diabetes in people with islet antibodies, as data."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from decision.catalog.t1d_progression import bands
from decision.catalog.t1d_progression.cautions import find_cautions, rules
from decision.catalog.t1d_progression.codelists import CODELISTS, DRUG_NAMES
from decision.catalog.t1d_progression.columns import COLUMNS, PLAYERS, QUORUM, STRATA
from decision.catalog.t1d_progression.eligibility import eligibility
from decision.catalog.t1d_progression.features import features
from decision.catalog.t1d_progression.limits import THRESHOLDS_BY_ID, number
from decision.catalog.t1d_progression.local import place_of
from decision.catalog.t1d_progression.situation import describe
from decision.catalog.t1d_progression.staging import Stratum
from decision.clinical.local import Local
from decision.clinical.spec import (
    DecisionSpec,
    OtherChoice,
    Outcome,
    OverrideReason,
    PrognosisSpec,
    SummaryItem,
    Treatment,
)
from decision.clinical.summary import DrugHistory

FOLDER = Path(__file__).parent

TREATMENTS = (
    Treatment(
        id="teplizumab",
        label="Teplizumab",
        label_with_article="teplizumab",
        names=tuple(listed.name for listed in DRUG_NAMES),
    ),
)

HORIZONS = tuple(number(name) for name in ("first_horizon", "second_horizon", "last_horizon"))


def _band(risk: float, stratum: int) -> str:
    return bands.band(risk, tuple(Stratum)[stratum]).value


def configured(local: Local) -> DecisionSpec:
    """The decision under the rules of one place; LocalSettingError for a setting it cannot use."""
    place = place_of(local)
    return DecisionSpec(
        id=FOLDER.name,
        version="1.0.0",
        title="Progression to type 1 diabetes: stage, and risk within 1, 2 and 5 years",
        intended_use=(
            "To show a diabetologist, for a child or an adult with islet autoantibodies and no"
            " diabetes, the stage with the criteria met, the estimated risk of clinical (stage 3)"
            " type 1 diabetes within 1, 2 and 5 years without disease-modifying treatment, with"
            " the uncertainty and the reasons, published figures beside it, and what the rules of"
            " the place say is due. It supports, and does not replace, clinical judgement."
        ),
        not_for=(
            "People in whom no islet antibody was found, such as in screening of the population",
            "Anyone with diagnosed diabetes, or with suspected type 2 or monogenic diabetes",
            "Anyone treated with teplizumab or another anti-CD3 antibody",
            "One antibody with raised glucose, which has no stage",
            "Diagnosing diabetes, or deciding on its treatment",
            "Any care decision while the model is simulated",
        ),
        treatments=TREATMENTS,
        outcome=Outcome(
            label="clinical (stage 3) type 1 diabetes",
            definition=(
                "Diabetes by the glucose criteria of the staging table, from the visit at which the"
                " stage was found; without disease-modifying treatment."
            ),
            citation=(
                "Staging: American Diabetes Association, Standards of Medical Care in Diabetes,"
                " table 2.1."
            ),
            desirable=False,
        ),
        features=features(place),
        players=PLAYERS,
        columns=COLUMNS,
        strata=STRATA,
        quorum=QUORUM,
        thresholds=THRESHOLDS_BY_ID,
        codelists=CODELISTS,
        cautions=rules(place),
        eligibility=partial(eligibility, place=place),
        find_cautions=partial(find_cautions, place=place),
        override_reasons=(
            OverrideReason(code="family-preference", label="Preference of patient or family"),
            OverrideReason(code="caution", label="Contraindication or comorbidity"),
            OverrideReason(code="access", label="Access, payer or distance"),
            OverrideReason(code="data-wrong", label="Data used are wrong or incomplete"),
            OverrideReason(
                code="estimate-implausible",
                label="The estimate is not plausible",
                about_estimate=True,
            ),
            OverrideReason(
                code="exclusion-resolved",
                label="Exclusion resolved or repeat result acceptable",
                against_caution=True,
                otherwise=False,
            ),
            OverrideReason(
                code="risk-accepted",
                label="Risk accepted, discussed with patient or parents",
                against_caution=True,
                otherwise=False,
            ),
            OverrideReason(
                code="caution-not-applicable",
                label="Caution does not apply here",
                against_caution=True,
                otherwise=False,
            ),
            OverrideReason(code="other", label="Other", against_caution=True),
        ),
        other_choices=(
            OtherChoice(code="monitor", label="Continue monitoring"),
            OtherChoice(code="repeat-test", label="Repeat the glucose test"),
            OtherChoice(code="confirm-antibodies", label="Confirm the antibodies"),
            OtherChoice(code="refer", label="Refer to a specialist or a trial"),
        ),
        standing_choices={"later": "Decide later", "other": "Other"},
        history=DrugHistory(drugs=("teplizumab",)),
        summary=(
            SummaryItem(id="stratum", label=""),
            SummaryItem(id="antibody_number", label=""),
            SummaryItem(id="hba1c", label="HbA1c"),
            SummaryItem(id="fasting_glucose", label="fasting glucose"),
            SummaryItem(id="glucose_120", label="2-h glucose"),
            SummaryItem(id="bmi", label="BMI"),
            SummaryItem(id="relative", label="", only_if_true=True),
        ),
        not_modelled=(
            "Disease-modifying treatment: the risk is the one without it",
            "How long somebody has been at the stage: the risk is that of people in whom it was"
            " newly found, and too high for whoever has been at stage 1 or has had one antibody"
            " for years",
            "First-degree relatives and family history",
            "GADA, IAA, ZnT8A and islet cell antibodies beyond what the stage takes from them",
            "The gut microbiome: descriptive only, never an input",
            "Continuous glucose monitoring",
            "Ancestry: the genetic score was derived in people of European ancestry",
            "Infections, diet and other triggers",
        ),
        citations=(
            "American Diabetes Association, Standards of Medical Care in Diabetes, table 2.1:"
            " stages",
            "Sosenko 2008 (PMID 18000175), 2015 (PMID 26077017): DPTRS",
            "Sosenko 2015 (PMID 25519451): Index60",
            "Ferrat et al., TrialNet Pathway to Prevention: stage-specific Cox models",
            "Ziegler 2013 (PMC4878912); Steck 2015 (TEDDY): risk by number of antibodies",
            "Sharp 2019 (PMC6341291): GRS2",
            "Phillip 2024: consensus guidance for monitoring",
        ),
        prognosis=PrognosisSpec(
            horizons_years=HORIZONS,
            stratum="stratum",
            describe=partial(describe, place=place),
            band=_band,
            band_note=bands.FOOTNOTE,
        ),
        local=place.words,
    )
