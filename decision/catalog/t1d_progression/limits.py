"""Limits, look-backs and thresholds of the features and rules, from their tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from decision.catalog.t1d_progression.tables import INPUTS, THRESHOLDS
from decision.clinical.dated import Standing
from decision.clinical.spec import Limits, Threshold, Verification

CHECKED_AS: Mapping[Standing, Verification] = MappingProxyType(
    {
        Standing.VERIFIED: Verification.VERIFIED,
        Standing.ABSTRACT: Verification.PARTLY,
        Standing.SECONDARY: Verification.PARTLY,
        Standing.UNVERIFIED: Verification.UNVERIFIED,
        Standing.COMPUTED: Verification.COMPUTED,
        Standing.DESIGN: Verification.DESIGN,
    }
)
"""How a cited fact was checked, in the words of the shared specification."""


def limits(row_id: str) -> Limits:
    """Supported values of that row of `inputs.csv`."""
    row = INPUTS[row_id]
    return Limits(
        low=row.number("low"),
        high=row.number("high"),
        citation=f"{row.source} {row.note}".strip(),
    )


def unit(row_id: str) -> str:
    """The unit of that row."""
    return INPUTS[row_id].text("unit")


def step(row_id: str) -> float:
    """In which steps a value of that row is entered."""
    return INPUTS[row_id].number("step")


def lookback(row_id: str) -> timedelta | None:
    """How long a value of that row stands; None where it does not age."""
    days = INPUTS[row_id].number_or_none("lookback_days")
    return None if days is None else timedelta(days=days)


def number(threshold_id: str) -> float:
    """The value of that row of `thresholds.csv`."""
    return THRESHOLDS[threshold_id].number("value")


def days(threshold_id: str) -> timedelta:
    """The value of that row as a duration."""
    return timedelta(days=number(threshold_id))


THRESHOLDS_BY_ID: Mapping[str, Threshold] = MappingProxyType(
    {
        row.id: Threshold(
            id=row.id,
            value=row.number("value"),
            unit=row.text("unit"),
            meaning=row.text("meaning"),
            citation=row.source,
            verification=CHECKED_AS[row.status],
            review_by=date.fromisoformat(row.text("review_by")),
        )
        for row in THRESHOLDS.rows
    }
)
