"""What the clinician thinks of the answer (D13): one click to agree, a second for why not."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from decision.assess import record_choice
from decision.clinical.assessment import Assessment, AuditAction
from decision.clinical.choices import View
from decision.ui.components.markup import plain_label
from decision.ui.given import Given
from decision.ui.services import Services
from decision.ui.session import Chart, widget_key
from decision.ui.texts import feedback as words
from decision.ui.texts.displayed import displayed
from decision.visit import Visit


class Said(NamedTuple):
    """A view, why, and in what words."""

    view: View
    reason: str = ""
    note: str = ""


def feedback(services: Services, visit: Visit, chart: Chart, shown: Assessment) -> None:
    """The three views, or what was said with a way to change it. It decides nothing."""
    given = [g for g in chart.feedback if g.about == shown.audit_id]
    if given and not chart.reconsidering:
        last = given[-1]
        zone = chart.record.as_of.tzinfo
        said = words.recorded(shown, View(last.view), last.reason, last.at, zone)
        st.info(plain_label(said))
        if st.button(words.CHANGE, key=widget_key("feedback-change")):
            chart.reconsidering = True
            st.rerun()
        return
    nth = f"{shown.audit_id}-{len(chart.feedback)}"
    with st.container(key="feedback"):
        picked = st.segmented_control(
            words.TITLE,
            list(View),
            format_func=lambda view: words.VIEWS[View(view)],
            key=widget_key(f"view-{nth}"),
        )
        if picked is None:
            return
        view = View(picked)
        reasons = words.reasons(shown, view)
        if not reasons:
            _write(services, visit, chart, shown, Said(view))
            return
        note = st.text_input(words.REMARK, key=widget_key(f"view-note-{view}-{nth}"), max_chars=500)
        reason = st.pills(
            words.WHY,
            list(reasons),
            format_func=lambda code: reasons.get(code, code),
            key=widget_key(f"view-reason-{view}-{nth}"),
        )
        if reason is not None:
            _write(services, visit, chart, shown, Said(view, reason, note.strip()))


def _write(services: Services, visit: Visit, chart: Chart, shown: Assessment, said: Said) -> None:
    """In the trail before anything says so, with the model and the words that it is about; the same
    thing said again is not written again.
    """
    with chart.lock:
        last = next((g for g in reversed(chart.feedback) if g.about == shown.audit_id), None)
        if last is None or (last.view, last.reason, last.note) != said:
            _append(services, visit, chart, shown, said)
        chart.reconsidering = False
    st.rerun()


def _append(services: Services, visit: Visit, chart: Chart, shown: Assessment, said: Said) -> None:
    told: dict[str, object] = {"view": said.view.value, "displayed": list(displayed(shown))}
    told |= {"reason": said.reason} if said.reason else {}
    told |= {"note": said.note} if said.note else {}
    if shown.model is not None:
        told["model_sha256"] = shown.model.checksum
    context = services.context(visit)
    audit_id = record_choice(
        shown, chart.record, AuditAction.FEEDBACK, told, services.audit, context
    )
    chart.feedback += (
        Given(
            about=shown.audit_id,
            view=said.view.value,
            reason=said.reason,
            note=said.note,
            audit_id=audit_id,
            at=context.now,
        ),
    )
