"""The chart's server as the source of exactly one patient's record: the one of the launch."""

from __future__ import annotations

import asyncio
import queue
import weakref
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from decision.clinical.clock import Clock
from decision.clinical.progress import Progress, Watch, unwatched
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from fhir.errors import ServerError, UnknownPatientError
from fhir.rest.client import FhirClient
from fhir.rest.expression import ExpressionContract
from fhir.rest.fetch import fetch_record
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import Search

SOON = timedelta(seconds=15)
"""How long a reading that was begun ahead may wait for its page: what was read then is as good as
what would be read now.
"""


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading on its way: when it began, what it has told and what it comes to."""

    began: datetime
    told: queue.SimpleQueue[Progress | None]
    record: Future[PatientRecord]


class FhirSource:
    """The `RecordSource` of one launch. Each load asks the server anew; only the first one may have
    been begun before its page was there.
    """

    def __init__(
        self,
        client: FhirClient,
        loop: BackgroundLoop,
        patient_id: str,
        searches: Sequence[Search],
        clock: Clock,
        expression: ExpressionContract | None = None,
        unasked: Sequence[Search] = (),
    ) -> None:
        self._client = client
        self._loop = loop
        self._patient_id = patient_id
        self._searches = tuple(searches)
        self._clock = clock
        self._expression = expression
        self._unasked = tuple(unasked)
        self._ahead: _Reading | None = None
        self._lock = Lock()

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        """Nobody: a launch is about one patient, and lists no other."""
        return ()

    def begin(self) -> None:
        """Start reading for the first `load`, where that comes soon; a later one reads anew."""
        with self._lock:
            if self._ahead is None:
                self._ahead = self._start()
                self._loop.start(_end_unclaimed(weakref.ref(self), self._ahead.began))

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        """The record as the server has it now. `watch` is called here, in the caller's thread, and
        may end the loading by raising; it hears nothing where nobody has to wait.

        Raises
        ------
        UnknownPatientError
            Another patient than the launch's.
        FhirError
            See `fetch_record`.
        """
        if patient_id != self._patient_id:
            raise UnknownPatientError(
                "This page was opened for another patient.",
                "Open it again from this patient's chart.",
            )
        reading = self._begun() or self._start()
        try:
            if not reading.record.done():
                watch(Progress(done=0, total=self._steps, label=""))
                while (progress := reading.told.get()) is not None:
                    watch(progress)
            return reading.record.result()
        except CancelledError:
            raise ServerError(
                "Reading the chart was broken off.", "Open this page again in a moment."
            ) from None
        finally:
            reading.record.cancel()

    def end_unclaimed(self, began: datetime) -> None:
        """Forget what was begun then, if no page has come for it."""
        with self._lock:
            reading = self._ahead
            if reading is None or reading.began != began:
                return
            self._ahead = None
        reading.record.cancel()

    @property
    def _steps(self) -> int:
        """The person, each search, and the files of gene expression where there may be some."""
        return 1 + len(self._searches) + (self._expression is not None)

    def _begun(self) -> _Reading | None:
        """The reading that was begun ahead, once."""
        with self._lock:
            reading, self._ahead = self._ahead, None
        if reading is None or self._clock() - reading.began <= SOON:
            return reading
        reading.record.cancel()
        return None

    def _start(self) -> _Reading:
        began = self._clock()
        told: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()
        record = self._loop.start(
            fetch_record(
                self._client,
                self._patient_id,
                self._searches,
                began,
                expression=self._expression,
                unasked=self._unasked,
                tell=told.put,
            )
        )
        record.add_done_callback(lambda _: told.put(None))
        return _Reading(began, told, record)


async def _end_unclaimed(source: weakref.ref[FhirSource], began: datetime) -> None:
    """Nobody's chart is kept for a page that never came: who closes the window at once leaves
    nothing behind.
    """
    await asyncio.sleep(SOON.total_seconds())
    found = source()
    if found is not None:
        found.end_unclaimed(began)
