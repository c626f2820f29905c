"""The same page of a prognosis: its horizons on one scale, what moves the last risk, how it was
checked.
"""

from __future__ import annotations

import streamlit as st

from decision.clinical.answers import in_years
from decision.clinical.assessment import PrognosisCard, range_first
from decision.clinical.outlook import Outlook
from decision.ui.components import drawn
from decision.ui.components.comparing import section, shown_rows
from decision.ui.components.drawn import Bar
from decision.ui.components.estimates import headline
from decision.ui.components.icons import icons
from decision.ui.components.markup import details, paragraph, table, text
from decision.ui.texts import compare as words
from decision.ui.texts import figures, reasons, risk, risk_reasons, steps
from decision.ui.texts.estimate import detail
from decision.ui.texts.numbers import per_100, span


def horizons(card: PrognosisCard) -> None:
    """Every risk with its icons, in the order of time, then their ranges on one scale."""
    cards = ""
    vague = range_first(card)
    for found in card.answer.risks:
        cards += (
            f'<section class="tr-card"><h2>{text(f"{risk.WITHIN} {in_years(found.years)}")}</h2>'
            + headline(
                risk.headline(card, found), detail(found), risk.uncertain(found) if vague else None
            )
            + icons(found.probability, risk.sentence(card, found))
            + "</section>"
        )
    st.html(f'<div class="tr"><div class="tr-cards tr-times-beside">{cards}</div></div>')
    section(words.RISK_RANGES, words.RISK_RANGES_NOTE)
    shown = [
        Bar(
            label=f"{risk.WITHIN} {in_years(found.years)}",
            point=None if vague else per_100(found.probability),
            low=100 * found.interval.low,
            high=100 * found.interval.high,
            shown=span(found.interval)
            if vague
            else f"{per_100(found.probability)} ({span(found.interval)})",
        )
        for found in card.answer.risks
    ]
    drawn.bars(shown, "chart-ranges", words.ranges_alt(shown_rows(shown)))


def made_of(card: PrognosisCard) -> None:
    """A waterfall of the last risk; every time as a table on request."""
    last = card.answer.last
    title = words.RISK_STEPS.format(years=in_years(last.years))
    head, rows = risk_reasons.table(card)
    section(title, words.STEPS_NOTE, paragraph(reasons.NOTE, "tr-small"))
    drawn.waterfall(steps.of_risk(card, last, title), "chart-why-0")
    told = details(risk_reasons.BY_HORIZON, table(head, rows, "tr-table"))
    st.html(f'<div class="tr tr-small">{paragraph(risk_reasons.baseline(card))}{told}</div>')


def kinds(card: PrognosisCard) -> None:
    section(words.KINDS, words.KINDS_NOTE)
    rows = words.kind_rows_of_risk(card)
    drawn.kinds(rows, "chart-kinds", words.kinds_alt(rows))


def checked(card: PrognosisCard, outlook: Outlook) -> None:
    """The local sentence of every time, the whole scale at the last; then groups of people."""
    last = card.answer.last
    fewest = card.spec.thresholds["smallest_calibration_band"].value
    told = "".join(paragraph(risk.calibration(card, found)) for found in card.answer.risks)
    section(words.CHECKED, words.CHECKED_RISK_NOTE, told)
    bands = outlook.bands.get(last.id, ())
    if bands:
        st.html(f'<div class="tr"><h3>{text(f"{risk.WITHIN} {in_years(last.years)}")}</h3></div>')
        alt = risk.calibration(card, last)
        drawn.calibration(bands, last.probability, fewest, "chart-checked-0", alt)
    found = figures.shown_first(figures.figures(card.spec, card.model.metrics))
    if not found:
        st.html(
            f'<section class="tr"><h3>{words.GROUPS}</h3>{paragraph(words.NO_GROUPS)}</section>'
        )
        return
    head, rows = figures.HEAD, [each.row for each in found]
    where = words.GROUPS_AT.format(place=figures.place(found[0].place))
    st.html(
        f'<section class="tr"><h3>{text(where)}</h3>'
        f"{table(head, rows, 'tr-table tr-small')}{paragraph(figures.NOTE, 'tr-small')}</section>"
    )
