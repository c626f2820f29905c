"""Glucose, C-peptide and HbA1c of a record, each in the unit received; tests by their day."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from decision.catalog.t1d_progression.codelists import (
    CLASSES,
    CODELISTS,
    DOSE_UNSTATED,
    REJECTED,
)
from decision.catalog.t1d_progression.criteria import Criterion, Measurement
from decision.catalog.t1d_progression.equations import Ogtt
from decision.catalog.t1d_progression.refusals import RejectedCodeError, UnitRefusedError
from decision.catalog.t1d_progression.rejected import refuse_rejected
from decision.clinical.codes import Codelist
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Observation, Origin, PatientRecord
from decision.evidence.select import FINAL, on_record

Codelists = Mapping[str, Codelist]

CONCEPTS: Mapping[str, Criterion] = MappingProxyType(
    {
        "fasting_glucose": Criterion.FASTING_GLUCOSE,
        "glucose_120": Criterion.TWO_HOUR_GLUCOSE,
        "hba1c": Criterion.HBA1C,
        "glucose": Criterion.RANDOM_GLUCOSE,
        "glucose_30": Criterion.GLUCOSE_30,
        "glucose_60": Criterion.GLUCOSE_60,
        "glucose_90": Criterion.GLUCOSE_90,
    }
)
"""Which criterion of staging the values of a list speak to."""

_UNSTATED = tuple(c for c in CODELISTS if c.endswith(DOSE_UNSTATED))
_DOSE = re.compile(r"(?<!\d)75\s*g\b", re.IGNORECASE)
_MINUTE = re.compile(r"(?P<analyte>glucose|c_peptide)_(?P<minute>\d+)")
_FASTING = "fasting_glucose"


def received(result: Observation) -> Quantity | None:
    """The number in the unit received; None where the result holds none."""
    if result.reported is not None:
        return result.reported
    return result.value if isinstance(result.value, Quantity) else None


def unfit(result: Observation, codelists: Codelists) -> str:
    """Why a result counts for nothing, in words; empty where it may count."""
    if result.status not in FINAL:
        return f"its status is {result.status!r}, not final"
    if received(result) is None:
        return "it is not a number"
    unstated = any(codelists[c].matches(result.codes) for c in _UNSTATED)
    if unstated and not _DOSE.search(result.text):
        return "it does not say that 75 g were given"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What staging can compare, and what it cannot, in words with the day."""

    measurements: tuple[Measurement, ...]
    unusable: tuple[str, ...]


def values(record: PatientRecord, codelists: Codelists) -> Values:
    """Every value of a criterion of staging, in the unit received."""
    found: list[Measurement] = []
    unusable: list[str] = []
    for concept, criterion in CONCEPTS.items():
        for result in on_record(record, codelists[concept]):
            day, quantity = result.effective.day_text, received(result)
            why = unfit(result, codelists)
            if why or quantity is None:
                unusable.append(f"{criterion} of {day} was not used: {why}")
                continue
            try:
                found.append(
                    Measurement(
                        criterion=criterion,
                        quantity=quantity,
                        taken=result.effective,
                        source=result.source.reference,
                    )
                )
            except UnitRefusedError as refusal:
                unusable.append(f"{criterion} of {day} was not used: {refusal.reason}")
    return Values(measurements=tuple(found), unusable=(*unusable, *_rejected(record, codelists)))


def _rejected(record: PatientRecord, codelists: Codelists) -> Iterator[str]:
    """Results under codes that look right and mean something else, each named with its reason."""
    for concept in REJECTED:
        for result in on_record(record, codelists[concept]):
            try:
                refuse_rejected(result.codes)
            except RejectedCodeError as refusal:
                yield f"a result of {result.effective.day_text} was refused: {refusal.reason}"


def rejected(record: PatientRecord, codelists: Codelists, concept: str) -> str:
    """Why a result of that list is refused by name; empty where the record has none."""
    for result in on_record(record, codelists[concept]):
        try:
            refuse_rejected(result.codes)
        except RejectedCodeError as refusal:
            return f"{refusal.reason} ({result.effective.day_text})"
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlucoseTest:
    """The values of one oral glucose tolerance test, by `glucose_60`, `c_peptide_0` and so on."""

    taken: Moment
    results: Mapping[str, Observation]
    conflicts: tuple[str, ...] = ()
    """Values that the day has twice and differently: neither counts."""

    @property
    def ogtt(self) -> Ogtt:
        """The test as the equations read it."""
        series: dict[str, dict[int, Quantity]] = {"glucose": {}, "c_peptide": {}}
        for name, result in self.results.items():
            quantity = received(result)
            if quantity is not None:
                analyte, minute = minute_of(name)
                series[analyte][minute] = quantity
        return Ogtt(glucose=series["glucose"], c_peptide=series["c_peptide"])

    @property
    def entered(self) -> bool:
        """Whether any of it was entered by the clinician."""
        return any(r.source.origin is Origin.CLINICIAN for r in self.results.values())


def minute_of(name: str) -> tuple[str, int]:
    """(`glucose`, 60) of `glucose_60`; the fasting value is that of minute 0."""
    if name == _FASTING:
        return "glucose", 0
    match = _MINUTE.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} names no value of a glucose test")
    return match["analyte"], int(match["minute"])


PARTS = tuple(name for name in CLASSES if name == _FASTING or _MINUTE.fullmatch(name))
"""Every value a test may have."""


def glucose_tests(record: PatientRecord, codelists: Codelists) -> tuple[GlucoseTest, ...]:
    """The record's tests, the newest first. What the clinician entered is a test of its own, and
    completes the newest one of the record.
    """
    days: dict[str, dict[str, list[Observation]]] = {}
    entries: dict[str, Observation] = {}
    for name in PARTS:
        for result in on_record(record, codelists[name]):
            if unfit(result, codelists):
                continue
            if result.source.origin is Origin.CLINICIAN:
                entries.setdefault(name, result)
            else:
                days.setdefault(result.effective.day_text, {}).setdefault(name, []).append(result)
    found = sorted((_test(parts) for parts in days.values()), key=_when, reverse=True)
    if not entries:
        return tuple(found)
    now = next(iter(entries.values())).effective
    for place, test in enumerate(found):
        if any(minute_of(name)[1] for name in test.results):
            completed = {**test.results, **entries}
            left = tuple(name for name in test.conflicts if name not in entries)
            found[place] = GlucoseTest(taken=test.taken, results=completed, conflicts=left)
            break
    return (GlucoseTest(taken=now, results=entries), *found)


def _when(test: GlucoseTest) -> datetime:
    return test.taken.middle


def _test(parts: Mapping[str, list[Observation]]) -> GlucoseTest:
    agreed = {
        name: results[0]
        for name, results in parts.items()
        if len({(q.value, q.unit) for r in results if (q := received(r))}) == 1
    }
    return GlucoseTest(
        taken=next(iter(parts.values()))[0].effective,
        results=agreed,
        conflicts=tuple(name for name in parts if name not in agreed),
    )
