"""From the chosen patient to an assessment, without drawing anything: read, check, assess once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from decision.arising import arising
from decision.assess import assess, record_choice
from decision.clinical.assessment import Assessment, AuditAction, Card
from decision.clinical.progress import Watch, unwatched
from decision.clinical.quantities import Quantity
from decision.clinical.record import Observation, Value
from decision.clinical.scores.joints import COUNTED, JointExamination, Sign
from decision.clinical.spec import DecisionSpec
from decision.ui import session
from decision.ui.entries import filed_under
from decision.ui.examination import Sheet
from decision.ui.record_document import record_document
from decision.ui.services import Services
from decision.ui.session import (
    Chart,
    Decided,
    Saved,
    Withdrawn,
    WithdrawnBecause,
    WrongPatientError,
)
from decision.visit import ChosenTreatment, Measured, Recorder, Visit

NO_SHEETS: Mapping[str, Sheet] = MappingProxyType({})


def known_chart(visit: Visit, patient_id: str) -> Chart | None:
    """The chart of this visit's patient, None when the record must be read. Looked at on every run:
    a chart of anybody but the patient of a launch is a `WrongPatientError`.
    """
    if visit.patient_id not in (None, patient_id):
        raise WrongPatientError
    return session.chart(visit.key, patient_id)


def open_chart(
    services: Services, visit: Visit, patient_id: str, watch: Watch = unwatched
) -> Chart:
    """This patient's chart, read when it was not yet; `RecordSourceError` or `WrongPatientError`.

    A failed read shows nothing of an earlier one: the chart is only filed once it is complete.
    """
    known = known_chart(visit, patient_id)
    if known is not None:
        return known
    record = visit.source.load(patient_id, watch)
    if record.patient_id != patient_id:
        raise WrongPatientError
    for losing, because in session.losing_entries(visit.key, record):
        _withdraw_all(services, visit, losing, because)
    specs = [decision.spec for decision in services.decisions]
    candidates = arising(specs, record, visit.decision)
    return session.file_chart(visit.key, record, candidates, visit.decision)


def assessed(services: Services, visit: Visit, chart: Chart) -> Assessment:
    """The assessment of the chart's decision, made on the first look and kept, so that neither a
    rerun of the page nor coming back from another decision writes a second audit entry.
    `AuditError` when the entry cannot be written: then there is none.
    """
    with chart.lock:
        found = chart.assessments.get(chart.decision)
        if found is None:
            decision = services.decision(chart.decision)
            found = chart.assessments[chart.decision] = assess(
                chart.with_entries(),
                decision.spec,
                decision.predictor,
                services.audit,
                services.context(visit),
            )
        return found


def turn_to(chart: Chart, decision_id: str) -> None:
    """Show another of the decisions that arise for this patient. What was entered holds for all of
    them; what was decided about one stays with it.
    """
    with chart.lock:
        if decision_id not in chart.candidates:
            raise KeyError(decision_id)
        chart.decision = decision_id
        chart.overriding = chart.changing = False
    session.renew_widgets()


def enter(
    services: Services,
    visit: Visit,
    chart: Chart,
    entries: tuple[Observation, ...],
    *,
    joints: JointExamination | None = None,
    sheets: Mapping[str, Sheet] = NO_SHEETS,
    file: Mapping[str, str] | None = None,
) -> None:
    """Add what the clinician entered in place of earlier entries of the same; trail first. The
    trail also has what counts and scores were read from: the joints and the answers.
    """
    shown = assessed(services, visit, chart)
    with chart.lock:
        fresh = tuple(e for e in entries if e not in chart.entries)
        if fresh:
            told = {"entered": _values(fresh), **_read_from(joints, sheets)}
            if file is not None:
                told["file"] = dict(file)
            codes = {code for entry in fresh for code in entry.codes}
            replaced = tuple(e for e in chart.entries if codes.intersection(e.codes))
            if replaced:
                told["replaced"] = _values(replaced)
            audit_id, at = _write_entries(services, visit, chart, shown, told)
            chart.saved = (
                *chart.without(replaced),
                Saved(at=at, audit_id=audit_id, entries=fresh, joints=joints, sheets=sheets),
            )
            chart.entries = tuple(e for e in chart.entries if e not in replaced) + fresh
            chart.draft = chart.draft.saved(joints, sheets)
            chart.assessments.clear()
    session.renew_widgets()


def withdraw(services: Services, visit: Visit, chart: Chart, *entries: Observation) -> None:
    """Take entries back, one or all of an examination; the trail keeps that they were there. The
    figure keeps its marks, which count no more until the examination is said to be complete again.
    """
    shown = assessed(services, visit, chart)
    with chart.lock:
        gone = tuple(e for e in entries if e in chart.entries)
        if gone:
            _write_entries(services, visit, chart, shown, {"withdrawn": _values(gone)})
            chart.saved = chart.without(gone)
            chart.entries = tuple(e for e in chart.entries if e not in gone)
            if any(_counts_joints(shown.spec, entry) for entry in gone):
                chart.draft = chart.draft.reopened()
            chart.assessments.clear()
    session.renew_widgets()


def _counts_joints(spec: DecisionSpec, entry: Observation) -> bool:
    return any(filed_under(spec, concept) in entry.codes for concept in COUNTED)


def _withdraw_all(
    services: Services, visit: Visit, chart: Chart, because: WithdrawnBecause
) -> None:
    """Entries that cannot stay are withdrawn as if by hand: in the trail, and said on the page."""
    shown = assessed(services, visit, chart)
    with chart.lock:
        if chart.entries:
            told = {"withdrawn": _values(chart.entries), "because": because.value}
            _write_entries(services, visit, chart, shown, told)
            session.note_withdrawn(chart.record.patient_id, Withdrawn(chart.entries, because))
            chart.entries = chart.saved = ()
            chart.draft = chart.draft.reopened()
            chart.assessments.clear()


def _write_entries(
    services: Services, visit: Visit, chart: Chart, shown: Assessment, told: Mapping[str, object]
) -> tuple[str, datetime]:
    """Id and time of the trail's entry."""
    context = services.context(visit)
    audit_id = record_choice(
        shown, chart.record, AuditAction.ENTERED, told, services.audit, context
    )
    return audit_id, context.now


