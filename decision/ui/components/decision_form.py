"""The decision (D13): the drug first, then one click, or a reason for deciding otherwise."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import AuditAction, DecisionCard
from decision.clinical.spec import Severity
from decision.ui import assessing
from decision.ui.components.markup import paragraph, text
from decision.ui.services import Services
from decision.ui.session import Chart, widget_key
from decision.ui.texts import trail, verdict


def decision(services: Services, chart: Chart, card: DecisionCard) -> None:
    """The drug first; against a caution or the named class only with a reason."""
    labels = trail.choices(card.spec)
    picked = st.segmented_control(
        trail.CHOSEN,
        list(labels),
        format_func=lambda code: labels.get(code, code),
        key=widget_key(f"chosen-{card.audit_id}"),
    )
    chosen = trail.effective(card, picked)
    against = trail.against(card, chosen)
    if against:
        st.html(f'<div class="tr">{"".join(_against(*found) for found in against)}</div>')
    if trail.needs_reason(card, chosen):
        st.html(f'<div class="tr">{paragraph(trail.REASON_NEEDED, "tr-strong")}</div>')
        _override(services, chart, card, chosen)
    else:
        _plain(services, chart, card, chosen)
    _written(chart, card)


def _against(severity: Severity, words: str) -> str:
    style = "tr-stop" if severity is Severity.STOP else "tr-banner"
    return f'<p class="{style}"><strong>{text(severity)}.</strong> {text(words)}</p>'


def _plain(services: Services, chart: Chart, card: DecisionCard, chosen: str) -> None:
    """One click where a class is named and accepted; a choice and a click where none is."""
    named = card.preference.treatment is not None
    accept, override = st.columns(2)
    label = "Accept" if named else "Record decision"
    if accept.button(label, key=widget_key("accept"), width="stretch"):
        if chosen:
            action = AuditAction.ACCEPTED if named else AuditAction.DECIDED
            _write(services, chart, card, action, {"chosen": chosen})
        else:
            st.warning(trail.NO_CHOICE)
    if override.button("Override…", key=widget_key("override"), width="stretch"):
        chart.overriding = not chart.overriding
    if chart.overriding:
        _override(services, chart, card, chosen)


def _written(chart: Chart, card: DecisionCard) -> None:
    """Every decision about this assessment, each with the one that it replaces."""
    replaced = ""
    for key, audit_id in chart.written.items():
        if key[0] == card.audit_id:
            st.info(trail.recorded(AuditAction(key[1]), audit_id, replaced))
            replaced = audit_id


def _override(services: Services, chart: Chart, card: DecisionCard, chosen: str) -> None:
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
            coded = {"chosen": chosen, "reason": reason, "note": note.strip()}
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
    displayed = {"displayed": list(verdict.shown(card))}
    assessing.decide(services, chart, action, {**said, **displayed, **_replaces(chart, card)})


def _replaces(chart: Chart, card: DecisionCard) -> dict[str, list[str]]:
    """The decision about the same assessment that stood until now, if any."""
    earlier = [audit_id for key, audit_id in chart.written.items() if key[0] == card.audit_id]
    return {"replaces": earlier[-1:]} if earlier else {}
