"""Predictors that are one measured number, one positive-or-negative result, or one coded answer."""

from __future__ import annotations

import re
from collections.abc import Mapping

from decision.catalog.ra_biologic_response.derive.select import Reading, latest
from decision.catalog.ra_biologic_response.thresholds import THRESHOLDS
from decision.clinical.codes import LOCAL, Code, Codelist
from decision.clinical.features import Finding
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import FeatureSpec

_OF_28 = re.compile(r"\b28\b")

Codelists = Mapping[str, Codelist]


def _number(observation: Observation, unit: str) -> Reading | str:
    value = observation.value
    if not isinstance(value, Quantity):
        return "it is not a number"
    if value.unit != unit:
        return f"its unit is {value.unit!r}, not {unit!r}"
    if value.comparator:
        return value.value, f"reported as {value}; the limit itself is used"
    return value.value, "latest result"


def measured(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """The latest number in the feature's own unit; `<4` counts as 4 and says so."""
    return latest(record, feature, codelists, lambda o: _number(o, feature.unit))


def concentration(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """As measured; what lies under the lowest supported amount counts as that amount.

    Laboratories write 0 for `not detectable`; the model takes logarithms.
    """

    def read(observation: Observation) -> Reading | str:
        reading = _number(observation, feature.unit)
        if isinstance(reading, str):
            return reading
        value, how = reading
        lowest = feature.supported.low
        if 0 <= value < lowest:
            return lowest, f"{how}; {value:g} is under the lowest supported {lowest:g}, used here"
        return reading

    return latest(record, feature, codelists, read)


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
        return _number(observation, feature.unit)

    return latest(record, feature, codelists, read)


def _judged(codes: tuple[Code, ...], codelists: Codelists, stem: str) -> float | None:
    if codelists[f"{stem}_positive"].matches(codes):
        return 1.0
    return 0.0 if codelists[f"{stem}_negative"].matches(codes) else None


def _against(limit: float, value: Quantity) -> float | None:
    """1 above the limit, 0 at or below it, None where `<30` or `>5` leaves it open."""
    if value.comparator.startswith("<"):
        return 0.0 if value.value <= limit else None
    if value.comparator.startswith(">"):
        return 1.0 if value.value >= limit else None
    return 1.0 if value.value > limit else 0.0


def antibody_reading(
    observation: Observation, codelists: Codelists, assumed: tuple[float, str] | None = None
) -> Reading | str:
    """Positive (1) or negative (0) by the result's own words, range or interpretation.

    `assumed` is an upper limit and its unit, used last and always named; assays are never compared.
    """
    value = observation.value
    if isinstance(value, bool):
        return float(value), "reported as yes or no"
    if isinstance(value, Code):
        answer = _judged((value,), codelists, "answer")
        if answer is None:
            return f"the answer {value.display or value.code!r} is neither positive nor negative"
        return answer, "coded answer"
    if not isinstance(value, Quantity):
        return "it is free text"
    judged = None
    if observation.interpretation is not None:
        judged = _judged((observation.interpretation,), codelists, "interpretation")
    limits = observation.reference_range
    if limits is not None and limits.high is not None:
        by_range = _against(limits.high, value)
        if by_range is not None and judged is not None and by_range != judged:
            return "its interpretation contradicts its reference range"
        if by_range is not None:
            return by_range, f"{value} against its own upper limit {limits.high:g}"
    if judged is not None:
        return judged, f"{value}, interpreted by the laboratory"
    if assumed is not None and value.unit == assumed[1]:
        by_default = _against(assumed[0], value)
        if by_default is not None:
            return by_default, (
                f"{value}; no reference range came with it, so {assumed[0]:g} {assumed[1]} "
                "is assumed as upper limit (unverified)"
            )
    return "it brings neither a reference range nor an interpretation"


def acpa(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Positive or negative by the assay's own limit only: units differ between assays."""
    return latest(record, feature, codelists, lambda o: antibody_reading(o, codelists))


def rheumatoid_factor(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """As for ACPA; international units allow one assumed limit, which the evidence names."""
    limit = THRESHOLDS["rf_assumed_uln"]
    assumed = (limit.value, limit.unit)
    return latest(record, feature, codelists, lambda o: antibody_reading(o, codelists, assumed))


def current_smoker(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """1 for any coded answer that means smoking now, 0 for never or former."""

    def read(observation: Observation) -> Reading | str:
        value = observation.value
        if not isinstance(value, Code):
            return "it is not a coded answer"
        shown = value.display or value.code
        if value in codelists["answer_current_smoker"]:
            return 1.0, f"coded answer: {shown}"
        if value in codelists["answer_not_current_smoker"]:
            return 0.0, f"coded answer: {shown}"
        return f"the answer {shown!r} does not say whether the patient smokes now"

    return latest(record, feature, codelists, read)
