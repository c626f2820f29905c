"""Gene expression from a chart, by a contract of our own: FHIR R4 has no profile for it.

A `DocumentReference` points at one file: TSV, CSV (either may be compressed with gzip) or Parquet,
as `attachment.data` or as a Binary beside it. What the file is stands in extensions, of the
attachment or of the DocumentReference (`valueString`, `valueCode`, or a coded value's code):

- `urn:treatment-response:expression-platform`: a registered platform, such as `rna-seq-2026`
- `urn:treatment-response:expression-tissue`, such as `whole-blood`
- `urn:treatment-response:expression-scale`, such as `tpm` or `log2-cpm`
- `urn:treatment-response:expression-sample`: the name of the sample, where the file holds several
- `urn:treatment-response:expression-specimen-date` (`valueDate` or `valueDateTime`)
- `urn:treatment-response:expression-sha256` (64 hex digits)

`attachment.size` and `attachment.hash` (SHA-1, as R4 has it) are checked where they are given.
Nothing here reads a gene; whether a file can be used is for others to say.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence

from decision.clinical.quantities import Moment
from decision.clinical.record import ExpressionFile, IssueKind, Source
from fhir.dates import read_moment
from fhir.doubts import Doubts
from fhir.fields import Json, child, children, exact, text, whole
from fhir.references import Entry, Subject

LONGEST = 20_000_000
"""Bytes of one file: a table of 60,000 genes as text has about 2 MB."""
NEWEST = 3
"""Files read, from the newest; an older one says nothing of today."""
_EXTENSION = "urn:treatment-response:expression-"
_TYPES = frozenset(
    {
        "text/tab-separated-values",
        "text/csv",
        "application/vnd.apache.parquet",
        "application/x-parquet",
    }
)
_WITHDRAWN = frozenset({"entered-in-error", "superseded"})


def current(
    documents: Sequence[Entry], subject: Subject, doubts: Doubts, newest: int
) -> list[Entry]:
    """Those of the newest specimens that are this patient's and stand; of the others, a doubt. A
    document filed late is of no newer specimen.
    """
    found = [d for d in documents if _usable(d, subject, doubts)]
    found.sort(key=lambda d: (_specimen_day(d), text(d.resource, "date")), reverse=True)
    for document in found[newest:]:
        doubts.add(
            IssueKind.INCOMPLETE,
            document.reference,
            f"only the newest {newest} expression files are read, and this is an older",
            "nothing to do, unless an older specimen matters",
        )
    return found[:newest]


def bundled_files(
    mine: Sequence[Entry], entries: Iterable[Entry], subject: Subject, doubts: Doubts
) -> list[ExpressionFile]:
    """The expression files of a bundle: those documents that declare a platform or a scale, with
    their content inside or in a Binary of the same bundle.
    """
    documents = [d for d in mine if d.kind == "DocumentReference" and _declares(d)]
    held = {name: e.resource for e in entries if e.kind == "Binary" for name in e.names}
    files = []
    for document in current(documents, subject, doubts, NEWEST):
        for content in children(document.resource, "content"):
            attachment = child(content, "attachment")
            if not readable(document, attachment, doubts):
                continue
            binary = held.get(exact(attachment, "url"), {})
            if _of_another(binary, subject, document.base):
                _refuse(document, "an expression file whose Binary is another patient's", doubts)
                continue
            octets = inline(attachment, LONGEST) or inline(binary, LONGEST)
            if file := described(document, attachment, octets, doubts):
                files.append(file)
    return files


def _specimen_day(document: Entry) -> str:
    """As written, to sort by; "" where no attachment says it."""
    attachments = [child(c, "attachment") for c in children(document.resource, "content")] or [{}]
    days = (
        text(e, key)
        for attachment in attachments
        for e in _extensions(document, attachment, "specimen-date")
        for key in ("valueDate", "valueDateTime")
    )
    return max(days, default="")


def _declares(document: Entry) -> bool:
    """Whether a document says that it is expression: its type is local to each server."""
    contents = children(document.resource, "content")
    attachments = [child(c, "attachment") for c in contents] or [{}]
    return any(
        _extensions(document, attachment, name)
        for attachment in attachments
        for name in ("platform", "scale")
    )


def _usable(document: Entry, subject: Subject, doubts: Doubts) -> bool:
    """Whether it is this patient's and stands. Somebody else's stops the whole record elsewhere."""
    if document.kind != "DocumentReference":
        return False
    owned = subject.owns(document)
    if not owned:
        if owned is None:
            _refuse(document, "an expression file that does not say whose it is", doubts)
        return False
    resource = document.resource
    status, of_file = text(resource, "status"), text(resource, "docStatus")
    if status == "current" and of_file not in _WITHDRAWN:
        return True
    doubts.add(
        IssueKind.ENTERED_IN_ERROR,
        document.reference,
        "an expression file that is withdrawn or replaced, and not used",
        "nothing to do, unless it was marked so by mistake",
    )
    return False


def readable(document: Entry, attachment: Json, doubts: Doubts) -> bool:
    """Whether the file is of a type that is read; if not, a doubt says so."""
    if _kind(attachment) in _TYPES:
        return True
    _refuse(document, "an expression file that is neither TSV, CSV nor Parquet", doubts)
    return False


def _kind(attachment: Json) -> str:
    return text(attachment, "contentType").split(";")[0].strip().lower()


def inline(holder: Json, longest: int) -> bytes | None:
    """The bytes inside an attachment or a Binary; None where there are none, or too many."""
    written = whole(holder, "data")
    if not written or len(written) > longest * 4 // 3 + 4:
        return None
    try:
        return base64.b64decode(written, validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _of_another(binary: Json, subject: Subject, base: str) -> bool:
    """Whether a Binary is guarded as another patient is (`securityContext`). That may also name a
    DocumentReference, or nothing.
    """
    guard = child(binary, "securityContext")
    names_patient = "Patient/" in exact(guard, "reference") or text(guard, "type") == "Patient"
    return names_patient and subject.is_meant_by(guard, base) is False


def described(
    document: Entry, attachment: Json, content: bytes | None, doubts: Doubts
) -> ExpressionFile | None:
    """The file with what is declared of it. None, and a doubt, where its bytes are not those that
    were meant.
    """
    if content is None:
        _refuse(document, "an expression file without readable content", doubts)
        return None
    digest = hashlib.sha256(content).hexdigest()
    if problem := _differs(document, attachment, content, digest):
        _refuse(document, problem, doubts)
        return None
    taken = _taken(document, attachment, doubts)
    if taken is None:
        doubts.add(
            IssueKind.UNUSABLE_DATE,
            document.reference,
            "nothing says when the specimen for gene expression was taken",
            "look at the report of the test",
        )
    version = text(child(document.resource, "meta"), "versionId")
    return ExpressionFile(
        source=Source(reference=document.reference, version=version),
        effective=taken,
        content=content,
        content_type=_kind(attachment),
        sha256=digest,
        platform=_declared(document, attachment, "platform"),
        tissue=_declared(document, attachment, "tissue"),
        scale=_declared(document, attachment, "scale"),
        sample=_declared(document, attachment, "sample"),
    )


def _differs(document: Entry, attachment: Json, content: bytes, digest: str) -> str:
    """What the file's declared size or hash says against its bytes; "" where nothing does."""
    size = attachment.get("size")
    if size is not None and size != len(content):
        return "an expression file of another size than is declared"
    if "hash" in attachment:
        # R4 has SHA-1 here: it finds a mix-up, and who means harm can change the hash as well
        sha1 = base64.b64encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()
        if not hmac.compare_digest(text(attachment, "hash").encode(), sha1.encode()):
            return "an expression file that is not the one its hash was made of"
    declared = _declared(document, attachment, "sha256").lower()
    if declared and not hmac.compare_digest(declared.encode(), digest.encode()):
        return "an expression file that is not the one its SHA-256 was made of"
    return ""


def _refuse(document: Entry, problem: str, doubts: Doubts) -> None:
    doubts.add(
        IssueKind.MALFORMED,
        document.reference,
        f"{problem}; it is not used",
        "have the laboratory file it again",
    )


def _extensions(document: Entry, attachment: Json, name: str) -> list[Json]:
    every = [*children(attachment, "extension"), *children(document.resource, "extension")]
    return [e for e in every if text(e, "url") == f"{_EXTENSION}{name}"]


def _declared(document: Entry, attachment: Json, name: str) -> str:
    for extension in _extensions(document, attachment, name):
        codings = children(child(extension, "valueCodeableConcept"), "coding")
        for holder, key in (
            (extension, "valueString"),
            (extension, "valueCode"),
            (child(extension, "valueCoding"), "code"),
            (codings[0] if codings else {}, "code"),
        ):
            if value := text(holder, key):
                return value
    return ""


def _taken(document: Entry, attachment: Json, doubts: Doubts) -> Moment | None:
    """When the specimen was taken. The date of the document is not that and does not stand in."""
    for extension in _extensions(document, attachment, "specimen-date"):
        for key in ("valueDate", "valueDateTime"):
            if when := read_moment(extension, key, document.reference, doubts):
                return when
    return None
