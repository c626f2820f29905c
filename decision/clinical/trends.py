"""What a decision shows over time: measured series, scores worked out from them, cited limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from decision.clinical.inputs import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """One number that values are read against, what it means, and whose it is."""

    value: float
    words: str
    citation: str
    verification: Verification


def no_guides(on: date) -> tuple[Guide, ...]:
    return ()


JOINED_WITHIN = timedelta(days=200)
"""Design assumption: two visits of half a year apart belong to one course, a longer gap is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One series: results of `concepts` in `unit`, or a score of `parts` (other trends) of one day.

    With a `feature`, that feature's own rules read each result. Without a unit, results stay in the
    unit of the newest one: assays that cannot be compared are never put on one scale.
    """

    id: str
    label: str
    short: str
    group: str
    """Under which heading it stands, in words."""
    unit: str = ""
    concepts: tuple[str, ...] = ()
    feature: str = ""
    parts: tuple[str, ...] = ()
    compute: Callable[[Mapping[str, float]], float] | None = None
    """From the parts of one day by id; a ValueError where the score is not defined for them."""
    decimals: int | None = None
    """Digits of a score that has a fixed number of them."""
    least: tuple[float, float] | None = None
    """What its axis shows at least, so that small changes do not look large."""
    guides: Callable[[date], tuple[Guide, ...]] = no_guides
    """The limits in force on a day."""
    joined_within: timedelta = JOINED_WITHIN
    """Points further apart than this are not joined by a line."""
