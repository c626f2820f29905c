"""One frame, four pages."""

from __future__ import annotations

import streamlit as st

from decision.ui.guard import guarded
from decision.ui.pages import about, data_used, patient, worklist
from decision.ui.services import services
from decision.ui.session import take_chosen
from decision.ui.style import STYLE


def draw() -> None:
    """Everything of one run: style, navigation and the page that was asked for."""
    st.set_page_config(page_title="Treatment response", layout="wide")
    st.html(STYLE)
    ports = services()

    def draw_patient() -> None:
        guarded(lambda: patient.render(ports))

    patient_page = st.Page(draw_patient, title="Patient", url_path="patient")

    def draw_worklist() -> None:
        guarded(lambda: worklist.render(ports, lambda: st.switch_page(patient_page)))

    def draw_data() -> None:
        guarded(lambda: data_used.render(ports))

    def draw_about() -> None:
        guarded(lambda: about.render(ports))

    every = [
        st.Page(draw_worklist, title="Worklist", url_path="worklist", default=True),
        patient_page,
        st.Page(draw_data, title="Data used", url_path="data"),
        st.Page(draw_about, title="About this model", url_path="about"),
    ]
    asked = st.navigation(every, position="hidden")
    if asked is not every[0]:
        take_chosen()  # a second click came before the worklist could answer the first
    # Streamlit folds its own menu into a drawer on narrow screens, where it stays open over the
    # page that was asked for; these links stay one click away at every width.
    with st.container(horizontal=True, key="pages"):
        for page in every:
            st.page_link(page)
    asked.run()
