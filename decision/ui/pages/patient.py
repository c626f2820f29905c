"""The Patient page: strip, cautions, data, two estimates or none, reasons, decision, trail."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from decision.clinical.assessment import (
    Abstention,
    Assessment,
    AuditTrail,
    ComparisonCard,
    PrognosisCard,
)
from decision.clinical.record import PatientRecord
from decision.ui.components import (
    cautions,
    chart_writing,
    decision_form,
    entry_form,
    estimates,
    expression,
    flags,
    frame,
    gaps,
    prognosis,
)
from decision.ui.components.export_links import export_links
from decision.ui.components.feedback import feedback
from decision.ui.components.markup import paragraph
from decision.ui.components.reasons import reasons
from decision.ui.components.trail_table import rows
from decision.ui.opened import opened
from decision.ui.services import Services
from decision.ui.session import Chart, read_again, widget_key
from decision.ui.texts import pages, trail
from decision.ui.texts.pages import eligible
from decision.ui.texts.summary import summary
from decision.visit import Visit


def render(services: Services, visit: Visit, head: DeltaGenerator) -> None:
    found = opened(services, visit, head, heading=True)
    if found is None:
        return
    with found.place:
        _draw(services, visit, found.chart, found.assessment)


def _draw(services: Services, visit: Visit, chart: Chart, assessment: Assessment) -> None:
    record = chart.with_entries()
    spec = assessment.spec
    waiting = chart_writing.waiting(visit, chart, assessment)
    kept = services.audit.entries(record.patient_id, record.identity)
    if waiting:
        chart_writing.outstanding(visit, chart, services.specs, kept, waiting)
    _upper_part(
        assessment,
        record,
        (
            paragraph(summary(assessment, record), "tr-small")
            + frame.notices(visit.notices)
            + frame.withdrawn(chart.withdrawn)
        ),
    )
    if not isinstance(assessment, Abstention):
        _decision(services, visit, chart, assessment, kept)
        _entries(services, visit, chart, assessment)
    else:  # what is missing comes first: with it there may be an estimate
        _entries(services, visit, chart, assessment)
        _decision(services, visit, chart, assessment, kept)
    export_links(services, visit, chart, assessment)
    with st.expander(pages.TRAIL_TITLE, key="trail"):
        st.html(rows(services.specs, kept, record.as_of.tzinfo))
    if visit.handle and not record.gaps:
        _read_again()
    st.html(frame.footer(spec, assessment.model))
    st.html(frame.to_top(assessment.audit_id), unsafe_allow_javascript=True)


def _upper_part(assessment: Assessment, record: PatientRecord, head: str) -> None:
    """Down to the reasons. What could not be read comes before all that rests on it."""
    rest = _body(assessment, record)
    if not record.gaps:
        st.html(f'<div class="tr">{head}{rest}</div>')
        return
    with st.container(key="gaps"):
        st.html(f'<div class="tr">{head}{gaps.box(assessment, record)}</div>')
        _read_again()
    st.html(f'<div class="tr">{rest}</div>')


def _read_again() -> None:
    st.button(pages.READ_AGAIN, on_click=read_again, key=widget_key("again"))


def _body(assessment: Assessment, record: PatientRecord) -> str:
    """A comparison begins with what speaks against a drug, a prognosis with where somebody
    stands.
    """
    if isinstance(assessment, PrognosisCard):
        return prognosis.body(assessment, record)
    if isinstance(assessment, Abstention) and assessment.situation is not None:
        return prognosis.without_estimate(assessment, assessment.situation, record)
    first = cautions.row(assessment.spec, assessment.cautions) + flags.row(assessment, record)
    if isinstance(assessment, ComparisonCard):
        return (
            first
            + estimates.estimates(assessment)
            + reasons(assessment)
            + expression.brief(assessment, record)
        )
    return first + estimates.abstention(assessment)


def _section(words: str, title: str, whose: str = "") -> None:
    st.html(f'<section class="tr"><h2>{title}</h2>{paragraph(words)}{whose}</section>')


def _decision(
    services: Services, visit: Visit, chart: Chart, assessment: Assessment, kept: AuditTrail
) -> None:
    """Not for somebody who died, or whom the decision is not for: there is nothing to decide."""
    if chart.record.deceased is None and eligible(assessment):
        _section(trail.intro(assessment), pages.DECISION_TITLE, frame.whose(chart.record))
        decision_form.decision(services, visit, chart, assessment, kept)
        feedback(services, visit, chart, assessment)


def _entries(services: Services, visit: Visit, chart: Chart, assessment: Assessment) -> None:
    """Open where it may bring an estimate, folded where one stands or none can; somebody the
    decision is not for is asked nothing.
    """
    if chart.entries:
        _section("", pages.ENTERED_TITLE)
        entry_form.entered(services, visit, chart, assessment)
    if not eligible(assessment):
        return
    helps = pages.answers_help(assessment)
    key = "entry-form-open" if helps else "entry-form"  # one key would keep the other's state
    with st.expander(entry_form.title(assessment), expanded=helps, key=key):
        entry_form.form(services, visit, chart, assessment)
