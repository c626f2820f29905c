"""Predictors as criteria and cautions see them: the decision's own findings, read once."""

from __future__ import annotations

from decision.clinical.features import Finding, Found
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec


def find(record: PatientRecord, spec: DecisionSpec, feature_id: str) -> Finding:
    """One feature of the decision, derived from the record."""
    feature = spec.feature(feature_id)
    return feature.derive(record, feature, spec.codelists)


def usable(record: PatientRecord, spec: DecisionSpec, feature_id: str) -> Found | None:
    """The feature where it is found and inside its supported limits; scores refuse all else."""
    finding = find(record, spec, feature_id)
    if isinstance(finding, Found) and finding.value in spec.feature(feature_id).supported:
        return finding
    return None
