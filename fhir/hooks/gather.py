"""The record for one call: from what came along, and for the rest from the server, if it may."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Sequence

import httpx2

from decision.clinical.clock import Clock
from decision.clinical.record import Gap, GapReason, Part, PatientRecord
from fhir.errors import AccessEndedError, BundleError, FhirError, OtherPatientError
from fhir.hooks.authorization import HookAccess, NoAccess, read_authorization
from fhir.hooks.calls import Asked, HookCall
from fhir.hooks.errors import NoDataError
from fhir.hooks.prefetch import Prefetched, read_prefetch
from fhir.hooks.service import HookService
from fhir.rest.client import FhirClient
from fhir.rest.fetch import fetch_record
from fhir.rest.limits import Limits
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import Search

_LOG = logging.getLogger(__name__)
LIMITS = Limits(search_seconds=4.0, whole_seconds=6.0, attempts=2, longest_wait=1.0)
"""Nobody waits for a card as for a page: what is not there by then is a gap."""
_NEEDED = (Part.CONDITIONS, Part.MEDICATIONS)
_SEND = "Send what the prefetch templates ask for, or fhirAuthorization"
_LOOK = "Look at the chart itself for what may be missing here."


class Gatherer:
    """Makes records of calls. Requests run on the background loop, through its one client."""

    def __init__(
        self,
        loop: BackgroundLoop,
        http: httpx2.AsyncClient,
        clock: Clock,
        limits: Limits = LIMITS,
    ) -> None:
        self._loop = loop
        self._http = http
        self._clock = clock
        self._limits = limits

    async def __call__(self, asked: Asked, service: HookService) -> PatientRecord:
        """The record of the patient in context, with a gap for each part that could not be had.

        RequestError for what cannot be read, NoDataError where no record can be made of it.
        """
        call = asked.call
        access = read_authorization(asked.authorization, asked.server, call.patient_id, self._clock)
        searches = service.searches_of(call.tenant)
        try:
            sent = read_prefetch(asked.prefetch, searches, call.patient_id, asked.server)
        except NoDataError as error:
            _note(error, call)
            raise
        again = {s.key for s in searches if s.key in sent.partial and access.may(s.kind, "s")}
        kept = sent.without(again)
        _check_needed(kept, searches, access)
        try:
            record = await self._loop.call(
                fetch_record(
                    FhirClient(self._http, access, self._limits),
                    call.patient_id,
                    searches,
                    call.received,
                    given=kept.given,
                    patient=kept.patient,
                    unasked=service.unasked_of(call.tenant),
                )
            )
        except FhirError as error:
            _note(error, call)
            raise _no_record(error) from None
        gaps = (*(_as_sent(gap, kept, searches) for gap in record.gaps), *_parts(kept, searches))
        unread = [gap for gap in record.gaps if gap.reason is not GapReason.CUT_OFF]
        if not kept.given and len(unread) >= len(searches):
            raise NoDataError("Nothing of the record could be read", _SEND)
        return dataclasses.replace(record, gaps=gaps)


def _note(error: FhirError, call: HookCall) -> None:
    """For the operator, without a person: the client that is refused may tell nobody."""
    _LOG.warning("hook without a record: %s, ehr %s", type(error).__name__, call.tenant.id)


def _check_needed(
    kept: Prefetched, searches: Sequence[Search], access: HookAccess | NoAccess
) -> None:
    """Refuse at once what could only end in a card that knows neither diagnoses nor drugs."""
    if kept.patient is None and not access.may("Patient", "r"):
        raise NoDataError("The Patient came along neither as data nor as a right to read it", _SEND)
    if isinstance(access, HookAccess):
        return
    for part in _NEEDED:
        of_part = [search for search in searches if search.part is part]
        if of_part and not any(search.key in kept.given for search in of_part):
            raise NoDataError(f"Of the {part.value} nothing came along", _SEND)


def _no_record(error: FhirError) -> NoDataError:
    """The same error for a client: what to do differs from what a person at a page would do."""
    if isinstance(error, OtherPatientError):
        return NoDataError(
            "A resource belongs to another patient, so nothing is used", "Send one patient's data"
        )
    if isinstance(error, AccessEndedError):
        return NoDataError("The right to read ended before the record was read", _SEND)
    if isinstance(error, BundleError):
        return NoDataError("No record of one patient can be made of the data", _SEND)
    return NoDataError(error.message.rstrip("."), _SEND)


def _as_sent(gap: Gap, kept: Prefetched, searches: Sequence[Search]) -> Gap:
    """A gap told as the call had it: what the client failed to read was not forbidden to us."""
    failed = {s.label for s in searches if s.key in kept.failed}
    if gap.reason is not GapReason.NOT_PERMITTED or gap.label not in failed:
        return gap
    return dataclasses.replace(
        gap, reason=GapReason.FAILED, detail="The chart could not read it for this call."
    )


def _parts(kept: Prefetched, searches: Sequence[Search]) -> list[Gap]:
    """What came along in part, and could not be read again."""
    return [
        Gap(
            part=search.part,
            reason=GapReason.CUT_OFF,
            label=search.label,
            detail=f"Of what the chart sent, {kept.partial[search.key]}.",
            remedy=_LOOK,
            codes=search.codes,
        )
        for search in searches
        if search.key in kept.partial
    ]
