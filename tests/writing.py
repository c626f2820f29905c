"""What tests of writing to the chart share: one decision, a chart that plays along or does not, and
a recorder as a launch would get it.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx2

from decision.assess import Context, assess, record_choice
from decision.clinical.assessment import (
    Abstention,
    AuditAction,
    Card,
    ComparisonCard,
    PrognosisCard,
)
from decision.clinical.record import PatientRecord
from decision.clinical.writing import ChosenTreatment, Document
from fhir.errors import AccessEndedError
from fhir.rest.client import FhirClient
from fhir.rest.limits import Limits
from fhir.rest.loop import BackgroundLoop
from fhir.store.audit import SqlAuditLog
from fhir.store.database import Database
from fhir.write.launched import Launched
from fhir.write.outbox import Outbox
from fhir.write.recorder import ChartRecorder
from tests.builders import AS_OF, ListAuditLog
from tests.fakes import COMPLETE, TenderPredictor, page_record, page_spec
from tests.prognosis_cards import ProgressionPredictor, progression_record, progression_spec

Json = dict[str, Any]

BASE = "http://chart.test/fhir"
KEY = bytes(range(32))
KINDS = ("RiskAssessment", "DocumentReference", "AuditEvent")
USER = "Practitioner/7"
DOCUMENT = Document(title="Record", content_type="text/html", content=b"<html/>")
QUICK = Limits(first_wait=0.001, longest_wait=0.01, attempts=2, search_seconds=3)


def launched(patient_id: str = "p1", base: str = BASE, **changes: object) -> Launched:
    usual = Launched(
        tenant="ward",
        base=base,
        patient_id=patient_id,
        agent=f"ward: {USER}",
        fhir_user=USER,
        encounter="e1",
        kinds=KINDS,
    )
    return dataclasses.replace(usual, **changes)  # type: ignore[arg-type]


@dataclass(slots=True)
class Case:
    """One patient's card, with decisions about it that stand in a trail."""

    audit: Any
    record: PatientRecord
    card: Card
    context: Context

    def decide(
        self,
        chosen: str = "a",
        action: AuditAction = AuditAction.DECIDED,
        reason: str = "",
    ) -> ChosenTreatment:
        told = {"chosen": chosen, "reason": reason}
        audit_id = record_choice(self.card, self.record, action, told, self.audit, self.context)
        return ChosenTreatment(action=action, chosen=chosen, reason=reason, audit_id=audit_id)


def case(
    audit: Any = None,
    patient_id: str = "p1",
    base: str = BASE,
    predictor: Any = None,
    spec: Any = None,
    **changes: object,
) -> Case:
    """A comparison that was shown for a complete record on that server."""
    record = dataclasses.replace(page_record(patient_id, *COMPLETE), **changes)  # type: ignore[arg-type]
    found = _case(audit, record, base, spec or page_spec(), predictor or TenderPredictor())
    assert isinstance(found.card, ComparisonCard)
    return found


def foretold(
    audit: Any = None,
    patient_id: str = "p1",
    base: str = BASE,
    predictor: Any = None,
    spec: Any = None,
    **changes: object,
) -> Case:
    """The same of a prognosis."""
    record = progression_record(patient_id=patient_id, **changes)
    chosen = predictor or ProgressionPredictor()
    found = _case(audit, record, base, spec or progression_spec(), chosen)
    assert isinstance(found.card, PrognosisCard)
    return found


def _case(audit: Any, record: PatientRecord, base: str, spec: Any, predictor: Any) -> Case:
    trail = audit if audit is not None else ListAuditLog()
    record = dataclasses.replace(record, identity=dataclasses.replace(record.identity, server=base))
    context = Context(agent=f"ward: {USER}", site="here", now=AS_OF + timedelta(minutes=5))
    card = assess(record, spec, predictor, trail, context)
    assert not isinstance(card, Abstention)
    return Case(audit=trail, record=record, card=card, context=context)


