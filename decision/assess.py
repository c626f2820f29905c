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
    DecisionCard,
    ModelAnswer,
    ModelIdentity,
)
from decision.clinical.features import FeatureVector, Found
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from decision.clinical.spec import DecisionSpec, Presence
from decision.rules import (
    causes_after_model,
    causes_before_model,
    derive_features,
    preference,
    site_cause,
)


class RecordSource(Protocol):
    """Where patients come from. Errors are `fhir.errors.FhirError`s, which carry a message and a
    remedy.
    """

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        """The worklist; a file that cannot be read is a `ListingProblem` and hides no other
        patient.
        """
        ...

    def load(self, patient_id: str) -> PatientRecord:
        """One patient's record, complete or an error; never somebody else's."""
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

    def entries(self, patient_id: str) -> tuple[tuple[str, AuditEvent], ...]:
        """(audit id, event) of one patient, oldest first."""
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


def input_hash(record: PatientRecord, features: FeatureVector) -> str:
    """SHA-256 of what the model was given, so that two assessments can be told apart without
    storing values.
    """
    given = {
        "spec": [features.spec_id, features.spec_version],
        "as_of": record.as_of.isoformat(),
        "values": {k: repr(v) for k, v in sorted(features.values.items())},
        "missing": {k: m.reason.value for k, m in sorted(features.missing.items())},
    }
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def assess(
    record: PatientRecord,
    spec: DecisionSpec,
    predictor: Predictor | NoModel,
    audit: AuditLog,
    context: Context,
) -> Assessment:
    """Assess one patient. The audit entry is written before the result is returned; if it cannot
    be, nothing is.

    Cautions and eligibility are found on every path; a caution never changes a probability.
    """
    features = derive_features(record, spec)
    criteria = spec.eligibility(record, spec)
    cautions = spec.find_cautions(record, spec)
    causes = causes_before_model(spec, criteria, features)
    model = None if isinstance(predictor, NoModel) else predictor.identity
    answer: ModelAnswer | None = None
    if isinstance(predictor, NoModel):
        causes += (
            AbstentionCause(
                reason=AbstentionReason.MODEL_UNAVAILABLE,
                detail=predictor.detail,
                remedy=predictor.remedy,
            ),
        )
    else:
        causes += site_cause(predictor.identity, context.site)
        if not causes:
            level = spec.thresholds["interval_level"].value
            answer = predictor.answer(features, site=context.site, level=level)
            causes = causes_after_model(spec, answer)

    given = input_hash(record, features)
    shown: dict[str, object] = {
        "as_of": record.as_of.isoformat(),
        "cautions": [f.rule.id for f in cautions if f.presence is Presence.PRESENT],
        "entered": sorted(
            i
            for i, f in features.findings
            if isinstance(f, Found) and f.evidence.origin.value != "record"
        ),
    }
    if answer is not None and not causes:
        chosen = preference(spec, answer, cautions)
        shown |= {
            "shown": "card",
            "simulated": model.simulated if model else None,
            "probabilities": {p.treatment: round(p.probability, 6) for p in answer.predictions},
            "difference": round(answer.contrast.difference, 6),
            "interval": [answer.contrast.interval.low, answer.contrast.interval.high],
            "preference": chosen.treatment,
            "silence": [reason.value for reason in chosen.silence],
        }
    else:
        shown |= {"shown": "abstention", "reasons": [cause.reason.value for cause in causes]}
    audit_id = audit.append(
        AuditEvent(
            recorded=context.now,
            action=AuditAction.ASSESSED,
            agent=context.agent,
            patient_id=record.patient_id,
            decision=spec.id,
            spec_version=spec.version,
            model_version=f"{model.version} ({model.checksum[:12]})" if model else "none",
            input_hash=given,
            outcome=shown,
        )
    )
    if answer is not None and not causes and model is not None:
        return DecisionCard(
            spec=spec,
            model=model,
            as_of=record.as_of,
            features=features,
            criteria=criteria,
            cautions=cautions,
            answer=answer,
            preference=preference(spec, answer, cautions),
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
        causes=causes,
        input_hash=given,
        audit_id=audit_id,
    )


def record_choice(
    assessment: Assessment,
    patient_id: str,
    action: AuditAction,
    chosen: Mapping[str, object],
    audit: AuditLog,
    context: Context,
) -> str:
    """Write what the clinician decided beside what was shown; returns the audit id."""
    model = assessment.model
    return audit.append(
        AuditEvent(
            recorded=context.now,
            action=action,
            agent=context.agent,
            patient_id=patient_id,
            decision=assessment.spec.id,
            spec_version=assessment.spec.version,
            model_version=f"{model.version} ({model.checksum[:12]})" if model else "none",
            input_hash=assessment.input_hash,
            outcome={**chosen, "about": assessment.audit_id},
        )
    )
