"""Values over time with the treatment of that time; everything drawn is said in words first."""

from __future__ import annotations

import dataclasses
from datetime import datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.clinical.record import PatientRecord
from decision.clinical.series import Series
from decision.evidence.periods import treatments_of
from decision.evidence.series import series_of
from decision.ui.components import frame, trends
from decision.ui.components.markup import paragraph
from decision.ui.opened import opened
from decision.ui.services import Services
from decision.ui.session import widget_key
from decision.ui.texts import trends as words
from decision.ui.texts.numbers import day, plural
from decision.visit import Visit


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    found = opened(services, visit, head)
    if found is None:
        return
    assessment, record = found.assessment, found.chart.with_entries()
    every = series_of(record, assessment.spec)
    with found.place:
        st.html(
            f'<div class="tr tr-doc">{frame.notices(visit.notices)}<h1>{words.TITLE}</h1></div>'
        )
        first = _first(every, record)
        shown = tuple(_from(series, first) for series in every)
        treatments = treatments_of(record, assessment.spec, first)
        told = paragraph(_left_out(every, shown, first))
        st.html(f'<div class="tr">{told}{trends.treated(treatments)}</div>')
        if drawn := trends.several(shown):
            st.html(f'<div class="tr">{paragraph(" ".join(words.key(drawn)), "tr-small")}</div>')
        elif any(s.points for s in shown):
            st.html(f'<div class="tr">{paragraph(words.ALL_ONCE)}</div>')
        for group, series in trends.groups(shown).items():
            st.html(trends.heading(group))
            if panels := trends.several(series):
                trends.chart(group, panels, treatments, first, record.as_of)
            st.html(trends.said(series, record.as_of.date()))
        _rest(shown, frame.footer(assessment.spec, assessment.model))


def _first(every: tuple[Series, ...], record: PatientRecord) -> datetime:
    """The first moment shown; a choice is offered only where it would leave something out."""
    whole = trends.since(every, record, None)
    spans = [k for k in words.SPANS if k.isdigit() and trends.since(every, record, int(k)) > whole]
    if not spans:
        return whole
    picked = st.segmented_control(
        words.TIME_SHOWN,
        [*spans, "all"],
        default="all",
        required=True,
        format_func=lambda k: words.SPANS.get(k, k),
        key=widget_key("trend-span"),
    )
    return whole if picked is None or picked == "all" else trends.since(every, record, int(picked))


def _from(series: Series, first: datetime) -> Series:
    kept = tuple(p for p in series.points if p.when.earliest >= first)
    return dataclasses.replace(series, points=kept)


def _left_out(every: tuple[Series, ...], shown: tuple[Series, ...], first: datetime) -> str:
    n = sum(len(s.points) for s in every) - sum(len(s.points) for s in shown)
    return words.EARLIER.format(values=plural(n, "value"), day=day(first)) if n else ""


def _rest(shown: tuple[Series, ...], footer: str) -> None:
    if not any(s.points for s in shown):
        st.html(f'<div class="tr">{paragraph(words.NOTHING)}</div>')
    st.html(trends.rest(shown))
    if any(s.points for s in shown) and st.toggle(words.AS_TABLE, key=widget_key("trend-table")):
        st.html(trends.values(shown))
    st.html(f'<div class="tr">{footer}</div>')
