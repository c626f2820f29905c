"""From the chosen patient to an assessment, without drawing anything: read, check, assess once."""

from __future__ import annotations

from collections.abc import Mapping

from decision.assess import assess, record_choice
from decision.clinical.assessment import Assessment, AuditAction
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Value
from decision.ui import session
from decision.ui.services import Services
from decision.ui.session import Chart, Decided, Withdrawn, WithdrawnBecause


class WrongPatientError(Exception):
    """The record that was read belongs to somebody else; nothing of it may be shown."""


def open_chart(services: Services, patient_id: str) -> Chart:
    """This patient's chart, read when it was not yet; `RecordSourceError` or `WrongPatientError`.

    A failed read shows nothing of an earlier one: the chart is only filed once it is complete.
    """
    known = session.chart(patient_id)
    if known is not None:
        return known
    record = services.source.load(patient_id)
    if record.patient_id != patient_id:
        raise WrongPatientError
    for losing, because in session.losing_entries(record):
        _withdraw_all(services, losing, because)
    return session.file_chart(record)


def assessed(services: Services, chart: Chart) -> Assessment:
    """The chart's assessment, made on the first look and kept, so that a rerun of the page writes
    no second audit entry. `AuditError` when the entry cannot be written: then there is none.
    """
    with chart.lock:
        if chart.assessment is None:
            chart.assessment = assess(
                chart.with_entries(),
                services.spec,
                services.predictor,
                services.audit,
                services.context(),
            )
        return chart.assessment


def enter(services: Services, chart: Chart, entries: tuple[Observation, ...]) -> None:
    """Add what the clinician entered in place of earlier entries of the same; trail first."""
    shown = assessed(services, chart)
    with chart.lock:
        fresh = tuple(e for e in entries if e not in chart.entries)
        if fresh:
            _write_entries(services, chart, shown, {"entered": _values(fresh)})
            codes = {code for entry in fresh for code in entry.codes}
            kept = tuple(e for e in chart.entries if not codes.intersection(e.codes))
            chart.entries = kept + fresh
            chart.assessment = None
    session.renew_widgets()


def withdraw(services: Services, chart: Chart, entry: Observation) -> None:
    """Take one entry back; the trail keeps that it was there."""
    shown = assessed(services, chart)
    with chart.lock:
        if entry in chart.entries:
            _write_entries(services, chart, shown, {"withdrawn": _values((entry,))})
            chart.entries = tuple(e for e in chart.entries if e != entry)
            chart.assessment = None
    session.renew_widgets()


def _withdraw_all(services: Services, chart: Chart, because: WithdrawnBecause) -> None:
    """Entries that cannot stay are withdrawn as if by hand: in the trail, and said on the page."""
    shown = assessed(services, chart)
    with chart.lock:
        if chart.entries:
            told = {"withdrawn": _values(chart.entries), "because": because.value}
            _write_entries(services, chart, shown, told)
            session.note_withdrawn(chart.record.patient_id, Withdrawn(chart.entries, because))
            chart.entries = ()
            chart.assessment = None


def _write_entries(
    services: Services, chart: Chart, shown: Assessment, told: Mapping[str, object]
) -> None:
    record_choice(
        shown,
        chart.record,
        AuditAction.ENTERED,
        told,
        services.audit,
        services.context(),
    )


def _values(entries: tuple[Observation, ...]) -> dict[str, str]:
    return {entry.codes[0].code: _plain(entry.value) for entry in entries}


def _plain(value: Value) -> str:
    if isinstance(value, Quantity):
        return str(value)
    return value if isinstance(value, str) else getattr(value, "code", str(value))


def decide(
    services: Services,
    chart: Chart,
    shown: Assessment,
    action: AuditAction,
    chosen: Mapping[str, object],
) -> None:
    """Write the clinician's decision about what was shown, unless it is the one that stands."""
    coded = tuple(f"{k}={v}" for k, v in sorted(chosen.items()) if isinstance(v, str))
    with chart.lock:
        earlier = chart.decided_about(shown.audit_id)
        if earlier and (earlier[-1].action, earlier[-1].coded) == (action, coded):
            return
        told = {**chosen, "replaces": [earlier[-1].audit_id]} if earlier else chosen
        audit_id = record_choice(
            shown, chart.record, action, told, services.audit, services.context()
        )
        chart.decided += (Decided(shown.audit_id, action, coded, audit_id),)
