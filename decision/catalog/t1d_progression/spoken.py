"""Whom the risk is about, how to speak of it with a child's family, and what is worth a notice."""

from __future__ import annotations

from collections.abc import Iterator

from decision.catalog.t1d_progression.criteria import Band, Fired
from decision.catalog.t1d_progression.derive.staged import HELD, Staged
from decision.catalog.t1d_progression.limits import days, number
from decision.catalog.t1d_progression.staging import NEEDED, Outcome, Staging
from decision.clinical.dates import dated, moment
from decision.clinical.record import PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.evidence.courses import started

OURS = "These words are this project's own, without a published source."

_FIRST = "Speak with the child and the parents together, and let the child ask first."
_NUMBERS = (
    "Say so many of 100 children, and how many of the 100 do not get diabetes in that time.",
    "Say that a number of today may change with the next test.",
)
_ALWAYS = (
    "Say that nobody caused this: nothing the family did or left undone.",
    "Name the signs that need a call the same day: thirst, passing much urine, losing weight.",
    "Say when the next test is.",
    OURS,
)


def is_child(age_years: float | None) -> bool:
    """Below the age at which the page speaks of an adult."""
    return age_years is not None and age_years < number("child_below")


def people(age_years: float | None) -> str:
    """Of whom a risk is told as so many of 100: those with such results, not a whole stage, and
    as they are when it is found. The model was not fitted on people who had long been at one.
    """
    who = "children" if is_child(age_years) else "adults"
    who = "people" if age_years is None else who
    return f"{who} newly found at the same stage with results like these"


def advice(age_years: float | None, found: Staged) -> tuple[str, ...]:
    """How to speak of it where the patient is a child; of numbers only where a stage has some."""
    if not is_child(age_years):
        return ()
    return (_FIRST, *(_NUMBERS if found.staging.stratum else ()), *_ALWAYS)


def worth_saying(record: PatientRecord, spec: DecisionSpec, found: Staged) -> tuple[str, ...]:
    """What is worth a notice unasked, the most important first; nothing where diabetes is known or
    a treatment was begun.
    """
    if _known(record, spec, found):
        return ()
    longest = number("longest_notice")
    return tuple(words for words in _said(record, found) if len(words) <= longest)


def _known(record: PatientRecord, spec: DecisionSpec, found: Staged) -> bool:
    type_2 = record.diagnosed(spec.codelists["type_2_diabetes"])
    diagnosed = found.diagnosed or any(c.state in HELD for c in type_2)
    treated = any(started(e, record) for e in record.exposed(spec.codelists["teplizumab"]))
    return diagnosed or treated


def _said(record: PatientRecord, found: Staged) -> Iterator[str]:
    staging = found.staging
    outcome, fired = staging.outcome, staging.fired
    antibodies = staging.antibodies
    first = next(iter(fired), None)
    high = next((f for f in fired if f.band is not Band.STAGE_2), None)
    if outcome is Outcome.STAGE_3 and high:
        yield f"Criteria of diabetes (stage 3) are met: {_value(high)}. None is diagnosed here."
    if outcome is Outcome.STAGE_3_UNCONFIRMED and high:
        yield f"Stage 3 range, unconfirmed: {_value(high)}. Repeat the test now."
    if outcome is Outcome.STAGE_2 and first and _new(record, fired):
        yield f"Stage 2 of type 1 diabetes: {_value(first)}."
    if found.gaps:
        return  # all that is left to say is what is not there, and it may be unread
    if antibodies is not None and antibodies.unconfirmed:
        names = ", ".join(antibodies.unconfirmed)
        yield f"{names} positive in one sample only: confirm in a second sample."
    if outcome is Outcome.STAGE_1_PROVISIONAL:
        lacking = " and ".join(c for c in NEEDED if c in staging.missing)
        yield f"Stage 1 is provisional: {lacking} missing, so stage 2 is not excluded."
    elif antibodies is not None and antibodies.number > 1 and _without_glucose(staging):
        yield f"{antibodies.number} islet antibodies, and no glucose test to find the stage by."


def _without_glucose(staging: Staging) -> bool:
    """Whether a stage lacks nothing but a value: not where no threshold could have judged one."""
    return staging.ruled and staging.stratum is None and not staging.fired


def _value(fired: Fired) -> str:
    return f"{dated(fired.words)}, {moment(fired.measurement.taken)}"


def _new(record: PatientRecord, fired: tuple[Fired, ...]) -> bool:
    """Whether what made it stage 2 is news: older than that, the clinic knows."""
    within = days("news_lookback")
    return any(f.measurement.taken.within(within, record.as_of) for f in fired)
