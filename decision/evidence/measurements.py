"""Signs from measured numbers: the newest result within its look-back against a limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Part, PatientRecord
from decision.clinical.spec import DecisionSpec, Presence
from decision.evidence.select import FINAL, as_recent, on_record
from decision.evidence.signs import Sign, not_found
from decision.evidence.unread import unless_unread

_PRELIMINARY = "preliminary"


@dataclass(frozen=True, slots=True)
class Result:
    """A number with its unit, and the result it is from."""

    quantity: Quantity
    observation: Observation

    @property
    def words(self) -> str:
        number = f"{self.quantity.comparator}{round(self.quantity.value, 2):g}"
        shown = f"{number} {self.quantity.unit.replace('10*9', '×10⁹')}"
        early = " (preliminary)" if self.observation.status == _PRELIMINARY else ""
        return f"{shown} on {self.observation.effective.day_text}{early}"


Judge = Callable[[Result], Sign | None]
"""A present or absent sign, or None where the result leaves the question open."""


def judged(
    record: PatientRecord,
    spec: DecisionSpec,
    concept: str,
    unit: str,
    judge: Judge,
    *,
    within: timedelta,
) -> Sign:
    """The newest result within its look-back; of several equally recent, the one that warns.

    A preliminary result may warn, but never reassure.
    """
    name = concept.upper() if len(concept) == 3 else concept.capitalize()
    newest: Result | None = None
    reassuring: Sign | None = None
    stale = ""
    for observation in on_record(record, spec.codelists[concept]):
        value = observation.value
        early = observation.status == _PRELIMINARY
        if not isinstance(value, Quantity) or value.unit != unit:
            continue
        if not early and observation.status not in FINAL:
            continue
        if newest and not as_recent(observation.effective, newest.observation.effective):
            break
        if not observation.effective.within(within, record.as_of):
            stale = stale or f"; the latest is of {observation.effective.day_text}, too old"
            break
        result = Result(value, observation)
        sign = judge(result)
        if sign is None:
            continue
        if early and sign.presence is Presence.ABSENT:
            stale = f"; only a preliminary result of {observation.effective.day_text}"
            continue
        if sign.presence is Presence.PRESENT:
            return sign
        newest = newest or result
        reassuring = reassuring or sign
    sign = reassuring or not_found(f"{name} not found{stale}")
    return unless_unread(sign, record, spec, Part.OBSERVATIONS, concept)
