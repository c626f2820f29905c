"""A gene-expression file is what it says it is, or it is not used and the record says why."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from decision.clinical.codes import Code
from decision.clinical.record import GapReason, IssueKind, Part, PatientRecord
from fhir.errors import OtherPatientError
from fhir.rest.expression import ExpressionContract
from fhir.rest.fetch import fetch_record
from tests.fhir_builders import NAME, concept, patient, record_of
from tests.rest_server import (
    QUICK,
    Asked,
    Granted,
    Reply,
    Scripted,
    capabilities,
    fhir,
    outcome,
    run,
    scripted,
    searchset,
)
from tests.test_rest_fetch import AS_OF

Json = dict[str, Any]
TABLE = b"gene\tvalue\nENSG00000111537\t3.5\n"
TSV = "text/tab-separated-values"
CONTRACT = ExpressionContract(document=Code(system="urn:lab", code="rna"), longest=1_000)
DECLARED = "urn:treatment-response:expression-"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def document(identity: str = "d1", *, more: Json | None = None, **attachment: Any) -> Json:
    held = {"contentType": TSV, "data": encoded(TABLE), **attachment}
    return {
        "resourceType": "DocumentReference",
        "id": identity,
        "status": "current",
        "type": concept("urn:lab", "rna"),
        "subject": {"reference": "Patient/p1"},
        "date": "2026-10-20",
        "extension": [{"url": f"{DECLARED}specimen-date", "valueDate": "2026-10-01"}],
        "content": [{"attachment": {k: v for k, v in held.items() if v is not None}}],
        **(more or {}),
    }


def read(
    *documents: Json,
    binary: Callable[[Asked], Reply] | None = None,
    scopes: dict[str, str] | None = None,
    search: Reply | None = None,
) -> tuple[PatientRecord, Scripted]:
    def answer(asked: Asked) -> Reply:
        if asked.path == "metadata":
            return fhir(capabilities("Patient", "DocumentReference"))
        if asked.path == "Patient/p1":
            return fhir(patient())
        if asked.path.startswith("Binary/") and binary:
            return binary(asked)
        return search or fhir(searchset(*documents))

    with scripted(answer) as server:
        record = run(
            server.base,
            lambda c: fetch_record(c, "p1", (), AS_OF, expression=CONTRACT),
            access=Granted(server.base, scopes=scopes),
            limits=QUICK,
        )
    return record, server


def test_a_file_inside_the_document_comes_with_its_hash_and_what_is_declared():
    coded = {"coding": [{"system": "urn:lab", "code": "whole-blood"}]}
    declared = [
        {"url": f"{DECLARED}platform", "valueString": "rna-seq"},
        {"url": f"{DECLARED}tissue", "valueCodeableConcept": coded},
        {"url": f"{DECLARED}scale", "valueCode": "tpm"},
        {"url": f"{DECLARED}other", "valueString": NAME},
    ]
    record, server = read(
        document(
            size=len(TABLE),
            hash=encoded(hashlib.sha1(TABLE, usedforsecurity=False).digest()),
            extension=[
                *declared,
                {"url": f"{DECLARED}sha256", "valueString": hashlib.sha256(TABLE).hexdigest()},
            ],
            more={"meta": {"versionId": "4"}},
        )
    )
    (file,) = record.expression
    assert (record.gaps, record.issues) == ((), ())
    assert (file.content, file.content_type) == (TABLE, TSV)
    assert file.sha256 == hashlib.sha256(TABLE).hexdigest()
    assert (file.platform, file.tissue, file.scale) == ("rna-seq", "whole-blood", "tpm")
    assert (file.source.reference, file.source.version) == ("DocumentReference/d1", "4")
    assert file.effective is not None
    assert file.effective.text == "2026-10-01"
    assert server.of("DocumentReference")[0].query["type"] == "urn:lab|rna"
    assert "ENSG" not in repr(record)


def test_a_file_on_the_server_is_fetched_from_there():
    there = Reply(body=TABLE, headers={"Content-Type": "application/octet-stream"})
    record, server = read(document(data=None, url="Binary/b1"), binary=lambda _: there)
    assert [f.content for f in record.expression] == [TABLE]
    assert [f.content_type for f in record.expression] == [TSV]
    assert len(server.of("Binary/b1")) == 1


def test_nobody_has_one_and_that_is_no_gap():
    record, _ = read()
    assert (record.expression, record.gaps, record.issues) == ((), (), ())


@pytest.mark.parametrize(
    ("attachment", "words"),
    [
        ({"contentType": "application/pdf"}, "neither TSV, CSV nor Parquet"),
        ({"contentType": None}, "neither TSV, CSV nor Parquet"),
        ({"data": "***"}, "without readable content"),
        ({"data": None}, "without readable content"),
        ({"size": 5}, "another size"),
        ({"size": "31"}, "another size"),
        ({"hash": encoded(b"x" * 20)}, "its hash"),
        ({"hash": NAME}, "its hash"),
        (
            {"extension": [{"url": f"{DECLARED}sha256", "valueString": "0" * 64}]},
            "its SHA-256",
        ),
    ],
)
def test_a_file_that_is_not_what_it_says_is_not_used_and_the_reason_is_told(attachment, words):
    record, _ = read(document(**attachment))
    assert (record.expression, record.gaps) == ((), ())
    (issue,) = record.issues
    assert (issue.kind, issue.reference) == (IssueKind.MALFORMED, "DocumentReference/d1")
    assert words in issue.detail
    assert NAME not in repr(issue)


@pytest.mark.parametrize(
    ("url", "binary", "reason"),
    [
        ("Binary/b1", fhir(outcome("forbidden"), 403), GapReason.NOT_PERMITTED),
        ("Binary/b1", fhir(outcome("exception"), 500), GapReason.FAILED),
        ("Binary/b1", Reply(body=b"x" * 1_001), GapReason.FAILED),
        ("http://other.example/Binary/b1", Reply(), GapReason.FAILED),
        ("../../secret", Reply(), GapReason.FAILED),
    ],
)
def test_a_file_that_cannot_be_read_is_a_gap(url, binary, reason):
    record, _ = read(document(data=None, url=url), binary=lambda _: binary)
    (gap,) = record.gaps
    assert (gap.part, gap.reason) == (Part.EXPRESSION, reason)
    assert record.expression == ()


def test_a_file_inside_the_document_that_is_too_large_is_a_gap():
    record, _ = read(document(data=encoded(b"x" * 1_004)))
    assert [g.part for g in record.gaps] == [Part.EXPRESSION]


def test_what_the_access_does_not_cover_is_a_gap():
    for scopes in ({"Patient": "r"}, {"Patient": "r", "DocumentReference": "rs"}):
        record, server = read(document(data=None, url="Binary/b1"), scopes=scopes)
        assert [g.reason for g in record.gaps] == [GapReason.NOT_PERMITTED]
        assert not server.of("Binary/b1")


def test_a_search_that_fails_is_a_gap():
    record, _ = read(search=fhir(outcome("exception"), 500))
    assert [(g.part, g.reason) for g in record.gaps] == [(Part.EXPRESSION, GapReason.FAILED)]


def test_a_withdrawn_file_is_not_used():
    for more in ({"status": "superseded"}, {"docStatus": "entered-in-error"}):
        record, _ = read(document(more=more))
        assert record.expression == ()
        assert [i.kind for i in record.issues] == [IssueKind.ENTERED_IN_ERROR]


def test_the_newest_files_are_read_and_older_ones_are_named():
    every = [document(f"d{n}", more={"date": f"202{n}-01-01"}) for n in range(5)]
    record, _ = read(*every)
    assert [f.source.reference for f in record.expression] == [
        "DocumentReference/d4",
        "DocumentReference/d3",
        "DocumentReference/d2",
    ]
    assert [i.reference for i in record.issues] == ["DocumentReference/d1", "DocumentReference/d0"]


def test_the_date_of_the_document_never_stands_in_for_that_of_the_specimen():
    record, _ = read(document(more={"extension": []}))
    assert [f.effective for f in record.expression] == [None]
    assert [i.kind for i in record.issues] == [IssueKind.UNUSABLE_DATE]


def test_a_file_of_somebody_else_is_not_even_fetched_and_ends_everything():
    stranger = document(data=None, url="Binary/b1", more={"subject": {"reference": "Patient/p2"}})
    fetched: list[Asked] = []

    def binary(asked: Asked) -> Reply:
        fetched.append(asked)
        return Reply()

    with pytest.raises(OtherPatientError):
        read(stranger, binary=binary)
    assert fetched == []


def test_a_file_that_is_nobodys_is_not_used():
    record, _ = read(document(more={"subject": None}))
    assert record.expression == ()
    assert [i.kind for i in record.issues] == [IssueKind.MALFORMED]


def test_gene_components_of_a_panel_are_neither_results_nor_doubts():
    """HGNC codes stand for genes, not for tests: a panel of them leaves a record as it was."""
    genes = [
        {
            "code": {"coding": [{"system": "http://www.genenames.org/geneId", "code": code}]},
            "valueQuantity": {"value": 2.5, "unit": "log2(TPM)"},
        }
        for code in ("HGNC:11892", "HGNC:6018")
    ]
    score = {
        "code": concept("urn:treatment-response:local", "tnfi-nonresponse-score"),
        "valueQuantity": {"value": 1.6, "code": "{score}", "system": "http://unitsofmeasure.org"},
    }
    panel = {
        "resourceType": "Observation",
        "id": "panel",
        "status": "final",
        "code": concept("urn:lab", "rna-panel"),
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-10-01",
    }
    assert record_of({**panel, "component": genes}).observations == ()
    assert record_of({**panel, "component": genes}).issues == ()
    record = record_of({**panel, "component": [*genes, score]})
    assert [o.value.value for o in record.observations] == [1.6]
    assert record.issues == ()
