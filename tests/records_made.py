"""Records to keep for tests, of each kind of answer, and what can be read off their pages."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from typing import Any

import pypdf

from decision.assess import assess
from decision.clinical.assessment import Abstention, Assessment, AuditAction
from decision.clinical.record import PatientRecord
from decision.clinical.writing import ChosenTreatment
from decision.ui.record.exported import Taken, exported
from decision.ui.record.pdf import Press
from decision.ui.record.traced import Made
from tests.builders import AS_OF, CONTEXT, ListAuditLog
from tests.fakes import TenderPredictor, page_record, page_spec
from tests.writing import case, foretold

PRESS = Press()
TAKEN = Taken(agent="ward: Practitioner/7", at=AS_OF, site="here")
MADE = Made(
    choice=ChosenTreatment(
        action=AuditAction.OVERRODE,
        chosen="b",
        reason="patient-preference",
        audit_id="entry-2",
    ),
    agent="ward: Practitioner/7",
    at=AS_OF,
    remark="wants tablets",
)


def comparison(**changes: Any) -> tuple[Assessment, PatientRecord]:
    found = case(**changes)
    return found.card, found.record


def prognosis() -> tuple[Assessment, PatientRecord]:
    found = foretold()
    return found.card, found.record


def abstention() -> tuple[Assessment, PatientRecord]:
    record = page_record("p1")
    shown = assess(record, page_spec(), TenderPredictor(), ListAuditLog(), CONTEXT)
    assert isinstance(shown, Abstention)
    return shown, record


KINDS = {"comparison": comparison, "prognosis": prognosis, "abstention": abstention}


def recorded(kind: str, made: Made | None = MADE) -> dict[str, Any]:
    shown, record = KINDS[kind]()
    return dict(exported(shown, record, made, TAKEN))


def named(record: PatientRecord, name: str) -> PatientRecord:
    identity = dataclasses.replace(record.identity, name=name)
    return dataclasses.replace(record, identity=identity)


def page_of(record: dict[str, Any]) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(PRESS.pdf(record)))


def words_of(page: pypdf.PdfReader) -> str:
    return " ".join(" ".join(p.extract_text() for p in page.pages).split())


def tags_of(page: pypdf.PdfReader) -> list[tuple[str, Any]]:
    """(tag, its element) of the whole tree, in the order in which it is read aloud."""
    root = page.trailer["/Root"]["/StructTreeRoot"]
    return list(_below(root))


def _below(element: Any) -> Iterator[tuple[str, Any]]:
    kids = element.get("/K", [])
    kids = kids.get_object() if hasattr(kids, "get_object") else kids
    for kid in kids if isinstance(kids, list) else [kids]:
        found = kid.get_object() if hasattr(kid, "get_object") else kid
        if isinstance(found, dict) and "/S" in found:
            yield str(found["/S"]), found
            yield from _below(found)
