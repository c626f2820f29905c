"""Sends what the outbox holds about one patient, in order, and tells the trail how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from decision.clinical.assessment import AuditAction
from decision.clinical.clock import Clock
from decision.clinical.writing import Delivery, Receipt
from fhir.errors import FhirError, NotWritableError
from fhir.fields import Json
from fhir.rest.client import FhirClient
from fhir.rest.loop import BackgroundLoop
from fhir.write.checks import check
from fhir.write.courier import Outcome, Parcel, deliver
from fhir.write.document import linked
from fhir.write.facts import Trail, event_of
from fhir.write.launched import Launched, pointer
from fhir.write.observation import KIND, entered_key
from fhir.write.offers import ability, findable, why_not
from fhir.write.outbox import Outbox, Row, State, given_up
from fhir.write.taken_back import taken_back
from fhir.write.words import receipt

_LONGEST = 60.0
"""Seconds for one attempt with its looks; below the ledger's lease."""
_TURNS, _TURN = 50, 0.1
"""How often, and after how many seconds, to see whether another sender of the same is done."""


_PATIENCE = 20.0
"""Seconds after which nothing more is begun: a clinician waits in front of the page."""
_MAY_BE_THERE = (State.SENT, State.UNSURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How the resources of one decision are to be sent now."""

    earlier: Json | None
    """A Reference to the document which that of this decision replaces."""
    until: float
    again: bool
    """Whether to send again what was refused."""
    confirmed: bool
    """Whether somebody has looked for it where we cannot."""


class Sender:
    """One launch's way out for the rows of its own patient. Nothing here adds a row."""

    def __init__(
        self,
        client: FhirClient,
        loop: BackgroundLoop,
        launched: Launched,
        outbox: Outbox,
        audit: Trail,
        clock: Clock,
    ) -> None:
        self._client, self._loop, self._launched = client, loop, launched
        self._outbox, self._audit, self._clock = outbox, audit, clock
        self._person = outbox.whose(launched)

    def obstacle(self, kind: str, *, keeping: bool = False) -> str:
        """What stands in the way of writing that kind from this launch; empty where nothing does.

        `keeping` for later needs no word of the server's: it may be away just now.
        """
        may, statement = self._client.access.may, self._statement()
        return why_not(kind, self._launched, may, statement, keeping=keeping)

    def standing(self, decided_id: str, obstacle: str = "") -> Receipt | None:
        """How one decision stands by the ledger; None where it is not there for this patient."""
        queue = self._outbox.queue(self._person, decided_id)
        if not queue:
            return None
        *before, own = (self._rows(each) for each in queue)
        every = [row for rows in before for row in rows] + list(own)
        return receipt(every, own, self._clock(), obstacle, self._findable)

    def _findable(self, kind: str) -> bool:
        """Whether none of that kind can be filed twice, by what the server says of itself."""
        return findable(ability(self._statement() or {}, kind), self._client.access.may(kind, "s"))

    def send(self, decided_id: str, *, confirmed: bool) -> Receipt:
        """Send this decision after those before it about the same assessment, so that documents
        come in the order of the decisions. What is `confirmed` is this decision alone.
        """
        obstacle = ""
        earlier: Json | None = None
        until = time.monotonic() + _PATIENCE
        for each in self._outbox.queue(self._person, decided_id):
            self._give_up(each)
            way = _Way(
                earlier=earlier,
                until=until,
                again=confirmed,
                confirmed=confirmed and each == decided_id,
            )
            obstacle = self._send_one(each, way)
            self._tell(each)
            rows = [row for row in self._rows(each) if row.kind == "DocumentReference"]
            if any(row.state not in _MAY_BE_THERE for row in rows):
                break
            earlier = _pointer(rows, "DocumentReference") or earlier
        found = self.standing(decided_id, obstacle)
        if found is None:
            raise NotWritableError("nothing about this decision is kept for this patient")
        return found

    def make_up(self) -> None:
        """Tell the trail what it was never told, and send nothing: once all is in the chart, nobody
        would send again and find that the entry is missing. Values that were taken back in the
        meantime are given up.
        """
        for each in self._outbox.outstanding(self._person):
            self._give_up(each)
        for each in self._outbox.owing(self._person, self._clock()):
            self._tell(each)

    def _give_up(self, decided_id: str) -> None:
        """What was entered and then taken back or replaced is no result any more, whoever asks for
        it to be sent again.
        """
        unsent = [r for r in self._rows(decided_id) if r.kind == KIND and r.payload is not None]
        facts = self._outbox.facts(self._person, decided_id) if unsent else None
        if facts is None:
            return
        who = event_of(facts, AuditAction.ENTERED, "", self._clock(), {})
        kept = self._audit.entries(who.patient_id, who.identity).entries
        gone = {entered_key(c, decided_id, self._launched) for c in taken_back(kept, decided_id)}
        if keys := gone.intersection(row.key for row in unsent):
            self._outbox.give_up(keys)

    def _send_one(self, decided_id: str, way: _Way) -> str:
        """Send the resources of one decision in order; returns the obstacle where this launch may
        not send one. What a server refuses does not keep it from what comes after.
        """
        first = ""
        for row in self._rows(decided_id):
            done = row.state is State.SENT or given_up(row)
            if done or (row.state is State.REFUSED and not way.again):
                continue
            if obstacle := self.obstacle(row.kind):
                first = first or obstacle
                continue
            state = self._send_row(decided_id, row, way)
            if state in (State.WAITING, State.SENDING) or time.monotonic() > way.until:
                break
        return first

    def _send_row(self, decided_id: str, row: Row, way: _Way) -> State:
        resource = row.payload
        if resource is not None:
            if row.kind == "DocumentReference":
                assessment = _pointer(self._rows(decided_id), "RiskAssessment")
                resource = linked(resource, assessment=assessment, earlier=way.earlier)
            check(resource, self._launched.subject)
        claimed = self._claim(decided_id, row.key)
        if claimed is None:
            return self._state(decided_id, row.key)
        done = self._attempt(claimed, resource, confirmed=way.confirmed)
        self._outbox.settle(
            claimed,
            done.state,
            self._clock(),
            code=done.code,
            place=done.reference,
            etag=done.etag,
        )
        return done.state

    def _attempt(self, row: Row, resource: Json | None, *, confirmed: bool) -> Outcome:
        parcel = Parcel(
            kind=row.kind,
            key=row.key,
            patient_id=self._launched.patient_id,
            resource=resource,
            maybe=row.maybe,
        )
        offered = ability(self._statement() or {}, row.kind)
        may = self._client.access.may
        sending = deliver(self._client, parcel, offered, may, confirmed=confirmed)
        try:
            return self._loop.run(sending, _LONGEST)
        except TimeoutError:
            return Outcome(state=State.UNSURE)

    def _claim(self, decided_id: str, key: str) -> Row | None:
        """The row for this attempt, waited for while another window is sending the very same."""
        for _ in range(_TURNS):
            row = self._outbox.claim(decided_id, key, self._clock())
            if row is not None or self._state(decided_id, key) is State.SENT:
                return row
            time.sleep(_TURN)
        return None

    def _tell(self, decided_id: str) -> None:
        """The trail's entry on what became of it: missing after a crash, it is made up for here, by
        whoever comes next.
        """
        facts = self._outbox.untold(self._person, decided_id)
        found = None if facts is None else self.standing(decided_id)
        if facts is None or found is None:
            return
        sent = found.delivery is Delivery.SENT
        outcome: dict[str, object] = {"about": decided_id, "delivery": found.delivery.value}
        if any(row.kind == KIND for row in self._rows(decided_id)):
            outcome["what"] = "results"
        if found.resources:
            outcome["resources"] = list(found.resources)
        if codes := [row.code for row in self._rows(decided_id) if row.code and not sent]:
            outcome["status"] = codes[-1]
        self._audit.append(
            event_of(
                facts,
                AuditAction.WROTE_BACK if sent else AuditAction.NOT_WRITTEN,
                self._launched.agent,
                self._clock(),
                outcome,
            )
        )
        self._outbox.tell(self._person, decided_id)

    def _statement(self) -> Json | None:
        """What the server says it offers; None where it does not say."""
        try:
            return self._loop.run(self._client.capabilities(), _LONGEST)
        except (FhirError, TimeoutError):
            return None

    def _rows(self, decided_id: str) -> tuple[Row, ...]:
        return self._outbox.of(self._person, decided_id)

    def _state(self, decided_id: str, key: str) -> State:
        return next(row.state for row in self._rows(decided_id) if row.key == key)


def _pointer(rows: Sequence[Row], kind: str) -> Json | None:
    """A Reference to the resource of that kind; None where the decision has none."""
    return next((pointer(kind, r.key, r.place) for r in rows if r.kind == kind), None)
