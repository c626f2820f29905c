"""Prognoses as whole pages get them, with believable numbers: a decision of its own, a model that
follows what is entered, and every kind of comparator and prompt. Nothing of the catalogue is used.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from datetime import date

from decision.assess import assess
from decision.clinical.answers import horizon_id
from decision.clinical.assessment import (
    Abstention,
    CurvePoint,
    DomainCheck,
    HorizonRisk,
    MissingCost,
    ModelIdentity,
    Prognosis,
    PrognosisCard,
    RiskEffect,
    RiskExplanation,
)
from decision.clinical.choices import OtherChoice, OverrideReason
from decision.clinical.dated import Standing
from decision.clinical.features import FeatureVector, Found
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Classification, Prompt, Situation
from decision.clinical.spec import (
    CautionFinding,
    DecisionSpec,
    Entry,
    EntryKind,
    Modality,
    Outcome,
    Player,
    Presence,
    Severity,
    Treatment,
)
from decision.ui.services import Services
from tests.builders import CONTEXT, FakePredictor, ListAuditLog, make_spec
from tests.fakes import (
    CHOICES,
    codelist,
    finding,
    make_feature,
    make_rule,
    observe,
    page_record,
    page_services,
)
from tests.prognosis_cards import YEARS, comparator, make_risk, progression_spec, published

BAND_NOTE = "Bands are defined by this project; no published source."
FEATURES = (
    make_feature("class", "Class", "1", 3, required=True),
    make_feature("hba1c", "HbA1c", "%", 15, modality=Modality.SEROLOGICAL),
    make_feature("index60", "Index60", "1", 8, modality=Modality.SEROLOGICAL),
    make_feature("grs2", "GRS2", "1", 30, modality=Modality.SEROLOGICAL),
    make_feature("bmi", "BMI", "kg/m2", 60),
)
KNOWN = (observe("class", 3, "1"), observe("hba1c", 5.9, "%"), observe("bmi", 18.2, "kg/m2"))
CHILD = page_record("c1", *KNOWN)
COMPLETE_CHILD = page_record("c2", *KNOWN, observe("index60", 1.6, "1"), observe("grs2", 13.4, "1"))

CLASS_2 = Classification(
    id="stage-2",
    label="Stage 2",
    detail="Two confirmed antibodies with raised glucose.",
    settled=True,
    criteria=(
        "2-hour glucose 152 mg/dL on 2026-10-12 (140 to 199)",
        "HbA1c 5.9 % on 2026-10-12 (5.7 to 6.4)",
        "GADA and IA-2A confirmed on 2026-06-02",
    ),
    considered=("Fasting glucose 96 mg/dL on 2026-10-12", "2-hour glucose 152 mg/dL on 2026-10-12"),
    notes=("not tested: ZnT8A",),
    rules="Thresholds for the United States, edition 2020, in force since 2020-01-01.",
)
PROVISIONAL = dataclasses.replace(
    CLASS_2,
    id="stage-1-provisional",
    label="Stage 1, provisional",
    detail="Normal as far as measured; stage 2 is not excluded.",
    settled=False,
    criteria=("GADA and IA-2A confirmed on 2026-06-02",),
    missing=("2-hour glucose",),
)


COMPARATORS = (
    comparator(
        "by-stage",
        "Published risk by stage",
        "60 of 100 within 2 years, 75 of 100 within 5 years",
        risks=(published(2.0, 0.60), published(5.0, 0.75)),
        status=Standing.SECONDARY,
    ),
    comparator(
        "by-number",
        "Published risk by number of antibodies",
        "36 of 100 within 5 years (30 to 42)",
        risks=(published(5.0, 0.36, 0.30, 0.42), published(10.0, 0.697, 0.651, 0.743)),
        population="children with antibodies from birth cohorts",
    ),
    comparator("hazard", "Relative hazard", "2.3 times that of the reference person"),
    comparator(
        "score",
        "DPTRS",
        "",
        refused="needs glucose and C-peptide at five times, and there are none",
        remedy="enter the test",
    ),
    comparator("m60", "M60", "", refused="coefficients not in our sources", published=False),
    comparator("abrs", "ABRS", "", refused="coefficients not in our sources", published=False),
)
PROMPTS = (
    Prompt(
        topic="Monitoring",
        text="HbA1c every 3 months, with intermittent CGM.",
        details=(),
        jurisdiction="US",
        effective_from=date(2026, 11, 22),
        source="Example network 2024",
        status=Standing.VERIFIED,
    ),
    Prompt(
        topic="Disease-modifying therapy",
        text="Teplizumab may come into question; check every exclusion first.",
        details=("At least 8 years old (label entered here).", "Check the current label."),
        jurisdiction="US",
        effective_from=date(2026, 11, 22),
        source="Label as reproduced on a prescribing site",
        status=Standing.VERIFIED,
    ),
)
SITUATION = Situation(
    classification=CLASS_2,
    people="children with the same antibodies and stage",
    comparators=COMPARATORS,
    prompts=PROMPTS,
    advice=(
        "Say the number as people, not as per cent: 100 children like yours.",
        "Say that the time may be years.",
    ),
)

EXCLUSION = make_rule("X1", "Lymphocytes below the limit", Severity.STOP, Severity.STOP)
INFECTION = make_rule("X2", "Active infection", Severity.AVOID, Severity.AVOID)


def exclusions(*present: str) -> tuple[CautionFinding, ...]:
    """The checklist: what is not `present` is open, with its question."""
    found = []
    for rule in (EXCLUSION, INFECTION):
        rule = dataclasses.replace(
            rule,
            severity={"drug": rule.severity["a"]},
            message={"drug": "not by its label"},
        )
        asked = Entry(
            kind=EntryKind.CHOICE, question=rule.title, concept=rule.id.lower(), choices=CHOICES
        )
        is_there = rule.id in present
        one = finding(rule, Presence.PRESENT if is_there else Presence.NOT_FOUND)
        found.append(dataclasses.replace(one, entries=() if is_there else (asked,)))
    return tuple(found)


def band_of(risk: float, stratum: int) -> str:
    return "high" if stratum == 3 or risk > 0.5 else "intermediate" if risk >= 0.15 else "low"


def prognosis_spec(
    situation: Situation = SITUATION, *, present: tuple[str, ...] = (), **changes: object
) -> DecisionSpec:
    """A decision about when something happens, with one treatment that is not compared."""
    cautions = exclusions(*present)
    base = progression_spec(*cautions, situation=situation)
    assert base.prognosis is not None
    spec = dataclasses.replace(
        base,
        id="test_prognosis",
        treatments=(Treatment(id="drug", label="Teplizumab", label_with_article="teplizumab"),),
        outcome=Outcome(
            label="clinical (stage 3) type 1 diabetes",
            definition="diagnosis by the current criteria",
            citation="test",
            desirable=False,
        ),
        features=FEATURES,
        players=tuple(
            Player(id=f.id, label=f.label, modality=f.modality, features=(f.id,))
            for f in FEATURES
            if f.id != "class"
        ),
        columns=(),
        codelists={name: codelist(name) for name in (*(f.id for f in FEATURES), "x1", "x2")},
        override_reasons=(
            OverrideReason(code="preference", label="Wish of the family"),
            OverrideReason(code="checked", label="Exclusion checked", against_caution=True),
        ),
        other_choices=(OtherChoice(code="monitor", label="Monitor as due"),),
        prognosis=dataclasses.replace(
            base.prognosis, stratum="class", band=band_of, band_note=BAND_NOTE
        ),
        eligibility=make_spec().eligibility,
    )
    return dataclasses.replace(spec, **changes)  # type: ignore[arg-type]


def make_prognosis(
    risks: tuple[float, ...] = (0.12, 0.23, 0.44),
    *,
    half: float = 0.08,
    effects: Mapping[str, float] | None = None,
    costs: tuple[MissingCost, ...] = (),
    p_value: float = 0.6,
    unusual: tuple[tuple[str, float, float, float], ...] = (),
    stratum: int = 3,
    n: int = 240,
) -> Prognosis:
    """`effects` are those at the last horizon; shorter ones have their share of them."""
    at_last = {"hba1c": 0.06, "index60": 0.0, "grs2": 0.0, "bmi": -0.02} | dict(effects or {})
    found = tuple(
        make_risk(years, risk, half * (0.5 + 0.1 * years), n)
        for years, risk in zip(YEARS, risks, strict=True)
    )
    moved = {
        player: {horizon_id(y): size * r / risks[-1] for y, r in zip(YEARS, risks, strict=True)}
        for player, size in at_last.items()
    }
    base = {r.id: r.probability - math.fsum(each[r.id] for each in moved.values()) for r in found}
    told = tuple(RiskEffect(player=p, effects=e) for p, e in moved.items())
    return Prognosis(
        stratum=stratum,
        stratum_label="stage 2",
        risks=found,
        curve=curve_of(found),
        explanation=RiskExplanation(
            base=base,
            effects=told,
            modalities=(RiskEffect(player="serological", effects=moved["hba1c"]),),
            certificate=1e-12,
        ),
        domain=DomainCheck(p_value=p_value, culprit="hba1c", outside_usual=unusual),
        missing_costs=costs,
        absent_modalities=(),
        reference_n=1180,
        reference_events=702,
    )


def curve_of(risks: tuple[HorizonRisk, ...]) -> tuple[CurvePoint, ...]:
    """Straight between the horizons, in steps of a quarter of a year; from 0 at no time."""
    ends = [(0.0, 0.0, 0.0, 0.0)]
    ends += [(r.years, r.probability, r.interval.low, r.interval.high) for r in risks]
    points = []
    for step in range(int(4 * ends[-1][0]) + 1):
        t = step / 4
        after = next(i for i, end in enumerate(ends) if end[0] >= t)
        before = max(0, after - 1)
        width = (ends[after][0] - ends[before][0]) or 1.0
        share = (t - ends[before][0]) / width
        risk, low, high = (
            ends[before][i] + share * (ends[after][i] - ends[before][i]) for i in (1, 2, 3)
        )
        points.append(CurvePoint(years=t, risk=risk, low=low, high=high))
    return tuple(points)


class FakeHazard(FakePredictor):
    """Its risk rises with HbA1c, so that a page can be seen to update; what is not known costs."""

    def __init__(self, answer: Prognosis | None = None) -> None:
        self._given = answer
        self.asked: list[FeatureVector] = []

    def answer(  # type: ignore[override]
        self, features: FeatureVector, *, site: str, level: float
    ) -> Prognosis:
        self.asked.append(features)
        if self._given is not None:
            return self._given
        known = {i for i, f in features.findings if isinstance(f, Found)}
        last = min(0.9, max(0.05, ((features.value("hba1c") or 5.5) - 4.8) * 0.4))
        costs = tuple(
            MissingCost(player=i, wider=w)
            for i, w in (("index60", 0.04), ("grs2", 0.02))
            if i not in known
        )
        return make_prognosis(
            (last * 0.27, last * 0.52, last),
            effects={i: 0.03 for i in ("index60", "grs2") if i in known},
            costs=costs,
            stratum=int(features.value("class") or 1),
        )

    @property
    def identity(self) -> ModelIdentity:
        return dataclasses.replace(
            super().identity,
            id="test_prognosis",
            metrics={"held_out.stage_2.5y.auc": 0.79, "development.stage_2.5y.oe": 1.02},
        )


def prognosis_card(
    answer: Prognosis | None = None,
    *,
    record: PatientRecord = CHILD,
    situation: Situation = SITUATION,
    present: tuple[str, ...] = (),
    **changes: object,
) -> PrognosisCard:
    spec = prognosis_spec(situation, present=present)
    found = assess(record, spec, FakeHazard(answer), ListAuditLog(), CONTEXT)
    assert isinstance(found, PrognosisCard)
    return dataclasses.replace(found, **changes)  # type: ignore[arg-type]


def without_risk(situation: Situation = SITUATION) -> Abstention:
    """Nobody knows the class; where the person stands is still said."""
    record = page_record("c3", observe("hba1c", 5.9, "%"))
    found = assess(record, prognosis_spec(situation), FakeHazard(), ListAuditLog(), CONTEXT)
    assert isinstance(found, Abstention)
    return found


def prognosis_services(
    *records: PatientRecord,
    situation: Situation = SITUATION,
    answer: Prognosis | None = None,
    present: tuple[str, ...] = (),
    audit: ListAuditLog | None = None,
) -> Services:
    return page_services(
        *(records or (CHILD,)),
        spec=prognosis_spec(situation, present=present),
        predictor=FakeHazard(answer),
        audit=audit,
    )
