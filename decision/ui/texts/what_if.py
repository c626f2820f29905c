"""Sentences about what is only tried (D8): each says so, or stands below one that does."""

from __future__ import annotations

from collections.abc import Sequence

from decision.clinical.answers import in_years
from decision.clinical.assessment import Card, HorizonRisk
from decision.ui.texts.estimate import detail, difference
from decision.ui.texts.numbers import decimals, inside, number, of_100, per_100, unit
from decision.ui.texts.reasons import value_text
from decision.ui.texts.verdict import UNDECIDED
from decision.what_if import (
    Changed,
    Hypothetical,
    HypotheticalComparison,
    HypotheticalPrognosis,
    HypotheticalRefusal,
    Offer,
)

TITLE = "What if"
INTRO = (
    "Only what can change is offered, between values that the model has seen. Changing a value "
    "here shows what the model would say of such a patient, not what the change would do."
)
RIBBON = "Hypothetical"
NOT_KEPT = "This view is not saved, printed or sent."
RESET = "Back to the patient's values"
NOTHING_TRIED = "Nothing is changed: the numbers above are the patient's."
NOTHING_OFFERED = "No input of this decision that can change is offered."
CHANGED = "{what} {value} instead of {now}"
CHANGED_UNKNOWN = "{what} {value}, which is not known now"
TOLD = "Hypothetical: {changes}. This view is not saved, printed or sent."
CAUTIONS = (
    "Cautions are not recomputed: they rest on the record, where nothing has changed. They hold as "
    "on the patient's page."
)
STOPPED = "A STOP stands in the record, so nothing is said of which estimate would be larger."
BESIDE = "{said} Now: {number}."
ARM = "would reach {outcome} by week {week} with {drug}."
RISK = "would develop {outcome} within {years}."
AS_IS = "As it is"
GAP_ALT = "{first} minus {second}, of 100: {now} as it is; {tried} hypothetically."
VERDICT = "{verdict} {difference}"
NO_ANSWER = "No hypothetical estimate."
LIMITS_NOW = "{low} to {high}; now {now}"
NOT_KNOWN = "not known"
OUTSIDE = (
    "The patient's own value lies outside what the model has seen; only values inside can be tried."
)


def name(offer: Offer) -> str:
    """The label of a field: `CRP (mg/L)`."""
    measured = unit(offer.feature.unit)
    return f"{_short(offer)} ({measured})" if measured else _short(offer)


def _short(offer: Offer) -> str:
    short = offer.feature.short
    return f"{short[:1].upper()}{short[1:]}"


def limits(offer: Offer) -> str:
    """Between which values, and what it is now."""
    low, high = _plain(offer, offer.low), _plain(offer, offer.high)
    known = NOT_KNOWN if offer.now is None else _plain(offer, offer.now)
    return LIMITS_NOW.format(low=low, high=high, now=known)


def _plain(offer: Offer, value: float) -> str:
    """A value without its unit, which the label has; a score in eighths keeps its eighths."""
    places = len(f"{offer.step:g}".partition(".")[2])
    return decimals(value, places) if places > 2 else number(value)


def changes(card: Card, found: Sequence[Changed]) -> str:
    """`CRP 20 mg/L instead of 42 mg/L; taking ... instead of no ...`."""
    told = []
    for change in found:
        feature = card.spec.feature(change.feature)
        value = value_text(feature, change.value)
        if feature.flag_labels is not None:
            words = CHANGED.format(
                what="", value=value, now=value_text(feature, change.now or 0.0)
            ).strip()
        elif change.now is None:
            words = CHANGED_UNKNOWN.format(what=inside(feature.short), value=value)
        else:
            words = CHANGED.format(
                what=inside(feature.short), value=value, now=value_text(feature, change.now)
            )
        told.append(words)
    return "; ".join(told)


def told(card: Card, found: Hypothetical) -> str:
    """The one line that says all that is tried, and that it is only tried."""
    return TOLD.format(changes=changes(card, found.changes))


def arm(found: HypotheticalComparison, treatment: str) -> tuple[str, str, str]:
    """(number, the rest of its sentence, its range)."""
    prediction = found.answer.prediction(treatment)
    outcome = found.spec.outcome
    said = ARM.format(
        outcome=outcome.label,
        week=outcome.horizon_weeks,
        drug=found.spec.treatment(treatment).label_with_article,
    )
    return of_100(prediction.probability), said, detail(prediction)


def uncertain(low: float, high: float) -> str:
    """The range first, where the point says less than it (D4)."""
    return BETWEEN.format(low=per_100(low), high=per_100(high))


BETWEEN = "Between {low} and {high} of 100"


def risk(found: HypotheticalPrognosis, horizon: HorizonRisk) -> tuple[str, str, str]:
    said = RISK.format(outcome=found.spec.outcome.label, years=in_years(horizon.years))
    return of_100(horizon.probability), said, detail(horizon)


def beside(said: str, probability: float) -> str:
    """What is tried with the patient's own number beside it."""
    return BESIDE.format(said=said, number=of_100(probability))


def gap(found: HypotheticalComparison) -> str:
    """The difference with its range; no preference wherever the page of a patient would state
    none (D2), and none is named for what is only tried.
    """
    silent = [UNDECIDED[why] for why in UNDECIDED if why in found.preference.silence]
    said = difference(found.spec, found.answer)
    return VERDICT.format(verdict=silent[0], difference=said) if silent else said


def refused(found: HypotheticalRefusal) -> tuple[str, ...]:
    """Why there is none, one line each."""
    return tuple(f"{cause.detail} {cause.remedy}".strip() for cause in found.causes)
