"""How a decision describes itself: data that rules, models and pages read, and nothing that they
hard-code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from decision.clinical.choices import NO_DRUG
from decision.clinical.choices import OtherChoice as OtherChoice
from decision.clinical.choices import OverrideReason as OverrideReason
from decision.clinical.codes import Codelist
from decision.clinical.features import Finding
from decision.clinical.record import PatientRecord
from decision.clinical.summary import NO_HISTORY, DrugHistory
from decision.clinical.summary import SummaryItem as SummaryItem


class Verification(StrEnum):
    """How well a cited fact has been checked; anything but `VERIFIED` is shown as such."""

    VERIFIED = "verified"
    PARTLY = "partly verified"
    UNVERIFIED = "unverified"
    COMPUTED = "computed"
    DESIGN = "design assumption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One number a rule uses, with its meaning, its source and when it must be read again."""

    id: str
    value: float
    unit: str
    meaning: str
    citation: str
    verification: Verification
    review_by: date


class Modality(StrEnum):
    """The kinds of data a decision may draw on. A modality is present or absent as a whole."""

    CLINICAL = "clinical"
    SEROLOGICAL = "serological"
    TRANSCRIPTOMIC = "transcriptomic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Closed interval of values in a feature's canonical unit, with the reason for its ends."""

    low: float
    high: float
    citation: str

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


class EntryKind(StrEnum):
    """How the page asks for a value that the record lacks."""

    NUMBER = "number"
    WHOLE_NUMBER = "whole number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A form field: what to ask, in which unit, and the concept under which the answer is filed.

    `choices` maps the stored local code to its label. A number has a unit and limits, so that no
    answer can be filed unchecked; ValueError where they are missing.
    """

    kind: EntryKind
    question: str
    concept: str
    step: float = 1.0
    choices: Mapping[str, str] | None = None
    unit: str = ""
    limits: Limits | None = None

    def __post_init__(self) -> None:
        if self.kind is not EntryKind.CHOICE and (self.limits is None or not self.unit):
            raise ValueError(f"entry {self.question!r} asks for a number: give unit and limits")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureSpec:
    """One predictor: how it is found in a record, in which unit, how old it may be, and what is
    believable.

    `derive` is a pure function from a record to a `Finding` (a value with its evidence, or the
    reason why not).
    `supported` are the values for which an answer is given at all.
    """

    id: str
    label: str
    short: str
    modality: Modality
    unit: str
    concepts: tuple[str, ...]
    lookback: timedelta | None
    supported: Limits
    required: bool
    derive: Callable[[PatientRecord, FeatureSpec, Mapping[str, Codelist]], Finding]
    entry: Entry | None = None
    flag_labels: tuple[str, str] | None = None
    """For a 0/1 feature: what 0 and what 1 mean, in words."""


class Transform(StrEnum):
    """How a model column is computed from its inputs."""

    IDENTITY = "identity"
    LOG = "log"
    SQRT = "sqrt"
    AT_LEAST = "at least"
    BELOW = "below"
    LOG_SUM = "log of the sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelColumn:
    """One column of the design matrix; several may belong to one player of the explanation."""

    id: str
    player: str
    inputs: tuple[str, ...]
    transform: Transform
    argument: float = 0.0
    modifier: bool = False
    """True where published evidence names the column as a modifier of the treatments' difference;
    the difference of any other column is shrunk harder."""


class ShownAs(StrEnum):
    """How a reason words the features of one player."""

    PARTS = "each part with its value"
    SUM = "the sum of the parts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    """What one reason speaks of: a feature, or features that only make sense together."""

    id: str
    label: str
    modality: Modality
    features: tuple[str, ...]
    shown_as: ShownAs = ShownAs.PARTS
    parts: Mapping[str, str] = field(default_factory=dict)
    """What features of a sum are called together, where their dates differ: `joints`, `globals`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmeasuredFloor:
    """What tests could have said that too few training patients had: variance of the logit, per
    treatment id, from evidence outside the training table.
    """

    features: tuple[str, ...]
    variance: Mapping[str, float]
    citation: str
    verification: Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Patients who are comparable before treatment, in words and as closed ranges of features.

    The number of training courses per treatment is counted in each; a patient belongs to the first
    stratum of the decision's list whose features are all known and in range.
    """

    id: str
    label: str
    ranges: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One arm of the comparison, always named by class. The code list of its drugs has its id."""

    id: str
    label: str
    label_with_article: str
    names: tuple[str, ...] = ()
    """By which a drug of the class is recognised where it carries no code of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What is predicted, and by when."""

    label: str
    definition: str
    horizon_weeks: int
    citation: str
    desirable: bool
    """True where the larger probability is the better one, as for response; False for harm."""


