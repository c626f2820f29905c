"""From the chosen patient to an assessment, without drawing anything: read, check, assess once."""

from __future__ import annotations

from collections.abc import Mapping

from decision.assess import assess, record_choice
from decision.clinical.assessment import Assessment, AuditAction
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Value
from decision.ui import session
from decision.ui.services import Services
from decision.ui.session import Chart


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
    return session.file_chart(record)


def assessed(services: Services, chart: Chart) -> Assessment:
    """The chart's assessment, made on the first look and kept, so that a rerun of the page writes
    no second audit entry. `AuditError` when the entry cannot be written: then there is none.
    """
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
    codes = {code for entry in entries for code in entry.codes}
    _write_entries(services, chart, "entered", entries)
    kept = tuple(e for e in chart.entries if not codes.intersection(e.codes))
    chart.entries = kept + entries
    chart.assessment = None
    session.renew_widgets()


def withdraw(services: Services, chart: Chart, entry: Observation) -> None:
    """Take one entry back; the trail keeps that it was there."""
    _write_entries(services, chart, "withdrawn", (entry,))
    chart.entries = tuple(e for e in chart.entries if e is not entry)
    chart.assessment = None
    session.renew_widgets()


def _write_entries(
    services: Services, chart: Chart, what: str, entries: tuple[Observation, ...]
) -> None:
    values = {entry.codes[0].code: _plain(entry.value) for entry in entries}
    record_choice(
        assessed(services, chart),
        chart.record,
        AuditAction.ENTERED,
        {what: values},
        services.audit,
        services.context(),
    )


def _plain(value: Value) -> str:
    if isinstance(value, Quantity):
        return str(value)
    return value if isinstance(value, str) else getattr(value, "code", str(value))


def decide(
    services: Services, chart: Chart, action: AuditAction, chosen: Mapping[str, object]
) -> str:
    """Write the clinician's decision about this assessment, once however often the page reruns.

    Deciding the same again after something else is a new decision.
    """
    assessment = assessed(services, chart)
    coded = tuple(f"{k}={v}" for k, v in sorted(chosen.items()) if isinstance(v, str))
    decision = (assessment.audit_id, action.value, *coded)
    if next(reversed(chart.written), None) != decision:
        written = record_choice(
            assessment, chart.record, action, chosen, services.audit, services.context()
        )
        chart.written.pop(decision, None)  # decided again after another decision: the newest last
        chart.written[decision] = written
    return chart.written[decision]
