"""Scores over time, each from results of one day: two visits never make one score."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from decision.clinical.series import Point, Series, Undrawn, by_day
from decision.clinical.trends import Trend

Compute = Callable[[Mapping[str, float]], float]


def score_of(trend: Trend, measured: Mapping[str, Series]) -> Series:
    """One point for each day that has every part once; a day that lacks one part is listed."""
    if trend.compute is None:
        raise ValueError(f"trend {trend.id!r} has parts and no compute")
    by_part = {part: by_day(measured[part].points) for part in trend.parts}
    days = sorted({day for of_part in by_part.values() for day in of_part if len(day) == 10})
    points: list[Point] = []
    undrawn: list[Undrawn] = []
    for day in days:
        there = {part: of[day] for part, of in by_part.items() if day in of}
        lacking = [measured[part].trend.short for part in trend.parts if part not in there]
        if len(lacking) > 1:
            continue  # a lone blood test is no visit that misses a score
        found = (
            f"{lacking[0]} is not of the same day" if lacking else _worked_out(trend.compute, there)
        )
        if isinstance(found, Point):
            points.append(found)
            continue
        every = [p for values in there.values() for p in values]
        undrawn.append(
            Undrawn(
                why=found,
                when=every[0].when,
                value="",
                references=tuple(dict.fromkeys(s.reference for p in every for s in p.sources)),
            )
        )
    gaps = dict.fromkeys(gap for part in trend.parts for gap in measured[part].gaps)
    return Series(
        trend=trend,
        unit=trend.unit,
        points=tuple(sorted(points, key=lambda p: p.when.middle)),
        undrawn=tuple(undrawn),
        gaps=tuple(gaps),
    )


def _worked_out(compute: Compute, parts: dict[str, list[Point]]) -> Point | str:
    if any(len({(p.value, p.comparator) for p in values}) > 1 for values in parts.values()):
        return "a part has several values on that day"
    used = {part: values[-1] for part, values in parts.items()}
    if any(point.comparator for point in used.values()):
        return "a part is reported as a bound"
    try:
        value = compute({part: point.value for part, point in used.items()})
    except ValueError:
        return "it is not defined for these values"
    last = max(used.values(), key=lambda p: p.when.middle)
    return Point(
        when=last.when,
        value=value,
        sources=tuple(dict.fromkeys(s for p in used.values() for s in p.sources)),
        how="worked out from the parts of that day",
    )