class Severity(StrEnum):
    """What a caution says of one treatment, hardest first; only STOP silences a preference."""

    STOP = "STOP"
    AVOID = "AVOID"
    CAUTION = "CAUTION"
    FAVOUR = "FAVOUR"
    INFORMATION = "INFORMATION"
    NONE = "-"


class Presence(StrEnum):
    """What the record says of a caution's trigger. `NOT_FOUND` is never shown as absent."""

    PRESENT = "present"
    ABSENT = "absent"
    NOT_FOUND = "not found in the record"


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionRule:
    """One caution as data: trigger, message and severity per treatment, with source and
    verification status.
    """

    id: str
    title: str
    trigger: str
    severity: Mapping[str, Severity]
    message: Mapping[str, str]
    source: str
    source_date: str
    verification: Verification
    outstanding: str
    priority: int = 0
    """Place among those to be settled before a prescription, from 1; 0 for none."""
    entries: tuple[Entry, ...] = ()
    """Questions whose answers settle the caution where the record leaves it open."""

    @property
    def unsourced(self) -> bool:
        """True while nobody has supplied a source: to be shown as `unsourced, verify`."""
        return "to be supplied" in self.source.casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class CautionFinding:
    """A caution applied to one record. `severity`, and the messages and priority of `rule`, may
    differ from the decision's own by the trigger found.
    """

    rule: CautionRule
    presence: Presence
    severity: Mapping[str, Severity]
    detail: str
    evidence: tuple[str, ...] = ()
    """References of the resources that triggered it."""
    entries: tuple[Entry, ...] = ()
    """What the page may ask; empty where the record or an answer has settled it."""
    arises: bool = True
    """False where the question is not asked of this patient, such as pregnancy at eighty; its
    `rule` then has no place among those to be settled."""


class Eligibility(StrEnum):
    """Outcome of one criterion."""

    MET = "met"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One eligibility criterion applied to one record, in words a clinician can check."""

    id: str
    state: Eligibility
    detail: str
    remedy: str = ""
    entry: Entry | None = None
    """What the page may ask where the record does not say (state `UNKNOWN`)."""
    population: bool = False
    """True where whoever does not meet it is somebody the cautions, too, were not written for;
    other criteria only bound what the estimate may speak about.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionSpec:
    """A whole decision. Everything that can be said about it without a patient or a model."""

    id: str
    version: str
    title: str
    intended_use: str
    not_for: tuple[str, ...]
    treatments: tuple[Treatment, Treatment]
    outcome: Outcome
    features: tuple[FeatureSpec, ...]
    players: tuple[Player, ...]
    columns: tuple[ModelColumn, ...]
    strata: tuple[Stratum, ...]
    quorum: Mapping[Modality, int]
    """How many features of a modality must be there for the modality to count as present."""
    thresholds: Mapping[str, Threshold]
    codelists: Mapping[str, Codelist]
    cautions: tuple[CautionRule, ...]
    eligibility: Callable[[PatientRecord, DecisionSpec], tuple[CriterionResult, ...]]
    find_cautions: Callable[[PatientRecord, DecisionSpec], tuple[CautionFinding, ...]]
    override_reasons: tuple[OverrideReason, ...]
    not_modelled: tuple[str, ...]
    citations: tuple[str, ...]
    other_choices: tuple[OtherChoice, ...] = ()
    summary: tuple[SummaryItem, ...] = ()
    history: DrugHistory = NO_HISTORY

    def feature(self, feature_id: str) -> FeatureSpec:
        """The feature of that id; KeyError when the decision has none."""
        return next(f for f in self.features if f.id == feature_id)

    def treatment(self, treatment_id: str) -> Treatment:
        return next(t for t in self.treatments if t.id == treatment_id)

    def choices(self) -> dict[str, str]:
        """Everything that can be chosen, by code: its drugs by name, other drugs, no drug."""
        drugs = {t.id: t.label for t in sorted(self.treatments, key=lambda t: t.label)}
        return drugs | {choice.code: choice.label for choice in self.other_choices} | NO_DRUG

    def reason(self, code: str) -> str:
        """The words of a coded reason; the code itself where the decision does not know it."""
        return {r.code: r.label for r in self.override_reasons}.get(code, code)
