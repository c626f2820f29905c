"""What every estimate that goes to a chart is told with: its number, its range, its time, and what
made it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime

from decision.clinical.answers import Interval, per_100

SIMULATED = (
    "SIMULATED model: trained on generated records, not on patients; for software testing only, "
    "not for any care decision."
)
RESEARCH = "Research use, not a cleared device: supports, and does not replace, clinical judgement."


def percentage(probability: float) -> float:
    """R4 wants a percentage: 61, not 0.61. Whole as on the page, but never "never" nor "always"."""
    whole = math.floor(100 * probability + 0.5)
    if 0 < whole < 100:
        return whole
    return min(max(round(100 * probability, 1), 0.1), 99.9)


def ranged(interval: Interval) -> str:
    """`likely range 31 to 51 of 100 (90 %)`."""
    span = f"{per_100(interval.low)} to {per_100(interval.high)}"
    return f"likely range {span} of 100 ({per_100(interval.level)} %)"


def instant(when: datetime) -> str:
    """A FHIR dateTime, always with its zone."""
    if when.tzinfo is None:
        raise ValueError("a time in a resource needs its zone")
    return when.isoformat(timespec="seconds")


def listed(title: str, items: Iterable[str]) -> str:
    """`Missing: CRP, ESR.`, each once; empty where there is nothing."""
    said = ", ".join(dict.fromkeys(items))
    return f"{title}: {said}." if said else ""


def spoken(*parts: str) -> str:
    """One text of those parts that say something."""
    return " ".join(part for part in parts if part)
