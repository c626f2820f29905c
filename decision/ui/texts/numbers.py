"""The one formatter: every number, unit, date and range on a page passes through here."""

from __future__ import annotations

from datetime import date, datetime

from decision.clinical.answers import Interval
from decision.clinical.answers import per_100 as per_100
from decision.clinical.dates import MONTHS
from decision.clinical.dates import dated as dated
from decision.clinical.dates import moment as moment
from decision.clinical.quantities import Moment, Precision
from decision.clinical.units import unit as unit


def of_100(probability: float) -> str:
    """`38 of 100`; the ends say `fewer than 1` and `more than 99` rather than never and always."""
    if probability < 0.005:
        return "fewer than 1 of 100"
    if probability >= 0.995:
        return "more than 99 of 100"
    return f"{per_100(probability)} of 100"


def percent(share: float) -> str:
    return f"{per_100(share)} %"


def level(interval: Interval) -> str:
    return percent(interval.level)


def span(interval: Interval) -> str:
    """`27 to 50`, per 100."""
    return f"{per_100(interval.low)} to {per_100(interval.high)}"


def count(n: int) -> str:
    """`1,412`."""
    return f"{n:,}"


def plural(n: int, one: str, many: str = "") -> str:
    """`1 input`, `3 inputs`."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def number(value: float) -> str:
    """As many digits as a clinician reads: none from 100, one from 10, two below."""
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals(value: float, places: int) -> str:
    """A score that is always written with so many decimals."""
    return f"{value:.{places}f}"


def signed(value: float, places: int = 3) -> str:
    """A difference, with its sign: `+0.011`, `−0.039`."""
    text = f"{abs(value):.{places}f}"
    return text if float(text) == 0.0 else f"{'−' if value < 0 else '+'}{text}"


def figure(value: float) -> str:
    """A figure of the validation report, to three decimals."""
    return f"{value:.3f}"


def unbroken(words: str) -> str:
    """No line break around a comparison sign: `score ≤ 10` stays in one piece."""
    return words.replace(" ≤ ", "\u00a0≤\u00a0").replace(" ≥ ", "\u00a0≥\u00a0")


def inside(title: str) -> str:
    """A title inside a sentence: `genetic score`, but `HbA1c` and `QT interval`."""
    first = title.partition(" ")[0]
    return (
        f"{title[:1].lower()}{title[1:]}" if first[1:].isalpha() and first[1:].islower() else title
    )


def digits(value: float, significant: int = 2) -> str:
    """So many significant digits: `160`, `8.4`, `0.31`."""
    return f"{float(f'{value:.{significant}g}'):,g}"


def quantity(value: float, ucum: str) -> str:
    """`42 mg/L`, `1.6`, `12 years`; nobody is 6.53 years old."""
    if ucum == "a":
        value = round(value, 1)
    return f"{number(value)} {unit(ucum)}".rstrip()


def day(when: datetime) -> str:
    """`4 May 2027`, in the zone of what is given."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"


def month(when: date) -> str:
    """`May 2027`."""
    return f"{MONTHS[when.month - 1]} {when.year}"


def local(when: datetime) -> str:
    """`4 May 2027, 09:12`, for a time in the zone of whoever reads it."""
    return f"{day(when)}, {when:%H:%M}"


def instant(when: datetime) -> str:
    """`4 May 2027, 09:12 UTC`, in the zone the record gave."""
    offset = when.strftime("%z")
    zone = "UTC" if offset in ("", "+0000") else f"UTC{offset[:3]}:{offset[3:]}"
    return f"{day(when)}, {when:%H:%M} {zone}"


def _written_day(when: Moment) -> date:
    """The day as the record wrote it; of a month or a year, the last day it may have been."""
    if when.precision in (Precision.DAY, Precision.INSTANT):
        return date.fromisoformat(when.day_text)
    return when.latest.date()


def age_of(when: Moment | None, as_of: datetime) -> str:
    """How old a finding is at the data's own time, in whole days of the dates as they are written,
    or in the largest unit that says enough.
    """
    if when is None or when.precision is Precision.UNKNOWN:
        return ""
    days = max(0, (as_of.date() - _written_day(when)).days)
    if days < 1:
        return "same day"
    if days < 90:
        return plural(days, "day")
    if days < 730:
        return plural(round(days / 30.44), "month")
    return plural(int(days / 365.25), "year")
