"""The use case: one record and one decision in, a card or an abstention out; the audit entry comes
first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from decision.clinical.account import Account
from decision.clinical.assessment import (
    Abstention,
    AbstentionCause,
    AbstentionReason,
    Assessment,
    AuditAction,
    AuditEvent,
    AuditTrail,
    Comparison,
    ComparisonCard,
    ModelAnswer,
    ModelEstimate,
    ModelIdentity,
    PrognosisCard,
)
from decision.clinical.errors import ModelError
from decision.clinical.features import FeatureVector
from decision.clinical.outlook import Outlook
from decision.clinical.progress import Watch, unwatched
from decision.clinical.record import (
    Identity,
    ListingProblem,
    PatientListing,
    PatientRecord,
)
from decision.clinical.spec import CriterionResult, DecisionSpec
from decision.outcome import input_hash, outcome_of
from decision.rules import (
    causes_after_model,
    causes_before_model,
    derive_features,
    preference,
    site_cause,
)


class RecordSource(Protocol):
    """Where patients come from. Its errors are `RecordSourceError`s, with message and remedy."""

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        """The worklist; a file that cannot be read is a `ListingProblem` and hides no other
        patient.
        """
        ...

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        """One patient's record, never somebody else's. What could not be had is named in its
        `gaps`; an error where there is no record at all. `watch` is told how far it has come.
        """
        ...


class Predictor(Protocol):
    """A trained model behind its artefact."""

    @property
    def identity(self) -> ModelIdentity: ...

    def answer(self, features: FeatureVector, *, site: str, level: float) -> ModelAnswer:
        """Probabilities with their ranges and the explanation for one patient at one recalibrated
        site.
        """
        ...

    def estimate(self, features: FeatureVector, *, site: str, level: float) -> ModelEstimate:
        """The same without its reasons, to the last bit: for what is only tried, where they would
        take most of the time and are not shown.
        """
        ...

    def outlook(self, features: FeatureVector, *, site: str, level: float) -> Outlook:
        """How the model was checked, what it has seen, and what one more measurement is worth to a
        patient for whom it has given an answer.
        """
        ...


class AuditLog(Protocol):
    """Append-only trail. `append` returns only once the entry is on disk, with its id."""

    def append(self, event: AuditEvent) -> str: ...

    def entries(self, patient_id: str, identity: Identity) -> AuditTrail:
        """What was done about this person; never an entry about another one with the same id."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NoModel:
    """Stands where a predictor should: the artefact could not be loaded, and why."""

    detail: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision as a process serves it: how it describes itself, and its model or why it has
    none.
    """

    spec: DecisionSpec
    predictor: Predictor | NoModel
    account: Account = field(default_factory=Account)
    """What is said of the model besides what it says itself."""

    @property
    def id(self) -> str:
        return self.spec.id

    @property
    def model(self) -> ModelIdentity | NoModel:
        """Which model answers, or what stands in its place."""
        return self.predictor if isinstance(self.predictor, NoModel) else self.predictor.identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Who asks, where, and when: everything about the asking that is not the patient."""

    agent: str
    site: str
    now: datetime
    unasked: bool = False
    """True where an event in the chart asked and no page: nothing of the answer is shown, unless a
    notice follows, which has an entry of its own.
    """


def assess(
    record: PatientRecord,
    spec: DecisionSpec,
    predictor: Predictor | NoModel,
    audit: AuditLog,
    context: Context,
) -> Assessment:
    """Assess one patient. The audit entry is written before the result is returned; if it cannot
    be, nothing is.

    Cautions and eligibility are found on every path; a caution never changes a probability. A model
    that breaks on this patient is an abstention with its reason, like one that is not there.
    """
    found = _assessed(record, spec, predictor, context)
    outcome = outcome_of(found, record, context.site)
    if context.unasked:
        outcome |= {"answer": outcome["shown"], "shown": "nothing"}
    entry = _event(
        spec, found.model, AuditAction.ASSESSED, record, found.input_hash, outcome, context
    )
    return replace(found, audit_id=audit.append(entry))


