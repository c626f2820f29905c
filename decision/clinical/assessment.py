"""What an assessment says: a card or an abstention, as equals, and the audit entry that precedes
either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from decision.clinical.features import FeatureVector
from decision.clinical.record import Identity
from decision.clinical.spec import CautionFinding, CriterionResult, DecisionSpec, Modality


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Range at a stated level (0.9 means 90 %), on the probability scale."""

    low: float
    high: float
    level: float

    @property
    def width(self) -> float:
        return self.high - self.low

    @property
    def covers_zero(self) -> bool:
        return self.low <= 0.0 <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCalibration:
    """Of the `n` validation patients scored between `low` and `high`, `events` reached the outcome.

    `observed_low` and `observed_high` are the 95 % Wilson limits of the observed share.
    """

    low: float
    high: float
    n: int
    events: int
    observed_low: float
    observed_high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Calibrated probability of the outcome under one treatment, with its range and its reference
    class.
    """

    treatment: str
    probability: float
    interval: Interval
    reference_n: int
    """Courses of this treatment with a known outcome that the model was fitted on."""
    calibration: LocalCalibration


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Probability under `b` minus probability under `a`, with its range and P(difference > 0)."""

    a: str
    b: str
    difference: float
    interval: Interval
    probability_positive: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """Exact Shapley value of one player, in probability, for both treatments.

    `prognostic` is the mean over the treatments (moves both), `differential` is b minus a (moves
    the gap).
    """

    player: str
    effects: Mapping[str, float]
    prognostic: float
    differential: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Contributions in probability space; per treatment base + sum of effects = probability, to
    1e-9.

    `certificate` bounds the numerical error of every effect.
    """

    base: Mapping[str, float]
    contributions: tuple[Contribution, ...]
    modalities: tuple[Contribution, ...]
    certificate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCheck:
    """How usual this patient is among those the model was fitted on; `culprit` is the least usual
    feature.
    """

    p_value: float
    culprit: str
    outside_usual: tuple[tuple[str, float, float, float], ...]
    """(feature id, value, usual low, usual high) for every value outside the usual range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingCost:
    """How much wider the interval of the difference is because one thing was not measured."""

    player: str
    wider: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer:
    """Everything a model says about one feature vector."""

    predictions: tuple[Prediction, Prediction]
    contrast: Contrast
    explanation: Explanation
    domain: DomainCheck
    missing_costs: tuple[MissingCost, ...]
    absent_modalities: tuple[Modality, ...]
    comparable: int
    """Training courses in this patient's stratum on the rarer of the two treatments (overlap)."""
    stratum: str
    """What the stratum is, in words, e.g. `no earlier TNF inhibitor, on methotrexate`."""

    def prediction(self, treatment: str) -> Prediction:
        return next(p for p in self.predictions if p.treatment == treatment)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingRecord:
    """How often a drug class was named, and rightly, in one setting of the evaluation."""

    setting: str
    named: int
    right: int
    silent_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """Which model answered, and what it was made of."""

    id: str
    version: str
    checksum: str
    simulated: bool
    description: str
    trained_rows: int
    sites: tuple[str, ...]
    """Sites at which the intercept has been recalibrated."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    naming: tuple[NamingRecord, ...] = ()


class AbstentionReason(StrEnum):
    """Why no probabilities are shown. A closed list; the first that holds is the headline."""

    NOT_ELIGIBLE = "not eligible"
    ELIGIBILITY_UNKNOWN = "eligibility not established"
    REQUIRED_MISSING = "required input missing"
    INPUT_UNUSABLE = "input outside the supported limits"
    OUT_OF_DOMAIN = "unlike the training patients"
    SITE_NOT_RECALIBRATED = "not recalibrated for this site"
    RANGE_TOO_WIDE = "range too wide to be useful"
    MODEL_UNAVAILABLE = "model unavailable"
    RECORD_INCOMPLETE = "part of the record could not be read"


class SilenceReason(StrEnum):
    """Why no drug is named although both probabilities are shown. A closed list."""

    RANGE_INCLUDES_ZERO = "the range of the difference includes zero"
    GAP_BELOW_MARGIN = "the difference is below the margin that matters"
    STOP_CAUTION = "a STOP caution applies"
    THIN_OVERLAP = "too few comparable patients had the other drug"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """The drug class the estimates favour, or None with the reasons why none is named."""

    treatment: str | None
    silence: tuple[SilenceReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCard:
    """An answer: both probabilities, their difference, the reasons, the cautions."""

    spec: DecisionSpec
    model: ModelIdentity
    as_of: datetime
    features: FeatureVector
    criteria: tuple[CriterionResult, ...]
    cautions: tuple[CautionFinding, ...]
    answer: ModelAnswer
    preference: Preference
    input_hash: str
    audit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AbstentionCause:
    """One reason for abstaining, what exactly it was, and what would change it."""

    reason: AbstentionReason
    detail: str
    remedy: str
    features: tuple[str, ...] = ()
    outside: tuple[tuple[str, float, float, float], ...] = ()
    """(feature, value, low, high): values beyond their usual range, the farthest out first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """No estimate, said as plainly as an estimate; the cautions still stand."""

    spec: DecisionSpec
    model: ModelIdentity | None
    as_of: datetime
    features: FeatureVector
    criteria: tuple[CriterionResult, ...]
    cautions: tuple[CautionFinding, ...]
    causes: tuple[AbstentionCause, ...]
    input_hash: str
    audit_id: str


Assessment = DecisionCard | Abstention


class AuditAction(StrEnum):
    """What was done. A closed list."""

    ASSESSED = "assessed"
    NOTIFIED = "shown a notice"
    ENTERED = "entered values"
    ACCEPTED = "accepted"
    DECIDED = "decided"
    OVERRODE = "overrode"
    WITHOUT_ESTIMATE = "decided without an estimate"
    WROTE_BACK = "wrote to the chart"
    NOT_WRITTEN = "did not write to the chart"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One line of the trail: who did what about whom, on which inputs, with which versions, and
    what was shown.
    """

    recorded: datetime
    action: AuditAction
    agent: str
    patient_id: str = field(repr=False)
    identity: Identity = field(repr=False)
    """Tells people apart who share an id. A trail keeps no name of it, only what compares."""
    decision: str
    spec_version: str
    model_version: str
    input_hash: str
    outcome: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrail:
    """The entries about one person, (audit id, event), oldest first, and how many there are about
    anybody else with the same id.
    """

    entries: tuple[tuple[str, AuditEvent], ...] = ()
    of_others: int = 0
