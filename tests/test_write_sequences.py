"""Whatever happens in whatever order, a chart has each resource once and no decision is lost."""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from decision.clinical.errors import AuditError
from decision.clinical.writing import ChosenTreatment, Delivery
from fhir.rest.loop import BackgroundLoop
from fhir.write.outbox import LEASE
from tests.writing import DOCUMENT, KINDS, Chart, Clock, Desk, Granted, case, names

FAULTS = (400, 403, 412, 429, 500, 503, "cut", "lost", "late", "unreadable")
DECISIONS = ("a", "b", "continue")


class Writing(RuleBasedStateMachine):
    """A clinician with two windows, a chart's server with faults, and a process that may end."""

    @initialize(searchable=st.booleans(), conditional=st.booleans())
    def begin(self, searchable: bool, conditional: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.loop = BackgroundLoop()
        self.clock = Clock()
        self.desk = Desk(Path(self.folder.name), self.loop, self.clock)
        self.chart = Chart(searchable=searchable, conditional=conditional)
        self.case = case(self.desk.audit)
        self.decided: list[ChosenTreatment] = []
        self.blind = not searchable and not conditional
        self.access = Granted()
        self.open()

    def open(self) -> None:
        self.access = Granted()
        self.recorder = self.desk.recorder(self.chart, access=self.access)

    @rule(faults=st.lists(st.sampled_from(FAULTS), min_size=1, max_size=3))
    def the_server_will_misbehave(self, faults) -> None:
        self.chart.faults = list(faults)

    @precondition(lambda self: len(self.decided) < len(DECISIONS))
    @rule()
    def decide_and_write(self) -> None:
        decided = self.case.decide(DECISIONS[len(self.decided)])
        self.recorder.offers()  # the page has been shown: what the server takes is known
        self.decided.append(decided)
        self._write(decided)

    @precondition(lambda self: self.decided)
    @rule(which=st.integers(0, 2), window=st.booleans())
    def write_again(self, which: int, window: bool) -> None:
        if window:
            self.open()
        self._write(self.decided[which % len(self.decided)])

    @precondition(lambda self: self.decided)
    @rule(which=st.integers(0, 2))
    def send_again(self, which: int) -> None:
        """A clinician who is told to look in the chart first does so."""
        decided = self.decided[which % len(self.decided)]
        standing = self.recorder.standing(decided.audit_id)
        if standing is None or (self._in_doubt(decided) and self._is_there(decided)):
            return
        self.recorder.retry(decided.audit_id)

    @rule()
    def the_server_goes_down(self) -> None:
        self.chart.down = True

    @rule()
    def the_server_comes_back(self) -> None:
        self.chart.down = False

    @rule()
    def access_ends(self) -> None:
        self.access.ended = True

    @rule()
    def the_process_starts_anew(self) -> None:
        self.desk.start()
        self.case.audit = self.desk.audit
        self.open()

    @precondition(lambda self: self.decided)
    @rule()
    def the_process_is_killed_while_sending(self) -> None:
        person = self.desk.outbox.whose(self.recorder._launched)
        for decided in self.decided:
            for row in self.desk.outbox.of(person, decided.audit_id):
                self.desk.outbox.claim(decided.audit_id, row.key, self.clock())
        self.clock.forward(seconds=LEASE.total_seconds() + 1)
        self.the_process_starts_anew()

    @precondition(lambda self: self.decided)
    @rule(which=st.integers(0, 2))
    def the_process_is_killed_before_it_notes_the_answer(self, which: int) -> None:
        decided = self.decided[which % len(self.decided)]
        self.desk.outbox.settle = _killed  # type: ignore[method-assign]
        with contextlib.suppress(AuditError):
            self._write(decided)
        self.clock.forward(seconds=LEASE.total_seconds() + 1)
        self.the_process_starts_anew()

    @rule()
    def the_trail_cannot_be_written_for_a_moment(self) -> None:
        kept = self.desk.audit.append
        self.desk.audit.append = _broken  # type: ignore[method-assign]
        try:
            if self.decided:
                with contextlib.suppress(AuditError):
                    self._write(self.decided[-1])
        finally:
            self.desk.audit.append = kept  # type: ignore[method-assign]

    def _write(self, decided: ChosenTreatment) -> None:
        self.recorder.write(self.case.record, self.case.card, decided, DOCUMENT)

    def _in_doubt(self, decided: ChosenTreatment) -> bool:
        """Whether to send again could make a second one: only where nobody else can look."""
        blind = self.blind or not self.chart.searchable
        standing = self.recorder.standing(decided.audit_id)
        return blind and standing is not None

    def _is_there(self, decided: ChosenTreatment) -> bool:
        person = self.desk.outbox.whose(self.recorder._launched)
        rows = self.desk.outbox.of(person, decided.audit_id)
        there = set().union(*(names(r) for r in self.chart.stored), set())
        waiting = [r for r in rows if r.payload is not None]
        return any(there & names(r.payload or {}) for r in waiting)

    @invariant()
    def each_is_there_once_at_most(self) -> None:
        if not hasattr(self, "chart"):
            return
        for kind in KINDS:
            keys = [
                name
                for resource in self.chart.of(kind)
                for name in names(resource if kind == "AuditEvent" else _own(resource))
                if kind != "AuditEvent" or name in {d.audit_id for d in self.decided}
            ]
            assert [k for k, n in Counter(keys).items() if n > 1] == []
        assert len(self.chart.of("RiskAssessment")) <= 1

    @invariant()
    def what_is_called_written_is_there(self) -> None:
        for decided in getattr(self, "decided", ()):
            standing = self.recorder.standing(decided.audit_id)
            assert standing is not None
            if standing.delivery is Delivery.SENT:
                stored = {f"{r['resourceType']}/{r['id']}" for r in self.chart.stored}
                assert set(standing.resources) <= stored
                assert len(standing.resources) == len(KINDS) or self.blind

    def teardown(self) -> None:
        """In the end the server is well, and every decision gets there or says that it may have."""
        if not hasattr(self, "chart"):
            return
        self.chart.faults, self.chart.down = [], False
        self.the_process_starts_anew()
        for _ in range(2):
            for index in range(len(self.decided)):
                self.send_again(index)
        self.each_is_there_once_at_most()
        for decided in self.decided:
            standing = self.recorder.standing(decided.audit_id)
            assert standing is not None
            if self.chart.searchable:
                assert standing.delivery is Delivery.SENT
        if self.chart.searchable:
            assert len(self.chart.of("DocumentReference")) == len(self.decided)
        self.loop.close()
        self.folder.cleanup()


def _own(resource):
    return {"identifier": resource["identifier"]}


def _killed(*row: object, **told: object) -> None:
    raise AuditError("killed", "Start it again.")


def _broken(event: object) -> str:
    raise AuditError("cannot write the audit trail", "Free some space.")


TestWriting = Writing.TestCase
TestWriting.settings = settings(
    max_examples=25,
    stateful_step_count=10,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
