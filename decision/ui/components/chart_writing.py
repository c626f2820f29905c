"""Writing a recorded decision to the chart: said first, then on one explicit click, then told."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from decision.clinical.assessment import Assessment, DecisionCard
from decision.ui import assessing
from decision.ui.components.markup import paragraph, plain_label
from decision.ui.session import Chart, Decided, widget_key
from decision.ui.texts import writing
from decision.visit import Delivery, Receipt, Recorder, Visit


def chart_writing(visit: Visit, chart: Chart, shown: Assessment) -> None:
    """Nothing where the chart takes nothing, nothing was decided, or there was no estimate."""
    decided = chart.decided_about(shown.audit_id)
    if visit.recorder is None or not decided or not isinstance(shown, DecisionCard):
        return
    *replaced, standing = decided
    with st.container(key="chart-writing"):
        _replaced(visit.recorder, replaced)
        found = visit.recorder.standing(standing.audit_id)
        if found is None:
            _offer(visit, visit.recorder, chart, shown, standing)
        else:
            _receipt(visit.recorder, found, standing.audit_id)


def outstanding(visit: Visit, chart: Chart, shown: Assessment) -> None:
    """What was decided before and is not in the chart yet, whichever visit that was in: it is not
    forgotten with the page on which it was decided.
    """
    if visit.recorder is None:
        return
    here = {d.audit_id for d in chart.decided_about(shown.audit_id)}
    waiting = [i for i in visit.recorder.outstanding() if i not in here]
    if not waiting:
        return
    with st.container(key="outstanding"):
        st.html(f'<section class="tr"><h2>{writing.OUTSTANDING}</h2></section>')
        for decided_id in waiting:
            found = visit.recorder.standing(decided_id)
            if found is not None:
                _receipt(visit.recorder, found, decided_id, writing.of_entry(decided_id))


def _replaced(recorder: Recorder, decided: Sequence[Decided]) -> None:
    found = [r for d in decided if (r := recorder.standing(d.audit_id)) is not None]
    if found:
        told = "".join(paragraph(writing.earlier(r), "tr-small") for r in found)
        st.html(f'<div class="tr">{told}</div>')


def _offer(
    visit: Visit, recorder: Recorder, chart: Chart, shown: DecisionCard, decided: Decided
) -> None:
    offers = recorder.offers()
    words = writing.offer(offers, entered=bool(chart.entries))
    st.html(f'<div class="tr">{paragraph(words)}</div>')
    if offers and st.button(writing.WRITE, key=widget_key(f"write-{decided.audit_id}")):
        with st.spinner(writing.WRITING):
            assessing.write_to_chart(visit, chart, shown, decided, recorder)
        st.rerun()


def _receipt(recorder: Recorder, found: Receipt, decided_id: str, lead: str = "") -> None:
    say = st.success if found.delivery is Delivery.SENT else st.warning  # red is a STOP's alone
    say(plain_label(f"{lead}{writing.receipt(found)}"))
    if places := writing.places(found):
        st.html(f'<div class="tr">{paragraph(places, "tr-small")}</div>')
    if found.delivery is not Delivery.SENT and st.button(
        writing.SEND_AGAIN, key=widget_key(f"retry-{decided_id}")
    ):
        with st.spinner(writing.WRITING):
            recorder.retry(decided_id)
        st.rerun()
