"""Predictors read as only rheumatology does: 28-joint counts and rheumatoid factor."""

from __future__ import annotations

import re
from collections.abc import Mapping

from decision.catalog.ra_biologic_response.thresholds import THRESHOLDS
from decision.clinical.codes import LOCAL, Codelist
from decision.clinical.features import Finding
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import FeatureSpec
from decision.evidence.results import antibody_reading, number_reading
from decision.evidence.select import Reading, latest

_OF_28 = re.compile(r"\b28\b")

Codelists = Mapping[str, Codelist]


def joint_count(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """The latest 28-joint count; a joint code that does not say 28 may count 66 and is refused."""
    entries = codelists[feature.concepts[0]].entries

    def read(observation: Observation) -> Reading | str:
        local = any(code.system == LOCAL for code in observation.codes)
        listed = [e.code.display for e in entries if e.code in observation.codes]
        shown = [code.display for code in observation.codes]
        words = " ".join((observation.text, *shown, *listed))
        if not local and not _OF_28.search(words):
            return "it does not say that 28 joints were counted"
        return number_reading(observation, feature.unit)

    return latest(record, feature, codelists, read)


def rheumatoid_factor(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """As any antibody; international units allow one assumed limit, which the evidence names."""
    limit = THRESHOLDS["rf_assumed_uln"]
    assumed = (limit.value, limit.unit)
    return latest(record, feature, codelists, lambda o: antibody_reading(o, codelists, assumed))
