"""Every input with its value, unit, date, age, source and state; then every doubt."""

from __future__ import annotations

import streamlit as st

from decision.ui.components import flags, frame
from decision.ui.components.markup import table
from decision.ui.opened import opened
from decision.ui.services import Services
from decision.ui.texts import evidence


def render(services: Services) -> None:
    found = opened(services)
    if found is None:
        return
    chart, assessment = found
    record = chart.with_entries()
    st.html(
        '<div class="tr tr-doc">'
        + frame.strip(record)
        + frame.banner(assessment.model)
        + "<h1>Data used</h1>"
        + table(evidence.HEAD, evidence.rows(assessment), "tr-table")
        + flags.issues(record)
        + frame.footer(assessment.spec, assessment.model)
        + "</div>"
    )
