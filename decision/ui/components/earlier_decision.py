"""The decision that stands from an earlier showing: it is not forgotten with the page it was made
on, and whether it is in the chart is said.
"""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import Abstention, Assessment, AuditAction, AuditTrail
from decision.ui import standing
from decision.ui.components import chart_writing
from decision.ui.components.markup import paragraph
from decision.ui.session import Chart
from decision.ui.texts import decided, writing
from decision.visit import Visit


def earlier_decision(visit: Visit, chart: Chart, shown: Assessment, kept: AuditTrail) -> None:
    """Nothing where the last decision about this person is that of this very showing."""
    found = standing.latest(kept, shown.spec.id)
    here = {d.audit_id for d in chart.decided_about(shown.audit_id)}
    if found is None or found[0].audit_id in here:
        return
    last, event = found
    recorder, zone = visit.recorder, chart.record.as_of.tzinfo
    if recorder is None:
        _say(decided.earlier(shown.spec, event, zone))
        return
    if last.action is AuditAction.WITHOUT_ESTIMATE or not last.chosen:
        _say(decided.earlier(shown.spec, event, zone, writing.NOT_IN_CHART))
        return
    receipt = recorder.standing(last.audit_id)
    said = decided.earlier(shown.spec, event, zone, writing.in_chart(receipt))
    if receipt is not None:
        _say(said)
    elif event.agent != visit.agent:
        _say(f"{said} {writing.SOMEBODY_ELSE}")
    elif not isinstance(shown, Abstention) and standing.same_answer(kept, event, shown):
        _say(said)
        chart_writing.offer(visit, recorder, chart, shown, last)
    else:
        _say(f"{said} {writing.READ_SINCE}")


def _say(words: str) -> None:
    st.html(f'<div class="tr tr-earlier">{paragraph(words)}</div>')
