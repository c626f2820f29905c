"""The outcome of every row, given or computed, and whether a predictor knows it."""

from __future__ import annotations

import numpy as np

from decision.clinical.scores import ScoreError
from models.cohort import Floats
from models.metrics import auroc
from models.table.cells import Parsed, days_of
from models.table.problems import Found, Problems
from models.table.schema import EVENT, LATER, OUTCOME, START, STOPPED, VISIT

KNOWS = 0.95
"""AUROC of one column with the outcome beyond which no baseline value can be so good."""
_COPIED = 0.9
_BY_OUTCOME = 0.3
_ENOUGH = 20


def outcome_of(parsed: Parsed, problems: Problems) -> Floats:
    """(n,) the outcome: what is given, else what components and the stop of the drug say."""
    given = parsed.number(EVENT if parsed.schema.timed else OUTCOME)
    if parsed.schema.endpoint is None:
        return given
    computed = computed_outcome(parsed)
    wrong = np.flatnonzero((given != computed) & ~np.isnan(given) & ~np.isnan(computed))
    if wrong.size:
        problems.add(
            Found.OUTCOME_DISAGREES,
            OUTCOME,
            "The outcome given is not what its components and the stop of the drug come to.",
            "Correct one of them, or leave out the column `outcome` to have it computed.",
            wrong,
        )
    return np.where(np.isnan(given), computed, given)


def computed_outcome(parsed: Parsed) -> Floats:
    """(n,) by the decision's own score: NaN where the components do not say."""
    endpoint = parsed.schema.endpoint
    found = np.full(parsed.rows, np.nan)
    if endpoint is None:
        return found
    values = {c: parsed.number(LATER + c) for c in endpoint.components}
    start, visit, stop = (parsed.day(name) for name in (START, VISIT, STOPPED))
    first, last = (np.timedelta64(7 * week, "D") for week in endpoint.window_weeks)
    dated = np.isnat(visit) | ((visit >= start + first) & (visit <= start + last))
    whole = ~np.any([np.isnan(v) for v in values.values()], axis=0) & dated
    for i in np.flatnonzero(whole):
        try:
            found[i] = float(endpoint.reached({c: float(v[i]) for c, v in values.items()}))
        except ScoreError:
            continue  # the range check names the cell
    by = np.where(np.isnat(visit), start + np.timedelta64(7 * endpoint.target_week, "D"), visit)
    found[stop < by] = 0.0
    return found


def leaks(parsed: Parsed, outcome: Floats, problems: Problems) -> None:
    """Predictors that behave like the outcome, and unread columns that do or are of later days."""
    known = ~np.isnan(outcome)
    for name in parsed.schema.features:
        values = parsed.numbers.get(name)
        if values is None:
            continue
        _behaves(name, values, outcome, known, problems)
        _copied(name, values, parsed, problems)
    start = parsed.day(START)
    for name, cells in parsed.strangers.items():
        days = days_of(cells, name, Problems())
        later = np.flatnonzero(days > start)
        if later.size:
            problems.add(
                Found.AFTER_INDEX,
                name,
                "The column holds days after the index date.",
                "Take it out: what happened after the start is not known at the bedside.",
                later,
            )
        if not np.isnat(days).all():
            continue
        _behaves(name, _numbers(cells), outcome, known, problems)


def _numbers(cells: list[str]) -> Floats:
    values = np.full(len(cells), np.nan)
    for i, cell in enumerate(cells):
        try:
            values[i] = float(cell)
        except ValueError:
            continue
    return values


def _behaves(
    name: str, values: Floats, outcome: Floats, known: np.ndarray, problems: Problems
) -> None:
    both = known & np.isfinite(values)
    y = outcome[both]
    if min(y.sum(), len(y) - y.sum()) >= _ENOUGH / 2:
        area = auroc(y, values[both])
        if max(area, 1.0 - area) >= KNOWS:
            problems.add(
                Found.KNOWS_OUTCOME,
                name,
                f"Alone it tells the outcome with an AUROC of {max(area, 1 - area):.3f}, which no "
                "value known at the start can.",
                "Look where the column comes from; take it out if it was written after the start.",
            )
    events, others = known & (outcome == 1.0), known & (outcome == 0.0)
    if min(events.sum(), others.sum()) < _ENOUGH:
        return
    share = [float(np.isfinite(values[rows]).mean()) for rows in (events, others)]
    if abs(share[0] - share[1]) >= _BY_OUTCOME:
        problems.add(
            Found.MISSING_BY_OUTCOME,
            name,
            f"It is recorded in {100 * share[0]:.0f} % of those with the outcome and in "
            f"{100 * share[1]:.0f} % of those without.",
            "Check that it was not collected because of the outcome.",
        )


def _copied(name: str, values: Floats, parsed: Parsed, problems: Problems) -> None:
    later = parsed.numbers.get(LATER + name)
    if later is None:
        return
    both = ~np.isnan(values) & ~np.isnan(later)
    if both.sum() >= _ENOUGH and float((values[both] == later[both]).mean()) >= _COPIED:
        problems.add(
            Found.COPY_OF_OUTCOME,
            name,
            f"In {100 * float((values[both] == later[both]).mean()):.0f} % of the rows it equals "
            f"`{LATER + name}`.",
            "Export the value up to the index date again; the later visit was copied over it.",
        )


def outcome_counts(parsed: Parsed, outcome: Floats, problems: Problems) -> None:
    """An outcome that everybody or nobody has, or that is seldom known."""
    known = outcome[~np.isnan(outcome)]
    column = EVENT if parsed.schema.timed else OUTCOME
    if not parsed.rows or problems.has(Found.MISSING_COLUMN, column):
        return
    if not known.size or (known == known[0]).all():
        what = "No row has a known outcome." if not known.size else "All rows have the same one."
        problems.add(
            Found.ONE_OUTCOME,
            column,
            what,
            "Nothing can be learned from it; check how the outcome is exported.",
        )
    elif known.size < 0.6 * parsed.rows:
        problems.add(
            Found.OUTCOME_UNKNOWN,
            column,
            f"It is unknown in {100 - 100 * known.size / parsed.rows:.0f} % of the rows.",
            "Collect it, or say in the report why those with a known outcome are like the others.",
        )
