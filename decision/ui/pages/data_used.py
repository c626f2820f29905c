"""Every input with its value, where it is from and how it was chosen; then what is not there."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.clinical.spec import Modality
from decision.evidence.candidates import searched
from decision.ui.components import adding, expression, flags, frame, gaps, inputs_used
from decision.ui.opened import opened
from decision.ui.services import Services
from decision.ui.texts import expression as rna
from decision.visit import Visit


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    found = opened(services, visit, head)
    if found is None:
        return
    assessment, record = found.assessment, found.chart.with_entries()
    every = searched(record, assessment.spec, assessment.features.findings)
    sample = expression.whole(assessment, record) + gaps.expression(record)
    found.place.html(
        '<div class="tr tr-doc">'
        + frame.notices(visit.notices)
        + "<h1>Data used</h1>"
        + inputs_used.whole(assessment, record, every, {Modality.TRANSCRIPTOMIC: sample})
        + gaps.kept_apart(assessment, record)
        + inputs_used.codes(every)
        + flags.issues(record)
        + "</div>"
    )
    with found.place:
        if rna.reads_it(assessment):
            adding.form(services, visit, found.chart)
        st.html(frame.footer(assessment.spec, assessment.model))
