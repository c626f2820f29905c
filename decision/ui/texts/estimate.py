"""Sentences about probabilities and their difference (display rules D1 to D5)."""

from __future__ import annotations

from decision.clinical.assessment import (
    ComparisonCard,
    ComparisonEstimate,
    Contrast,
    HorizonRisk,
    Interval,
    LocalCalibration,
    Prediction,
)
from decision.clinical.spec import DecisionSpec, Treatment
from decision.ui.texts.numbers import (
    count,
    level,
    number,
    of_100,
    per_100,
    percent,
    span,
    unbroken,
)


def ordered(spec: DecisionSpec) -> tuple[Treatment, ...]:
    """Both treatments in the one neutral order of every page: by name, never by estimate (D6)."""
    return tuple(sorted(spec.treatments, key=lambda t: t.label))


def headline(spec: DecisionSpec, prediction: Prediction, simulated: bool) -> tuple[str, str]:
    """The number, and the rest of the one sentence that anchors it: outcome, week, drug class."""
    drug = spec.treatment(prediction.treatment).label_with_article
    return of_100(prediction.probability), (
        f"{'simulated ' if simulated else ''}patients like this one reach "
        f"{unbroken(spec.outcome.label)} "
        f"by week {spec.outcome.horizon_weeks} with {drug}."
    )


def sentence(spec: DecisionSpec, prediction: Prediction, simulated: bool) -> str:
    """The headline as one string: the alternative of the icons, and what the trail keeps."""
    return " ".join(headline(spec, prediction, simulated))


def detail(found: Prediction | HorizonRisk) -> str:
    interval = found.interval
    return f"Likely range {span(interval)} of 100 ({level(interval)})."


def explained(card: ComparisonCard) -> str:
    """What a range is, said once for both drugs."""
    held = of_100(card.answer.contrast.interval.level)
    kind = "simulated patients" if card.model.simulated else "patients"
    wide = "; it is wide because much was not measured" if card.features.missing else ""
    return f"The true figure lies in such a range for about {held} {kind}{wide}."


HOW_GOOD = "How good is this?"


def reference_class(spec: DecisionSpec, prediction: Prediction, simulated: bool) -> str:
    drug = spec.treatment(prediction.treatment).label_with_article
    kind = "simulated patients" if simulated else "patients"
    return (
        f"Based on {count(prediction.reference_n)} {kind} starting {drug} "
        "(all, not only similar ones)."
    )


def uncertain(prediction: Prediction) -> tuple[str, str]:
    """The form for values outside the usual range: the range first (D4, D10)."""
    return f"Between {per_100(prediction.interval.low)} and {per_100(prediction.interval.high)}", (
        "of 100. The data for this patient do not support a narrower estimate."
    )


def calibration(spec: DecisionSpec, prediction: Prediction, simulated: bool) -> str:
    """How patients scored like this one fared (D5); with too few, only that."""
    fewest = spec.thresholds["smallest_calibration_band"].value
    kind = "simulated validation patients" if simulated else "validation patients"
    return checked(prediction.calibration, prediction.probability, fewest, kind, "reached")


def checked(
    found: LocalCalibration, estimate: float, fewest: float, kind: str, reached: str, how: str = ""
) -> str:
    """The sentence on the `kind` of people who were scored alike; `reached` is the verb of the
    outcome, `how` the word before a number that was not counted.
    """
    scored = f"scored {per_100(found.low)} to {per_100(found.high)}"
    if found.n < fewest:
        needed = number(fewest)
        return f"Too few {kind} {scored} to check ({found.n}; at least {needed} needed)."
    observed = Interval(low=found.observed_low, high=found.observed_high, level=0.95)
    return (
        f"Checked on {count(found.n)} {kind} {scored}: {how}{count(found.events)} "
        f"({percent(found.events / found.n)}, {level(observed)} range {span(observed)}) "
        f"{reached} the outcome.{_off(found, estimate, reached)}"
    )


def _off(found: LocalCalibration, estimate: float, reached: str) -> str:
    """Said where the estimate is not among what was seen in patients scored like this one."""
    if per_100(found.observed_low) <= per_100(estimate) <= per_100(found.observed_high):
        return ""
    way = "fewer" if estimate > found.observed_high else "more"
    return f" In this band {way} {reached} it than estimated."


def _toward(contrast: Contrast) -> tuple[str, str, float, Interval]:
    """(more with, than with, difference >= 0, its interval): the larger estimate is named first."""
    if contrast.difference >= 0:
        return contrast.b, contrast.a, contrast.difference, contrast.interval
    flipped = Interval(
        low=-contrast.interval.high, high=-contrast.interval.low, level=contrast.interval.level
    )
    return contrast.a, contrast.b, -contrast.difference, flipped


def _signed(value: float) -> str:
    n = per_100(value)
    return "no difference" if n == 0 else f"{abs(n)} {'more' if n > 0 else 'fewer'}"


def signed_span(interval: Interval) -> str:
    """`4 to 24 more`, `11 fewer to 15 more`."""
    low, high = per_100(interval.low), per_100(interval.high)
    if low > 0:
        return f"{low} to {high} more"
    return f"{_signed(interval.low)} to {_signed(interval.high)}"


def difference(spec: DecisionSpec, answer: ComparisonEstimate) -> str:
    """The absolute difference with its own range, in the direction of the larger estimate (D2)."""
    more, less, gap, interval = _toward(answer.contrast)
    a, b = (spec.treatment(t).label_with_article for t in (more, less))
    ranged = f"(likely range {signed_span(interval)}, {level(interval)})"
    shown = difference_shown(answer)
    if gap < spec.thresholds["naming_margin"].value:
        size = str(shown) if shown else "fewer than 1"
        way = f"{signed_span(interval)} with {a} than with {b}"
        return f"The estimates are {size} of 100 apart (likely range {way}, {level(interval)})."
    return f"{shown} more of 100 reach the outcome with {a} than with {b} {ranged}."


def difference_shown(answer: ComparisonEstimate) -> int:
    """The difference of the two whole numbers on the cards, which anybody can check by eye; the
    trail and the reasons keep the exact one.
    """
    more, less, _, _ = _toward(answer.contrast)
    high, low = answer.prediction(more).probability, answer.prediction(less).probability
    return per_100(high) - per_100(low)


DIRECTION = "How sure the direction is"


def direction(spec: DecisionSpec, contrast: Contrast) -> str:
    """On which side of zero the plausible values lie; never how much it matters, nor a choice."""
    more, _, _, _ = _toward(contrast)
    share = contrast.probability_positive
    side = spec.treatment(more).label_with_article
    return (
        f"In {of_100(share if more == contrast.b else 1.0 - share)} plausible values of the "
        f"difference, the estimate with {side} is the larger; 50 of 100 would leave the direction "
        "open. This says nothing of how large the difference is, and names no drug class by itself."
    )


def association(simulated: bool) -> str:
    if simulated:
        return "This is an association in simulated records, not a proven treatment effect."
    return "This is an association in past patients, not a proven treatment effect."
