"""What a decision says of its inputs: numbers with their source, predictors, columns, players."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from decision.clinical.codes import Codelist
from decision.clinical.features import Finding
from decision.clinical.record import PatientRecord


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
    describes: bool = False
    """True where it is sought, shown and asked for, and no column of the model reads it."""


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
