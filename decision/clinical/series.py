"""A series over time: what may be drawn, and what may not, with why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from decision.clinical.quantities import Moment, Quantity
from decision.clinical.record import Gap, Origin, ReferenceRange, Source
from decision.clinical.trends import Trend


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value at one time. `comparator` keeps a bound such as `<5` a bound."""

    when: Moment
    value: float
    sources: tuple[Source, ...]
    comparator: str = ""
    how: str = ""
    limits: ReferenceRange | None = None
    """The laboratory's own limits, where the result brought them in the unit of the series."""

    @property
    def entered(self) -> bool:
        """Whether the clinician entered it, or any part of it, on the page."""
        return any(s.origin is Origin.CLINICIAN for s in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undrawn:
    """A result that has no place in the picture, and why."""

    why: str
    when: Moment | None
    value: Quantity | str
    """As the record has it; empty where it could not even be read."""
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series in one unit, the oldest point first; `gaps` are where more of it may lie."""

    trend: Trend
    unit: str
    points: tuple[Point, ...]
    undrawn: tuple[Undrawn, ...]
    gaps: tuple[Gap, ...] = ()

    @property
    def stretches(self) -> tuple[tuple[Point, ...], ...]:
        """Neighbours that a line may join: bounds and long gaps interrupt it."""
        found: list[list[Point]] = []
        for point in self.points:
            last = found[-1][-1] if found else None
            joined = (
                last is not None
                and not last.comparator
                and not point.comparator
                and point.when.middle - last.when.middle <= self.trend.joined_within
            )
            if joined:
                found[-1].append(point)
            else:
                found.append([point])
        return tuple(tuple(stretch) for stretch in found)


def by_day(points: Iterable[Point]) -> dict[str, list[Point]]:
    """Points by the day their source wrote, in their order."""
    days: dict[str, list[Point]] = {}
    for point in points:
        days.setdefault(point.when.day_text, []).append(point)
    return days
