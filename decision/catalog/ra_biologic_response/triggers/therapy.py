"""Cautions that rest on earlier treatment."""

from __future__ import annotations

from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.clinical.codes import Code
from decision.clinical.quantities import Quantity
from decision.clinical.record import MedicationState, Part, PatientRecord
from decision.clinical.spec import DecisionSpec, Severity
from decision.evidence.answers import newest_answer
from decision.evidence.courses import started, taking
from decision.evidence.select import FINAL, on_record
from decision.evidence.signs import (
    Sign,
    absent,
    every,
    not_found,
    present,
)
from decision.evidence.unread import unless_unread

_STOPS = ("stop_primary_failure", "stop_secondary_failure", "stop_adverse_event", "stop_other")
_FAILURES = {
    "stop_primary_failure": "primary failure",
    "stop_secondary_failure": "secondary failure",
}


def no_csdmard_possible(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Taking none is not the same as being able to take none: somebody must say so."""
    within = lookback("local_answer")
    asked = (record, spec, Part.OBSERVATIONS, "csdmard_possible")
    answer = newest_answer(
        record, spec, "csdmard_possible", "answer_negative", "answer_positive", within=within
    )
    if answer is not None:
        meaning, observation = answer
        when, reference = observation.effective.day_text, observation.source.reference
        if meaning == "answer_negative":
            return (present(f"Stated on {when}", reference),)
        possible = absent(f"A csDMARD is possible, stated on {when}", reference)
        return (unless_unread(possible, *asked),)
    active = [e for e in record.exposed(spec.codelists["csdmard"]) if taking(e, record)]
    if active:
        taken = absent("A csDMARD is being taken", *(e.source.reference for e in active))
        return (unless_unread(taken, *asked),)
    silent = unless_unread(not_found("Not said in the record"), *asked)
    return (unless_unread(silent, record, spec, Part.MEDICATIONS, "csdmard"),)


def earlier_tnfi_stopped(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Every TNF inhibitor stopped, with its reason; only primary failure favours another class."""
    signs = [*_stopped(record, spec), *_stated(record, spec)]
    for observation in on_record(record, spec.codelists["prior_tnfi_count"]):
        value = observation.value
        if observation.status in FINAL and isinstance(value, Quantity) and value.value == 0:
            words = f"No earlier TNF inhibitor, stated on {observation.effective.day_text}"
            signs.append(absent(words, observation.source.reference, settles=True))
    silent = (not_found("An earlier TNF inhibitor that was stopped not found"),)
    said = ("prior_tnfi_count", "last_tnfi_stop_reason")
    return tuple(
        unless_unread(
            unless_unread(sign, record, spec, Part.MEDICATIONS, "tnfi"),
            *(record, spec, Part.OBSERVATIONS, *said),
        )
        for sign in signs or silent
    )


def _stopped(record: PatientRecord, spec: DecisionSpec) -> list[Sign]:
    signs = []
    for exposure in record.exposed(spec.codelists["tnfi"]):
        if exposure.state is not MedicationState.STOPPED or not started(exposure, record):
            continue
        reference = exposure.source.reference
        reason = exposure.stop_reason
        known = [s for s in _STOPS if isinstance(reason, Code) and reason in spec.codelists[s]]
        when = f" on {exposure.end.day_text}" if exposure.end else ""
        words = f"TNF inhibitor stopped{when}"
        signs.append(_sign(spec, known[0] if known else "", words, reference))
    return signs


def _stated(record: PatientRecord, spec: DecisionSpec) -> list[Sign]:
    answer = newest_answer(record, spec, "last_tnfi_stop_reason", *_STOPS)
    if answer is None:
        return []
    meaning, observation = answer
    words = f"Last TNF inhibitor stopped, stated on {observation.effective.day_text}"
    return [_sign(spec, meaning, words, observation.source.reference)]


def _sign(spec: DecisionSpec, meaning: str, words: str, reference: str) -> Sign:
    no_more_than_worth_knowing = every(spec, Severity.INFORMATION)
    if meaning in _FAILURES:
        severity = None if meaning == "stop_primary_failure" else no_more_than_worth_knowing
        return present(f"{words} ({_FAILURES[meaning]})", reference, severity=severity)
    if meaning:
        why = meaning.removeprefix("stop_").replace("_", " ")
        return absent(f"{words} ({why})", reference)
    words = f"{words} (reason not found)"
    return present(words, reference, severity=no_more_than_worth_knowing)
