"""Numbers that carry their unit, and times that carry how exactly they are known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A finite number in a UCUM unit. `comparator` keeps what a laboratory reported as `<5`."""

    value: float
    unit: str
    comparator: str = ""

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise ValueError(f"quantity must be finite, got {self.value!r} {self.unit}")
        if self.comparator not in ("", "<", "<=", ">", ">="):
            raise ValueError(f"comparator must be <, <=, > or >=, got {self.comparator!r}")

    def __str__(self) -> str:
        return f"{self.comparator}{self.value:g} {self.unit}".rstrip()

    def below(self, limit: float) -> bool | None:
        """Whether the value is below a limit in its unit; None where `<3` or `>1` leaves it open.

        At the limit itself `<=2` counts as below 2: a bound is taken on the side that warns.
        """
        if self.comparator.startswith("<"):
            return True if self.value <= limit else None
        if self.comparator.startswith(">"):
            return False if self.value >= limit else None
        return self.value < limit

    def above(self, limit: float) -> bool | None:
        """Whether the value is above a limit in its unit; None where a comparator leaves it open.

        At the limit itself `>=2` counts as above 2, as for `below`.
        """
        if self.comparator.startswith("<"):
            return False if self.value <= limit else None
        if self.comparator.startswith(">"):
            return True if self.value >= limit else None
        return self.value > limit


class Precision(StrEnum):
    """How exactly a time was recorded."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"
    INSTANT = "instant"
    UNKNOWN = "unknown"
    """It happened, and the record does not say when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When something happened: the earliest and the latest instant the record allows.

    A day without a zone spans every zone (from UTC+14 to UTC-12), so that no zone is ever invented.
    Look-back
    windows apply to `earliest`; `text` is what the record said.
    """

    earliest: datetime
    latest: datetime
    precision: Precision
    text: str

    def __post_init__(self) -> None:
        if self.earliest.tzinfo is None or self.latest.tzinfo is None:
            raise ValueError(f"moment {self.text!r} needs zone-aware bounds")
        if self.latest < self.earliest:
            raise ValueError(f"moment {self.text!r} ends before it starts")

    @classmethod
    def instant(cls, when: datetime) -> Moment:
        """The moment of one exactly known, zone-aware time."""
        return cls(earliest=when, latest=when, precision=Precision.INSTANT, text=when.isoformat())

    @property
    def middle(self) -> datetime:
        """Half way between the bounds: a single time to sort and to reckon with."""
        return self.earliest + (self.latest - self.earliest) / 2

    @property
    def day_text(self) -> str:
        """As exact as the record and no more: `2027`, `2027-05` or `2027-05-04`; in words where
        the record gives no date at all.
        """
        if self.precision is Precision.UNKNOWN:
            return "an unrecorded date"
        return self.text[: {Precision.YEAR: 4, Precision.MONTH: 7}.get(self.precision, 10)]

    def within(self, lookback: timedelta, as_of: datetime) -> bool:
        """True when surely not older than `lookback` before `as_of`, and not surely after it."""
        return as_of - lookback <= self.earliest and self.earliest <= as_of


def whole_years_between(birth: Moment, as_of: datetime) -> tuple[int, int]:
    """Smallest and largest completed age in years that the recorded birth date allows."""

    def years(born: datetime) -> int:
        moment = as_of.astimezone(born.tzinfo)
        before_birthday = (moment.month, moment.day) < (born.month, born.day)
        return moment.year - born.year - before_birthday

    return years(birth.latest), years(birth.earliest)
