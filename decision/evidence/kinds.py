"""Signs from the three kinds of evidence that most cautions rest on: diagnoses, answers, assays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from decision.clinical.record import (
    Condition,
    ConditionState,
    Observation,
    Origin,
    PatientRecord,
)
from decision.clinical.spec import DecisionSpec, Severity
from decision.evidence.answers import newest_answer
from decision.evidence.results import antibody_reading
from decision.evidence.select import FINAL, on_record
from decision.evidence.signs import Sign, absent, not_found, present

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
            return absent(said, condition.source.reference)
    return not_found(_of(words, "not found"))


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
        return not_found(_of(words, "not found"))
    meaning, observation = answer
    reference = observation.source.reference
    if meaning == "answer_positive":
        said = _of(words, told(observation, "stated"), ", ")
        return present(said, reference, severity=severity, message=message)
    return absent(_of(words, told(observation, "denied")), reference, settles=settles)


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
        return not_found(_of(words, "not found"))
    meaning, observation = answer
    reference = observation.source.reference
    if meaning == "answer_positive":
        said = _of(words, told(observation, "stated"), ", ")
        return present(said, reference, message=message)
    said = _of(words, told(observation, "denied"))
    if not observation.effective.within(within, record.as_of):
        return not_found(f"{said}, longer ago than {within.days} days")
    return absent(said, reference, settles=True)


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
        return not_found(_of(words, "not found"))
    positive, observation = newest
    reference = observation.source.reference
    if positive:
        said = _of(words, told(observation, "positive"))
        return present(said, reference, severity=severity, message=message)
    said = _of(words, told(observation, "negative"))
    if within is not None and not observation.effective.within(within, record.as_of):
        return not_found(f"{said}, longer ago than {within.days} days")
    return absent(said, reference, settles=settles)
