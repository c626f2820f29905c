"""Signs from the three kinds of evidence that most cautions rest on: diagnoses, answers, assays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from decision.clinical.record import (
    Condition,
    ConditionState,
    Observation,
    Origin,
    Part,
    PatientRecord,
)
from decision.clinical.spec import DecisionSpec, Severity
from decision.evidence.answers import newest_answer
from decision.evidence.results import antibody_reading
from decision.evidence.select import FINAL, on_record
from decision.evidence.signs import Sign, absent, not_found, present
from decision.evidence.unread import unless_unread

ACTIVE_ONLY = frozenset({ConditionState.ACTIVE})
EVER = frozenset({ConditionState.ACTIVE, ConditionState.RESOLVED})


def since(condition: Condition) -> str:
    """When it began and whether it is over, as far as the record says."""
    began = f"since {condition.onset.day_text}" if condition.onset else "date not recorded"
    over = ", resolved" if condition.state is ConditionState.RESOLVED else ""
    return f"({began}{over})"


def told(observation: Observation, said: str) -> str:
    """`denied on 2026-11-02`, naming the clinician where it was entered on the page."""
    entered = ", entered by clinician" if observation.source.origin is Origin.CLINICIAN else ""
    return f"{said}{entered} on {observation.effective.day_text}"


def _of_result(sign: Sign, record: PatientRecord, spec: DecisionSpec, concept: str) -> Sign:
    """The sign, unless results or answers of its concept could not be read."""
    return unless_unread(sign, record, spec, Part.OBSERVATIONS, concept)


def _of(words: str, rest: str, link: str = " ") -> str:
    """What is said after the finding's own words; the rule's title stands where there are none."""
    return f"{words}{link}{rest}" if words else rest


def diagnosis(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    words: str = "",
    *,
    states: frozenset[ConditionState] = EVER,
    severity: Mapping[str, Severity] | None = None,
    message: Mapping[str, str] | None = None,
) -> Sign:
    """Present when recorded in one of `states`, a warning when unconfirmed, absent when refuted.

    A problem list that does not mention it says nothing: not found.
    """
    recorded = record.diagnosed(spec.codelists[concept])
    for condition in recorded:
        if condition.state in states:
            reference = condition.source.reference
            said = f"{words or 'recorded'} {since(condition)}"
            return present(said, reference, severity=severity, message=message)
    for condition in recorded:
        if condition.state is ConditionState.UNCONFIRMED:
            said = _of(words, "recorded as not confirmed", ", ")
            reference = condition.source.reference
            return present(said, reference, severity=severity, unsure=True, message=message)
    for condition in recorded:
        if condition.state is ConditionState.REFUTED:
            said = _of(words, "recorded as refuted", " is ")
            denied = absent(said, condition.source.reference)
            return unless_unread(denied, record, spec, Part.CONDITIONS, concept)
    silent = not_found(_of(words, "not found"))
    return unless_unread(silent, record, spec, Part.CONDITIONS, concept)


def yes_or_no(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    words: str = "",
    *,
    severity: Mapping[str, Severity] | None = None,
    within: timedelta | None = None,
    settles: bool = False,
    message: Mapping[str, str] | None = None,
) -> Sign:
    """The newest answer of a question about now that is answered yes or no."""
    answer = newest_answer(
        record, spec, concept, "answer_positive", "answer_negative", within=within
    )
    if answer is None:
        return _of_result(not_found(_of(words, "not found")), record, spec, concept)
    meaning, observation = answer
    reference = observation.source.reference
    if meaning == "answer_positive":
        said = _of(words, told(observation, "stated"), ", ")
        return present(said, reference, severity=severity, message=message)
    denied = absent(_of(words, told(observation, "denied")), reference, settles=settles)
    return _of_result(denied, record, spec, concept)


def history(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    words: str = "",
    *,
    within: timedelta,
    message: Mapping[str, str] | None = None,
) -> Sign:
    """The newest answer of a question about ever: a yes stands, a no must be recent and settles."""
    answer = newest_answer(record, spec, concept, "answer_positive", "answer_negative")
    if answer is None:
        return _of_result(not_found(_of(words, "not found")), record, spec, concept)
    meaning, observation = answer
    reference = observation.source.reference
    if meaning == "answer_positive":
        said = _of(words, told(observation, "stated"), ", ")
        return present(said, reference, message=message)
    said = _of(words, told(observation, "denied"))
    recent = observation.effective.within(within, record.as_of)
    old = not_found(f"{said}, longer ago than {within.days} days")
    sign = absent(said, reference, settles=True) if recent else old
    return _of_result(sign, record, spec, concept)


def newest_assay(
    record: PatientRecord, spec: DecisionSpec, concept: str
) -> tuple[bool, Observation] | None:
    """The newest result that says positive or negative, by its own words, limits or flags."""
    for observation in on_record(record, spec.codelists[concept]):
        if observation.status in FINAL:
            reading = antibody_reading(observation, spec.codelists)
            if not isinstance(reading, str):
                return reading[0] == 1.0, observation
    return None


def assay(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    words: str = "",
    *,
    severity: Mapping[str, Severity] | None = None,
    within: timedelta | None = None,
    settles: bool = False,
    message: Mapping[str, str] | None = None,
) -> Sign:
    """Present when the newest result is positive, however old; a negative one must be recent."""
    newest = newest_assay(record, spec, concept)
    if newest is None:
        return _of_result(not_found(_of(words, "not found")), record, spec, concept)
    positive, observation = newest
    reference = observation.source.reference
    if positive:
        said = _of(words, told(observation, "positive"))
        return present(said, reference, severity=severity, message=message)
    said = _of(words, told(observation, "negative"))
    sign = absent(said, reference, settles=settles)
    if within is not None and not observation.effective.within(within, record.as_of):
        sign = not_found(f"{said}, longer ago than {within.days} days")
    return _of_result(sign, record, spec, concept)
