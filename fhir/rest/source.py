"""The chart's server as the source of exactly one patient's record: the one of the launch."""

from __future__ import annotations

import queue
from collections.abc import Sequence
from concurrent.futures import CancelledError

from decision.clinical.clock import Clock
from decision.clinical.progress import Progress, Watch, unwatched
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from fhir.errors import ServerError, UnknownPatientError
from fhir.rest.client import FhirClient
from fhir.rest.expression import ExpressionContract
from fhir.rest.fetch import fetch_record
from fhir.rest.loop import BackgroundLoop
from fhir.rest.searches import Search


class FhirSource:
    """The `RecordSource` of one launch. Nothing is kept: each load asks the server anew."""

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

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        """Nobody: a launch is about one patient, and lists no other."""
        return ()

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        """The record as the server has it now. `watch` is called here, in the caller's thread, and
        may end the loading by raising.

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
        told: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()
        reading = self._loop.start(
            fetch_record(
                self._client,
                self._patient_id,
                self._searches,
                self._clock(),
                expression=self._expression,
                unasked=self._unasked,
                tell=told.put,
            )
        )
        reading.add_done_callback(lambda _: told.put(None))
        try:
            while (progress := told.get()) is not None:
                watch(progress)
            return reading.result()
        except CancelledError:
            raise ServerError(
                "Reading the chart was broken off.", "Open this page again in a moment."
            ) from None
        finally:
            reading.cancel()
