"""What the trail keeps of an assessment: every number that is shown or every reason for none, and a
digest of what it rests on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from decision.clinical.assessment import (
    Assessment,
    ComparisonCard,
    Interval,
    PrognosisCard,
)
from decision.clinical.features import FeatureVector, Found
from decision.clinical.record import Origin, PatientRecord
from decision.clinical.situation import Situation
from decision.clinical.spec import CautionFinding, CriterionResult, DecisionSpec, Presence


def input_hash(
    record: PatientRecord,
    spec: DecisionSpec,
    features: FeatureVector,
    situation: Situation | None,
    site: str,
    *,
    criteria: Sequence[CriterionResult],
    cautions: Sequence[CautionFinding],
) -> str:
    """SHA-256 of all that the answer depends on besides model and specification versions, so that
    two assessments can be told apart without storing a value twice. What speaks against a drug is
    part of it: a decision made before a caution was known is not one about the same answer.
    """
    given: dict[str, object] = {
        "spec": [features.spec_id, features.spec_version],
        "site": site,
        "as_of": record.as_of.isoformat(),
        "values": {k: repr(v) for k, v in sorted(features.values.items())},
        "missing": {k: m.reason.value for k, m in sorted(features.missing.items())},
        "gaps": _gaps(record),
        "criteria": [[c.id, c.state.value, c.detail] for c in criteria],
        "cautions": [[c.rule.id, c.presence.value, c.detail, *c.evidence] for c in cautions],
    }
    if spec.local:
        given["local"] = spec.local
    if situation is not None:
        given["situation"] = repr(situation)
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()


def _gaps(record: PatientRecord) -> list[list[str]]:
    """What could not be read and why, in the words of the record; no person's data."""
    return sorted([gap.part.value, gap.label, gap.reason.value] for gap in record.gaps)


def outcome_of(found: Assessment, record: PatientRecord, site: str) -> dict[str, object]:
    """What came out, as the trail keeps it."""
    told: dict[str, object] = {
        "as_of": record.as_of.isoformat(),
        "site": site,
        "cautions": [f.rule.id for f in found.cautions if f.presence is Presence.PRESENT],
        "entered": sorted(
            i
            for i, f in found.features.findings
            if isinstance(f, Found) and f.evidence.origin is not Origin.RECORD
        ),
        "gaps": _gaps(record),
    }
    situation = None if isinstance(found, ComparisonCard) else found.situation
    if situation is not None:
        told["classification"] = situation.classification.id
    if isinstance(found, ComparisonCard):
        told |= _compared(found)
    elif isinstance(found, PrognosisCard):
        told |= _foretold(found)
    else:
        told |= {"shown": "abstention", "reasons": [cause.reason.value for cause in found.causes]}
    return told


def _compared(card: ComparisonCard) -> dict[str, object]:
    answer, contrast = card.answer, card.answer.contrast
    return {
        "shown": "card",
        "simulated": card.model.simulated,
        "probabilities": {p.treatment: round(p.probability, 6) for p in answer.predictions},
        "ranges": {p.treatment: _ends(p.interval) for p in answer.predictions},
        "difference": round(contrast.difference, 6),
        "interval": _ends(contrast.interval),
        "level": contrast.interval.level,
        "preference": card.preference.treatment,
        "silence": [reason.value for reason in card.preference.silence],
    }


def _foretold(card: PrognosisCard) -> dict[str, object]:
    risks = card.answer.risks
    return {
        "shown": "card",
        "simulated": card.model.simulated,
        "stratum": card.answer.stratum,
        "risks": {risk.id: round(risk.probability, 6) for risk in risks},
        "ranges": {risk.id: _ends(risk.interval) for risk in risks},
        "level": card.answer.last.interval.level,
        "band": card.band,
    }


def _ends(interval: Interval) -> list[float]:
    return [round(interval.low, 6), round(interval.high, 6)]
