"""Where somebody stands, in words: stage, published figures, what the place's rules say is due."""

from __future__ import annotations

from decision.catalog.t1d_progression.classified import classification
from decision.catalog.t1d_progression.compared import compared
from decision.catalog.t1d_progression.derive.own import own
from decision.catalog.t1d_progression.derive.staged import staged
from decision.catalog.t1d_progression.due import due
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.spoken import advice, people, worth_saying
from decision.clinical.features import FeatureVector
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Situation
from decision.clinical.spec import DecisionSpec


def describe(
    record: PatientRecord, spec: DecisionSpec, features: FeatureVector, place: Place
) -> Situation:
    """Everything that can be said of one record without a model."""
    record = own(record)
    found = staged(record, spec.codelists, place)
    years = features.value("age")
    return Situation(
        classification=classification(record, spec, found),
        people=people(years),
        comparators=compared(record, spec, features, found, place),
        prompts=due(record, spec, years, found, place),
        advice=advice(years, found),
        worth_saying=worth_saying(record, spec, found),
    )
