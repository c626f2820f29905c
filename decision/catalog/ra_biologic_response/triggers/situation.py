"""Cautions that rest on the patient's situation: pregnancy, procedures, weight, payer."""

from __future__ import annotations

from decision.catalog.ra_biologic_response.activity import das28
from decision.catalog.ra_biologic_response.answers import newest_answer
from decision.catalog.ra_biologic_response.codelists import CONVENTIONAL
from decision.catalog.ra_biologic_response.derive.drugs import started
from decision.catalog.ra_biologic_response.derive.select import FINAL, on_record
from decision.catalog.ra_biologic_response.thresholds import lookback
from decision.catalog.ra_biologic_response.triggers.blood import above
from decision.catalog.ra_biologic_response.triggers.evidence import (
    ACTIVE_ONLY,
    diagnosis,
    yes_or_no,
)
from decision.catalog.ra_biologic_response.triggers.signs import (
    Sign,
    absent,
    not_found,
    present,
)
from decision.clinical.quantities import Quantity
from decision.clinical.record import PatientRecord
from decision.clinical.scores.checks import rounded
from decision.clinical.spec import DecisionSpec, Presence

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
    nothing = "answer_no_pregnancy_question"
    answer = newest_answer(record, spec, "pregnancy_status", *_STATED, nothing, within=within)
    if answer is not None:
        meaning, observation = answer
        when, reference = observation.effective.day_text, observation.source.reference
        if meaning in _STATED:
            return (present(f"{_STATED[meaning]}, stated on {when}", reference),)
        words = f"Neither pregnant, planning nor breast-feeding on {when}"
        return (absent(words, reference, settles=True),)
    if record.identity.sex == "male":
        return (absent("The recorded sex is male", settles=True),)
    denied = newest_answer(record, spec, "pregnancy_status", "answer_not_pregnant", within=within)
    if denied is not None:
        when = denied[1].effective.day_text
        return (not_found(f"Not pregnant on {when}; intent and breast-feeding not found"),)
    return (diagnosed, not_found("Intent and breast-feeding not found"))


def surgery_or_live_vaccine(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Known only where somebody says so: orders for surgery and vaccines are not read."""
    words = "Surgery or a live vaccine due"
    within = lookback("situation")
    return (yes_or_no(record, spec, "surgery_or_live_vaccine", words, within=within, settles=True),)


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
        heavy = above(value, limit.value)
        recent = observation.effective.within(lookback("screening"), record.as_of)
        if value.unit != limit.unit or heavy is None or not recent:
            continue
        words = f"Weight {value} on {observation.effective.day_text}"
        reference = observation.source.reference
        return present(words, reference) if heavy else absent(words, reference)
    return not_found("Weight not found")


def payer_eligibility_england(record: PatientRecord, spec: DecisionSpec) -> tuple[Sign, ...]:
    """Which NICE band the DAS28 falls in; DAS28 is used here and never as the compared outcome."""
    measured = das28(record, spec)
    if measured is None:
        return (not_found("DAS28 cannot be computed"),)
    score, name = rounded(measured[0], 2), measured[1]
    tried = sum(
        any(started(e, record) for e in record.exposed(spec.codelists[drug]))
        for drug in CONVENTIONAL
    )
    listed = f"{name} {score:.2f}, csDMARDs listed: {tried}"
    if score > spec.thresholds["das28_nice_high"].value:
        return (present(f"{listed}; high activity band"),)
    if score >= spec.thresholds["das28_nice_moderate"].value:
        return (present(f"{listed}; moderate activity band"),)
    return (absent(f"{listed}; below both bands", settles=True),)
