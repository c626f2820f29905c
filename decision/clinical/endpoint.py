"""How a decision's yes-or-no outcome is read from a later visit: for whoever trains or validates.

The page never sees it: at the bedside the outcome lies ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Features that are measured again, in which weeks after the start, and what they must come to.

    `reached` takes the components in their canonical units. Whoever stopped the drug before the
    visit, or by `target_week` where there was none, did not reach it.
    """

    components: tuple[str, ...]
    target_week: int
    window_weeks: tuple[int, int]
    reached: Callable[[Mapping[str, float]], bool]

    def __post_init__(self) -> None:
        first, last = self.window_weeks
        if not 0 < first <= self.target_week <= last:
            raise ValueError(
                f"window of weeks {first} to {last} does not hold week {self.target_week}"
            )
