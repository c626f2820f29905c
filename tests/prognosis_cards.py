"""A small prognosis for tests: a decision about when something happens, with the shape of the real
one, a model with one answer, and the cards and abstentions that come of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime

from decision.assess import Predictor, assess
from decision.clinical.answers import (
    CurvePoint,
    DomainCheck,
    HorizonRisk,
    Interval,
    LocalCalibration,
    MissingCost,
    Prognosis,
    RiskEffect,
    RiskExplanation,
    horizon_id,
)
from decision.clinical.assessment import Abstention, ModelIdentity, PrognosisCard
from decision.clinical.choices import OtherChoice, OverrideReason
from decision.clinical.dated import Standing
from decision.clinical.features import FeatureVector
from decision.clinical.outlook import NO_OUTLOOK, Outlook
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.situation import (
    Classification,
    Comparator,
    Prompt,
    PublishedRisk,
    Situation,
)
from decision.clinical.spec import (
    CautionFinding,
    CautionRule,
    CriterionResult,
    DecisionSpec,
    Eligibility,
    Entry,
    EntryKind,
    Modality,
    ModelColumn,
    Outcome,
    Player,
    Presence,
    PrognosisSpec,
    Severity,
    Transform,
    Treatment,
    Verification,
)
from tests.builders import CONTEXT, ListAuditLog, make_spec, make_threshold
from tests.fakes import codelist, make_feature, observe, page_record

YEARS = (1.0, 2.0, 5.0)
RISKS = (0.08, 0.17, 0.41)
STRATA = ("a single antibody", "stage 1", "stage 2")
BORN = Moment(
    earliest=datetime(2018, 3, 1, tzinfo=UTC),
    latest=datetime(2018, 3, 2, tzinfo=UTC),
    precision=Precision.DAY,
    text="2018-03-01",
)
FEATURES = (
    make_feature("stratum", "Stratum", "1", 2, required=True),
    make_feature("age", "Age", "a", 45, required=True),
    make_feature("glucose", "2-hour glucose", "mmol/L", 30),
    make_feature("score", "Genetic risk score", "1", 20, modality=Modality.SEROLOGICAL),
)
COMPLETE = (
    observe("stratum", 1, "1"),
    observe("age", 8, "a"),
    observe("glucose", 6.8, "mmol/L"),
)
"""Everything but the genetic score."""
INCOMPLETE = (COMPLETE[0], COMPLETE[2])
"""Without the age, which is required."""


def make_caution(
    name: str, title: str, severity: Severity = Severity.STOP, *, asks: bool = False
) -> CautionRule:
    """A caution against the one treatment; with `asks` the page may ask for it."""
    answers = {"yes": "Applies", "no": "Does not apply"}
    question = Entry(
        kind=EntryKind.CHOICE, question=title, concept=f"exclusion-{name}", choices=answers
    )
    return CautionRule(
        id=name,
        title=title,
        trigger=f"trigger of {title}",
        severity={"delaying": severity},
        message={"delaying": f"{title}: say of it"},
        source="Label, 2022-11",
        source_date="2022",
        verification=Verification.VERIFIED,
        outstanding="",
        priority=1,
        entries=(question,) if asks else (),
    )


AGE_RULE = make_caution("L1", "Youngest age of the label", Severity.STOP)
INFECTION_RULE = make_caution("X1", "Active serious infection", asks=True)
PREGNANCY_RULE = make_caution("X2", "Pregnancy", Severity.AVOID, asks=True)


def found(rule: CautionRule, presence: Presence) -> CautionFinding:
    """A caution of this decision as one record has it; what is not found can be asked."""
    detail = {
        Presence.PRESENT: "Recorded on 2026-10-30",
        Presence.ABSENT: "recorded as absent",
        Presence.NOT_FOUND: "no entry in the record",
    }[presence]
    return CautionFinding(
        rule=rule,
        presence=presence,
        severity=rule.severity,
        detail=detail,
        evidence=("Condition/c1",) if presence is Presence.PRESENT else (),
        entries=rule.entries if presence is Presence.NOT_FOUND else (),
    )


USUAL = (
    found(AGE_RULE, Presence.ABSENT),
    found(INFECTION_RULE, Presence.NOT_FOUND),
    found(PREGNANCY_RULE, Presence.NOT_FOUND),
)

CLASSIFICATION = Classification(
    id="stage-1",
    label="Stage 1",
    detail="Two confirmed antibodies, glucose in the usual range.",
    settled=True,
    criteria=("GADA positive on 2026-03-02 and 2026-09-14", "IA-2A positive on 2026-09-14"),
    considered=("2-hour glucose 6.8 mmol/L on 2026-10-28", "HbA1c 5.2 % on 2026-10-28"),
    missing=("Fasting glucose",),
    notes=("The last glucose tolerance test is five days old.",),
    rules="Thresholds of test guidance 2024, United States",
)


def published(
    years: float, risk: float | None, low: float | None = None, high: float | None = None
) -> PublishedRisk:
    """A published risk, of people and from a source that are the same in all tests."""
    return PublishedRisk(
        years=years,
        risk=risk,
        low=low,
        high=high,
        population="relatives of people with the disease",
        source="Example 2015",
        status=Standing.SECONDARY,
    )


def comparator(name: str, label: str, said: str, **changes: object) -> Comparator:
    """One that applies, unless `changes` say otherwise."""
    usual = Comparator(
        id=name,
        label=label,
        said=said,
        refused="",
        remedy="",
        population="relatives of people with the disease, 3 to 45 years",
        units="glucose in mg/dL",
        validity="all five time points are needed",
        licence="formula published; re-implemented",
        source="Example 2015",
        status=Standing.VERIFIED,
    )
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


COMPARATOR = comparator(
    "anchor",
    "Two antibodies, 5 years",
    "44 of 100 within 5 years",
    risks=(published(5, 0.44, 0.41, 0.47),),
)
REFUSED = dataclasses.replace(
    COMPARATOR,
    id="index",
    label="Glucose and C-peptide index",
    said="",
    refused="C-peptide was not measured.",
    remedy="Record C-peptide at 60 minutes.",
    risks=(),
)
UNPUBLISHED = dataclasses.replace(
    REFUSED,
    id="closed",
    label="A score whose weights are not public",
    refused="Its coefficients are not published.",
    remedy="",
    published=False,
)
PROMPTS = (
    Prompt(
        topic="Monitoring",
        text="Glucose tolerance test every 6 to 12 months.",
        details=("HbA1c between tests.",),
        jurisdiction="US",
        effective_from=date(2024, 6, 1),
        source="Test guidance 2024",
        status=Standing.VERIFIED,
    ),
    Prompt(
        topic="Therapy",
        text="No treatment is labelled for this stage.",
        details=(),
        jurisdiction="US",
        effective_from=date(2022, 11, 17),
        source="Test label 2022",
        status=Standing.VERIFIED,
    ),
)
SITUATION = Situation(
    classification=CLASSIFICATION,
    people="children with the same antibodies and stage",
    comparators=(COMPARATOR, REFUSED, UNPUBLISHED),
    prompts=PROMPTS,
    advice=("Speak with the child and the parents together.",),
)


def band(risk: float, stratum: int) -> str:
    """The words of the test decision."""
    if stratum == 2 or risk > 0.5:
        return "high"
    return "low" if risk < 0.15 else "intermediate"


def progression_spec(
    *cautions: CautionFinding, situation: Situation = SITUATION, **changes: object
) -> DecisionSpec:
    """Age and stratum needed, glucose and a genetic score asked; one treatment, not compared."""
    findings = cautions or USUAL
    base = make_spec(cautions=findings)
    spec = dataclasses.replace(
        base,
        id="test_progression",
        title="Progression in tests",
        intended_use="Tests of a risk over time.",
        not_for=("people who have it already",),
        treatments=(
            Treatment(
                id="delaying",
                label="delaying drug",
                label_with_article="a delaying drug",
                names=("delayzumab",),
            ),
        ),
        outcome=Outcome(
            label="clinical diabetes",
            definition="Criteria of test guidance 2024",
            citation="test",
            desirable=False,
        ),
        features=FEATURES,
        players=tuple(
            Player(id=f.id, label=f.label, modality=f.modality, features=(f.id,)) for f in FEATURES
        ),
        columns=tuple(
            ModelColumn(id=f.id, player=f.id, inputs=(f.id,), transform=Transform.IDENTITY)
            for f in FEATURES
        ),
        quorum={Modality.CLINICAL: 1, Modality.SEROLOGICAL: 1},
        codelists={name: codelist(name) for name in (*(f.id for f in FEATURES), "delaying")},
        thresholds={
            **base.thresholds,
            "widest_usual_range": make_threshold("widest_usual_range", 0.5),
            "smallest_reason": make_threshold("smallest_reason", 0.02),
            "smallest_calibration_band": make_threshold("smallest_calibration_band", 20),
        },
        cautions=tuple(f.rule for f in findings),
        override_reasons=(
            OverrideReason(code="family-preference", label="Family preference"),
            OverrideReason(
                code="implausible", label="The estimate is not plausible", about_estimate=True
            ),
        ),
        other_choices=(
            OtherChoice(code="monitor", label="Monitor as due"),
            OtherChoice(code="repeat-test", label="Repeat the glucose test"),
        ),
        standing_choices={"later": "Decide later", "other": "Other"},
        prognosis=PrognosisSpec(
            horizons_years=YEARS,
            stratum="stratum",
            describe=lambda record, spec, features: situation,
            band=band,
            band_note="Bands are words of this project; no published source.",
        ),
        eligibility=lambda record, spec: (
            CriterionResult(
                id="antibody", state=Eligibility.MET, detail="An antibody.", population=True
            ),
        ),
    )
    return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]


def make_risk(years: float, probability: float, half: float = 0.1, n: int = 212) -> HorizonRisk:
    """A risk whose range reaches `half` to either side, checked on `n` people."""
    low, high = max(0.0, probability - half), min(1.0, probability + half)
    return HorizonRisk(
        years=years,
        probability=probability,
        interval=Interval(low=low, high=high, level=0.9),
        calibration=LocalCalibration(
            low=max(0.0, probability - 0.05),
            high=min(1.0, probability + 0.05),
            n=n,
            events=round(n * probability),
            observed_low=max(0.0, probability - 0.06),
            observed_high=min(1.0, probability + 0.06),
        ),
    )


def make_prognosis(
    risks: Sequence[float] = RISKS,
    *,
    years: Sequence[float] = YEARS,
    stratum: int = 1,
    half: float = 0.1,
    p_value: float = 0.6,
) -> Prognosis:
    """An answer with these risks; the age explains what lies above a base of half of each."""
    ids = [horizon_id(y) for y in years]
    base = {i: p / 2 for i, p in zip(ids, risks, strict=True)}
    nothing = dict.fromkeys(ids, 0.0)
    at = [make_risk(y, p, half) for y, p in zip(years, risks, strict=True)]
    points = ((r.years, r.probability, r.interval.low, r.interval.high) for r in at)
    return Prognosis(
        stratum=stratum,
        stratum_label=STRATA[stratum],
        risks=tuple(at),
        curve=tuple(
            CurvePoint(years=y, risk=p, low=low, high=high)
            for y, p, low, high in ((0.0, 0.0, 0.0, 0.0), *points)
        ),
        explanation=RiskExplanation(
            base=base,
            effects=(
                RiskEffect(player="age", effects=base),
                *(RiskEffect(player=p, effects=nothing) for p in ("stratum", "glucose", "score")),
            ),
            modalities=(
                RiskEffect(player=Modality.CLINICAL, effects=base),
                RiskEffect(player=Modality.SEROLOGICAL, effects=nothing),
            ),
            certificate=1e-10,
        ),
        domain=DomainCheck(p_value=p_value, culprit="age", outside_usual=()),
        missing_costs=(MissingCost(player="score", wider=0.03),),
        absent_modalities=(Modality.SEROLOGICAL,),
        reference_n=1240,
        reference_events=388,
    )


class ProgressionPredictor:
    """Gives one fixed answer, of a simulated model unless told otherwise."""

    def __init__(self, answer: Prognosis | None = None, *, simulated: bool = True) -> None:
        self._answer = answer or make_prognosis()
        self._simulated = simulated

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(
            id="test_progression",
            version="1.0.0",
            checksum="cd34ef56ab12" * 5,
            simulated=self._simulated,
            description="simulated" if self._simulated else "made of patients",
            trained_rows=3000,
            sites=("here",),
        )

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Prognosis:
        return self._answer

    def estimate(self, features: FeatureVector, *, site: str, level: float) -> Prognosis:
        return self.answer(features, site=site, level=level)

    def outlook(self, features: FeatureVector, *, site: str, level: float) -> Outlook:
        return NO_OUTLOOK


def progression_record(
    *observations: Observation, patient_id: str = "p1", **changes: object
) -> PatientRecord:
    """A child of eight with everything but the genetic score, unless given otherwise."""
    record = page_record(patient_id, *(observations or COMPLETE))
    identity = dataclasses.replace(record.identity, birth_date=BORN)
    return dataclasses.replace(record, **{"identity": identity, **changes})  # type: ignore[arg-type]


def prognosis_card(
    *cautions: CautionFinding,
    answer: Prognosis | None = None,
    simulated: bool = True,
    situation: Situation = SITUATION,
    **changes: object,
) -> PrognosisCard:
    """The card of a child in stage 1, with these cautions and changes of the specification."""
    card = assess(
        progression_record(),
        progression_spec(*cautions, situation=situation, **changes),
        ProgressionPredictor(answer, simulated=simulated),
        ListAuditLog(),
        CONTEXT,
    )
    assert isinstance(card, PrognosisCard)
    return card


def prognosis_abstention(
    *cautions: CautionFinding,
    situation: Situation = SITUATION,
    predictor: Predictor | None = None,
    **changes: object,
) -> Abstention:
    """The same where the age is missing: where somebody stands is known, their risk is not."""
    said = assess(
        progression_record(*INCOMPLETE),
        progression_spec(*cautions, situation=situation, **changes),
        predictor or ProgressionPredictor(),
        ListAuditLog(),
        CONTEXT,
    )
    assert isinstance(said, Abstention)
    return said
