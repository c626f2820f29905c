"""What the model would say if something that can change were otherwise.

A hypothetical answer has a type of its own, that no function of an assessment takes: it is never
recorded, written, printed or hashed. Nothing here reads a trail or writes one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from decision.catalog.changeable import Changeable, changeable
from decision.clinical.answers import ComparisonEstimate, ModelEstimate, PrognosisEstimate
from decision.clinical.assessment import (
    AbstentionCause,
    AbstentionReason,
    Card,
    ComparisonCard,
    ModelIdentity,
    Preference,
    vague,
)
from decision.clinical.errors import DecisionSupportError, ModelError
from decision.clinical.features import Evidence, FeatureVector, Finding, Found
from decision.clinical.inputs import EntryKind, FeatureSpec
from decision.clinical.record import Origin
from decision.clinical.spec import CautionFinding, DecisionSpec
from decision.rules import causes_after_model, preference

FLAG_FROM = 0.5


class NotOfferedError(DecisionSupportError):
    """A change that is not among those offered, or beyond its limits."""


class Estimates(Protocol):
    """As much of a model as is needed to ask it again."""

    def estimate(self, features: FeatureVector, *, site: str, level: float) -> ModelEstimate: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One input that may be tried, between the values that the model has seen."""

    feature: FeatureSpec
    now: float | None
    """None where it is not known of this patient."""
    low: float
    high: float
    step: float
    words: Changeable

    @property
    def flag(self) -> bool:
        return self.feature.flag_labels is not None

    @property
    def switch(self) -> str:
        """Of a yes/no feature, the change from what is; empty where it is none."""
        if not self.flag or self.now is None:
            return ""
        return self.words.to_zero if self.now >= FLAG_FROM else self.words.to_one


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One input tried with another value."""

    feature: str
    now: float | None
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HypotheticalComparison:
    """Never an assessment: what the model would say of the drugs."""

    spec: DecisionSpec
    model: ModelIdentity
    changes: tuple[Changed, ...]
    answer: ComparisonEstimate
    preference: Preference
    cautions: tuple[CautionFinding, ...]
    """Those of the record. What is tried here is in no record, so they do not follow it."""

    @property
    def range_first(self) -> bool:
        return vague(self.spec, self.answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class HypotheticalPrognosis:
    """Never an assessment: what the risk would be."""

    spec: DecisionSpec
    model: ModelIdentity
    changes: tuple[Changed, ...]
    answer: PrognosisEstimate

    @property
    def range_first(self) -> bool:
        return vague(self.spec, self.answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class HypotheticalRefusal:
    """The model has nothing to say of somebody with these values."""

    spec: DecisionSpec
    changes: tuple[Changed, ...]
    causes: tuple[AbstentionCause, ...]


Hypothetical = HypotheticalComparison | HypotheticalPrognosis | HypotheticalRefusal


def offers(card: Card, usual: Mapping[str, tuple[float, float]]) -> tuple[Offer, ...]:
    """What may be tried of this patient's inputs. Numbers only between the values that the model
    has seen and that the decision supports; `usual` has them by feature.
    """
    found = []
    for words in changeable(card.spec.id):
        feature = card.spec.feature(words.feature)
        now = card.features.value(feature.id)
        if feature.flag_labels is not None:
            offer = Offer(feature=feature, now=now, low=0.0, high=1.0, step=1.0, words=words)
            if offer.switch:
                found.append(offer)
        elif feature.id in usual:
            step = feature.entry.step if feature.entry is not None else 0.1
            low, high = usual[feature.id]
            low = math.ceil(max(low, feature.supported.low) / step - 1e-9) * step
            high = math.floor(min(high, feature.supported.high) / step + 1e-9) * step
            if low < high:
                found.append(
                    Offer(feature=feature, now=now, low=low, high=high, step=step, words=words)
                )
    return tuple(found)


def whole(offer: Offer) -> bool:
    """Whether only whole numbers make sense."""
    entry = offer.feature.entry
    return entry is not None and entry.kind is EntryKind.WHOLE_NUMBER


def what_if(
    card: Card,
    offered: Iterable[Offer],
    tried: Mapping[str, float],
    model: Estimates,
    site: str,
) -> Hypothetical:
    """Ask the model again with some values changed; the rules that an answer passes through are
    those of an assessment.

    Raises NotOfferedError for a change that is not offered. A value that is the patient's own is
    no change, even where it lies outside what may be tried.
    """
    by_id = {offer.feature.id: offer for offer in offered}
    changes = []
    for feature, value in tried.items():
        offer = by_id.get(feature)
        if offer is None:
            raise NotOfferedError(f"{feature} is not among what may be tried.", "Try another.")
        if value == offer.now:
            continue
        if not offer.low - 1e-9 <= value <= offer.high + 1e-9:
            raise NotOfferedError(
                f"{offer.feature.label} can be tried from {offer.low:g} to {offer.high:g} only.",
                "Give a value between these.",
            )
        changes.append(Changed(feature=feature, now=offer.now, value=value))
    told = tuple(changes)
    spec = card.spec
    try:
        answer = model.estimate(
            _with(card.features, told), site=site, level=spec.thresholds["interval_level"].value
        )
    except ModelError as error:
        cause = AbstentionCause(
            reason=AbstentionReason.MODEL_UNAVAILABLE, detail=error.message, remedy=error.remedy
        )
        return HypotheticalRefusal(spec=spec, changes=told, causes=(cause,))
    if causes := causes_after_model(spec, answer):
        return HypotheticalRefusal(spec=spec, changes=told, causes=causes)
    if isinstance(answer, ComparisonEstimate) and isinstance(card, ComparisonCard):
        return HypotheticalComparison(
            spec=spec,
            model=card.model,
            changes=told,
            answer=answer,
            preference=preference(spec, answer, card.cautions),
            cautions=card.cautions,
        )
    if isinstance(answer, PrognosisEstimate):
        return HypotheticalPrognosis(spec=spec, model=card.model, changes=told, answer=answer)
    raise TypeError(f"the model of decision {spec.id!r} changed its kind of answer")


def _with(features: FeatureVector, changes: tuple[Changed, ...]) -> FeatureVector:
    """The findings with the tried values in place of the patient's own."""
    tried: dict[str, Finding] = {
        change.feature: Found(
            value=change.value,
            evidence=Evidence(
                sources=(), effective=None, origin=Origin.CLINICIAN, how="hypothetical"
            ),
        )
        for change in changes
    }
    return FeatureVector(
        spec_id=features.spec_id,
        spec_version=features.spec_version,
        findings=tuple((i, tried.get(i, finding)) for i, finding in features.findings),
    )
