"""What a model says about one patient: a comparison of two treatments, or a prognosis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from decision.clinical.inputs import Modality


def per_100(share: float) -> int:
    """Whole number of 100, halves away from zero, so that no two places ever disagree."""
    return int(math.copysign(math.floor(abs(share) * 100 + 0.5), share))


def in_years(n: float) -> str:
    """`1 year`, `5 years`, `0.5 years`."""
    return f"{n:g} year{'' if n == 1 else 's'}"


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
class ModalityWorth:
    """How much wider the ranges are without one kind of data than with it.

    Where it is `measured`, without it means the answer that the same person would have had; where
    it is not, with it means everything of that kind at the values expected. May be below 0.
    """

    modality: Modality
    measured: bool
    difference: float
    arms: Mapping[str, float]
    """By treatment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonEstimate:
    """Both estimates, their difference, and what the rules of an answer ask about it; no reasons.

    No card can be made of it: it is as much as is shown of what is only tried.
    """

    predictions: tuple[Prediction, Prediction]
    contrast: Contrast
    domain: DomainCheck
    comparable: int
    """Training courses in this patient's stratum on the rarer of the two treatments (overlap)."""
    stratum: str
    """What the stratum is, in words, e.g. `no earlier TNF inhibitor, on methotrexate`."""

    def prediction(self, treatment: str) -> Prediction:
        return next(p for p in self.predictions if p.treatment == treatment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(ComparisonEstimate):
    """Everything a model says about one feature vector of a decision between two treatments."""

    explanation: Explanation
    missing_costs: tuple[MissingCost, ...]
    absent_modalities: tuple[Modality, ...]
    worths: tuple[ModalityWorth, ...] = ()
    """Of every kind of data that may be absent as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonRisk:
    """Calibrated risk of the outcome within so many years, with its range. Each horizon is stored;
    none is worked out from another.
    """

    years: float
    probability: float
    interval: Interval
    calibration: LocalCalibration

    @property
    def id(self) -> str:
        """`5y`, the key of this horizon in explanations and in the trail."""
        return horizon_id(self.years)


def horizon_id(years: float) -> str:
    """`5y` for five years, `0.5y` for half of one."""
    return f"{years:g}y"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """Risk by a moment, with its range; passes through the risks at the horizons."""

    years: float
    risk: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskEffect:
    """Exact Shapley value of one player, in probability, at each horizon (by its id)."""

    player: str
    effects: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskExplanation:
    """Per horizon base + sum of effects = risk, to 1e-9. What is not known has exactly 0."""

    base: Mapping[str, float]
    effects: tuple[RiskEffect, ...]
    modalities: tuple[RiskEffect, ...]
    certificate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PrognosisEstimate:
    """The risk at each horizon, and what the rules of an answer ask about it; no reasons."""

    risks: tuple[HorizonRisk, ...]
    domain: DomainCheck


@dataclass(frozen=True, slots=True, kw_only=True)
class Prognosis(PrognosisEstimate):
    """Everything a model says about one feature vector of a decision about when something happens.

    `missing_costs` are about the range at the last horizon.
    """

    stratum: int
    stratum_label: str
    curve: tuple[CurvePoint, ...]
    explanation: RiskExplanation
    missing_costs: tuple[MissingCost, ...]
    absent_modalities: tuple[Modality, ...]
    reference_n: int
    """People of the same stratum that the model was fitted on."""
    reference_events: int
    """Of these, how many reached the outcome while they were followed."""

    @property
    def last(self) -> HorizonRisk:
        """The risk at the longest horizon, which is the headline."""
        return self.risks[-1]


ModelAnswer = Comparison | Prognosis
ModelEstimate = ComparisonEstimate | PrognosisEstimate
"""Every answer is one too."""
