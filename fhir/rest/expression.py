"""Gene expression from a chart, by a contract of our own: FHIR R4 has no profile for it.

A `DocumentReference` of a type agreed with each EHR points at one file: TSV, CSV or Parquet, as
`attachment.data` or as a Binary of the same server. What the file is stands in extensions, of the
attachment or of the DocumentReference (`valueString`, `valueCode`, or a coded value's code):

- `urn:treatment-response:expression-platform`, such as `rna-seq`
- `urn:treatment-response:expression-tissue`, such as `whole-blood`
- `urn:treatment-response:expression-scale`, such as `tpm` or `log2-cpm`
- `urn:treatment-response:expression-specimen-date` (`valueDate` or `valueDateTime`)
- `urn:treatment-response:expression-sha256` (64 hex digits)

`attachment.size` and `attachment.hash` (SHA-1, as R4 has it) are checked where they are given.
Nothing here reads a gene; whether a file can be used is for a decision to say.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from decision.clinical.codes import Code
from decision.clinical.quantities import Moment
from decision.clinical.record import ExpressionFile, Gap, GapReason, IssueKind, Part, Source
from fhir.dates import read_moment
from fhir.doubts import Doubts
from fhir.errors import ServerError
from fhir.fields import Json, child, children, text, whole
from fhir.references import Entry, Subject
from fhir.rest.client import FhirClient
from fhir.rest.searches import Search

LABEL = "gene expression"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionContract:
    """Under which local document type a server files gene expression, and how much is read."""

    document: Code
    longest: int = 20_000_000
    """Bytes: a table of 60,000 genes as text has about 2 MB."""
    newest: int = 3
    """Files read, from the newest; an older one says nothing of today."""

    @property
    def search(self) -> Search:
        return Search(
            key="expression",
            kind="DocumentReference",
            part=Part.EXPRESSION,
            label=LABEL,
            codes=(self.document,),
            parameters=(
                ("type", f"{self.document.system}|{self.document.code}"),
                ("_sort", "-date"),
                ("_count", "20"),
            ),
            optional=True,
        )


@dataclass(slots=True)
class Expressed:
    """What came of all files of one patient."""

    doubts: Doubts = field(default_factory=Doubts)
    files: list[ExpressionFile] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


async def expression_files(
    client: FhirClient,
    contract: ExpressionContract,
    subject: Subject,
    documents: Sequence[Entry],
    until: float,
) -> Expressed:
    """The newest files of these documents. What is wrong with one is a doubt, and it is not used;
    what could not be read is a gap.
    """
    found = Expressed()
    current = [d for d in documents if _usable(d, subject, found.doubts)]
    current.sort(key=lambda d: text(d.resource, "date"), reverse=True)
    for document in current[: contract.newest]:
        for content in children(document.resource, "content"):
            attachment = child(content, "attachment")
            try:
                await _read(client, contract, document, attachment, found, until)
            except ServerError as error:
                refused = error.status == 403
                reason = GapReason.NOT_PERMITTED if refused else GapReason.FAILED
                found.gaps.append(
                    Gap(
                        part=Part.EXPRESSION,
                        reason=reason,
                        label=LABEL,
                        detail=error.message,
                        remedy=error.remedy,
                    )
                )
    for document in current[contract.newest :]:
        found.doubts.add(
            IssueKind.INCOMPLETE,
            document.reference,
            f"only the newest {contract.newest} expression files are read, and this is an older",
            "nothing to do, unless an older specimen matters",
        )
    return found


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


async def _read(
    client: FhirClient,
    contract: ExpressionContract,
    document: Entry,
    attachment: Json,
    found: Expressed,
    until: float,
) -> None:
    kind = text(attachment, "contentType").split(";")[0].strip().lower()
    if kind not in _TYPES:
        _refuse(document, "an expression file that is neither TSV, CSV nor Parquet", found.doubts)
        return
    content = await _content(client, contract, attachment, until)
    if content is None:
        _refuse(document, "an expression file without readable content", found.doubts)
        return
    digest = hashlib.sha256(content).hexdigest()
    if problem := _differs(document, attachment, content, digest):
        _refuse(document, problem, found.doubts)
        return
    taken = _taken(document, attachment, found.doubts)
    if taken is None:
        found.doubts.add(
            IssueKind.UNUSABLE_DATE,
            document.reference,
            "nothing says when the specimen for gene expression was taken",
            "look at the report of the test",
        )
    version = text(child(document.resource, "meta"), "versionId")
    found.files.append(
        ExpressionFile(
            source=Source(reference=document.reference, version=version),
            effective=taken,
            content=content,
            content_type=kind,
            sha256=digest,
            platform=_declared(document, attachment, "platform"),
            tissue=_declared(document, attachment, "tissue"),
            scale=_declared(document, attachment, "scale"),
        )
    )


async def _content(
    client: FhirClient, contract: ExpressionContract, attachment: Json, until: float
) -> bytes | None:
    """The bytes, from inside the resource or from the server; None where there are none."""
    if written := whole(attachment, "data"):
        if len(written) > contract.longest * 4 // 3 + 4:
            raise ServerError(f"The file has more than {contract.longest // 1_000_000} MB.")
        try:
            return base64.b64decode(written, validate=True) or None
        except (binascii.Error, ValueError):
            return None
    if url := whole(attachment, "url"):
        return (await client.binary(url, contract.longest, until=until))[0] or None
    return None


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
