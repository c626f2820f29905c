"""Writing a recorded decision to the chart: said first, then on one explicit click, then told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from decision.clinical.assessment import Abstention, Assessment, AuditAction, AuditTrail, Card
from decision.clinical.spec import DecisionSpec
from decision.ui import assessing, standing
from decision.ui.components.markup import items, paragraph, plain_label
from decision.ui.session import Chart, Decided, widget_key
from decision.ui.texts import decided as told
from decision.ui.texts import writing
from decision.visit import Delivery, Receipt, Recorder, Visit


def chart_writing(visit: Visit, chart: Chart, shown: Assessment) -> None:
    """Nothing where the chart takes nothing or nothing was decided; without an estimate, that
    nothing is written.
    """
    decided = chart.decided_about(shown.audit_id)
    if visit.recorder is None or not decided:
        return
    *replaced, last = decided
    with st.container(key="chart-writing"):
        if isinstance(shown, Abstention):
            st.html(f'<div class="tr">{paragraph(writing.NO_ESTIMATE)}</div>')
            return
        _replaced(visit.recorder, replaced)
        found = visit.recorder.standing(last.audit_id)
        if found is None and not chart.changing:
            offer(visit, visit.recorder, chart, shown, last)
        elif found is not None:
            lead = writing.about(told.drug(shown.spec, last.chosen))
            _receipt(visit.recorder, found, last.audit_id, lead)


def waiting(visit: Visit, chart: Chart, shown: Assessment) -> tuple[str, ...]:
    """What was decided before and is not wholly in the chart, whichever visit that was in, besides
    what the form itself tells of.
    """
    if visit.recorder is None:
        return ()
    here = {d.audit_id for d in chart.decided_about(shown.audit_id)}
    here |= {saved.audit_id for saved in chart.saved}
    return tuple(i for i in visit.recorder.outstanding() if i not in here)


def outstanding(
    visit: Visit,
    chart: Chart,
    specs: Mapping[str, DecisionSpec],
    kept: AuditTrail,
    decided_ids: Sequence[str],
) -> None:
    """Each with its day, its drug and one click to send it again, above everything else: it is not
    forgotten with the page on which it was decided.
    """
    if visit.recorder is None:
        return
    zone = chart.record.as_of.tzinfo
    with st.container(key="outstanding"):
        for decided_id in decided_ids:
            found = visit.recorder.standing(decided_id)
            if found is None:
                continue
            event = standing.entry(kept, decided_id)
            spec = None if event is None else specs.get(event.decision)
            line = writing.outstanding(spec, event, found, visit.agent, zone)
            _receipt(visit.recorder, found, decided_id, f"{line} ")


def unwritten(visit: Visit, chart: Chart) -> bool:
    """Whether of any kind the last decision of this session could be in the chart and is not."""
    last = {decided.decision: decided for decided in chart.decided}
    return any(_unwritten(visit.recorder, decided) for decided in last.values())


def _unwritten(recorder: Recorder | None, last: Decided) -> bool:
    if recorder is None or last.action is AuditAction.WITHOUT_ESTIMATE:
        return False
    found = recorder.standing(last.audit_id)
    if found is None:
        return bool(recorder.offers())
    return found.delivery is not Delivery.SENT


def _replaced(recorder: Recorder, decided: Sequence[Decided]) -> None:
    found = [r for d in decided if (r := recorder.standing(d.audit_id)) is not None]
    if found:
        words = "".join(paragraph(writing.earlier(r), "tr-small") for r in found)
        st.html(f'<div class="tr">{words}</div>')


def offer(visit: Visit, recorder: Recorder, chart: Chart, shown: Card, decided: Decided) -> None:
    """What the click would write, line by line, and the click."""
    drug = told.drug(shown.spec, decided.chosen)
    offers = recorder.offers(drug, shown)
    if not offers:
        st.html(f'<div class="tr">{paragraph(writing.NOT_OFFERED)}</div>')
        return
    entered = bool(chart.entries)
    rest = writing.rest(entered=entered, results=entered and recorder.takes_results())
    said = paragraph(writing.OFFER) + items(offers) + paragraph(rest)
    st.html(f'<div class="tr">{said}</div>')
    label = plain_label(writing.write(drug))
    if st.button(label, key=widget_key(f"write-{decided.audit_id}")):
        with st.spinner(writing.WRITING):
            assessing.write_to_chart(visit, chart, shown, decided, recorder)
        st.rerun()


def _receipt(recorder: Recorder, found: Receipt, decided_id: str, lead: str) -> None:
    say = st.success if found.delivery is Delivery.SENT else st.warning  # red is a STOP's alone
    say(plain_label(f"{lead}{writing.receipt(found)}"))
    if found.delivery is not Delivery.SENT and st.button(
        writing.SEND_AGAIN, key=widget_key(f"retry-{decided_id}")
    ):
        with st.spinner(writing.WRITING):
            recorder.retry(decided_id)
        st.rerun()
