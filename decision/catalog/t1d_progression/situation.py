"""Where somebody stands, in words: stage, published figures, what the place's rules say is due."""

from __future__ import annotations

from decision.catalog.t1d_progression.classified import classification
from decision.catalog.t1d_progression.derive.staged import staged
from decision.catalog.t1d_progression.local import Place
from decision.clinical.features import FeatureVector
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Situation
from decision.clinical.spec import DecisionSpec


def describe(
    record: PatientRecord, spec: DecisionSpec, features: FeatureVector, place: Place
) -> Situation:
    """Everything that can be said of one record without a model."""
    found = staged(record, spec.codelists, place)
    return Situation(
        classification=classification(found),
        people="people with the same number of antibodies and stage",
    )