def _assessed(
    record: PatientRecord, spec: DecisionSpec, predictor: Predictor | NoModel, context: Context
) -> Assessment:
    """The assessment, which nobody may see before it has its entry in the trail."""
    features = derive_features(record, spec)
    criteria = spec.eligibility(record, spec)
    cautions = spec.find_cautions(record, spec)
    describe = spec.prognosis.describe if spec.prognosis else None
    situation = describe(record, spec, features) if describe else None
    judged = _judge(spec, criteria, features, predictor, context)
    given = input_hash(
        record, spec, features, situation, context.site, criteria=criteria, cautions=cautions
    )
    if not isinstance(judged, _Answered):
        return Abstention(
            spec=spec,
            model=None if isinstance(predictor, NoModel) else predictor.identity,
            as_of=record.as_of,
            features=features,
            criteria=criteria,
            cautions=cautions,
            causes=judged,
            input_hash=given,
            audit_id="",
            situation=situation,
        )
    if isinstance(judged.answer, Comparison):
        return ComparisonCard(
            spec=spec,
            model=judged.model,
            as_of=record.as_of,
            features=features,
            criteria=criteria,
            cautions=cautions,
            answer=judged.answer,
            preference=preference(spec, judged.answer, cautions),
            input_hash=given,
            audit_id="",
        )
    if spec.prognosis is None or situation is None:
        raise TypeError(f"a model of decision {spec.id!r}, which compares, gave a prognosis")
    return PrognosisCard(
        spec=spec,
        model=judged.model,
        as_of=record.as_of,
        features=features,
        criteria=criteria,
        cautions=cautions,
        answer=judged.answer,
        situation=situation,
        band=spec.prognosis.band(judged.answer.last.probability, judged.answer.stratum),
        input_hash=given,
        audit_id="",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """An answer that may be shown, and whose it is."""

    model: ModelIdentity
    answer: ModelAnswer


def _judge(
    spec: DecisionSpec,
    criteria: tuple[CriterionResult, ...],
    features: FeatureVector,
    predictor: Predictor | NoModel,
    context: Context,
) -> _Answered | tuple[AbstentionCause, ...]:
    """The model's answer where it may be shown, else every reason why not."""
    causes = causes_before_model(spec, criteria, features)
    if isinstance(predictor, NoModel):
        return (*causes, _no_model(predictor.detail, predictor.remedy))
    causes += site_cause(predictor.identity, context.site)
    if causes:
        return causes
    try:
        answer = predictor.answer(
            features, site=context.site, level=spec.thresholds["interval_level"].value
        )
    except ModelError as error:
        return (_no_model(error.message, error.remedy),)
    return causes_after_model(spec, answer) or _Answered(model=predictor.identity, answer=answer)


def _no_model(detail: str, remedy: str) -> AbstentionCause:
    return AbstentionCause(reason=AbstentionReason.MODEL_UNAVAILABLE, detail=detail, remedy=remedy)


def _event(
    spec: DecisionSpec,
    model: ModelIdentity | None,
    action: AuditAction,
    record: PatientRecord,
    given: str,
    outcome: Mapping[str, object],
    context: Context,
) -> AuditEvent:
    return AuditEvent(
        recorded=context.now,
        action=action,
        agent=context.agent,
        patient_id=record.patient_id,
        identity=record.identity,
        decision=spec.id,
        spec_version=spec.version,
        model_version=f"{model.version} ({model.checksum[:12]})" if model else "none",
        input_hash=given,
        outcome=outcome,
    )


def record_choice(
    assessment: Assessment,
    record: PatientRecord,
    action: AuditAction,
    chosen: Mapping[str, object],
    audit: AuditLog,
    context: Context,
) -> str:
    """Write what followed from an assessment: a decision, an entry, a notice. Returns its id."""
    return audit.append(
        _event(
            assessment.spec,
            assessment.model,
            action,
            record,
            assessment.input_hash,
            {**chosen, "about": assessment.audit_id},
            context,
        )
    )
