"""A record over time: every result of a series that may be drawn, and every one that may not.

Nothing is filled in and nothing is thinned out: each point is one result of the record (a score:
one result for each of its parts, all of one day), and each result is a point or is listed with why
it is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from decision.clinical.codes import Code, Codelist
from decision.clinical.quantities import Precision, Quantity
from decision.clinical.record import (
    IssueKind,
    Observation,
    Part,
    PatientRecord,
)
from decision.clinical.series import Point, Series, Undrawn, by_day
from decision.clinical.spec import DecisionSpec, FeatureSpec
from decision.clinical.trends import Trend
from decision.evidence.alone import emptied, read_alone, unaged
from decision.evidence.day_scores import score_of
from decision.evidence.filed import Filed
from decision.evidence.select import never_used
from decision.evidence.unread import unread

LISTED = frozenset(
    {
        IssueKind.UNKNOWN_UNIT,
        IssueKind.IMPLAUSIBLE,
        IssueKind.UNUSABLE_DATE,
        IssueKind.UNZONED_TIME,
        IssueKind.NO_VALUE,
        IssueKind.ENTERED_IN_ERROR,
        IssueKind.TEXT_ONLY,
    }
)
"""Doubts that took a result out of the record before anybody could draw it."""

_DRAWN = frozenset({Precision.INSTANT, Precision.DAY, Precision.MONTH})
"""How exactly a date must be known to have a place on an axis of years."""


def series_of(record: PatientRecord, spec: DecisionSpec) -> tuple[Series, ...]:
    """Every series of the decision, in its order, with or without a point."""
    trends = spec.trends or _of_features(spec)
    filed = Filed(record)
    measured = {t.id: _measured(record, filed, spec, t) for t in trends if not t.parts}
    return tuple(measured.get(t.id) or score_of(t, measured) for t in trends)


def _of_features(spec: DecisionSpec) -> tuple[Trend, ...]:
    """What a decision that says nothing of trends measures: its numbers that have one code list."""
    return tuple(
        Trend(
            id=f.id,
            label=f.label,
            short=f.short,
            group=f.modality.value.capitalize(),
            unit=f.unit,
            concepts=f.concepts,
            feature=f.id,
        )
        for f in spec.features
        if f.flag_labels is None and len(f.concepts) == 1
    )


def _measured(record: PatientRecord, filed: Filed, spec: DecisionSpec, trend: Trend) -> Series:
    codelists = [spec.codelists[concept] for concept in trend.concepts]
    results = filed.of(codelists)
    results.sort(key=lambda o: (o.effective.middle, o.source.reference))
    unit = trend.unit or _newest_unit(results, record)
    feature = unaged(spec, trend.feature) if trend.feature else None
    empty = emptied(record)
    points: list[Point] = []
    undrawn: list[Undrawn] = []
    for result in results:
        found = _placed(result, record) or _read(result, trend, unit, feature, empty, spec)
        if isinstance(found, Point):
            points.append(found)
        else:
            undrawn.append(_listed(result, found))
    agreed, torn = _agreed(points, unit)
    undrawn += torn
    undrawn += _of_issues(record, codelists)
    return Series(
        trend=trend,
        unit=unit,
        points=tuple(sorted(agreed, key=lambda p: p.when.middle)),
        undrawn=tuple(undrawn),
        gaps=tuple(unread(record, Part.OBSERVATIONS, *codelists)),
    )


def _newest_unit(results: Sequence[Observation], record: PatientRecord) -> str:
    """The unit of the newest number there is: an assay's own, which nothing converts."""
    for result in reversed(results):
        if isinstance(result.value, Quantity) and not _placed(result, record):
            return result.value.unit
    return ""


def _placed(result: Observation, record: PatientRecord) -> str:
    """Why a result has no place on the axis, whatever it says; empty where it has one."""
    if why := never_used(result, record):
        return why
    if result.effective.precision is Precision.UNKNOWN:
        return "its date is not recorded"
    if result.effective.precision not in _DRAWN:
        return "only its year is recorded"
    return ""


def _read(
    result: Observation,
    trend: Trend,
    unit: str,
    feature: FeatureSpec | None,
    empty: PatientRecord,
    spec: DecisionSpec,
) -> Point | str:
    quantity = result.value if isinstance(result.value, Quantity) else None
    if quantity is None:
        return "it is not a number"
    value, how = quantity.value, ""
    if feature is not None:
        finding = read_alone(result, feature, empty, spec)
        if isinstance(finding, str):
            return finding
        value, how = finding.value, finding.evidence.how
    elif quantity.unit != unit:
        told = "the newest result has another unit" if not trend.unit else "its unit is another"
        return f"{told}, and the two are not converted"
    return Point(
        when=result.effective,
        value=value,
        comparator=quantity.comparator,
        sources=(result.source,),
        how=how,
        limits=result.reference_range if quantity.unit == unit else None,
    )


def _listed(result: Observation, why: str) -> Undrawn:
    value = result.reported or result.value
    shown: Quantity | str = ""
    if isinstance(value, Quantity | str):
        shown = value
    elif isinstance(value, Code):
        shown = value.display or value.code
    return Undrawn(
        why=why, when=result.effective, value=shown, references=(result.source.reference,)
    )


def _of_issues(record: PatientRecord, codelists: Sequence[Codelist]) -> Iterator[Undrawn]:
    for issue in record.issues:
        if issue.kind in LISTED and any(c.matches(issue.codes) for c in codelists):
            yield Undrawn(
                why=issue.detail,
                when=issue.effective,
                value="",
                references=tuple(issue.reference.split(", ")),
            )


def _agreed(points: Sequence[Point], unit: str) -> tuple[list[Point], list[Undrawn]]:
    """Points but those whose time has another value; what was entered stands against the record."""
    kept: list[Point] = []
    torn: list[Undrawn] = []
    for same in _times(points):
        entered = [p for p in same if p.entered]
        if len({(p.value, p.comparator) for p in same}) == 1:
            kept += same
        elif entered:
            kept.append(entered[-1])
            torn += [_torn(p, unit, "replaced by what was entered") for p in same if not p.entered]
            torn += [_torn(p, unit, "entered again since") for p in entered[:-1]]
        else:
            torn += [_torn(p, unit, "another result of the same time differs") for p in same]
    return kept, torn


def _torn(point: Point, unit: str, why: str) -> Undrawn:
    value = Quantity(value=point.value, unit=unit, comparator=point.comparator)
    references = tuple(s.reference for s in point.sources)
    return Undrawn(why=why, when=point.when, value=value, references=references)


def _times(points: Sequence[Point]) -> Iterator[list[Point]]:
    """Points whose order the record does not say, together. Two instants are two times; a day is
    one time with every instant of it, and so is what the clinician enters on that day.
    """
    for day in by_day(points).values():
        if all(p.when.precision is Precision.INSTANT and not p.entered for p in day):
            instants: dict[object, list[Point]] = {}
            for point in day:
                instants.setdefault(point.when.earliest, []).append(point)
            yield from instants.values()
        else:
            yield day
