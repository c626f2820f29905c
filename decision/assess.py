"""The use case: one record and one decision in, a card or an abstention out; the audit entry comes
first.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from decision.clinical.assessment import (
    Abstention,
    AbstentionCause,
    AbstentionReason,
    Assessment,
    AuditAction,
    AuditEvent,
    AuditTrail,
    DecisionCard,
    ModelAnswer,
    ModelIdentity,
    Preference,
)
from decision.clinical.errors import ModelError
from decision.clinical.features import FeatureVector, Found
from decision.clinical.progress import Watch, unwatched
from decision.clinical.record import (
    Identity,
    ListingProblem,
    Origin,
    PatientListing,
    PatientRecord,
)
from decision.clinical.spec import CriterionResult, DecisionSpec, Presence
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
        """Probabilities, their difference and the explanation for one patient at one recalibrated
        site.
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
class Context:
    """Who asks, where, and when: everything about the asking that is not the patient."""

    agent: str
    site: str
    now: datetime
    unasked: bool = False
    """True where an event in the chart asked and no page: nothing of the answer is shown, unless a
    notice follows, which has an entry of its own.
    """


def input_hash(record: PatientRecord, features: FeatureVector, context: Context) -> str:
    """SHA-256 of all that the answer depends on besides model and specification versions, so that
    two assessments can be told apart without storing a value twice.
    """
    given = {
        "spec": [features.spec_id, features.spec_version],
        "site": context.site,
        "as_of": record.as_of.isoformat(),
        "values": {k: repr(v) for k, v in sorted(features.values.items())},
        "missing": {k: m.reason.value for k, m in sorted(features.missing.items())},
        "gaps": _gaps(record),
    }
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def _gaps(record: PatientRecord) -> list[list[str]]:
    """What could not be read and why, in the words of the record; no person's data."""
    return sorted([gap.part.value, gap.label, gap.reason.value] for gap in record.gaps)


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
    features = derive_features(record, spec)
    criteria = spec.eligibility(record, spec)
    cautions = spec.find_cautions(record, spec)
    model = None if isinstance(predictor, NoModel) else predictor.identity
    judged = _judge(spec, criteria, features, predictor, context)
    given = input_hash(record, features, context)
    shown: dict[str, object] = {
        "as_of": record.as_of.isoformat(),
        "site": context.site,
        "cautions": [f.rule.id for f in cautions if f.presence is Presence.PRESENT],
        "entered": sorted(
            i
            for i, f in features.findings
            if isinstance(f, Found) and f.evidence.origin is not Origin.RECORD
        ),
        "gaps": _gaps(record),
    }
    if isinstance(judged, _Answered):
        chosen = preference(spec, judged.answer, cautions)
        shown |= _shown(judged.answer, chosen, judged.model)
    else:
        shown |= {"shown": "abstention", "reasons": [cause.reason.value for cause in judged]}
    if context.unasked:
        shown |= {"answer": shown["shown"], "shown": "nothing"}
    audit_id = audit.append(
        _event(spec, model, AuditAction.ASSESSED, record, given, shown, context)
    )
    if isinstance(judged, _Answered):
        return DecisionCard(
            spec=spec,
            model=judged.model,
            as_of=record.as_of,
            features=features,
            criteria=criteria,
            cautions=cautions,
            answer=judged.answer,
            preference=chosen,
            input_hash=given,
            audit_id=audit_id,
        )
    return Abstention(
        spec=spec,
        model=model,
        as_of=record.as_of,
        features=features,
        criteria=criteria,
        cautions=cautions,
        causes=judged,
        input_hash=given,
        audit_id=audit_id,
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


def _shown(answer: ModelAnswer, chosen: Preference, model: ModelIdentity) -> dict[str, object]:
    """Every number of the card, as the trail keeps it."""
    return {
        "shown": "card",
        "simulated": model.simulated,
        "probabilities": {p.treatment: round(p.probability, 6) for p in answer.predictions},
        "ranges": {
            p.treatment: [round(p.interval.low, 6), round(p.interval.high, 6)]
            for p in answer.predictions
        },
        "difference": round(answer.contrast.difference, 6),
        "interval": [
            round(answer.contrast.interval.low, 6),
            round(answer.contrast.interval.high, 6),
        ],
        "level": answer.contrast.interval.level,
        "preference": chosen.treatment,
        "silence": [reason.value for reason in chosen.silence],
    }


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
