"""This decision's cautions applied to one record."""

from __future__ import annotations

from decision.catalog.ra_biologic_response.triggers import TRIGGERS
from decision.clinical.record import PatientRecord
from decision.clinical.spec import CautionFinding, DecisionSpec
from decision.evidence.cautions import apply_all


def find_cautions(record: PatientRecord, spec: DecisionSpec) -> tuple[CautionFinding, ...]:
    """One finding per rule of the decision, in the order of the rules."""
    return apply_all(TRIGGERS, record, spec)
