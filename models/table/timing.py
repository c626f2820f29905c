"""Whether the days of a row can be: not ahead, not before birth, and predictors before outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from models.cohort import Floats
from models.table.cells import Days, Parsed
from models.table.problems import Found, Problems
from models.table.schema import (
    BORN,
    DATED,
    ENTRY,
    LAST_FREE,
    START,
    STOPPED,
    TIME,
    VISIT,
)

_DAYS_IN_YEAR = 365.25
_AGE_SLACK = 1.5
"""Years by which a stated age may differ from the birth date: ages are rounded either way."""


def years_between(first: Days, second: Days) -> Floats:
    """(n,) years from the one day to the other; NaN where either is unknown."""
    passed = (second - first).astype(np.float64)
    passed[np.isnat(first) | np.isnat(second)] = np.nan
    return np.asarray(passed / _DAYS_IN_YEAR)


def days_make_sense(parsed: Parsed, today: date, problems: Problems) -> None:
    """Every check of one day against another, and of all against today."""
    start, born = parsed.day(START), parsed.day(BORN)
    for name, days in parsed.days.items():
        ahead = np.flatnonzero(days > np.datetime64(today, "D"))
        if ahead.size:
            problems.add(
                Found.FUTURE,
                name,
                "The day lies in the future.",
                "Correct the date at the source; a typing error in the year is the usual cause.",
                ahead,
            )
        before = np.flatnonzero(days < born)
        if name != BORN and before.size:
            problems.add(
                Found.BEFORE_BIRTH,
                name,
                "The day lies before the birth date.",
                "Correct one of the two dates at the source.",
                before,
            )
    _age(parsed, problems)
    _measured_before(parsed, start, problems)
    _outcome_after(parsed, start, problems)
    _times(parsed, problems)


def _age(parsed: Parsed, problems: Problems) -> None:
    if "age" not in parsed.schema.features:
        return
    real = years_between(parsed.day(BORN), parsed.day(START))
    wrong = np.flatnonzero(np.abs(parsed.number("age") - real) > _AGE_SLACK)
    if wrong.size:
        problems.add(
            Found.AGE_DISAGREES,
            "age",
            "It is not the age at the index date by the birth date.",
            "Give the age in completed years at the index date, not today's.",
            wrong,
        )


def _measured_before(parsed: Parsed, start: Days, problems: Problems) -> None:
    for feature in parsed.schema.features:
        name = feature + DATED
        if name not in parsed.days:
            continue
        days = parsed.days[name]
        later = np.flatnonzero(days > start)
        if later.size:
            problems.add(
                Found.AFTER_INDEX,
                name,
                f"`{feature}` was measured after the start, so it may know how it went.",
                f"Give the last value up to the index date, or leave `{feature}` empty.",
                later,
            )
        limit = parsed.schema.by_name[name].lookback_days
        if limit is None:
            continue
        old = np.flatnonzero((start - days).astype(np.float64) > limit)
        old = old[~np.isnat(days[old]) & ~np.isnat(start[old])]
        if old.size:
            problems.add(
                Found.TOO_OLD,
                name,
                f"`{feature}` is older than the {limit} days that the page allows.",
                f"Leave `{feature}` empty: at the bedside it would count as not measured.",
                old,
            )


def _outcome_after(parsed: Parsed, start: Days, problems: Problems) -> None:
    endpoint = parsed.schema.endpoint
    if endpoint is None:
        return
    stop, visit = parsed.day(STOPPED), parsed.day(VISIT)
    early = np.flatnonzero(stop < start)
    if early.size:
        problems.add(
            Found.STOP_BEFORE_START,
            STOPPED,
            "The drug was stopped before it was begun.",
            "Give the stop of this course, not of an earlier one.",
            early,
        )
    first, last = (np.timedelta64(7 * week, "D") for week in endpoint.window_weeks)
    outside = np.flatnonzero((visit < start + first) | (visit > start + last))
    if outside.size:
        weeks = f"{endpoint.window_weeks[0]} to {endpoint.window_weeks[1]}"
        problems.add(
            Found.VISIT_OUTSIDE,
            VISIT,
            f"The visit is not {weeks} weeks after the start.",
            "Take the visit inside the window, or leave visit and outcome empty.",
            outside,
        )
    components = [c for c in parsed.schema.components if c in parsed.numbers]
    undated = [i for i in _known(parsed, components) if np.isnat(visit[i])]
    if undated:
        problems.add(
            Found.UNDATED_OUTCOME,
            VISIT,
            "The components of the outcome have no date, so nothing shows that they are of the "
            "right weeks.",
            f"Add {VISIT}.",
            undated if len(undated) < parsed.rows else (),
        )


def _known(parsed: Parsed, columns: Sequence[str]) -> list[int]:
    if not columns:
        return []
    known = ~np.any([np.isnan(parsed.number(c)) for c in columns], axis=0)
    return np.flatnonzero(known).tolist()


def _times(parsed: Parsed, problems: Problems) -> None:
    """Entry, last visit free of the event, and the time itself come in this order."""
    if not parsed.schema.timed:
        return
    time, free, entry = (parsed.number(name) for name in (TIME, LAST_FREE, ENTRY))
    for column, wrong, message in (
        (LAST_FREE, free > time, "The last visit free of the event is after `time`."),
        (ENTRY, entry > np.fmin(time, free), "Observation begins after the person was last free."),
        (TIME, time <= 0.0, "Nobody can be followed for no time."),
    ):
        if wrong.any():
            problems.add(
                Found.TIMES,
                column,
                message,
                f"Times run {ENTRY}, {LAST_FREE}, {TIME}, in years from the index date.",
                np.flatnonzero(wrong),
            )
