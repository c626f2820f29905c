"""Predictors that are one measured number, one positive-or-negative result, or one coded answer."""

from __future__ import annotations

from collections.abc import Mapping

from decision.clinical.codes import Code, Codelist
from decision.clinical.features import Finding
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import FeatureSpec
from decision.clinical.units import unit as as_written
from decision.evidence.select import Reading, latest

Codelists = Mapping[str, Codelist]


def written(value: Quantity) -> str:
    """As somebody reads it, `64 IU/mL`; a code of units is for machines."""
    return f"{value.comparator}{value.value:g} {as_written(value.unit)}".rstrip()


def number_reading(observation: Observation, unit: str) -> Reading | str:
    """The number of a result in the wanted unit, or why it is none; units are never guessed."""
    value = observation.value
    if not isinstance(value, Quantity):
        return "it is not a number"
    if value.unit != unit:
        return f"its unit is {value.unit!r}, not {unit!r}"
    if value.comparator:
        return value.value, f"reported as {written(value)}; the limit itself is used"
    return value.value, "latest result"


def measured(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """The latest number in the feature's own unit; `<4` counts as 4 and says so."""
    return latest(record, feature, codelists, lambda o: number_reading(o, feature.unit))


def concentration(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """As measured; what lies under the lowest supported amount counts as that amount.

    Laboratories write 0 for `not detectable`; the model takes logarithms.
    """

    def read(observation: Observation) -> Reading | str:
        reading = number_reading(observation, feature.unit)
        if isinstance(reading, str):
            return reading
        value, how = reading
        lowest = feature.supported.low
        if 0 <= value < lowest:
            return lowest, f"{how}; {value:g} is under the lowest supported {lowest:g}, used here"
        return reading

    return latest(record, feature, codelists, read)


def _judged(codes: tuple[Code, ...], codelists: Codelists, stem: str) -> float | None:
    if codelists[f"{stem}_positive"].matches(codes):
        return 1.0
    return 0.0 if codelists[f"{stem}_negative"].matches(codes) else None


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
        by_range = value.above(limits.high)
        if by_range is not None and judged is not None and by_range != bool(judged):
            return "its interpretation contradicts its reference range"
        if by_range is not None:
            return float(by_range), f"{written(value)} against its own upper limit {limits.high:g}"
    if judged is not None:
        return judged, f"{written(value)}, interpreted by the laboratory"
    if assumed is not None and value.unit == assumed[1]:
        by_default = value.above(assumed[0])
        if by_default is not None:
            return float(by_default), (
                f"{written(value)}; no reference range came with it, so {assumed[0]:g} "
                f"{as_written(assumed[1])} is assumed as upper limit (unverified)"
            )
    return "it brings neither a reference range nor an interpretation"


def antibody(record: PatientRecord, feature: FeatureSpec, codelists: Codelists) -> Finding:
    """Positive or negative by the assay's own limit only: units differ between assays."""
    return latest(record, feature, codelists, lambda o: antibody_reading(o, codelists))


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
