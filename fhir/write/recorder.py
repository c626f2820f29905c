"""Writes one patient's decisions to one chart: the `Recorder` of a visit."""

from __future__ import annotations

from collections.abc import Mapping

from decision.clinical.assessment import AuditAction, AuditEvent, Card
from decision.clinical.clock import Clock
from decision.clinical.record import PatientRecord
from decision.clinical.writing import ChosenTreatment, Document, Measured, Receipt
from fhir.errors import NotWritableError
from fhir.fields import Json
from fhir.rest.client import FhirClient
from fhir.rest.loop import BackgroundLoop
from fhir.write.audit_event import audit_event
from fhir.write.checks import check, check_percentages
from fhir.write.document import document_reference
from fhir.write.facts import Trail, facts_of
from fhir.write.launched import Launched, assessment_key, decision_key
from fhir.write.observation import KIND, observation, value_key
from fhir.write.offers import KINDS, offered
from fhir.write.outbox import Outbox
from fhir.write.risk_assessment import risk_assessment
from fhir.write.sending import Sender

_DECISIONS = (AuditAction.ACCEPTED, AuditAction.DECIDED, AuditAction.OVERRODE)


class ChartRecorder:
    """Offers only what tenant, launch and server all allow; writes it once, in order, and keeps in
    the outbox what could not be written. Use it from a page's thread, not from the loop.

    A failed check raises `NotWritableError` before anything is kept or sent; a trail or ledger that
    cannot be written raises `AuditError`. What a server does wrong is a `Receipt`.
    """

    def __init__(
        self,
        client: FhirClient,
        loop: BackgroundLoop,
        launched: Launched,
        outbox: Outbox,
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._launched, self._outbox, self._audit, self._clock = launched, outbox, audit, clock
        self._person = outbox.whose(launched)
        self._sender = Sender(client, loop, launched, outbox, audit, clock)

    def offers(self, chosen: str = "", card: Card | None = None) -> tuple[str, ...]:
        """What would be written, in words; empty where nothing may be."""
        kinds = [kind for kind in KINDS if not self._sender.obstacle(kind)]
        return offered(kinds, chosen, card)

    def write(
        self,
        record: PatientRecord,
        card: Card,
        decided: ChosenTreatment,
        document: Document,
    ) -> Receipt:
        """Write the decision, or keep what could not be written; the same one is written once."""
        if not self._outbox.queue(self._person, decided.audit_id):
            event = self._decision(record, card, decided)
            resources = self._resources(record, card, decided, document, event)
            self._outbox.add(
                self._person,
                decided.audit_id,
                card.audit_id,
                resources,
                facts_of(event),
                self._clock(),
            )
        return self._sender.send(decided.audit_id, confirmed=False)

    def takes_results(self) -> bool:
        return not self._sender.obstacle(KIND)

    def file(self, record: PatientRecord, measured: Measured) -> Receipt:
        """File measured values as Observations, or keep what could not be filed; once for each
        entry of the trail.
        """
        if not self._outbox.queue(self._person, measured.audit_id):
            event = self._entry(record, measured)
            if self._sender.obstacle(KIND, keeping=True) or not measured.values:
                raise NotWritableError("no result may be filed in this chart")
            launched, about = self._launched, measured.audit_id
            made = [
                (value_key(v, about, launched), observation(v, about, measured.at, launched))
                for v in measured.values
            ]
            for _, resource in made:
                check(resource, launched.subject)
            facts = facts_of(event)
            self._outbox.add(self._person, about, about, made, facts, self._clock())
        return self._sender.send(measured.audit_id, confirmed=False)

    def standing(self, decided_id: str) -> Receipt | None:
        """How the write about this decision stands; None where none was asked for. Asks the
        server nothing about the patient.
        """
        return self._sender.standing(decided_id)

    def outstanding(self) -> tuple[str, ...]:
        """Decisions about this patient (audit ids) that are not wholly in the chart, whatever
        launch or process they were made in: for the page to say so, and to offer `retry`. What the
        trail was never told about any of them is told first.
        """
        self._sender.make_up()
        return self._outbox.outstanding(self._person)

    def retry(self, decided_id: str) -> Receipt:
        """Send again what is not there. Where the server cannot be searched, to call this says that
        somebody has looked in the chart.
        """
        return self._sender.send(decided_id, confirmed=True)

    def _kept(self) -> tuple[str, ...]:
        return tuple(k for k in KINDS if not self._sender.obstacle(k, keeping=True))

    def _entries(self, record: PatientRecord) -> dict[str, AuditEvent]:
        """The trail of the patient of this launch, and of nobody else."""
        server = record.identity.server.rstrip("/")
        if record.patient_id != self._launched.patient_id or server != self._launched.base:
            raise NotWritableError("the record is not that of this launch's patient")
        return dict(self._audit.entries(record.patient_id, record.identity).entries)

    def _entry(self, record: PatientRecord, measured: Measured) -> AuditEvent:
        """The trail's entry of what was entered: no value is filed that is not in it."""
        event = self._entries(record).get(measured.audit_id)
        told = event.outcome.get("entered") if event is not None else None
        if (
            event is None
            or event.action is not AuditAction.ENTERED
            or not isinstance(told, Mapping)
            or any(
                told.get(v.observation.codes[0].code) != str(v.observation.value)
                for v in measured.values
            )
        ):
            raise NotWritableError("the audit trail has no such entry about this patient")
        return event

    def _decision(self, record: PatientRecord, card: Card, decided: ChosenTreatment) -> AuditEvent:
        """The decision's entry in the trail: nothing is written about what is not in it."""
        entries = self._entries(record)
        event, shown = entries.get(decided.audit_id), entries.get(card.audit_id)
        if (
            event is None
            or shown is None
            or {event.decision, shown.decision} != {card.spec.id}
            or event.outcome.get("about") != card.audit_id
            or event.action is not decided.action
            or event.action not in _DECISIONS
        ):
            raise NotWritableError("the audit trail has no such decision about this card")
        return event

    def _resources(
        self,
        record: PatientRecord,
        card: Card,
        decided: ChosenTreatment,
        document: Document,
        event: AuditEvent,
    ) -> tuple[tuple[str, Json], ...]:
        launched, decided_id = self._launched, decided.audit_id
        made: list[tuple[str, Json]] = []
        for kind in self._kept():
            key = decision_key(kind, decided_id, launched)
            if kind == "RiskAssessment":
                key, resource = (
                    assessment_key(card, launched),
                    risk_assessment(record, card, launched),
                )
                check_percentages(resource, card)
            elif kind == "DocumentReference":
                resource = document_reference(card, decided, document, launched, self._clock())
            else:
                resource = audit_event(event, decided_id, launched)
            check(resource, launched.subject)
            made.append((key, resource))
        if not made:
            raise NotWritableError("nothing may be written to this chart")
        return tuple(made)
