"""All of a decision's searches at once, to one record; what could not be had is named in it."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from decision.clinical.progress import Progress, unwatched
from decision.clinical.record import DataIssue, Gap, GapReason, IssueKind, PatientRecord
from fhir.collecting import not_collecting
from fhir.errors import BundleError, OtherPatientError, ServerError, StandingError
from fhir.fields import Json, child, text
from fhir.references import Subject, entry_of
from fhir.rest.capabilities import searches_by
from fhir.rest.client import FhirClient
from fhir.rest.drugs import missing_drugs, spelled_alike
from fhir.rest.expression import Expressed, ExpressionContract, expression_files
from fhir.rest.searches import Search
from fhir.to_record import read_bundle

_SERVER = "The chart's server"
_PERSON = "the person"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brought:
    """What one search came to."""

    entries: tuple[Json, ...] = ()
    gap: Gap | None = None
    issues: tuple[DataIssue, ...] = ()


async def fetch_record(
    client: FhirClient,
    patient_id: str,
    searches: Sequence[Search],
    as_of: datetime,
    *,
    given: Mapping[str, Sequence[Json]] | None = None,
    patient: Json | None = None,
    unasked: Sequence[Search] = (),
    expression: ExpressionContract | None = None,
    tell: Callable[[Progress], None] = unwatched,
) -> PatientRecord:
    """The record of one patient, from all searches at once. `given` are resources that somebody
    has already fetched, by `Search.key`, and `patient` likewise; those are not asked for again.
    `unasked` is what this EHR is by choice not asked for; the record says so.

    A search that fails, is not permitted, is permitted in part or breaks off is one of the record's
    `gaps`, and so is what it found and could not be used.

    Raises
    ------
    ServerError
        The Patient cannot be read.
    AccessEndedError
        The right to read ended on the way.
    BundleError
        A resource of somebody else, or a Patient who is not to be read.
    """
    until = asyncio.get_running_loop().time() + client.limits.whole_seconds
    every = (*searches, *((expression.search,) if expression else ()))
    steps = _Steps(len(every) + 1, tell)
    given = given or {}
    run = _Run(client, patient_id, given, until)
    left = [s for s in every if s.codes and s.key not in given and client.access.may(s.kind, "s")]
    offered = asyncio.create_task(_offered(client, left))
    person = asyncio.create_task(steps.count(_PERSON, partial(run.person, patient)))
    asked = [
        asyncio.create_task(steps.count(s.label, partial(run.search, s, offered))) for s in every
    ]
    try:
        who, *brought = await asyncio.gather(person, *asked)
        entries = [*who.entries, *_distinct(b.entries for b in brought)]
        expressed = Expressed()
        if expression:
            documents = [entry_of(n, e) for n, e in enumerate(brought[-1].entries, start=1)]
            subject = Subject(entry_of(0, who.entries[0]))
            expressed = await expression_files(client, expression, subject, documents, until)
    finally:
        for task in (offered, person, *asked):
            task.cancel()
    record = await asyncio.to_thread(_read, entries, as_of)
    gaps = [b.gap for b in brought if b.gap]
    told = {gap.part for gap in gaps if not gap.codes}  # all of it is in doubt already
    return dataclasses.replace(
        record,
        identity=dataclasses.replace(record.identity, server=client.base),
        issues=(
            *record.issues,
            *(i for b in brought for i in b.issues),
            *map(_left_out, unasked),
            *expressed.doubts.issues,
        ),
        gaps=(*gaps, *(gap for gap in record.gaps if gap.part not in told), *expressed.gaps),
        unasked=tuple(search.label for search in unasked),
        expression=tuple(expressed.files),
    )


class _Steps:
    """Tells how many of the questions are answered. A question is only put once its turn has come:
    a reading that is broken off at once leaves none half begun.
    """

    def __init__(self, total: int, tell: Callable[[Progress], None]) -> None:
        self._total = total
        self._tell = tell
        self._done = 0

    async def count(self, label: str, step: Callable[[], Awaitable[_Brought]]) -> _Brought:
        brought = await step()
        self._done += 1
        self._tell(Progress(done=self._done, total=self._total, label=label))
        return brought


class _Run:
    """One reading of one patient."""

    def __init__(
        self,
        client: FhirClient,
        patient_id: str,
        given: Mapping[str, Sequence[Json]],
        until: float,
    ) -> None:
        self._client = client
        self._patient_id = patient_id
        self._given = given
        self._until = until

    async def person(self, known: Json | None) -> _Brought:
        """The Patient of the launch and nobody else: a merged one has another id."""
        client = self._client
        resource = known or await client.read("Patient", self._patient_id, until=self._until)
        if text(resource, "resourceType") != "Patient" or text(resource, "id") != self._patient_id:
            raise ServerError(
                "The chart names another patient than the one this page was opened for.",
                "Open this page again from the patient's chart.",
            )
        return _Brought(entries=({"fullUrl": client.home.place(resource), "resource": resource},))

    async def search(self, search: Search, offered: asyncio.Task[Json]) -> _Brought:
        """Everything the search finds, or why it found nothing or not everything. A type that the
        server does not list is asked for too: servers offer more than they say.
        """
        brought = await self._found(search, offered)
        # afterwards: a renewal on the way may have narrowed what is permitted
        if brought.gap is None and self._client.access.partly(search.kind):
            return dataclasses.replace(brought, gap=_in_part(search))
        return brought

    async def _found(self, search: Search, offered: asyncio.Task[Json]) -> _Brought:
        if search.key in self._given:
            home = self._client.home
            known = [{"fullUrl": home.place(r), "resource": r} for r in self._given[search.key]]
            return await self._with_drugs(search, _Brought(entries=tuple(known)))
        if not self._client.access.may(search.kind, "s"):
            return _Brought(gap=_not_granted(search))
        name = "code"
        if search.codes:
            capabilities = await asyncio.shield(offered)  # the others wait for it too
            if searches_by(capabilities, search.kind, "combo-code"):
                name = "combo-code"  # finds a code in the parts of a panel too
        asked = [("patient", self._patient_id)]
        asked += [(name if key == "code" else key, value) for key, value in search.parameters]
        try:
            found = await self._client.search(search.kind, asked, until=self._until)
        except ServerError as error:
            reason = GapReason.NOT_PERMITTED if error.status == 403 else GapReason.FAILED
            return _Brought(gap=_gap(search, reason, error.message, error.remedy))
        gap = None
        if not found.complete:
            remedy = "Look at the chart itself for what may be missing here."
            gap = _gap(search, GapReason.CUT_OFF, found.problem, remedy)
        brought = _Brought(
            entries=found.entries, gap=gap, issues=_remarks(search, found.outcomes, gap)
        )
        return await self._with_drugs(search, brought)

    async def _with_drugs(self, search: Search, brought: _Brought) -> _Brought:
        """With the Medications that orders point at and the server did not send along."""
        entries = [spelled_alike(self._client.home, entry) for entry in brought.entries]
        drugs, problem = await missing_drugs(self._client, entries, self._until)
        gap = brought.gap
        if problem is not None and gap is None:
            reason = GapReason.NOT_PERMITTED if problem.status == 403 else GapReason.CUT_OFF
            gap = _gap(search, reason, problem.message, problem.remedy)
        return dataclasses.replace(brought, entries=(*entries, *drugs), gap=gap)


async def _offered(client: FhirClient, left: Sequence[Search]) -> Json:
    """What the server says it offers; nothing where it does not say, and then all is asked for, or
    where no search is left to ask it for.
    """
    if not left:
        return {}
    try:
        return await client.capabilities()
    except ServerError:
        return {}


def _distinct(groups: Iterable[tuple[Json, ...]]) -> list[Json]:
    """Each resource once, though several searches found it. Two versions of one both stay: the
    reader settles which counts.
    """
    kept: list[Json] = []
    held: dict[tuple[str, str], list[Json]] = {}
    for entry in (e for group in groups for e in group):
        resource = child(entry, "resource")
        same = held.setdefault((text(resource, "resourceType"), text(resource, "id")), [])
        if resource not in same:
            same.append(resource)
            kept.append(entry)
    return kept


def _read(entries: list[Json], as_of: datetime) -> PatientRecord:
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": as_of.isoformat(),
        "entry": entries,
    }
    try:
        with not_collecting():
            return read_bundle(bundle, _SERVER)
    except BundleError as error:
        if isinstance(error, OtherPatientError):
            detail, remedy = (
                "it belongs to another patient, so nothing of the answer is used",
                ("tell whoever runs the chart's server"),
            )
        elif isinstance(error, StandingError):
            detail, remedy = error.detail, "open the surviving record in the chart"
        else:
            detail, remedy = error.detail, "tell whoever runs the chart's server"
        raise type(error)(error.file, error.resource, detail, remedy) from None


def _gap(search: Search, reason: GapReason, detail: str, remedy: str) -> Gap:
    return Gap(
        part=search.part,
        reason=reason,
        label=search.label,
        detail=detail,
        remedy=remedy,
        codes=search.codes,
    )


def _not_granted(search: Search) -> Gap:
    return _gap(
        search,
        GapReason.NOT_PERMITTED,
        f"The access granted does not cover {search.kind}.",
        "Ask whoever runs the chart to grant it to this application.",
    )


def _in_part(search: Search) -> Gap:
    return _gap(
        search,
        GapReason.CUT_OFF,
        f"The chart permitted reading only a part of {search.kind}.",
        "Ask whoever runs the chart to grant all of it to this application.",
    )


def _left_out(search: Search) -> DataIssue:
    return DataIssue(
        kind=IssueKind.INCOMPLETE,
        reference=search.kind,
        detail=f"By this chart's configuration, {search.label} are not read.",
        remedy="Look at the chart itself for them.",
    )


def _remarks(search: Search, outcomes: tuple[str, ...], gap: Gap | None) -> tuple[DataIssue, ...]:
    """What the server remarked on a search that is complete as far as it shows."""
    if not outcomes or gap is not None:
        return ()
    words = ", ".join(outcomes)
    return (
        DataIssue(
            kind=IssueKind.INCOMPLETE,
            reference=search.kind,
            detail=f"The chart's server remarked on its answer about {search.label}: {words}.",
            remedy="Look at the chart itself if something seems to be missing.",
            codes=(),
        ),
    )
