"""The doors: what a browser brought becomes a visit to one chart, or the reason for none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock

from decision.assess import RecordSource
from decision.clinical.codes import Code
from decision.clinical.errors import DecisionSupportError
from decision.clinical.progress import Watch, unwatched
from decision.clinical.record import ListingProblem, PatientListing, PatientRecord
from decision.visit import Closed, Doors, Visit
from fhir.errors import OtherPatientError, UnknownPatientError
from fhir.hooks.feedback import HookLedger
from fhir.rest.client import FhirClient
from fhir.rest.expression import ExpressionContract
from fhir.rest.searches import Search, asked_of
from fhir.rest.source import FhirSource
from fhir.smart.launches import Launch, Launches
from fhir.smart.routes import STANDALONE
from fhir.smart.tenant import Tenant
from fhir.smart.tenants import Tenants
from fhir.write.launched import Launched
from fhir.write.outbox import Outbox
from fhir.write.recorder import ChartRecorder
from parts import Outside, Store

NO_LAUNCH = Closed(
    title="This page is closed.",
    detail="",
    remedy="Open it again from the patient's chart.",
)
_LOG = logging.getLogger(__name__)
NO_CHART = "It opens inside a patient's chart, so that it knows whose it is."


@dataclass(frozen=True, slots=True, kw_only=True)
class StandAlone(Doors):
    """A laptop's own door: whoever comes is the one user of the settings, and sees the worklist."""

    source: RecordSource
    agent: str
    site: str

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed:
        return Visit(
            key="stand-alone",
            source=self.source,
            agent=self.agent,
            site=self.site,
            patient_id=None,
        )

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        return True

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        """There is nothing to end."""


class Watched(RecordSource):
    """A source that tells the operator when a chart held somebody else's data: the page's reader
    sees a stop and goes on, and nobody else would learn of it. Names the EHR and no person.
    """

    def __init__(self, source: RecordSource, tenant: str) -> None:
        self._source, self._tenant = source, tenant

    def patients(self) -> tuple[PatientListing | ListingProblem, ...]:
        return self._source.patients()

    def load(self, patient_id: str, watch: Watch = unwatched) -> PatientRecord:
        try:
            return self._source.load(patient_id, watch)
        except (OtherPatientError, UnknownPatientError) as error:
            _LOG.warning("wrong patient: %s, ehr %s", type(error).__name__, self._tenant)
            raise


class ChartDoors(Doors):
    """A launch's door. A handle without its cookie opens nothing; no handle, only `otherwise`."""

    def __init__(
        self,
        launches: Launches,
        tenants: Tenants,
        outside: Outside,
        store: Store,
        asked: tuple[Search, ...],
        otherwise: Doors | None,
        scored: Callable[[RecordSource], RecordSource] = lambda source: source,
    ) -> None:
        self._scored = scored
        self._launches, self._tenants = launches, tenants
        self._outside, self._store, self._asked = outside, store, asked
        self._otherwise = otherwise
        self._outbox = Outbox(store.database, store.key)
        self._cards = HookLedger(store.database)
        self._lock = Lock()

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed:
        """What a launch may do is settled once; whether it is still open, on every run. The visit
        is kept on the launch, so that nothing of it outlives the launch, however that ends.
        """
        if not handle:
            return self._otherwise.visit("", cookies) if self._otherwise else self._way_in()
        launch = self._launches.find(handle, cookies)
        if launch is None:
            return NO_LAUNCH
        return self._visit_of(handle, launch)

    def enter(self, handle: str, launch: Launch) -> None:
        """A launch was let in: its chart is read while the browser still loads the page. What is
        read stays with the launch, and is shown to whoever proves to be its browser.
        """
        try:
            self._visit_of(handle, launch)
        except DecisionSupportError as error:  # the page meets it again, and can say so
            _LOG.warning("not read ahead: %s, ehr %s", type(error).__name__, launch.tenant.id)
            return
        source = launch.beside.get(FhirSource)
        if isinstance(source, FhirSource):
            source.begin()

    def _visit_of(self, handle: str, launch: Launch) -> Visit:
        with self._lock:
            kept = launch.beside.get(Visit)
            if not isinstance(kept, Visit):
                kept = launch.beside[Visit] = self._opened(handle, launch)
        return kept

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        if not handle:
            return self._otherwise is not None and self._otherwise.still_open("", cookies)
        return self._launches.is_open(handle, cookies)

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        launch = self._launches.end(handle, cookies)
        if launch is not None:
            self._outside.loop.start(launch.access.end())

    def _way_in(self) -> Closed:
        offers = tuple(
            (f"Sign in at {t.name}", f"{STANDALONE}?ehr={t.id}") for t in self._tenants.standalone
        )
        return Closed(
            title=NO_LAUNCH.title, detail=NO_CHART, remedy=NO_LAUNCH.remedy, offers=offers
        )

    def _opened(self, handle: str, launch: Launch) -> Visit:
        tenant, outside = launch.tenant, self._outside
        client = FhirClient(outside.http, launch.access)
        asked, unasked = asked_of(self._asked, tenant.also_read)
        source = launch.beside[FhirSource] = FhirSource(
            client,
            outside.loop,
            launch.patient_id,
            asked,
            lambda: outside.clock().astimezone(),  # read by people, in the zone of the site
            expression_of(tenant),
            unasked,
        )
        return Visit(
            key=launch.key,
            source=self._scored(Watched(source, tenant.id)),
            agent=launch.agent,
            site=tenant.site,
            patient_id=launch.patient_id,
            encounter=launch.encounter,
            full_banner=launch.need_patient_banner,
            page=launch.page,
            decision=self._cards.service_of(launch.app_context, tenant.id),
            notices=launch.notices + not_read(unasked),
            recorder=self._recorder(client, launch),
            handle=handle,
        )

    def _recorder(self, client: FhirClient, launch: Launch) -> ChartRecorder | None:
        kinds = tuple(k for k in launch.tenant.write_back.kinds if launch.may(k, "c"))
        if not kinds:
            return None
        launched = Launched(
            tenant=launch.tenant.id,
            base=launch.access.base,
            patient_id=launch.patient_id,
            agent=launch.agent,
            fhir_user=launch.fhir_user,
            encounter=launch.encounter,
            kinds=kinds,
        )
        outside = self._outside
        return ChartRecorder(
            client, outside.loop, launched, self._outbox, self._store.audit, outside.clock
        )


def not_read(unasked: Sequence[Search]) -> tuple[str, ...]:
    """What stands beside each answer where a type of data is by choice not read."""
    if not unasked:
        return ()
    labels = "; ".join(search.label for search in unasked)
    return (f"Not read from this chart: {labels}. Look for them in the chart itself.",)


def expression_of(tenant: Tenant) -> ExpressionContract | None:
    """What the EHR files gene expression under, where it does."""
    found = tenant.expression
    return (
        ExpressionContract(document=Code(system=found.system, code=found.code, display=""))
        if found
        else None
    )
