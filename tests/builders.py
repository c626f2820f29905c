"""Small believable values of the domain's types, and the two ports that most tests need: a model
with one answer and a trail in memory. `fakes` builds whole pages from them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, date, datetime

from decision.assess import Context
from decision.clinical.assessment import (
    AuditEvent,
    AuditTrail,
    Comparison,
    Contrast,
    Contribution,
    DomainCheck,
    Explanation,
    Interval,
    LocalCalibration,
    ModelIdentity,
    Prediction,
)
from decision.clinical.codes import LOCAL, Code, Codelist, CodelistEntry, CodeStatus
from decision.clinical.errors import AuditError
from decision.clinical.features import (
    Evidence,
    FeatureVector,
    Finding,
    Found,
    Missing,
    MissingReason,
)
from decision.clinical.outlook import CheckedGroup, ExpectedRange, Outlook, Unexpected
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Identity, Observation, Origin, PatientRecord, Source
from decision.clinical.spec import (
    CautionFinding,
    CautionRule,
    CriterionResult,
    DecisionSpec,
    Eligibility,
    Entry,
    EntryKind,
    FeatureSpec,
    Limits,
    Modality,
    ModelColumn,
    Outcome,
    OverrideReason,
    Player,
    Presence,
    Severity,
    Threshold,
    Transform,
    Treatment,
    Verification,
)

AS_OF = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CONTEXT = Context(
    agent="Practitioner/test", site="here", now=datetime(2026, 11, 2, 9, 5, tzinfo=UTC)
)
CRP = Code(system=LOCAL, code="crp")


def make_threshold(name: str, value: float) -> Threshold:
    return Threshold(
        id=name,
        value=value,
        unit="1",
        meaning=name,
        citation="test",
        verification=Verification.DESIGN,
        review_by=date(2027, 11, 1),
    )


def newest(
    record: PatientRecord, feature: FeatureSpec, codelists: Mapping[str, Codelist]
) -> Finding:
    """The newest observation of the feature's concept; a coded answer counts as 0 or 1."""
    for observation in record.observed(codelists[feature.concepts[0]]):
        value = observation.value
        number = (
            value.value
            if isinstance(value, Quantity)
            else float(isinstance(value, Code) and value.code == "not-taking")
        )
        return Found(
            value=number,
            evidence=Evidence(
                sources=(observation.source,),
                effective=observation.effective,
                origin=observation.source.origin,
                how="newest",
            ),
        )
    return Missing(reason=MissingReason.NOT_FOUND, detail="Not in the record.")


RULE = CautionRule(
    id="R0",
    title="Low neutrophils",
    trigger="neutrophils below the limit",
    severity={"a": Severity.NONE, "b": Severity.STOP},
    message={"a": "acceptable", "b": "do not start"},
    source="label",
    source_date="2026",
    verification=Verification.VERIFIED,
    outstanding="",
)


def make_finding(presence: Presence = Presence.PRESENT) -> CautionFinding:
    return CautionFinding(
        rule=RULE, presence=presence, severity=RULE.severity, detail="1.4 x10^9/L on 2026-10-30"
    )


def make_spec(
    *,
    criteria: tuple[CriterionResult, ...] | None = None,
    cautions: tuple[CautionFinding, ...] = (),
    required: bool = True,
) -> DecisionSpec:
    """A decision with one predictor (CRP, 0 to 500 mg/L) and two treatments, `a` and `b`."""
    met = (CriterionResult(id="adult", state=Eligibility.MET, detail="54 years old."),)
    return DecisionSpec(
        id="test_decision",
        version="1",
        title="Test decision",
        intended_use="Tests.",
        not_for=("patients",),
        treatments=(
            Treatment(id="a", label="drug A", label_with_article="a drug A"),
            Treatment(id="b", label="drug B", label_with_article="a drug B"),
        ),
        outcome=Outcome(
            label="low disease activity",
            definition="CDAI at most 10",
            horizon_weeks=24,
            citation="test",
            desirable=True,
        ),
        features=(
            FeatureSpec(
                id="crp",
                label="C-reactive protein",
                short="CRP",
                modality=Modality.SEROLOGICAL,
                unit="mg/L",
                concepts=("crp",),
                lookback=None,
                supported=Limits(low=0, high=500, citation="test"),
                required=required,
                derive=newest,
                entry=Entry(
                    kind=EntryKind.NUMBER,
                    question="CRP",
                    concept="crp",
                    unit="mg/L",
                    limits=Limits(low=0, high=500, citation="test"),
                ),
            ),
        ),
        players=(Player(id="crp", label="CRP", modality=Modality.SEROLOGICAL, features=("crp",)),),
        columns=(
            ModelColumn(id="crp", player="crp", inputs=("crp",), transform=Transform.IDENTITY),
        ),
        strata=(),
        quorum={Modality.SEROLOGICAL: 1},
        thresholds={
            t.id: t
            for t in (
                make_threshold("interval_level", 0.9),
                make_threshold("naming_margin", 0.05),
                make_threshold("widest_range", 0.7),
                make_threshold("domain_p_value", 0.01),
                make_threshold("smallest_comparable", 20),
            )
        },
        codelists={
            "crp": Codelist(
                id="crp",
                version="1",
                entries=(CodelistEntry(code=CRP, status=CodeStatus.VERIFIED),),
                citation="test",
            )
        },
        cautions=(RULE,),
        eligibility=lambda record, spec: met if criteria is None else criteria,
        find_cautions=lambda record, spec: cautions,
        override_reasons=(OverrideReason(code="patient-preference", label="Patient preference"),),
        not_modelled=("abatacept",),
        citations=("test",),
    )


