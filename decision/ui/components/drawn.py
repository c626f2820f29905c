"""The charts of the page that compares: rows for the frozen charts, each with its numbers in words
and as a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from decision.clinical.answers import LocalCalibration
from decision.ui.charts import frozen
from decision.ui.components.markup import details, table
from decision.ui.texts import compare as words
from decision.ui.texts import steps
from decision.ui.texts.numbers import count, per_100
from decision.ui.texts.steps import Waterfall

WHOLE = (0.0, 100.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One estimate with its range, of 100. Without a `point` the range speaks alone."""

    label: str
    point: float | None
    low: float
    high: float
    shown: str


def waterfall(found: Waterfall, key: str, scale: tuple[float, float] | None = None) -> None:
    """One waterfall, and its rows as a table on request."""
    following = [step.label for step in found.steps[1:]]
    rows: list[frozen.Row] = []
    for step, after in zip(found.steps, [*following, None], strict=True):
        down = step.kind == "lowers"
        rows.append(
            {
                "label": step.label,
                "kind": step.kind,
                "start": step.start,
                "end": step.end,
                "shown": step.shown,
                "right": None if down else max(step.start, step.end),
                "left": step.end if down else None,
                "following": after,
            }
        )
    frozen.draw(
        "waterfall", rows, alt=steps.told(found), key=key, domains={"x": scale or found.scale}
    )
    told = (
        (step.words, step.shown, str(step.start), str(step.end))
        for step in found.steps
        if step.kind not in ("base", "total")
    )
    ends = found.steps[0], found.steps[-1]
    first, last = ((end.words, end.shown, "", "") for end in ends)
    numbers = table(words.STEPS_HEAD, (first, *told, last), "tr-table")
    st.html(f'<div class="tr tr-small">{details(words.AS_TABLE, numbers)}</div>')


def bars(found: Sequence[Bar], key: str, alt: str, *, difference: bool = False) -> None:
    """Estimates with their ranges, all on one scale; a difference around its zero."""
    low, high = _ends(found) if difference else WHOLE
    rows: list[frozen.Row] = [
        {
            "label": bar.label,
            "low": bar.low,
            "high": bar.high,
            "point": bar.point,
            "shown": bar.shown,
            # Text in the middle of its bar, but never over the edge of the chart.
            "at": min(max((bar.low + bar.high) / 2, low + 0.15 * (high - low)), high * 0.85),
            "zero": 0.0 if difference else None,
        }
        for bar in found
    ]
    frozen.draw("ranges", rows, alt=alt, key=key, domains={"x": (low, high)})


def _ends(found: Sequence[Bar]) -> tuple[float, float]:
    """The same on both sides of zero, in steps that change seldom."""
    far = max(abs(end) for bar in found for end in (bar.low, bar.high))
    reach = next(step for step in (10.0, 25.0, 50.0, 100.0) if far <= step or step == 100.0)
    return -reach, reach


def kinds(found: Sequence[tuple[str, int, str]], key: str, alt: str) -> None:
    """Effects of each kind of data: (label, whole effect, words)."""
    ends = [effect for _, effect, _ in found] + [0]
    room = max(3.0, 0.25 * (max(ends) - min(ends)))
    rows: list[frozen.Row] = [
        {
            "label": label,
            "effect": effect,
            "zero": 0.0,
            "way": "raises" if effect > 0 else "lowers" if effect < 0 else "none",
            "shown": shown,
            "right": None if effect < 0 else effect,
            "left": effect if effect < 0 else None,
        }
        for label, effect, shown in found
    ]
    domain = (min(ends) - room, max(ends) + room)
    frozen.draw("kinds", rows, alt=alt, key=key, domains={"x": domain})
    told = ((label.replace("\n", " "), shown) for label, _, shown in found)
    numbers = table(words.KINDS_HEAD, told, "tr-table")
    st.html(f'<div class="tr tr-small">{details(words.AS_TABLE, numbers)}</div>')


def calibration(
    bands: Sequence[LocalCalibration], probability: float, fewest: float, key: str, alt: str
) -> None:
    """What became of validation patients over the whole scale, with the band of one estimate."""
    rows: list[frozen.Row] = []
    told = []
    for band in bands:
        enough = band.n >= fewest
        last = band.high >= 1.0 - 1e-9
        rows.append(
            {
                "low": 100 * band.low,
                "high": 100 * band.high,
                "middle": 50 * (band.low + band.high),
                "observed": 100 * band.events / band.n if enough else None,
                "least": 100 * band.observed_low if enough else None,
                "most": 100 * band.observed_high if enough else None,
                "own": band.low <= probability < band.high or (last and probability >= band.high),
                "floor": 0.0,
                "ceiling": 100.0,
                "equal": 100.0 if last else 100 * band.low,
            }
        )
        told.append(
            (
                words.band_sentence(band.low, band.high),
                count(band.n),
                str(per_100(band.events / band.n)) if enough else words.TOO_FEW,
                words.band_sentence(band.observed_low, band.observed_high) if enough else "",
            )
        )
    frozen.draw("calibration", rows, alt=alt, key=key)
    numbers = table(words.BANDS_HEAD, told, "tr-table")
    st.html(f'<div class="tr tr-small">{details(words.AS_TABLE, numbers)}</div>')
