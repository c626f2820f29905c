"""The parts of the page that compares two treatments: estimates, reasons, checks, missing data."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from decision.clinical.assessment import Card, ComparisonCard, range_first
from decision.clinical.outlook import ExpectedRange, Outlook
from decision.ui.components import drawn, estimates
from decision.ui.components.drawn import Bar
from decision.ui.components.markup import details, items, paragraph, table, text
from decision.ui.texts import checked_groups, estimate, reasons, steps
from decision.ui.texts import compare as words
from decision.ui.texts.estimate import ordered
from decision.ui.texts.numbers import per_100, span
from decision.ui.texts.verdict import stopped


def section(title: str, note: str = "", more: str = "") -> None:
    st.html(
        f'<section class="tr tr-part"><h2>{text(title)}</h2>{paragraph(note, "tr-small")}{more}'
        "</section>"
    )


def both(card: ComparisonCard) -> None:
    """The cards and the difference as on the patient's page, then their ranges drawn."""
    st.html(f'<div class="tr">{estimates.estimates(card)}</div>')
    section(words.RANGES, words.RANGES_NOTE)
    vague = range_first(card)
    shown = []
    for treatment in ordered(card.spec):
        found = card.answer.prediction(treatment.id)
        number = per_100(found.probability)
        text_of = span(found.interval) if vague else f"{number} ({span(found.interval)})"
        shown.append(
            Bar(
                label=steps.broken(treatment.label),
                point=None if vague else number,
                low=100 * found.interval.low,
                high=100 * found.interval.high,
                shown=text_of,
            )
        )
    drawn.bars(shown, "chart-ranges", words.ranges_alt(shown_rows(shown)))
    if stopped(card):
        st.html(f'<div class="tr">{paragraph(words.NO_DIFFERENCE_DRAWN)}</div>')
        return
    first, second = ordered(card.spec)
    difference, ends = words.toward_first(card.spec, card.answer)
    gap = Bar(
        label=words.GAP_LABEL.format(first=first.label, second=second.label),
        point=None if vague else difference,
        low=100 * ends.low,
        high=100 * ends.high,
        shown=words.bar_text(difference, per_100(ends.low), per_100(ends.high)),
    )
    st.html(f'<div class="tr tr-small">{paragraph(words.gap_note(card))}</div>')
    drawn.bars([gap], "chart-difference", words.gap_alt(card), difference=True)


def shown_rows(found: Sequence[Bar]) -> tuple[tuple[str, str], ...]:
    """(label, words) of each bar in one line, for the alternative of the chart."""
    return tuple((bar.label.replace("\n", " "), bar.shown) for bar in found)


def made_of(card: ComparisonCard) -> None:
    """A waterfall per drug on one scale; then what moves both apart from what moves the gap."""
    section(words.EACH, words.EACH_NOTE, paragraph(reasons.NOTE, "tr-small"))
    each = steps.of_drugs(card)
    low = min(found.scale[0] for found in each)
    high = max(found.scale[1] for found in each)
    for found, column in zip(each, st.columns(2), strict=True):
        with column:
            st.html(f'<div class="tr"><h3>{text(found.title)}</h3></div>')
            drawn.waterfall(found, f"chart-why-{each.index(found)}", (low, high))
    left, right = st.columns(2)
    with left:
        st.html(
            f'<div class="tr"><h3>{text(words.BOTH)}</h3>{paragraph(words.BOTH_NOTE, "tr-small")}'
            "</div>"
        )
        drawn.waterfall(steps.of_both(card, words.BOTH), "chart-why-both")
    with right:
        note = words.NO_DIFFERENCE_DRAWN if stopped(card) else words.gap_note(card)
        st.html(f'<div class="tr"><h3>{text(words.GAP)}</h3>{paragraph(note, "tr-small")}</div>')
        if not stopped(card):
            drawn.waterfall(steps.of_gap(card, words.GAP), "chart-why-gap")


def kinds(card: ComparisonCard) -> None:
    """What each kind of data does to each drug and to the gap; an absent kind exactly nothing."""
    section(words.KINDS, words.KINDS_NOTE)
    rows = words.kind_rows(card, gap=not stopped(card))
    told = items(reasons.by_modality(card)) if not stopped(card) else ""
    drawn.kinds(rows, "chart-kinds", words.kinds_alt(rows))
    if told:
        st.html(f'<div class="tr tr-small">{details(words.IN_WORDS, told)}</div>')


def checked(card: ComparisonCard, outlook: Outlook) -> None:
    """The local sentence with the whole scale below it, per drug; then groups of patients."""
    section(words.CHECKED, words.CHECKED_NOTE)
    fewest = card.spec.thresholds["smallest_calibration_band"].value
    for i, (treatment, column) in enumerate(zip(ordered(card.spec), st.columns(2), strict=True)):
        prediction = card.answer.prediction(treatment.id)
        sentence = estimate.calibration(card.spec, prediction, card.model.simulated)
        with column:
            st.html(f'<div class="tr"><h3>{text(treatment.label)}</h3>{paragraph(sentence)}</div>')
            bands = outlook.bands.get(treatment.id, ())
            if not bands:
                st.html(f'<div class="tr tr-small">{paragraph(words.NO_BANDS)}</div>')
                continue
            drawn.calibration(bands, prediction.probability, fewest, f"chart-checked-{i}", sentence)
    rows = checked_groups.rows(card.spec, outlook.groups)
    told = table(checked_groups.head(card.spec), rows, "tr-table tr-groups")
    note = paragraph(checked_groups.note(card.model), "tr-small")
    inner = paragraph(words.NO_GROUPS)
    if rows:
        inner = (
            paragraph(checked_groups.summary(card.spec, outlook.groups))
            + items(checked_groups.misfits(card.spec, outlook.groups, own=True))
            + details(words.EVERY_GROUP, note + told)
        )
    st.html(f'<section class="tr"><h3>{text(words.GROUPS)}</h3>{inner}</section>')


def changes(card: Card, found: Sequence[ExpectedRange]) -> None:
    """What would change the answer: what one more measurement is expected to be worth."""
    compared = isinstance(card, ComparisonCard)
    rows = words.expected_rows(card, found, compared=compared)
    head = words.EXPECTED_HEAD if compared else words.RISK_EXPECTED_HEAD
    each = paragraph(words.expected_note(card.model), "tr-small") + table(head, rows, "tr-table")
    section(
        words.CHANGES,
        "",
        paragraph(words.most_narrowed(card, found), "tr-strong")
        + paragraph(words.still_silent(card, found))
        + (details(words.EACH_MEASUREMENT, each) if rows else ""),
    )
