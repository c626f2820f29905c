"""Domain checks every score shares: a number outside its scale is refused, never clipped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from decision.clinical.spec import Verification


class ScoreError(ValueError):
    """An input a score is not defined for; the message names the argument, its value and the
    allowed range.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSource:
    """Where a formula or a cut-off comes from and how well that has been checked."""

    citation: str
    verification: Verification


def in_range(name: str, value: float, low: float, high: float, unit: str) -> float:
    """`value`, or ScoreError when it is not a finite number from `low` to `high`."""
    if not math.isfinite(value) or not low <= value <= high:
        raise ScoreError(
            f"{name} must be from {low:g} to {high:g} {unit}, got {value!r}; check unit and scale"
        )
    return value


def joint_count(name: str, value: float) -> float:
    """A 28-joint count: a whole number from 0 to 28."""
    if in_range(name, value, 0, 28, "joints") != int(value):
        raise ScoreError(f"{name} must be a whole number of joints, got {value!r}")
    return value


def exact(value: float) -> Decimal:
    """The decimal a clinician wrote down, not its nearest binary neighbour."""
    return Decimal(repr(value))


def rounded(value: Decimal | float, places: int) -> float:
    """Half up, in decimal, because cut-offs are published so: 2.8000000000000003 is 2.8."""
    number = value if isinstance(value, Decimal) else exact(value)
    return float(number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))
