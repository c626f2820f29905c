"""Sentences about values over time: each says in words and numbers what its panel draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from decision.clinical.gaps import happened
from decision.clinical.quantities import Quantity
from decision.clinical.record import Gap, Origin
from decision.clinical.series import Point, Series, Undrawn
from decision.clinical.trends import Guide
from decision.evidence.periods import Treatments
from decision.ui.texts.numbers import count, dated, decimals, moment, number, plural, quantity, unit

TITLE = "Trends"
TREATMENT = "Treatment"
TIME_SHOWN = "Time shown"
SPANS = {"1": "1 year", "3": "3 years", "all": "All"}
"""Offered spans by their key, the shortest first."""
AS_TABLE = "Show the values as a table"
NOTHING = "The record has no value that could be drawn over time."
ALL_ONCE = "Everything was measured once, so there is no course to draw."
NO_TREATMENT = "The record lists no treatment that this page draws."
BEFORE = "Over before the time shown: {courses}"
TREATMENT_UNREAD = "Treatment may be missing here: {what}."
RESULTS_UNREAD = "Values may be missing here: {what}."
UNDATED = "Without a date, so without a bar: {courses}"
NO_VALUES = "No value in this time: {names}."
EARLIER = "{values} before {day} left out by the time chosen."

HIGHER = "{label}: {last} on {last_day}, higher by {change} than {before} on {before_day}."
LOWER = "{label}: {last} on {last_day}, lower by {change} than {before} on {before_day}."
SAME = "{label}: {last} on {last_day}, the same as on {before_day}."
FIRST = "First {first} on {first_day}."
ENDS = "Of {n} values the lowest is {low} on {low_day}, the highest {high} on {high_day}."
BOUNDED = "{label}: {first} on {first_day}, {last} on {last_day}. {n} values, some of them limits."
ONCE = "{label}: {last} on {last_day}, measured once."
GAP = "No value between {before} and {after}."
ENTERED = "Entered here: {n} of them."

CIRCLE = "Circle: a result of the record."
DIAMOND = "Diamond: entered on this page."
TRIANGLE = "Triangle: reported as a limit, such as <5; the true value lies where it points."
JOINED = "Points further apart than {days} days are not joined."

GUIDE = "{name}, dashed line at {value}: {words} ({citation}; {status})."
OWN_HIGH = "{name}, dotted line at {value}: upper limit the laboratory sent with its newest result."
OWN_LOW = "{name}, dotted line at {value}: lower limit the laboratory sent with its newest result."
ON_DAY = "{value} on {day}"
UNIT = "{name} ({unit})"
TIP = "{label}: {value} on {day} ({source})"

LINES = "What the dashed and dotted lines are"
NOT_DRAWN_HEAD = ("What", "Date", "As recorded", "Not drawn because", "Source")
VALUES_HEAD = ("Date", "Value", "Source", "How")
WORKED_OUT = "worked out"


def name_of(series: Series) -> str:
    """`CRP (mg/L)`."""
    written = unit(series.unit)
    return UNIT.format(name=series.trend.short, unit=written) if written else series.trend.short


def bare(series: Series, value: float) -> str:
    """A number of the series without its unit."""
    places = series.trend.decimals
    return number(value) if places is None else decimals(value, places)


def value_of(series: Series, point: Point) -> str:
    """`14 mg/L`, or `<5 mg/L`."""
    return f"{point.comparator}{_of(series, point.value)}"


def _of(series: Series, value: float) -> str:
    return f"{bare(series, value)} {unit(series.unit)}".rstrip()


def newest(series: Series) -> str:
    """`14 mg/L on 10 Nov 2026`, of the last point."""
    last = series.points[-1]
    return ON_DAY.format(value=value_of(series, last), day=moment(last.when))


def sentences(series: Series) -> tuple[str, ...]:
    """The newest beside the one before it, which tells where things go; then first, ends, the
    longest gap that no line bridges, entries.
    """
    first, last = series.points[0], series.points[-1]
    told: dict[str, str] = {
        "label": series.trend.label,
        "first": value_of(series, first),
        "first_day": moment(first.when),
        "last": value_of(series, last),
        "last_day": moment(last.when),
    }
    if len(series.points) == 1:
        return (ONCE.format(**told), *_entered(series))
    told["n"] = count(len(series.points))
    if any(p.comparator for p in series.points):
        return (BOUNDED.format(**told), *_longest_gap(series), *_entered(series))
    before = series.points[-2]
    told |= {"before": value_of(series, before), "before_day": moment(before.when)}
    told["change"] = bare(series, abs(last.value - before.value))
    alike = bare(series, before.value) == bare(series, last.value)
    way = SAME if alike else HIGHER if last.value > before.value else LOWER
    ends = () if len(series.points) == 2 else (FIRST.format(**told), _ends(series))
    return (way.format(**told), *ends, *_longest_gap(series), *_entered(series))


def _ends(series: Series) -> str:
    """The newest of the lowest and of the highest."""
    low = min(reversed(series.points), key=lambda p: p.value)
    high = max(reversed(series.points), key=lambda p: p.value)
    return ENDS.format(
        n=count(len(series.points)),
        low=_of(series, low.value),
        low_day=moment(low.when),
        high=_of(series, high.value),
        high_day=moment(high.when),
    )


def _longest_gap(series: Series) -> tuple[str, ...]:
    pairs = list(zip(series.points, series.points[1:], strict=False))
    before, after = max(pairs, key=lambda pair: pair[1].when.middle - pair[0].when.middle)
    if after.when.middle - before.when.middle <= series.trend.joined_within:
        return ()
    return (GAP.format(before=moment(before.when), after=moment(after.when)),)


def _entered(series: Series) -> tuple[str, ...]:
    n = sum(p.entered for p in series.points)
    return (ENTERED.format(n=count(n)),) if n else ()


def key(drawn: Sequence[Series]) -> tuple[str, ...]:
    """What the marks mean, as far as they occur."""
    points = [p for s in drawn for p in s.points]
    days = sorted({s.trend.joined_within.days for s in drawn})
    told = [CIRCLE] if points else []
    told += [DIAMOND] if any(p.entered for p in points) else []
    told += [TRIANGLE] if any(p.comparator for p in points) else []
    told += [JOINED.format(days=count(d)) for d in days]
    return tuple(told)


def own_limits(series: Series) -> tuple[tuple[float, str], ...]:
    """The limits that came with the newest result, each with its sentence; nobody else's."""
    limits = series.points[-1].limits if series.points else None
    if limits is None:
        return ()
    sides = ((limits.low, OWN_LOW), (limits.high, OWN_HIGH))
    return tuple(
        (value, words.format(name=series.trend.short, value=quantity(value, series.unit)))
        for value, words in sides
        if value is not None
    )


