"""A feature's own rules asked about one result, as if the record held no other."""

from __future__ import annotations

import dataclasses

from decision.clinical.features import Found
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import DecisionSpec, FeatureSpec

_SAID = "was found, but "


def emptied(record: PatientRecord) -> PatientRecord:
    """The person and the time of the record, and nothing else."""
    return dataclasses.replace(
        record, observations=(), conditions=(), medications=(), issues=(), gaps=(), expression=()
    )


def unaged(spec: DecisionSpec, feature_id: str) -> FeatureSpec:
    """The feature without its look-back: an old result can be read all the same."""
    return dataclasses.replace(spec.feature(feature_id), lookback=None)


def read_alone(
    result: Observation, feature: FeatureSpec, empty: PatientRecord, spec: DecisionSpec
) -> Found | str:
    """What the result says by the feature's rules, or why it says nothing to them."""
    found = feature.derive(
        dataclasses.replace(empty, observations=(result,)), feature, spec.codelists
    )
    if isinstance(found, Found):
        return found
    # `it is not a number` of `A result of 2027-01-02 was found, but it is not a number.`
    return found.detail.rpartition(_SAID)[2].removesuffix(".")
