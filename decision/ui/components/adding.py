"""The form that adds a file of gene expression to the chart that is open."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from decision.clinical.expression import Refused, Upload
from decision.ui.adding import add, content_type, on_day
from decision.ui.components import frame
from decision.ui.components.markup import paragraph
from decision.ui.services import Laboratory, Services
from decision.ui.session import Chart, drop_files, widget_key
from decision.ui.texts import adding as words
from decision.visit import Visit

ENDS = ["tsv", "txt", "csv", "gz", "parquet"]
_OTHER = "-"
_YEARS = timedelta(days=3653)


def form(services: Services, visit: Visit, chart: Chart) -> None:
    """Folded, for most records need none; open where a file waits for its sample to be chosen."""
    laboratory = services.laboratory
    if laboratory is None or chart.record.deceased is not None:
        return
    _let(services, visit)
    samples = chart.adding.samples
    with st.expander(words.TITLE, expanded=bool(samples), key="add-expression"):
        for added in chart.adding.counted(chart.entries):
            st.html(f'<div class="tr">{paragraph(words.added(added))}</div>')
        st.html(frame.uploading(), unsafe_allow_javascript=True)
        with st.form(widget_key("expression"), border=False):
            _ask(services, laboratory, visit, chart)


def _let(services: Services, visit: Visit) -> None:
    context = get_script_run_ctx()
    if context is not None and services.way_in is not None:
        services.way_in.open(context.session_id, visit.handle)


def _ask(services: Services, laboratory: Laboratory, visit: Visit, chart: Chart) -> None:
    record = chart.record
    st.html(f'<div class="tr">{paragraph(words.NOTE)}{frame.whose(record)}</div>')
    known = laboratory.platforms()
    labels = {p.id: words.platform(p) for p in known} | {_OTHER: words.ELSEWHERE}
    specimens = {s: words.specimen(s) for s in sorted({p.specimen for p in known})}
    specimens[_OTHER] = words.OTHER_SPECIMEN
    mine = st.checkbox(words.MINE, key=widget_key("expression-mine"))
    file = st.file_uploader(
        words.FILE, type=ENDS, help=words.FILE_HELP, key=widget_key("expression-file")
    )
    sample = ""
    if chart.adding.samples:
        st.html(f'<div class="tr">{paragraph(words.several(len(chart.adding.samples)))}</div>')
        sample = _one_of(words.SAMPLE, dict.fromkeys(chart.adding.samples, "")) or ""
    left, right = st.columns(2)
    with left:
        platform = _one_of(words.PLATFORM, labels)
        scale = _one_of(words.SCALE, words.SCALES)
    with right:
        specimen = _one_of(words.SPECIMEN, specimens)
        day = st.date_input(
            words.TAKEN,
            value=None,
            min_value=record.as_of.date() - _YEARS,
            max_value=record.as_of.date(),
            format="YYYY-MM-DD",
            key=widget_key("expression-day"),
        )
    mapping = st.file_uploader(words.MAPPING, type=["csv"], key=widget_key("expression-mapping"))
    if not st.form_submit_button(words.SEND, type="primary"):
        return
    open_ = [
        question
        for question, answer in (
            (words.PLATFORM, platform),
            (words.SPECIMEN, specimen),
            (words.SCALE, scale),
            (words.TAKEN, day),
        )
        if not answer
    ]
    if file is None:
        st.warning(words.NO_FILE)
    elif not mine:
        st.warning(words.NOT_MINE)
    elif open_:
        for question in open_:
            st.warning(words.not_said(question))
    elif not content_type(file.name):
        st.warning(words.UNKNOWN_END)
    elif platform and specimen and scale and day:
        upload = Upload(
            content=file.getvalue(),
            content_type=content_type(file.name),
            platform=platform,
            specimen=specimen,
            scale=scale,
            taken=on_day(day),
            sample=sample,
            probes=mapping.getvalue() if mapping is not None else b"",
        )
        found = add(services, laboratory, visit, chart, upload)
        if isinstance(found, Refused) and not found.samples:
            st.warning(words.refused(found))
            return
        if not isinstance(found, Refused):
            drop_files()
        st.rerun()  # with the answer anew, or with the question which sample it is


def _one_of(question: str, labels: Mapping[str, str]) -> str | None:
    """A choice that nothing answers beforehand; what stands without a label is shown as it is."""
    return st.selectbox(
        question,
        list(labels),
        index=None,
        format_func=lambda key: labels[key] or key,
        placeholder=words.CHOOSE,
        key=widget_key(f"expression-{question}"),
    )
