"""Signs from the three kinds of evidence that most cautions rest on: diagnoses, answers, assays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from decision.clinical.record import Condition, ConditionState, Observation, PatientRecord
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


def diagnosis(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    words: str,
    *,
    states: frozenset[ConditionState] = EVER,
    severity: Mapping[str, Severity] | None = None,
) -> Sign:
    """Present when recorded in one of `states`, a warning when unconfirmed, absent when refuted.

    A problem list that does not mention it says nothing: not found.
    """
    recorded = record.diagnosed(spec.codelists[concept])
    for condition in recorded:
        if condition.state in states:
            reference = condition.source.reference
            return present(f"{words} {since(condition)}", reference, severity=severity)
    for condition in recorded:
        if condition.state is ConditionState.UNCONFIRMED:
            said = f"{words}, recorded as not confirmed"
            return present(said, condition.source.reference, severity=severity, unsure=True)
    for condition in recorded:
        if condition.state is ConditionState.REFUTED:
            return absent(f"{words} is recorded as refuted", condition.source.reference)
    return not_found(f"{words} not found")


def yes_or_no(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    words: str,
    *,
    severity: Mapping[str, Severity] | None = None,
    within: timedelta | None = None,
    settles: bool = False,
) -> Sign:
    """The newest answer of a question that is answered yes or no."""
    answer = newest_answer(
        record, spec, concept, "answer_positive", "answer_negative", within=within
    )
    if answer is None:
        return not_found(f"{words} not found")
    meaning, observation = answer
    when = observation.effective.day_text
    reference = observation.source.reference
    if meaning == "answer_positive":
        return present(f"{words}, stated on {when}", reference, severity=severity)
    return absent(f"{words} denied on {when}", reference, settles=settles)


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
    words: str,
    *,
    severity: Mapping[str, Severity] | None = None,
    within: timedelta | None = None,
    settles: bool = False,
) -> Sign:
    """Present when the newest result is positive, however old; a negative one must be recent."""
    newest = newest_assay(record, spec, concept)
    if newest is None:
        return not_found(f"{words} not found")
    positive, observation = newest
    when, reference = observation.effective.day_text, observation.source.reference
    if positive:
        return present(f"{words} positive on {when}", reference, severity=severity)
    if within is not None and not observation.effective.within(within, record.as_of):
        return not_found(f"{words} negative on {when}, longer ago than {within.days} days")
    return absent(f"{words} negative on {when}", reference, settles=settles)