def _read_from(joints: JointExamination | None, sheets: Mapping[str, Sheet]) -> dict[str, object]:
    told: dict[str, object] = {}
    if joints is not None:
        told["joints"] = {sign.value: sorted(joints.of(sign)) for sign in Sign}
    if sheets:
        told["answers"] = {
            concept: {"points": dict(sheet.answers), "helped": sorted(sheet.helped)}
            for concept, sheet in sheets.items()
        }
    return told


def _values(entries: tuple[Observation, ...]) -> dict[str, str]:
    return {entry.codes[0].code: _plain(entry.value) for entry in entries}


def _plain(value: Value) -> str:
    if isinstance(value, Quantity):
        return str(value)
    return value if isinstance(value, str) else getattr(value, "code", str(value))


def decide(
    services: Services,
    visit: Visit,
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
        context = services.context(visit)
        audit_id = record_choice(shown, chart.record, action, told, services.audit, context)
        made = decided_of(audit_id, shown.audit_id, action, told, context.now, coded)
        chart.decided += (replace(made, decision=shown.spec.id),)


def decided_of(
    audit_id: str,
    about: str,
    action: AuditAction,
    outcome: Mapping[str, object],
    at: datetime,
    coded: tuple[str, ...] = (),
) -> Decided:
    """A decision as the trail has it."""
    against = outcome.get("against")
    return Decided(
        about=about,
        action=action,
        coded=coded,
        audit_id=audit_id,
        at=at,
        chosen=str(outcome.get("chosen", "")),
        reason=str(outcome.get("reason", "")),
        against=tuple((str(k), str(v)) for k, v in against.items())
        if isinstance(against, Mapping)
        else (),
    )


def file_results(chart: Chart, saved: Saved, values: Measured, recorder: Recorder) -> None:
    """File what was measured, unless another run has filed it or taken it back by now."""
    with chart.lock:
        if saved in chart.saved and recorder.standing(saved.audit_id) is None:
            recorder.file(chart.with_entries(), values)


def write_to_chart(
    visit: Visit, chart: Chart, shown: Card, decided: Decided, recorder: Recorder
) -> None:
    """Write a decision and what it was about to the chart, unless another run has just done so or
    changed what it was about. What became of it is the recorder's to keep, so that nothing is lost
    with this session. A decision about an earlier showing of the same answer is written as that:
    `same_answer` has said that nothing but the entry of the showing differs.
    """
    chosen = ChosenTreatment(
        action=decided.action,
        chosen=decided.chosen,
        reason=decided.reason,
        audit_id=decided.audit_id,
    )
    with chart.lock:
        if (
            chart.assessments.get(shown.spec.id) is shown
            and recorder.standing(decided.audit_id) is None
        ):
            record = chart.with_entries()
            card = replace(shown, audit_id=decided.about)
            document = record_document(card, record, chosen, visit.agent, at=decided.at)
            recorder.write(record, card, chosen, document)
