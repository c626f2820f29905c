"""What an assessment says: a card or an abstention, as equals, and the audit entry that precedes
either. What a model answers (`answers`) is offered here too, because cards are made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from decision.clinical.answers import Comparison as Comparison
from decision.clinical.answers import ComparisonEstimate as ComparisonEstimate
from decision.clinical.answers import Contrast as Contrast
from decision.clinical.answers import Contribution as Contribution
from decision.clinical.answers import CurvePoint as CurvePoint
from decision.clinical.answers import DomainCheck as DomainCheck
from decision.clinical.answers import Explanation as Explanation
from decision.clinical.answers import HorizonRisk as HorizonRisk
from decision.clinical.answers import Interval as Interval
from decision.clinical.answers import LocalCalibration as LocalCalibration
from decision.clinical.answers import MissingCost as MissingCost
from decision.clinical.answers import ModalityWorth as ModalityWorth
from decision.clinical.answers import ModelAnswer as ModelAnswer
from decision.clinical.answers import ModelEstimate as ModelEstimate
from decision.clinical.answers import Prediction as Prediction
from decision.clinical.answers import Prognosis as Prognosis
from decision.clinical.answers import RiskEffect as RiskEffect
from decision.clinical.answers import RiskExplanation as RiskExplanation
from decision.clinical.expression import Spread
from decision.clinical.features import FeatureVector
from decision.clinical.record import Identity
from decision.clinical.situation import Situation
from decision.clinical.spec import CautionFinding, CriterionResult, DecisionSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingRecord:
    """How often a drug class was named, and rightly, in one setting of the evaluation."""

    setting: str
    named: int
    right: int
    silent_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeRecord:
    """Another model that was tried against the one that answers, on the same folds.

    loss : log loss, lower is better · difference, error : the challenger's minus the served
    one's, and its standard error · policy : share reaching the outcome if the larger estimate
    were followed ·
    open : whether the challenger passed every test of the gate there
    """

    served: str
    challenger: str
    cohort: str
    purpose: str
    patients: int
    repeats: int
    loss: float
    challenger_loss: float
    difference: float
    error: float
    policy: float
    challenger_policy: float
    open: bool


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
    challenges: tuple[ChallengeRecord, ...] = ()
    spreads: Mapping[str, Spread] = field(default_factory=dict)
    """How each input (feature id) lay in the training cohort, where that is stored."""


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
class ComparisonCard:
    """An answer about two treatments: both probabilities, their difference, the reasons, the
    cautions.
    """

    spec: DecisionSpec
    model: ModelIdentity
    as_of: datetime
    features: FeatureVector
    criteria: tuple[CriterionResult, ...]
    cautions: tuple[CautionFinding, ...]
    answer: Comparison
    preference: Preference
    input_hash: str
    audit_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrognosisCard:
    """An answer about when something happens: where somebody stands, and the risk from there."""

    spec: DecisionSpec
    model: ModelIdentity
    as_of: datetime
    features: FeatureVector
    criteria: tuple[CriterionResult, ...]
    cautions: tuple[CautionFinding, ...]
    answer: Prognosis
    situation: Situation
    band: str
    """What the risk at the last horizon is called; the decision says whose word that is."""
    input_hash: str
    audit_id: str


Card = ComparisonCard | PrognosisCard


def range_first(card: Card) -> bool:
    """True where a point says less than its range: unusual values, or a wide range. Every estimate
    of a card takes the same form, so that one is never a number and the next a range.
    """
    return vague(card.spec, card.answer)


def vague(spec: DecisionSpec, answer: ModelEstimate) -> bool:
    """The same of an answer that is on no card."""
    widest = spec.thresholds["widest_usual_range"].value
    shown = answer.predictions if isinstance(answer, ComparisonEstimate) else answer.risks
    wide = any(each.interval.width > widest for each in shown)
    return wide or bool(answer.domain.outside_usual)


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
    situation: Situation | None = None
    """What can be said without an estimate, where the decision is a prognosis."""


Assessment = Card | Abstention


class AuditAction(StrEnum):
    """What was done. A closed list."""

    ASSESSED = "assessed"
    NOTIFIED = "shown a notice"
    ENTERED = "entered values"
    ACCEPTED = "accepted"
    DECIDED = "decided"
    OVERRODE = "overrode"
    WITHOUT_ESTIMATE = "decided without an estimate"
    FEEDBACK = "gave feedback"
    EXPORTED = "took the record"
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
