"""The decision (D13): what is chosen first, then one click, or a reason for deciding otherwise."""

from __future__ import annotations

import streamlit as st

from decision.clinical.assessment import Abstention, Assessment, AuditAction, AuditTrail
from decision.clinical.choices import fitting
from decision.clinical.spec import Severity
from decision.ui import assessing
from decision.ui.components.chart_writing import chart_writing
from decision.ui.components.earlier_decision import earlier_decision
from decision.ui.components.markup import paragraph, plain_label, text
from decision.ui.services import Services
from decision.ui.session import Chart, widget_key
from decision.ui.texts import decided as told
from decision.ui.texts import trail
from decision.ui.texts.displayed import displayed
from decision.visit import Visit


def decision(
    services: Services, visit: Visit, chart: Chart, shown: Assessment, kept: AuditTrail
) -> None:
    """The form, or what was recorded with a way to change it; then what becomes of it."""
    earlier_decision(visit, chart, shown, kept)
    recorded = bool(chart.decided_about(shown.audit_id))
    if recorded:
        _recorded(chart, shown)
    if not recorded or chart.changing:
        _form(services, visit, chart, shown)
    chart_writing(visit, chart, shown)


def _recorded(chart: Chart, shown: Assessment) -> None:
    """Every decision about what is shown, in the order of the trail: the last one stands."""
    *replaced, last = chart.decided_about(shown.audit_id)
    spec, zone = shown.spec, chart.record.as_of.tzinfo
    earlier = [paragraph(told.replaced(spec, d.chosen, d.at, zone), "tr-small") for d in replaced]
    if earlier:
        st.html(f'<div class="tr">{"".join(earlier)}</div>')
    words = told.recorded(spec, last.chosen, dict(last.against), last.reason, last.at, zone)
    st.info(plain_label(words))
    label = told.KEEP if chart.changing else told.CHANGE
    if st.button(label, key=widget_key("change")):
        chart.changing, chart.overriding = not chart.changing, False
        st.rerun()


def _form(services: Services, visit: Visit, chart: Chart, shown: Assessment) -> None:
    """The choice first; against a caution or the named class, only with a reason."""
    labels = shown.spec.choices()
    picked = st.segmented_control(
        trail.chosen_label(shown.spec),
        list(labels),
        format_func=lambda code: labels.get(code, code),
        key=widget_key(f"chosen-{shown.audit_id}"),
    )
    recorded = chart.decided_about(shown.audit_id)
    if picked and recorded and recorded[-1].chosen != picked:
        st.warning(plain_label(told.differs(shown.spec, picked, recorded[-1].chosen)))
    chosen = picked or trail.named(shown)
    against = trail.against(shown, chosen)
    if against:
        st.html(f'<div class="tr">{"".join(_against(*found) for found in against)}</div>')
    if picked and (open_ := told.unanswered(shown, picked)):
        st.html(f'<div class="tr">{paragraph(open_, "tr-banner")}</div>')
    if trail.needs_reason(shown, chosen):
        st.html(f'<div class="tr">{paragraph(trail.REASON_NEEDED, "tr-strong")}</div>')
        _with_reason(services, visit, chart, shown, picked or "")
    elif picked and isinstance(shown, Abstention):
        _with_reason(services, visit, chart, shown, picked)
    else:
        _plain(services, visit, chart, shown, picked or "")


def _against(severity: Severity, words: str) -> str:
    style = "tr-stop" if severity is Severity.STOP else "tr-banner"
    return f'<p class="{style}"><strong>{text(severity)}.</strong> {text(words)}</p>'


def _plain(services: Services, visit: Visit, chart: Chart, shown: Assessment, picked: str) -> None:
    """One click where a class is named and accepted; a choice and a click where none is, and then
    nothing that could be overridden.
    """
    named = trail.named(shown)
    accept, override = st.columns(2)
    label = "Accept" if named else "Record decision"
    if accept.button(label, key=widget_key("accept"), width="stretch"):
        if named or picked:
            action = AuditAction.ACCEPTED if named else AuditAction.DECIDED
            _write(services, visit, chart, shown, action, {"chosen": picked or named})
        else:
            st.warning(trail.no_choice(shown.spec))
    if not named:
        return
    if override.button("Override…", key=widget_key("override"), width="stretch"):
        chart.overriding = not chart.overriding
    if chart.overriding:
        _with_reason(services, visit, chart, shown, picked)


def _with_reason(
    services: Services, visit: Visit, chart: Chart, shown: Assessment, picked: str
) -> None:
    """Nothing is recorded without a choice, nor without a reason where one is needed."""
    estimated = not isinstance(shown, Abstention)
    overrides = estimated and shown.spec.prognosis is None  # a risk is nothing to override
    against = bool(trail.against(shown, picked or trail.named(shown)))
    found = fitting(shown.spec.override_reasons, estimated=estimated, against=against)
    reasons = {reason.code: reason.label for reason in found}
    optional = not (estimated or against)
    asked = trail.REASON if overrides else trail.REASON_WITHOUT
    with st.form(widget_key(f"override-{shown.audit_id}")):
        reason = st.radio(
            trail.REASON_OPTIONAL if optional else asked,
            list(reasons),
            index=None,
            format_func=lambda code: reasons.get(code, code),
            key=widget_key("reason-against" if against else "reason"),
        )
        note = st.text_input(trail.REMARK, key=widget_key("note"), max_chars=500)
        label = "Record override" if overrides else "Record decision"
        if not st.form_submit_button(label, type="primary"):
            return
        if refused := _refused(shown, picked, reason, optional=optional):
            st.warning(refused)
            return
        coded = {"chosen": picked, "reason": reason or "", "note": note.strip()}
        _write(services, visit, chart, shown, _with_reason_action(shown), coded)


def _with_reason_action(shown: Assessment) -> AuditAction:
    if isinstance(shown, Abstention):
        return AuditAction.WITHOUT_ESTIMATE
    return AuditAction.OVERRODE if shown.spec.prognosis is None else AuditAction.DECIDED


def _refused(shown: Assessment, picked: str, reason: str | None, *, optional: bool) -> str:
    """Why nothing is recorded; empty where it may be."""
    if not picked:
        return trail.no_choice(shown.spec)
    if picked == trail.named(shown) and not trail.needs_reason(shown, picked):
        return trail.AGREES
    return "" if reason or optional else trail.NO_REASON


def _write(
    services: Services,
    visit: Visit,
    chart: Chart,
    shown: Assessment,
    action: AuditAction,
    coded: dict[str, str],
) -> None:
    """The trail is written before anything says that it was."""
    said: dict[str, object] = {name: value for name, value in coded.items() if value}
    if codes := told.against_codes(shown, coded["chosen"]):
        said["against"] = codes
    words = displayed(shown)
    assessing.decide(services, visit, chart, shown, action, {**said, "displayed": list(words)})
    chart.overriding = chart.changing = False
    st.rerun()
