"""One visit to the product: who came in, through which door, to see whom. Ports of the doors.

A door (a SMART launch, the demo) turns what the browser brought into a `Visit` or says why not.
Pages know visits, never doors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from decision.assess import RecordSource
from decision.clinical.assessment import Card
from decision.clinical.record import PatientRecord
from decision.clinical.writing import ChosenTreatment as ChosenTreatment
from decision.clinical.writing import Delivery as Delivery
from decision.clinical.writing import Document as Document
from decision.clinical.writing import Measured as Measured
from decision.clinical.writing import MeasuredValue as MeasuredValue
from decision.clinical.writing import Receipt as Receipt


class Recorder(Protocol):
    """Writes to the chart what was shown and decided, once, however often it is asked to."""

    def offers(self, chosen: str = "", card: Card | None = None) -> tuple[str, ...]:
        """What would be written about a card, in words, for the clinician to confirm: one line
        each. `chosen` is what was decided, in words.
        """
        ...

    def write(
        self,
        record: PatientRecord,
        card: Card,
        decided: ChosenTreatment,
        document: Document,
    ) -> Receipt:
        """Write, or keep for later what could not be written; the same decision is written once."""
        ...

    def takes_results(self) -> bool:
        """Whether measured values can be filed as results of their own."""
        ...

    def file(self, record: PatientRecord, measured: Measured) -> Receipt:
        """File what was measured as results, or keep for later what could not be; the same entry of
        the trail is filed once. `standing`, `outstanding` and `retry` know it by that entry's id.
        """
        ...

    def standing(self, decided_id: str) -> Receipt | None:
        """How the write about this decision (its audit id) stands; None when none was asked for."""
        ...

    def outstanding(self) -> tuple[str, ...]:
        """Decisions about this patient (audit ids) that are not wholly in the chart, whichever
        visit they were made in.
        """
        ...

    def retry(self, decided_id: str) -> Receipt:
        """Try again what is waiting or unsure; looks before it repeats."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Everything a door decided about one visit. A page reads it anew on every run."""

    key: str
    """Tells this visit from every other; opaque and no secret."""
    source: RecordSource
    agent: str
    """Who is looking, as the trail names them."""
    site: str
    patient_id: str | None = field(repr=False)
    """The one patient of this visit; None where one is chosen from the worklist."""
    encounter: str = field(default="", repr=False)
    full_banner: bool = True
    """False where the chart around the page already shows whose it is: one line then."""
    page: str = ""
    """The page to open first, where the chart asked for one (`data`, `about`)."""
    decision: str = ""
    """Id of the decision to show first, where the chart asked for one; shown if it arises."""
    notices: tuple[str, ...] = ()
    """What this visit cannot do, such as data the chart did not permit."""
    recorder: Recorder | None = None
    handle: str = ""
    """What the address must carry (`?lid=`) for the next run to find this visit; may be empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Why there is no visit, and what to do. Says nothing of anybody's data."""

    title: str
    detail: str
    remedy: str
    offers: tuple[tuple[str, str], ...] = ()
    """Ways in, as (label, path on this server), such as a standalone launch for each EHR."""


class Doors(Protocol):
    """All ways in. Called on every run of a page, so that an ended launch ends the page."""

    def visit(self, handle: str, cookies: Mapping[str, str]) -> Visit | Closed: ...

    def still_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        """Whether `visit` would find one. Asking does not count as use: an idle visit ends."""
        ...

    def end(self, handle: str, cookies: Mapping[str, str]) -> None:
        """Log out: forget the launch and everything kept for it. Unknown handles are ignored."""
        ...