def make_observation(
    value: float, *, origin: Origin = Origin.RECORD, when: datetime = AS_OF
) -> Observation:
    return Observation(
        codes=(CRP,),
        value=Quantity(value=value, unit="mg/L"),
        effective=Moment.instant(when),
        status="final",
        source=Source(reference="Observation/1", origin=origin),
    )


def make_record(*observations: Observation) -> PatientRecord:
    return PatientRecord(
        patient_id="patient-1",
        identity=Identity(name="Test Person", birth_date=None, sex="female"),
        as_of=AS_OF,
        observations=observations,
    )


def make_prediction(treatment: str, probability: float, half: float = 0.15) -> Prediction:
    low, high = max(0.0, probability - half), min(1.0, probability + half)
    return Prediction(
        treatment=treatment,
        probability=probability,
        interval=Interval(low=low, high=high, level=0.9),
        reference_n=400,
        calibration=LocalCalibration(
            low=probability - 0.05,
            high=probability + 0.05,
            n=84,
            events=31,
            observed_low=0.27,
            observed_high=0.48,
        ),
    )


def make_answer(
    a: float = 0.36,
    b: float = 0.38,
    *,
    half: float = 0.15,
    half_difference: float = 0.2,
    p_value: float = 0.6,
    comparable: int = 100,
) -> Comparison:
    difference = b - a
    contribution = Contribution(
        player="crp",
        effects={"a": a - 0.3, "b": b - 0.3},
        prognostic=(a + b) / 2 - 0.3,
        differential=difference,
    )
    return Comparison(
        predictions=(make_prediction("a", a, half), make_prediction("b", b, half)),
        contrast=Contrast(
            a="a",
            b="b",
            difference=difference,
            interval=Interval(
                low=difference - half_difference, high=difference + half_difference, level=0.9
            ),
            probability_positive=0.6,
        ),
        explanation=Explanation(
            base={"a": 0.3, "b": 0.3},
            contributions=(contribution,),
            modalities=(dataclasses.replace(contribution, player="serological"),),
            certificate=1e-10,
        ),
        domain=DomainCheck(p_value=p_value, culprit="crp", outside_usual=()),
        missing_costs=(),
        absent_modalities=(Modality.TRANSCRIPTOMIC,),
        comparable=comparable,
        stratum="everyone",
    )


class FakePredictor:
    """Gives one fixed answer and counts how often it was asked."""

    def __init__(self, answer: Comparison | None = None) -> None:
        self._answer = answer or make_answer()
        self.asked: list[FeatureVector] = []

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(
            id="test_decision",
            version="1.0.0",
            checksum="ab12cd34ef56" * 5,
            simulated=True,
            description="simulated",
            trained_rows=6000,
            sites=("here",),
        )

    def answer(self, features: FeatureVector, *, site: str, level: float) -> Comparison:
        self.asked.append(features)
        return self._answer

    def estimate(self, features: FeatureVector, *, site: str, level: float) -> Comparison:
        return self.answer(features, site=site, level=level)

    def outlook(self, features: FeatureVector, *, site: str, level: float) -> Outlook:
        """Small, but with one of everything: bands, groups, usual ranges, what a test is worth."""
        return make_outlook(features)


def make_outlook(features: FeatureVector) -> Outlook:
    bands = tuple(
        LocalCalibration(
            low=i / 10,
            high=(i + 1) / 10,
            n=11 if i == 9 else 84,
            events=round(8.4 * i),
            observed_low=max(0.0, i / 10 - 0.1),
            observed_high=min(1.0, i / 10 + 0.1),
        )
        for i in range(10)
    )
    groups = (
        CheckedGroup(
            label="nobody treated before",
            n=84,
            events=31,
            expected=33.0,
            observed_low=0.27,
            observed_high=0.48,
            auc=0.71,
        ),
        CheckedGroup(
            feature="crp",
            low=10.0,
            high=float("inf"),
            n=11,
            events=4,
            expected=4.0,
            observed_low=0.15,
            observed_high=0.65,
        ),
    )
    expected = (
        ExpectedRange(players=("mtx",), now=0.30, expected=0.24, one_sided=0.25),
        ExpectedRange(players=("crp",), now=0.30, expected=None, why=Unexpected.RARELY_MEASURED),
    )
    return Outlook(
        bands={"a": bands, "b": bands},
        groups={"a": groups, "b": groups},
        usual={"tender": (1.0, 24.0), "crp": (1.2, 160.3)},
        expected=tuple(e for e in expected if e.players[0] in features.missing),
    )


class ListAuditLog:
    """Keeps entries in memory; `broken` makes every write fail as a full disk would."""

    def __init__(self, *, broken: bool = False) -> None:
        self.events: list[AuditEvent] = []
        self.broken = broken

    def append(self, event: AuditEvent) -> str:
        if self.broken:
            raise AuditError("cannot write the audit trail", "Free some space.")
        self.events.append(event)
        return f"audit-{len(self.events)}"

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail:
        found = [
            (f"audit-{i}", event)
            for i, event in enumerate(self.events, start=1)
            if event.patient_id == patient_id
        ]
        own = tuple((i, event) for i, event in found if event.identity == identity)
        return AuditTrail(entries=own, of_others=len(found) - len(own))