class Clock:
    """A clock that goes on by itself and can be set forward."""

    def __init__(self) -> None:
        self.now = AS_OF + timedelta(hours=1)

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def forward(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Chart:
    """A small FHIR server behind an HTTP transport, with faults to order.

    Each fault meets one POST: a status refuses it, `lost` stores it and gives no answer, `cut`
    gives no answer and stores nothing, `late` answers 504 and has stored it, `unreadable` stores it
    and answers what is no FHIR.
    """

    kinds: tuple[str, ...] = KINDS
    """The types that its CapabilityStatement lists with `create`."""
    searchable: bool = True
    conditional: bool = True
    faults: list[int | str] = field(default_factory=list)
    down: bool = False
    blind: bool = False
    """Whether every search fails."""
    stored: list[Json] = field(default_factory=list)
    posts: int = 0
    asked: list[str] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/fhir/")
        self.asked.append(f"{request.method} {path}")
        if self.down:
            raise httpx2.ConnectError("down")
        if path == "metadata":
            return _json(200, self.statement())
        if request.method == "GET" and self.blind:
            return _json(500, {"resourceType": "OperationOutcome", "issue": []})
        if request.method == "GET":
            return self._search(request, path)
        return self._create(request)

    def of(self, kind: str) -> list[Json]:
        return [r for r in self.stored if r["resourceType"] == kind]

    def statement(self) -> Json:
        names = ("patient", "identifier") if self.searchable else ()
        listed = [
            {
                "type": kind,
                "interaction": [{"code": "create"}, {"code": "search-type"}],
                "conditionalCreate": self.conditional and kind != "AuditEvent",
                "searchParam": [
                    {"name": n, "type": "token"}
                    for n in names
                    if (kind, n) != ("AuditEvent", "identifier")
                ],
            }
            for kind in self.kinds
        ]
        rest = [{"mode": "server", "resource": listed}]
        return {"resourceType": "CapabilityStatement", "rest": rest}

    def _search(self, request: httpx2.Request, kind: str) -> httpx2.Response:
        asked = dict(parse_qsl(request.url.query.decode()))
        patient, wanted = asked.get("patient"), asked.get("identifier")
        found = [
            {"fullUrl": f"{BASE}/{kind}/{r['id']}", "resource": r, "search": {"mode": "match"}}
            for r in self.of(kind)
            if f"Patient/{patient}" in references(r)
            and (wanted is None or wanted.partition("|")[2] in names(r))
        ]
        bundle: Json = {
            "resourceType": "Bundle",
            "type": "searchset",
            "link": [{"relation": "self", "url": str(request.url)}],
        }
        return _json(200, {**bundle, "entry": found} if found else bundle)

    def _create(self, request: httpx2.Request) -> httpx2.Response:
        self.posts += 1
        fault = self.faults.pop(0) if self.faults else ""
        if isinstance(fault, int):
            return _json(fault, {"resourceType": "OperationOutcome", "issue": []})
        if fault == "cut":
            raise httpx2.ReadError("cut")
        resource = json.loads(request.content)
        condition = unquote(request.headers.get("if-none-exist", ""))
        if condition and not self.conditional:
            return _json(412, {"resourceType": "OperationOutcome", "issue": []})
        wanted = condition.partition("|")[2]
        same = [r for r in self.of(resource["resourceType"]) if wanted and wanted in names(r)]
        if not same:
            number = str(next(self._numbers))
            self.stored.append({**resource, "id": number, "meta": {"versionId": "1"}})
        made = (same or self.stored[-1:])[0]
        if fault == "lost":
            raise httpx2.ReadTimeout("lost")
        if fault == "late":
            return _json(504, {"resourceType": "OperationOutcome", "issue": []})
        if fault == "unreadable":
            return httpx2.Response(201, text="stored")
        place = f"{BASE}/{made['resourceType']}/{made['id']}/_history/1"
        status = 200 if same else 201
        return httpx2.Response(
            status,
            json=made,
            headers={
                "location": place,
                "etag": 'W/"1"',
                "content-type": "application/fhir+json",
            },
        )


def _json(status: int, body: Json) -> httpx2.Response:
    headers = {"content-type": "application/fhir+json"}
    return httpx2.Response(status, content=json.dumps(body).encode(), headers=headers)


def names(resource: Json) -> set[str]:
    """Every identifier's value in it, wherever it stands."""
    return set(re.findall(r'"value": "([^"]+)"', json.dumps(resource)))


def references(resource: Json) -> set[str]:
    return set(re.findall(r'"reference": "([^"]+)"', json.dumps(resource)))


class Granted:
    """Access with chosen scopes (`RiskAssessment.c`), which can end."""

    def __init__(self, base: str = BASE, without: tuple[str, ...] = ()) -> None:
        self.base = base
        self.without = without
        self.ended = False

    def may(self, kind: str, interaction: str) -> bool:
        return f"{kind}.{interaction}" not in self.without

    def partly(self, kind: str) -> bool:
        return False

    async def authorization(self) -> str:
        if self.ended:
            raise AccessEndedError
        return ""

    async def renewed(self, refused: str) -> str:
        raise AccessEndedError


@dataclass
class Desk:
    """Everything one process has: its store and clock. `recorder` is what one launch gets."""

    folder: Path
    loop: BackgroundLoop
    clock: Clock = field(default_factory=Clock)
    limits: Limits = QUICK
    audit: SqlAuditLog = field(init=False)
    outbox: Outbox = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """As after a restart: nothing is left but what is on the disk."""
        database = Database(f"sqlite:///{self.folder.absolute()}/store.sqlite")
        self.audit = SqlAuditLog(database, KEY)
        self.outbox = Outbox(database, KEY)

    def recorder(
        self, chart: Chart | Callable[[], httpx2.AsyncClient], **launch: Any
    ) -> ChartRecorder:
        access = launch.pop("access", None) or Granted(launch.get("base", BASE))
        http = (
            httpx2.AsyncClient(transport=httpx2.MockTransport(chart.answer))
            if isinstance(chart, Chart)
            else chart()
        )
        return ChartRecorder(
            FhirClient(http, access, self.limits),
            self.loop,
            launched(**launch),
            self.outbox,
            self.audit,
            self.clock,
        )
