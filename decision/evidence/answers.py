"""Coded answers to questions that are not predictors: the newest one that counts, or None."""

from __future__ import annotations

from datetime import timedelta

from decision.clinical.codes import Code
from decision.clinical.record import Observation, PatientRecord
from decision.clinical.spec import DecisionSpec
from decision.evidence.select import FINAL, on_record


def newest_answer(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    *meanings: str,
    within: timedelta | None = None,
) -> tuple[str, Observation] | None:
    """The first of `meanings` (concepts of answer codes) that the newest usable answer belongs to.

    Answers in no meaning, in free text, not final or out of the look-back are passed over.
    """
    for observation in on_record(record, spec.codelists[concept]):
        if observation.status not in FINAL or not isinstance(observation.value, Code):
            continue
        if within is not None and not observation.effective.within(within, record.as_of):
            continue
        for meaning in meanings:
            if observation.value in spec.codelists[meaning]:
                return meaning, observation
    return None
