"""Ending the session: asked once more while a decision is not in the chart."""

from __future__ import annotations

import streamlit as st

from decision.ui import session, visiting
from decision.ui.components.chart_writing import unwritten
from decision.ui.guard import attempt
from decision.ui.services import Services
from decision.ui.session import widget_key
from decision.ui.texts import pages, writing
from decision.visit import Visit


def button(services: Services, visit: Visit) -> None:
    st.button(
        pages.END_SESSION,
        key=widget_key("end"),
        type="tertiary",
        on_click=_end,
        args=(services, visit),
    )


def question(services: Services) -> None:
    """Only after the button was clicked with something open; a second click on it ends all."""
    if not session.asks_before_ending():
        return
    with st.container(key="ending"):
        st.warning(writing.END_ANYWAY)
        with st.container(horizontal=True):
            st.button(
                writing.END, key=widget_key("end-anyway"), on_click=visiting.end, args=(services,)
            )
            st.button(
                writing.STAY,
                key=widget_key("stay"),
                on_click=session.ask_before_ending,
                args=(False,),
            )


def _end(services: Services, visit: Visit) -> None:
    """A click's callback. What cannot be found out counts as open: to ask costs one click."""
    chart = session.last_chart(visit.key, visit.patient_id or "")
    asked = session.asks_before_ending()
    if not asked and chart is not None and attempt(lambda: unwritten(visit, chart)):
        session.ask_before_ending(True)
    else:
        visiting.end(services)
