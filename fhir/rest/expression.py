"""The gene-expression files of a patient from a server; what they are is said in `fhir.expression`.

Each EHR files them under a document type of its own, which its configuration names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from decision.clinical.codes import Code
from decision.clinical.record import ExpressionFile, Gap, GapReason, Part
from fhir.doubts import Doubts
from fhir.errors import ServerError
from fhir.expression import LONGEST, NEWEST, current, described, inline, readable
from fhir.fields import Json, child, children, whole
from fhir.references import Entry, Subject
from fhir.rest.client import FhirClient
from fhir.rest.searches import Search

LABEL = "gene expression"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionContract:
    """Under which local document type a server files gene expression, and how much is read."""

    document: Code
    longest: int = LONGEST
    newest: int = NEWEST

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
    for document in current(documents, subject, found.doubts, contract.newest):
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
    return found


async def _read(
    client: FhirClient,
    contract: ExpressionContract,
    document: Entry,
    attachment: Json,
    found: Expressed,
    until: float,
) -> None:
    if not readable(document, attachment, found.doubts):
        return
    content = await _content(client, contract, attachment, until)
    if file := described(document, attachment, content, found.doubts):
        found.files.append(file)


async def _content(
    client: FhirClient, contract: ExpressionContract, attachment: Json, until: float
) -> bytes | None:
    """The bytes, from inside the resource or from the server; None where there are none."""
    if written := whole(attachment, "data"):
        if len(written) > contract.longest * 4 // 3 + 4:
            raise ServerError(f"The file has more than {contract.longest // 1_000_000} MB.")
        return inline(attachment, contract.longest)
    if url := whole(attachment, "url"):
        return (await client.binary(url, contract.longest, until=until))[0] or None
    return None
