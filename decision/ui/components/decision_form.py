"""The decision (D13): the drug first, then one click, or a reason for deciding otherwise."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import Assessment, AuditAction, DecisionCard
from decision.clinical.spec import Severity
from decision.ui import assessing
from decision.ui.components.chart_writing import chart_writing
from decision.ui.components.markup import paragraph, text
from decision.ui.services import Services
from decision.ui.session import Chart, widget_key
from decision.ui.texts import pages, trail, verdict
from decision.visit import Visit


def decision(services: Services, visit: Visit, chart: Chart, shown: Assessment) -> None:
    """The drug first; against a caution or the named class, or without an estimate, only with a
    reason.
    """
    labels = trail.choices(shown.spec)
    picked = st.segmented_control(
        trail.CHOSEN,
        list(labels),
        format_func=lambda code: labels.get(code, code),
        key=widget_key(f"chosen-{shown.audit_id}"),
    )
    chosen = picked or trail.named(shown)
    against = trail.against(shown, chosen)
    if against:
        st.html(f'<div class="tr">{"".join(_against(*found) for found in against)}</div>')
    if trail.needs_reason(shown, chosen):
        st.html(f'<div class="tr">{paragraph(trail.REASON_NEEDED, "tr-strong")}</div>')
        _with_reason(services, visit, chart, shown, chosen)
    else:
        _plain(services, visit, chart, shown, chosen)
    _written(chart, shown)
    chart_writing(visit, chart, shown)


def _against(severity: Severity, words: str) -> str:
    style = "tr-stop" if severity is Severity.STOP else "tr-banner"
    return f'<p class="{style}"><strong>{text(severity)}.</strong> {text(words)}</p>'


def _plain(services: Services, visit: Visit, chart: Chart, shown: Assessment, chosen: str) -> None:
    """One click where a class is named and accepted; a choice and a click where none is."""
    named = bool(trail.named(shown))
    accept, override = st.columns(2)
    label = "Accept" if named else "Record decision"
    if accept.button(label, key=widget_key("accept"), width="stretch"):
        if chosen:
            action = AuditAction.ACCEPTED if named else AuditAction.DECIDED
            _write(services, visit, chart, shown, action, {"chosen": chosen})
        else:
            st.warning(trail.NO_CHOICE)
    if not isinstance(shown, DecisionCard):
        return
    if override.button("Override…", key=widget_key("override"), width="stretch"):
        chart.overriding = not chart.overriding
    if chart.overriding:
        _with_reason(services, visit, chart, shown, chosen)


def _written(chart: Chart, shown: Assessment) -> None:
    """Every decision about what is shown, in the order of the trail: the last one stands."""
    decided = chart.decided_about(shown.audit_id)
    if not decided:
        return
    *replaced, standing = decided
    earlier = [paragraph(trail.replaced(d.action, d.audit_id), "tr-small") for d in replaced]
    if earlier:
        st.html(f'<div class="tr">{"".join(earlier)}</div>')
    before = replaced[-1].audit_id if replaced else ""
    st.info(trail.recorded(standing.action, standing.audit_id, before))


def _with_reason(
    services: Services, visit: Visit, chart: Chart, shown: Assessment, chosen: str
) -> None:
    estimated = isinstance(shown, DecisionCard)
    reasons = {
        r.code: r.label for r in shown.spec.override_reasons if estimated or not r.about_estimate
    }
    with st.form(widget_key(f"override-{shown.audit_id}")):
        reason = st.radio(
            trail.REASON if estimated else trail.REASON_WITHOUT,
            list(reasons),
            index=None,
            format_func=lambda code: reasons.get(code, code),
            key=widget_key("reason"),
        )
        note = st.text_input(trail.REMARK, key=widget_key("note"), max_chars=500)
        label = "Record override" if estimated else "Record decision"
        if st.form_submit_button(label, type="primary"):
            if reason is None:
                st.warning(trail.NO_REASON)
                return
            coded = {"chosen": chosen, "reason": reason, "note": note.strip()}
            action = AuditAction.OVERRODE if estimated else AuditAction.WITHOUT_ESTIMATE
            _write(services, visit, chart, shown, action, coded)
            chart.overriding = False
            st.rerun()


def _write(
    services: Services,
    visit: Visit,
    chart: Chart,
    shown: Assessment,
    action: AuditAction,
    coded: dict[str, str],
) -> None:
    """The trail is written before anything says that it was."""
    said = {name: value for name, value in coded.items() if value}
    words = (
        verdict.shown(shown) if isinstance(shown, DecisionCard) else pages.abstained(shown.causes)
    )
    assessing.decide(services, visit, chart, shown, action, {**said, "displayed": list(words)})
