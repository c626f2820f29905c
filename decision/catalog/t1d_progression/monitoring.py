"""When to look again: the jurisdiction's rules on a day. Prompts inform, they never order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from decision.catalog.t1d_progression.staging import Outcome, Stratum
from decision.catalog.t1d_progression.tables import MONITORING
from decision.clinical.dated import DatedRow, DatedTable, Standing

SHOWN = frozenset({Standing.VERIFIED})
"""A prompt without a verified rule is shown only where a site has switched its row on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringPrompt:
    """One rule that applies, with where and since when it does."""

    id: str
    action: str
    """`monitor`, `stop` or `advise`."""
    text: str
    months: tuple[float, float] | None
    """Shortest and longest interval in months."""
    jurisdiction: str
    effective_from: date
    source: str
    edition: str
    status: Standing
    note: str


def monitoring_prompts(
    state: Stratum | Outcome,
    *,
    age_years: float,
    years_since_first_positive: float | None,
    jurisdiction: str,
    on: date,
    switched_on: Collection[str] = (),
    table: DatedTable = MONITORING,
) -> tuple[MonitoringPrompt, ...]:
    """Every rule that applies to such a person on that day; none in an unknown jurisdiction.

    `state` is a stratum, or `Outcome.AWAITING_CONFIRMATION`. Rules that count from the first
    positive result are left out where its date is not known.
    """
    name = state.value.replace(" ", "_")
    rows = table.in_force(on, jurisdiction, accepted=SHOWN, switched_on=switched_on)
    return tuple(
        _prompt(row)
        for row in rows
        if row.text("stratum") == name and _applies(row, age_years, years_since_first_positive)
    )


def _applies(row: DatedRow, age: float, years: float | None) -> bool:
    timed = bool(row.text("years_from") or row.text("years_below"))
    at_first = row.text("age_at") == "first positive"
    if (timed or at_first) and years is None:
        return False
    since = years or 0.0
    return _within(row, "age", age - since if at_first else age) and (
        not timed or _within(row, "years", since)
    )


def _within(row: DatedRow, what: str, value: float) -> bool:
    """Half-open: the lower end is included, the upper is not; an empty end is open."""
    low, high = row.number_or_none(f"{what}_from"), row.number_or_none(f"{what}_below")
    return (low is None or value >= low) and (high is None or value < high)


def _prompt(row: DatedRow) -> MonitoringPrompt:
    low, high = row.number_or_none("months_from"), row.number_or_none("months_to")
    return MonitoringPrompt(
        id=row.id,
        action=row.text("action"),
        text=row.text("text"),
        months=(low, high) if low is not None and high is not None else None,
        jurisdiction=row.jurisdiction,
        effective_from=row.effective_from,
        source=row.source,
        edition=row.edition,
        status=row.status,
        note=row.note,
    )
