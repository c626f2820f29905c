"""A sign is what one kind of evidence says of a caution; signs together make the finding."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from decision.clinical.record import Gap, PatientRecord
from decision.clinical.spec import CautionRule, DecisionSpec, Presence, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One piece of evidence. `severity` replaces the rule's for the treatments it names.

    `unsure` softens what follows: a suspicion warns, it neither forbids nor favours. An absent sign
    that `settles` answers the whole caution; the others answer only their own part of it.
    """

    presence: Presence
    words: str
    severity: Mapping[str, Severity] | None = None
    unsure: bool = False
    settles: bool = False
    evidence: tuple[str, ...] = ()
    asks: bool = False
    """An answer of the clinician would say more."""
    message: Mapping[str, str] | None = None
    """Replaces the rule's words for the treatments it names: only what fired is said."""
    unread: tuple[Gap, ...] = ()
    """Where the trigger may lie that could not be read: the sign was not (fully) checked."""


Trigger = Callable[[PatientRecord, DecisionSpec], tuple[Sign, ...]]

_HARDEST_FIRST = tuple(Severity)
_SOFTER = {
    Severity.STOP: Severity.CAUTION,
    Severity.AVOID: Severity.CAUTION,
    Severity.FAVOUR: Severity.INFORMATION,
}


def present(
    words: str,
    *references: str,
    severity: Mapping[str, Severity] | None = None,
    unsure: bool = False,
    message: Mapping[str, str] | None = None,
) -> Sign:
    """The trigger is there."""
    return Sign(
        presence=Presence.PRESENT,
        words=words,
        severity=severity,
        unsure=unsure,
        evidence=references,
        message=message,
    )


def absent(words: str, *references: str, settles: bool = False) -> Sign:
    """The record says, in so many words or numbers, that this is not there."""
    return Sign(presence=Presence.ABSENT, words=words, settles=settles, evidence=references)


def not_found(words: str, *, asks: bool = True) -> Sign:
    """The record is silent, too old or unusable; `asks` is false where nobody need be asked."""
    return Sign(presence=Presence.NOT_FOUND, words=words, asks=asks)


def every(spec: DecisionSpec, severity: Severity) -> dict[str, Severity]:
    """The same severity for every treatment of the decision."""
    return {treatment.id: severity for treatment in spec.treatments}


def presence_of(signs: Iterable[Sign]) -> Presence:
    """Any present sign is enough; absence needs one that settles it, or every part denied."""
    listed = tuple(signs)
    states = {s.presence for s in listed}
    if Presence.PRESENT in states:
        return Presence.PRESENT
    settled = any(s.settles for s in listed if s.presence is Presence.ABSENT)
    if settled or states == {Presence.ABSENT}:
        return Presence.ABSENT
    return Presence.NOT_FOUND


def severity_of(rule: CautionRule, signs: Iterable[Sign]) -> dict[str, Severity]:
    """Per treatment the hardest of what the present signs say; none of it unless one is present."""
    hardest = dict.fromkeys(rule.severity, Severity.NONE)
    for sign in signs:
        if sign.presence is not Presence.PRESENT:
            continue
        for treatment, stated in {**rule.severity, **(sign.severity or {})}.items():
            said = _SOFTER.get(stated, stated) if sign.unsure else stated
            hardest[treatment] = min(hardest[treatment], said, key=_HARDEST_FIRST.index)
    return hardest
