"""Which of a concept's results counts: the latest usable one, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from decision.clinical.codes import Codelist
from decision.clinical.features import Evidence, Finding, Found, Missing, MissingReason
from decision.clinical.quantities import Moment, Precision
from decision.clinical.record import IssueKind, Observation, Origin, Part, PatientRecord
from decision.clinical.spec import FeatureSpec
from decision.evidence.unread import overshadowed, unread

FINAL = frozenset({"final", "amended", "corrected"})
"""FHIR observation statuses that may be used; a preliminary result may still change."""

Reading = tuple[float, str]
"""A value in the canonical unit and, in words, how it was read from the result."""


def evidence_of(observation: Observation, how: str, caveat: str = "") -> Evidence:
    """The result as evidence, with its date and who said so."""
    return Evidence(
        sources=(observation.source,),
        effective=observation.effective,
        origin=observation.source.origin,
        how=how,
        caveat=caveat,
    )


def newest_first(observations: Sequence[Observation]) -> list[Observation]:
    """By time, except that what the clinician entered goes before all that is not surely newer."""
    ordered = sorted(observations, key=lambda o: o.effective.middle, reverse=True)
    entries = [o for o in ordered if o.source.origin is Origin.CLINICIAN]
    if not entries:
        return ordered
    newer = [o for o in ordered if o.effective.earliest > entries[0].effective.latest]
    return newer + entries + [o for o in ordered if o not in newer and o not in entries]


def on_record(record: PatientRecord, codelist: Codelist) -> list[Observation]:
    """Results of a concept up to the record's own time, newest first; later ones are not used."""
    known = record.observed(codelist)
    return newest_first([o for o in known if o.effective.earliest <= record.as_of])


def never_used(result: Observation, record: PatientRecord) -> str:
    """Why a result counts nowhere, whatever it says; empty where it may count."""
    if result.status not in FINAL:
        return f"its status is {result.status!r}, not final"
    if result.effective.earliest > record.as_of:
        return "it is dated after the data"
    return ""


def latest(
    record: PatientRecord,
    feature: FeatureSpec,
    codelists: Mapping[str, Codelist],
    read: Callable[[Observation], Reading | str],
) -> Finding:
    """The latest usable result of the feature's first concept within its look-back.

    `read` turns a result into a reading, or into the sentence that says why it cannot be used.
    Where results of the concept could not be read, none is `not found` and none surely the latest.
    """
    codelist = codelists[feature.concepts[0]]
    gaps = unread(record, Part.OBSERVATIONS, codelist)
    return overshadowed(_latest(record, feature, codelist, read), gaps)


def _latest(
    record: PatientRecord,
    feature: FeatureSpec,
    codelist: Codelist,
    read: Callable[[Observation], Reading | str],
) -> Finding:
    readable: list[tuple[Observation, Reading]] = []
    refused: list[tuple[Observation, str]] = []
    for observation in on_record(record, codelist):
        if observation.status not in FINAL:
            refused.append((observation, f"its status is {observation.status!r}, not final"))
            continue
        reading = read(observation)
        if isinstance(reading, str):
            refused.append((observation, reading))
        else:
            readable.append((observation, reading))
    if not readable:
        return _nothing(record, feature, codelist, refused)
    chosen, (value, how) = readable[0]
    if feature.lookback is not None and not chosen.effective.within(feature.lookback, record.as_of):
        return too_old(feature, chosen, feature.lookback)
    if rival := _rival(record, codelist, readable):
        return Missing(
            reason=MissingReason.CONFLICT,
            detail=f"{feature.label} has different values of {chosen.effective.day_text}: "
            f"{value:g} and {rival} {feature.unit}. Enter the right one.",
            evidence=evidence_of(chosen, "conflicting"),
        )
    caveat = _newer_unusable(record, codelist, chosen, refused)
    return Found(value=value, evidence=evidence_of(chosen, how, caveat))


def _newer_unusable(
    record: PatientRecord,
    codelist: Codelist,
    chosen: Observation,
    refused: Sequence[tuple[Observation, str]],
) -> str:
    """In words, the newest result that could not be used, where it is newer than the one used."""
    if chosen.source.origin is Origin.CLINICIAN:
        return ""
    newer = [(o.effective, why) for o, why in refused]
    newer += [
        (i.effective, i.kind.value)
        for i in record.issues
        if i.effective is not None and codelist.matches(i.codes)
    ]
    newer = [
        (when, why)
        for when, why in newer
        if chosen.effective.latest < when.latest and when.earliest <= record.as_of
    ]
    if not newer:
        return ""
    when, why = max(newer, key=lambda pair: pair[0].latest)
    return f"a newer result, of {when.day_text}, could not be used ({why})"


def as_recent(one: Moment, other: Moment) -> bool:
    """True when the record does not say which of two times is the later."""
    if one.precision is Precision.INSTANT and other.precision is Precision.INSTANT:
        return one.earliest == other.earliest
    texts = sorted((one.day_text, other.day_text), key=len)
    return texts[1].startswith(texts[0])


def _rival(
    record: PatientRecord,
    codelist: Codelist,
    readable: Sequence[tuple[Observation, Reading]],
) -> str:
    """A different value that may be just as recent as the newest; empty when there is none."""
    chosen, (value, _) = readable[0]
    if chosen.source.origin is Origin.CLINICIAN:
        return ""
    for other, (different, _) in readable[1:]:
        if different != value and as_recent(other.effective, chosen.effective):
            return f"{different:g}"
    for issue in record.issues:
        if (
            issue.kind is IssueKind.CONFLICT
            and codelist.matches(issue.codes)
            and chosen.source.reference in issue.reference.split(", ")
        ):
            return "another"
    return ""


def too_old(feature: FeatureSpec, newest: Observation, limit: timedelta) -> Missing:
    """The newest result, named with its date, because it may still be worth repeating the test."""
    return Missing(
        reason=MissingReason.TOO_OLD,
        detail=f"The most recent value is from {newest.effective.day_text}, "
        f"older than {limit.days} days.",
        evidence=evidence_of(newest, "too old"),
    )


def _nothing(
    record: PatientRecord,
    feature: FeatureSpec,
    codelist: Codelist,
    refused: Sequence[tuple[Observation, str]],
) -> Missing:
    if refused:
        observation, why = refused[0]
        return Missing(
            reason=MissingReason.UNUSABLE,
            detail=f"A result of {observation.effective.day_text} was found, but {why}.",
            evidence=evidence_of(observation, "unusable"),
        )
    for issue in record.issues:
        if codelist.matches(issue.codes):
            return Missing(reason=MissingReason.UNUSABLE, detail=f"{issue.detail} {issue.remedy}")
    return Missing(reason=MissingReason.NOT_FOUND, detail=f"No {feature.short} in the record.")