def guide(series: Series, found: Guide) -> str:
    """What a dashed line is, and whose."""
    return GUIDE.format(
        name=series.trend.short,
        value=quantity(found.value, series.unit),
        words=found.words,
        citation=found.citation.removesuffix("."),
        status=found.verification.value,
    )


def lines_of(series: Series, on: date) -> tuple[str, ...]:
    """Every line of one panel in words."""
    cited = tuple(guide(series, g) for g in series.trend.guides(on))
    return (*cited, *(words for _, words in own_limits(series)))


def tip(series: Series, point: Point) -> str:
    """What a mark says of itself."""
    return TIP.format(
        label=series.trend.label,
        value=value_of(series, point),
        day=moment(point.when),
        source=sources(point),
    )


def sources(point: Point) -> str:
    said = dict.fromkeys(
        Origin.CLINICIAN.value if s.origin is Origin.CLINICIAN else s.reference
        for s in point.sources
    )
    return ", ".join(said)


def treatments(found: Treatments) -> tuple[str, ...]:
    """Each course, in the order of the bars; then those without a date, then what is unread."""
    told = [period.words for period in found.periods]
    if found.earlier:
        told.append(BEFORE.format(courses=" ".join(found.earlier)))
    if not (found.periods or found.earlier or found.undated):
        told.append(NO_TREATMENT)
    if found.undated:
        told.append(UNDATED.format(courses=" ".join(found.undated)))
    if found.gaps:
        told.append(TREATMENT_UNREAD.format(what=_unread(found.gaps)))
    return tuple(told)


def unread(drawn: Iterable[Series]) -> str:
    """Where values may be missing because a search failed."""
    gaps = dict.fromkeys(gap for series in drawn for gap in series.gaps)
    return RESULTS_UNREAD.format(what=_unread(tuple(gaps))) if gaps else ""


def _unread(gaps: Sequence[Gap]) -> str:
    return "; ".join(dict.fromkeys(happened(gap) for gap in gaps))


def alternative(group: str, drawn: Sequence[Series], found: Treatments) -> str:
    """What a chart shows, for whoever does not see it."""
    every = [*(s for one in drawn for s in sentences(one)), *treatments(found)]
    return f"{group}. {' '.join(every)}"


def absent(series: Sequence[Series]) -> str:
    """What has no value at all."""
    names = [s.trend.short for s in series]
    return NO_VALUES.format(names="; ".join(names)) if names else ""


def not_drawn(n: int) -> str:
    return plural(n, "result not drawn, and why", "results not drawn, and why")


def not_drawn_row(series: Series, found: Undrawn) -> tuple[str, ...]:
    value = found.value
    shown = value if isinstance(value, str) else _reported(value)
    return (
        series.trend.short,
        moment(found.when),
        shown,
        dated(found.why).removesuffix("."),
        ", ".join(found.references),
    )


def _reported(value: Quantity) -> str:
    return f"{value.comparator}{quantity(value.value, value.unit)}"


def value_rows(series: Series) -> tuple[tuple[str, ...], ...]:
    """The newest first, as one reads a list of results."""
    return tuple(
        (moment(p.when), value_of(series, p), sources(p), _how(series, p))
        for p in reversed(series.points)
    )


def _how(series: Series, point: Point) -> str:
    return WORKED_OUT if series.trend.parts else "" if point.how == "latest result" else point.how
