"""How days are written wherever somebody reads them: `4 May 2027`, as exact as the record."""

from __future__ import annotations

import re

from decision.clinical.quantities import Moment, Precision

_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Spelt here because the names of the machine's own locale would change with the machine."""


def moment(when: Moment | None) -> str:
    """As exact as the record and no more: `2027`, `May 2027` or `4 May 2027`."""
    if when is None or when.precision is Precision.UNKNOWN:
        return "date not recorded"
    parts = when.day_text.split("-")
    if when.precision is Precision.YEAR:
        return parts[0]
    month = MONTHS[int(parts[1]) - 1]
    return f"{month} {parts[0]}" if len(parts) == 2 else f"{int(parts[2])} {month} {parts[0]}"


def month_of(when: Moment) -> tuple[str, str]:
    """(month, year), the month empty where the record gives a year alone; both where it gives
    nothing.
    """
    if when.precision is Precision.UNKNOWN:
        return "", ""
    year, _, rest = when.day_text.partition("-")
    return (MONTHS[int(rest[:2]) - 1] if rest else ""), year


def dated(words: str) -> str:
    """Every `2027-05-04` in a sentence of the decision's own, as people read dates."""

    def spoken(found: re.Match[str]) -> str:
        year, month, day = (int(part) for part in found.groups())
        return f"{day} {MONTHS[month - 1]} {year}" if 1 <= month <= 12 else found[0]

    return _ISO_DAY.sub(spoken, words)
