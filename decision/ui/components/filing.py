"""Filing measured values in the chart: said value by value first, then on one explicit click."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import Assessment
from decision.ui import assessing
from decision.ui.components.markup import items, paragraph, plain_label
from decision.ui.filing import measured
from decision.ui.session import Chart, Saved, widget_key
from decision.ui.texts import examination as texts
from decision.ui.texts import inputs, writing
from decision.visit import Delivery, Recorder, Visit


def filing(visit: Visit, chart: Chart, shown: Assessment, saved: Saved) -> None:
    """The offer, or how it stands; nothing where the chart takes no results."""
    if visit.recorder is None:
        return
    found = visit.recorder.standing(saved.audit_id)
    if found is None:
        _offer(visit.recorder, chart, shown, saved)
        return
    say = st.success if found.delivery is Delivery.SENT else st.warning  # red is a STOP's alone
    say(plain_label(writing.receipt(found)))
    if found.delivery is Delivery.SENT:
        st.html(f'<div class="tr">{paragraph(texts.FILED_STAYS, "tr-small")}</div>')
    elif st.button(writing.SEND_AGAIN, key=widget_key(f"refile-{saved.audit_id}")):
        with st.spinner(writing.WRITING):
            visit.recorder.retry(saved.audit_id)
        st.rerun()


def _offer(recorder: Recorder, chart: Chart, shown: Assessment, saved: Saved) -> None:
    values = measured(shown.spec, saved)
    if values is None or not recorder.takes_results():
        return
    lines = (
        texts.would_file(v.observation.text, inputs.entered_value(v.observation.value), v.how)
        for v in values.values
    )
    st.html(f'<div class="tr">{paragraph(texts.FILE_OFFER)}{items(lines)}</div>')
    label = texts.file_results(len(values.values))
    if st.button(label, key=widget_key(f"file-{saved.audit_id}")):
        with st.spinner(writing.WRITING):
            assessing.file_results(chart, saved, values, recorder)
        st.rerun()
