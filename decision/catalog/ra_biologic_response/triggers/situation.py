"""Cautions that rest on the patient's situation: pregnancy, procedures, weight, payer."""

from __future__ import annotations

from decision.catalog.ra_biologic_response.activity import DAS28_PARTS, das28
from decision.catalog.ra_biologic_response.codelists import CONVENTIONAL
from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.clinical.quantities import Quantity, whole_years_between
from decision.clinical.record import Part, PatientRecord
from decision.clinical.scores.checks import rounded
from decision.clinical.spec import DecisionSpec, Presence
from decision.evidence.answers import newest_answer
from decision.evidence.courses import started
from decision.evidence.kinds import (
    ACTIVE_ONLY,
    diagnosis,
    told,
    yes_or_no,
)
from decision.evidence.select import FINAL, on_record
from decision.evidence.signs import (
    Sign,
    absent,
    not_found,
    present,
)
from decision.evidence.unread import unless_unread

_STATED = {
    "answer_pregnant": "Pregnant",
    "answer_planning_pregnancy": "Planning a pregnancy",
    "answer_breast_feeding": "Breast-feeding",
}


def pregnancy(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Pregnancy, intent and breast-feeding are three questions: `not pregnant` answers but one."""
    diagnosed = diagnosis(record, spec, "pregnancy", "Pregnancy", states=ACTIVE_ONLY)
    if diagnosed.presence is Presence.PRESENT:
        return (diagnosed,)
    within = lookback("situation")
    asked = (record, spec, Part.OBSERVATIONS, "pregnancy_status")
    nothing = "answer_no_pregnancy_question"
    answer = newest_answer(record, spec, "pregnancy_status", *_STATED, nothing, within=within)
    if answer is not None:
        meaning, observation = answer
        reference = observation.source.reference
        if meaning in _STATED:
            return (present(told(observation, f"{_STATED[meaning]}, stated"), reference),)
        words = told(observation, "Neither pregnant, planning nor breast-feeding")
        return (unless_unread(absent(words, reference, settles=True), *asked),)
    if record.identity.sex == "male":
        return (absent("The recorded sex is male", settles=True),)
    born, oldest = record.identity.birth_date, spec.thresholds["pregnancy_question_age"].value
    if born is not None and whole_years_between(born, record.as_of)[0] > oldest:
        return (not_found(f"Not asked at this age (over {oldest:g})", asks=False),)
    denied = newest_answer(record, spec, "pregnancy_status", "answer_not_pregnant", within=within)
    if denied is not None:
        when = denied[1].effective.day_text
        part = not_found(f"Not pregnant on {when}; intent and breast-feeding not found")
        return (unless_unread(part, *asked),)
    return (diagnosed, unless_unread(not_found("Intent and breast-feeding not found"), *asked))


def surgery_or_live_vaccine(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Known only where somebody says so: orders for surgery and vaccines are not read."""
    within = lookback("situation")
    return (yes_or_no(record, spec, "surgery_or_live_vaccine", within=within, settles=True),)


def weight_route_latex(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Three separate questions of logistics; all must be answered before none applies."""
    return (
        _weight(record, spec),
        diagnosis(record, spec, "latex_allergy", "Latex allergy"),
        yes_or_no(
            record,
            spec,
            "route_issue",
            "Route or needle problem",
            within=lookback("local_answer"),
        ),
    )


def _weight(record: PatientRecord, spec: DecisionSpec) -> Sign:
    limit = spec.thresholds["weight_tocilizumab"]
    for observation in on_record(record, spec.codelists["weight"]):
        value = observation.value
        if observation.status not in FINAL or not isinstance(value, Quantity):
            continue
        heavy = value.above(limit.value)
        recent = observation.effective.within(lookback("screening"), record.as_of)
        if value.unit != limit.unit or heavy is None or not recent:
            continue
        words = f"Weight {value} on {observation.effective.day_text}"
        reference = observation.source.reference
        if heavy:
            return present(words, reference)
        light = absent(words, reference)
        return unless_unread(light, record, spec, Part.OBSERVATIONS, "weight")
    silent = not_found("Weight not found")
    return unless_unread(silent, record, spec, Part.OBSERVATIONS, "weight")


def payer_eligibility_england(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Which NICE band the DAS28 falls in, after enough csDMARDs; DAS28 is never the outcome.

    Drugs given elsewhere are often missing from a list: too few known is not found, never absent.
    """
    measured = das28(record, spec)
    parts = (record, spec, Part.OBSERVATIONS, *DAS28_PARTS)
    if measured is None:
        return (unless_unread(not_found("DAS28 cannot be computed"), *parts),)
    score, name = rounded(measured[0], 2), measured[1]
    tried = {
        drug: begun
        for drug in CONVENTIONAL
        if (begun := [e for e in record.exposed(spec.codelists[drug]) if started(e, record)])
    }
    listed = f"{name} {score:.2f}, csDMARDs listed: {len(tried)}"
    if score < spec.thresholds["das28_nice_moderate"].value:
        return (unless_unread(absent(f"{listed}; below both bands", settles=True), *parts),)
    high = score > spec.thresholds["das28_nice_high"].value
    band = f"{'high' if high else 'moderate'} activity band"
    needed = spec.thresholds["csdmards_nice"].value
    if len(tried) < needed:
        few = not_found(f"{listed}; {band}, but at least {needed:g} csDMARDs not found")
        few = unless_unread(few, record, spec, Part.MEDICATIONS, *CONVENTIONAL)
        return (unless_unread(few, *parts),)
    references = (e.source.reference for begun in tried.values() for e in begun)
    return (present(f"{listed}; {band}", *references),)
