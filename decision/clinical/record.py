"""One patient's record as the rest of the house sees it: parsed once, with the source of
everything.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from decision.clinical.codes import Code, Codelist
from decision.clinical.expression import SampleReport
from decision.clinical.quantities import Moment, Quantity


class Origin(StrEnum):
    """Where a fact came from."""

    RECORD = "record"
    CLINICIAN = "entered by clinician"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The resource a fact came from (`Observation/abc`), its version, and who put it there."""

    reference: str
    version: str = ""
    origin: Origin = Origin.RECORD


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRange:
    """A laboratory's own normal limits, in the unit of the result they belong to."""

    low: float | None = None
    high: float | None = None


Value = Quantity | Code | str | bool
"""What an observation can hold: a number with its unit, a coded answer, free text, or yes/no."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One result: `value` in the canonical unit of its code, `reported` as the source said it."""

    codes: tuple[Code, ...]
    value: Value
    effective: Moment
    status: str
    source: Source
    reported: Quantity | None = None
    reference_range: ReferenceRange | None = None
    interpretation: Code | None = None
    text: str = ""


class ConditionState(StrEnum):
    """What the record asserts about a diagnosis. `REFUTED` is the only state that says it is
    absent.
    """

    ACTIVE = "active"
    RESOLVED = "resolved"
    UNCONFIRMED = "unconfirmed"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One diagnosis, with what the record says of its state."""

    codes: tuple[Code, ...]
    state: ConditionState
    onset: Moment | None
    source: Source
    text: str = ""


class MedicationState(StrEnum):
    """Whether a drug is planned, taken now, or stopped."""

    PLANNED = "planned"
    ACTIVE = "active"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationExposure:
    """One drug over one period. `stop_reason` is the coded or written reason, where the record
    gives one.
    """

    codes: tuple[Code, ...]
    state: MedicationState
    start: Moment | None
    end: Moment | None
    source: Source
    stop_reason: Code | str | None = None
    text: str = ""


class IssueKind(StrEnum):
    """Why something in the record was not used, or used with a doubt. A closed list."""

    UNKNOWN_UNIT = "unknown unit"
    IMPLAUSIBLE = "implausible value"
    UNUSABLE_DATE = "unusable date"
    UNZONED_TIME = "time without a zone"
    ENTERED_IN_ERROR = "entered in error"
    DUPLICATE = "duplicate"
    CONFLICT = "conflicting results"
    INVALID_CODE = "invalid code"
    MALFORMED = "malformed resource"
    PRELIMINARY = "preliminary result"
    NO_VALUE = "no usable value"
    TEXT_ONLY = "matched by text only"
    OTHER_PATIENT = "belongs to another patient"
    INCOMPLETE = "record incomplete"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataIssue:
    """One doubt about the record that the page shows: what, where, and what can be done about it.

    `detail` and `remedy` never hold a name, a person's number or a birth date; `reference` is the
    id of a resource, and for the Patient itself just that word.
    """

    kind: IssueKind
    reference: str
    detail: str
    remedy: str
    codes: tuple[Code, ...] = ()
    effective: Moment | None = None
    """When the doubtful result was true, so that an older one is never used without a word."""


class Part(StrEnum):
    """The parts of a record that are asked for one by one, and can be had or refused so."""

    OBSERVATIONS = "results and scores"
    CONDITIONS = "diagnoses"
    MEDICATIONS = "medication"
    EXPRESSION = "gene expression"


class GapReason(StrEnum):
    """Why a part of the record could not be read. A closed list; none of them means "not there"."""

    NOT_PERMITTED = "not permitted"
    FAILED = "could not be read"
    CUT_OFF = "only partly read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A search that brought nothing or not everything, so that absence says nothing there.

    `codes` are those that were asked for; empty means the whole part. `label` is what was asked
    for, in a clinician's words; `detail` and `remedy` name no person.
    """

    part: Part
    reason: GapReason
    label: str
    detail: str
    remedy: str
    codes: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionFile:
    """A gene-expression file as the record holds it: bytes with what the record declares of them.

    Empty text where the record declares nothing. Whether it can be used is for others to say;
    nothing here reads a gene.
    """

    source: Source
    effective: Moment | None
    content: bytes = field(repr=False)
    content_type: str
    sha256: str
    platform: str = ""
    tissue: str = ""
    scale: str = ""
    sample: str = field(default="", repr=False)
    """Which of a file's samples is this patient's, where it holds several."""
    use: str = ""
    """In words, what came of it, once somebody has tried to use it."""
    report: SampleReport | None = None
    """Its scores, where it is the file in use."""
    size: int = 0
    """In bytes, where the content is no longer kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedFile:
    """A gene-expression file that the clinician added on the page: the results it came to, and the
    doubts. Its content is not kept.
    """

    file: ExpressionFile
    results: tuple[Observation, ...]
    issues: tuple[DataIssue, ...] = ()

    def __post_init__(self) -> None:
        sources = [self.file.source, *(o.source for o in self.results)]
        if any(s.origin is not Origin.CLINICIAN for s in sources):
            raise ValueError("added files must be marked as entered by the clinician")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the banner shows. Never logged; `repr` is silent on purpose."""

    name: str = field(repr=False)
    birth_date: Moment | None = field(repr=False)
    sex: str
    record_number: str = field(default="", repr=False)
    server: str = ""
    """Base address of the server whose ids these are: the same id elsewhere is somebody else. Empty
    for a file that does not name one.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRecord:
    """Everything one decision may read about one patient, as of one instant.

    `as_of` is when the data were true (the snapshot's own time), not when the page is looked at.
    """

    patient_id: str = field(repr=False)
    identity: Identity
    as_of: datetime
    deceased: Moment | None = None
    observations: tuple[Observation, ...] = ()
    conditions: tuple[Condition, ...] = ()
    medications: tuple[MedicationExposure, ...] = ()
    issues: tuple[DataIssue, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """What was asked for and could not be had. A record read whole has none."""
    expression: tuple[ExpressionFile, ...] = ()
    unasked: tuple[str, ...] = ()
    """What this chart is by choice never asked for, in a clinician's words; may hold anything."""

    def __post_init__(self) -> None:
        if self.as_of.tzinfo is None:
            raise ValueError("as_of must be zone-aware")

    def observed(self, codelist: Codelist) -> tuple[Observation, ...]:
        """Observations of one concept, newest first."""
        found = [o for o in self.observations if codelist.matches(o.codes)]
        return tuple(sorted(found, key=lambda o: o.effective.earliest, reverse=True))

    def diagnosed(self, codelist: Codelist) -> tuple[Condition, ...]:
        """Conditions of one concept, in every state."""
        return tuple(c for c in self.conditions if codelist.matches(c.codes))

    def exposed(self, codelist: Codelist) -> tuple[MedicationExposure, ...]:
        """Exposures to one drug or class, oldest first; those without a start come first."""
        found = [m for m in self.medications if codelist.matches(m.codes)]
        oldest = datetime.min.replace(tzinfo=self.as_of.tzinfo)
        return tuple(sorted(found, key=lambda m: m.start.earliest if m.start else oldest))

    def with_entries(self, entries: tuple[Observation, ...]) -> PatientRecord:
        """The record with what the clinician entered on the page; entries keep their own
        provenance.
        """
        strangers = [e for e in entries if e.source.origin is not Origin.CLINICIAN]
        if strangers:
            raise ValueError("entries must be marked as entered by the clinician")
        return dataclasses.replace(self, observations=self.observations + entries)

    def with_added(self, added: tuple[AddedFile, ...]) -> PatientRecord:
        """The record with the files that the clinician added on the page, before its own. Their
        results are entries like others (`with_entries`).
        """
        if not added:
            return self
        return dataclasses.replace(
            self,
            issues=self.issues + tuple(i for a in added for i in a.issues),
            expression=tuple(a.file for a in added) + self.expression,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientListing:
    """One line of a worklist: who, when the data were true, what the case shows (demo records
    only), and the ids of the decisions that arise, as far as the source can tell.
    """

    patient_id: str = field(repr=False)
    identity: Identity
    as_of: datetime
    note: str = ""
    decisions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingProblem:
    """A file or resource that could not be listed: named, explained, with the remedy. Nothing else
    is lost.
    """

    file: str
    message: str
    remedy: str
