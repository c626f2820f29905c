"""Every input with its value, unit, date, age, source and state; then every doubt."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.ui.components import adding, expression, flags, frame, gaps
from decision.ui.components.markup import table
from decision.ui.opened import opened
from decision.ui.services import Services
from decision.ui.texts import evidence
from decision.ui.texts import expression as rna
from decision.visit import Visit


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    found = opened(services, visit, head)
    if found is None:
        return
    assessment, record = found.assessment, found.chart.with_entries()
    found.place.html(
        '<div class="tr tr-doc">'
        + frame.notices(visit.notices)
        + "<h1>Data used</h1>"
        + table(evidence.HEAD, evidence.rows(assessment), "tr-table")
        + expression.whole(assessment, record)
        + gaps.kept_apart(assessment, record)
        + gaps.expression(record)
        + flags.issues(record)
        + "</div>"
    )
    with found.place:
        if rna.reads_it(assessment):
            adding.form(services, visit, found.chart)
        st.html(frame.footer(assessment.spec, assessment.model))
