"""Accept or override (D13): one click to accept, one to open the reasons for deciding otherwise."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import AuditAction, DecisionCard
from decision.ui import assessing
from decision.ui.services import Services
from decision.ui.session import Chart, widget_key
from decision.ui.texts import trail, verdict


def decision(services: Services, chart: Chart, card: DecisionCard) -> None:
    """The trail is written before anything says that it was."""
    labels = trail.choices(card.spec)
    chosen = st.segmented_control(
        trail.CHOSEN,
        list(labels),
        format_func=lambda code: labels.get(code, code),
        key=widget_key(f"chosen-{card.audit_id}"),
    )
    accept, override = st.columns(2)
    if accept.button("Accept", key=widget_key("accept"), width="stretch"):
        _write(services, chart, card, AuditAction.ACCEPTED, {"chosen": chosen or ""})
    if override.button("Override…", key=widget_key("override"), width="stretch"):
        chart.overriding = not chart.overriding
    if chart.overriding:
        _override(services, chart, card, chosen)
    for key, audit_id in chart.written.items():
        if key[0] == card.audit_id:
            st.info(trail.recorded(AuditAction(key[1]), audit_id))


def _override(services: Services, chart: Chart, card: DecisionCard, chosen: str | None) -> None:
    reasons = {r.code: r.label for r in card.spec.override_reasons}
    with st.form(widget_key(f"override-{card.audit_id}")):
        reason = st.radio(
            trail.REASON,
            list(reasons),
            index=None,
            format_func=lambda code: reasons.get(code, code),
            key=widget_key("reason"),
        )
        note = st.text_input(trail.REMARK, key=widget_key("note"), max_chars=500)
        if st.form_submit_button("Record override", type="primary"):
            if reason is None:
                st.warning(trail.NO_REASON)
                return
            coded = {"chosen": chosen or "", "reason": reason, "note": note.strip()}
            _write(services, chart, card, AuditAction.OVERRODE, coded)
            chart.overriding = False
            st.rerun()


def _write(
    services: Services,
    chart: Chart,
    card: DecisionCard,
    action: AuditAction,
    coded: dict[str, str],
) -> None:
    said = {name: value for name, value in coded.items() if value}
    assessing.decide(services, chart, action, {**said, "displayed": list(verdict.shown(card))})
