"""Who the model may speak about. Each criterion is a pure function that says what it saw.

A criterion is UNKNOWN where the record leaves it open. CDAI and `about to start` are UNKNOWN while
a required CDAI component is missing; the missing component is then the first reason given, because
missing inputs come before open criteria, and entering it settles all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable

from decision.catalog.ra_biologic_response.activity import activity, find
from decision.catalog.ra_biologic_response.answers import newest_answer
from decision.catalog.ra_biologic_response.codelists import BIOLOGIC_OR_TARGETED
from decision.catalog.ra_biologic_response.derive.drugs import started, taking
from decision.clinical.features import Found
from decision.clinical.quantities import Quantity, whole_years_between
from decision.clinical.record import ConditionState, MedicationState, PatientRecord
from decision.clinical.spec import (
    CriterionResult,
    DecisionSpec,
    Eligibility,
    Entry,
    EntryKind,
)

Criterion = Callable[[PatientRecord, DecisionSpec], CriterionResult]

OVERLAP = (
    "lupus",
    "systemic_sclerosis",
    "inflammatory_myopathy",
    "mixed_connective_tissue_disease",
)
"""Secondary Sjögren disease is common in rheumatoid arthritis and is not counted as overlap."""

_ASK_DECISION = Entry(
    kind=EntryKind.CHOICE,
    question="Is a biologic about to be started or changed?",
    concept="biologic_decision",
    choices={"starting-or-changing": "Starting or changing", "not-now": "Not now"},
)
_ASK_IL6I = Entry(
    kind=EntryKind.CHOICE,
    question="Was an IL-6 inhibitor ever taken?",
    concept="prior_il6i",
    choices={"no": "Never", "yes": "Yes"},
)
_ASK_LINES = Entry(
    kind=EntryKind.WHOLE_NUMBER,
    question="How many different biologic or targeted drugs were ever taken?",
    concept="prior_lines",
)


def _met(criterion: str, detail: str) -> CriterionResult:
    return CriterionResult(id=criterion, state=Eligibility.MET, detail=detail)


def _not_met(criterion: str, detail: str, remedy: str = "") -> CriterionResult:
    outside = "The model was not built for this patient."
    return CriterionResult(
        id=criterion, state=Eligibility.NOT_MET, detail=detail, remedy=remedy or outside
    )


def _unknown(
    criterion: str, detail: str, remedy: str, entry: Entry | None = None
) -> CriterionResult:
    return CriterionResult(
        id=criterion, state=Eligibility.UNKNOWN, detail=detail, remedy=remedy, entry=entry
    )


def alive(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """A record that ends with the patient's death may be reviewed as it stood, not acted upon."""
    died = record.deceased
    if died is None:
        return _met("alive", "No death recorded.")
    if died.latest < record.as_of:
        return _not_met("alive", f"The patient died on {died.day_text}.")
    return _met("alive", f"The record ends with death on {died.day_text}: for review only.")


def adult(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """Surely at least the threshold age, whatever the birth date leaves open."""
    limit = spec.thresholds["adult_age"].value
    born = record.identity.birth_date
    if born is None:
        return _unknown("adult", "No birth date in the record.", "Record it in the chart.")
    youngest, oldest = whole_years_between(born, record.as_of)
    if youngest >= limit:
        return _met("adult", f"{youngest} years old.")
    if oldest < limit:
        return _not_met("adult", f"{oldest} years old, under {limit:g}.")
    detail = f"{youngest} or {oldest} years old: the birth date is not exact."
    return _unknown("adult", detail, "Record the full birth date.")


def rheumatoid_arthritis(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """Confirmed and nowhere refuted."""
    name = "rheumatoid_arthritis"
    states = {c.state for c in record.diagnosed(spec.codelists[name])}
    if ConditionState.ACTIVE in states and ConditionState.REFUTED in states:
        detail = "Rheumatoid arthritis is recorded both as active and as refuted."
        return _unknown(name, detail, "Correct the problem list.")
    if ConditionState.ACTIVE in states:
        return _met(name, "Rheumatoid arthritis in the problem list.")
    if ConditionState.REFUTED in states:
        return _not_met(name, "Rheumatoid arthritis is recorded as refuted.")
    if ConditionState.UNCONFIRMED in states:
        detail = "Rheumatoid arthritis is recorded, but not confirmed."
        return _unknown(name, detail, "Confirm the diagnosis in the problem list.")
    if ConditionState.RESOLVED in states:
        detail = "Rheumatoid arthritis is recorded as resolved or in remission."
        return _unknown(name, detail, "Update the problem list if the disease is active.")
    if not record.conditions:
        return _unknown(name, "No problem list in the record.", "Record the diagnosis.")
    detail = f"No rheumatoid arthritis among {len(record.conditions)} recorded conditions."
    return _not_met(name, detail)


def no_overlap(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """No lupus, systemic sclerosis, myositis or mixed disease beside the arthritis."""
    found = [(n, c) for n in OVERLAP for c in record.diagnosed(spec.codelists[n])]
    for name, condition in found:
        words = name.replace("_", " ")
        if condition.state in (ConditionState.ACTIVE, ConditionState.RESOLVED):
            return _not_met("no_overlap", f"Overlap with {words} is recorded.")
    for name, condition in found:
        if condition.state is ConditionState.UNCONFIRMED:
            detail = f"Overlap with {name.replace('_', ' ')} is recorded, but not confirmed."
            return _unknown("no_overlap", detail, "Confirm or refute it in the problem list.")
    return _met("no_overlap", "No overlap connective-tissue disease in the problem list.")


def no_prior_il6i(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """No IL-6 inhibitor ever begun. Without a medication list only an answer can say so."""
    taken = [e for e in record.exposed(spec.codelists["il6i"]) if started(e, record)]
    if taken:
        detail = "The patient has already received an IL-6 inhibitor."
        return _not_met("no_prior_il6i", detail, "The model was not built for that choice.")
    answer = newest_answer(record, spec, "prior_il6i", "answer_positive", "answer_negative")
    if answer and answer[0] == "answer_positive":
        return _not_met("no_prior_il6i", "An earlier IL-6 inhibitor is stated.")
    if answer or record.medications:
        return _met("no_prior_il6i", "No IL-6 inhibitor in the record.")
    remedy = "Answer below whether one was ever taken."
    return _unknown("no_prior_il6i", "No medication list in the record.", remedy, _ASK_IL6I)


def prior_lines(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """At most three different biologic or targeted drugs begun so far."""
    most = spec.thresholds["max_prior_lines"].value
    listed = sum(
        any(started(e, record) for e in record.exposed(spec.codelists[drug]))
        for drug in BIOLOGIC_OR_TARGETED
    )
    lines = spec.codelists["prior_lines"]
    stated = [_count(o.value) for o in record.observed(lines) if _count(o.value) is not None]
    tnfi = find(record, spec, "prior_tnfi_count")
    counts = [float(listed), *(s for s in stated[:1] if s is not None)]
    if isinstance(tnfi, Found):
        counts.append(tnfi.value)
    if max(counts) > most:
        detail = f"{max(counts):g} earlier biologic or targeted drugs, more than {most:g}."
        return _not_met("prior_lines", detail)
    if record.medications or stated or isinstance(tnfi, Found):
        return _met("prior_lines", f"{max(counts):g} earlier biologic or targeted drugs.")
    remedy = "Enter how many were ever taken."
    return _unknown("prior_lines", "No medication list in the record.", remedy, _ASK_LINES)


def _count(value: object) -> float | None:
    return value.value if isinstance(value, Quantity) else None


def same_question(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """The choice is between these two classes, not a JAK inhibitor or rituximab."""
    for concept, words in (("jak_inhibitor", "JAK inhibitor"), ("rituximab", "rituximab")):
        for exposure in record.exposed(spec.codelists[concept]):
            planned = exposure.state is MedicationState.PLANNED
            if planned or taking(exposure, record):
                state = "planned" if planned else "being taken"
                detail = f"A {words} is {state}: the question is another one."
                return _not_met("same_question", detail.replace("A rit", "Rit"))
    return _met("same_question", "No JAK inhibitor or rituximab planned or being taken.")


def active_disease(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """CDAI above the limit; parts of a sum already above it settle the question."""
    limit = spec.thresholds["cdai_active"].value
    now = activity(record, spec)
    dates = now.newest if now.oldest == now.newest else f"{now.oldest} to {now.newest}"
    if now.cdai is None and now.at_least <= limit:
        names = ", ".join(spec.feature(name).short for name in now.missing)
        return _unknown(
            "active_disease", f"CDAI cannot be computed: {names} missing.", "Enter what is missing."
        )
    if now.at_least > limit:
        least = "" if now.cdai is not None else "at least "
        return _met("active_disease", f"CDAI {least}{now.at_least:g} ({dates}), above {limit:g}.")
    detail = f"CDAI {now.cdai:g} ({dates}) is not above {limit:g}: low disease activity already."
    return _not_met("active_disease", detail, "Check the joint counts and global assessments.")


def about_to_start(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """An answer or an order says so; active disease despite a csDMARD lets it be inferred."""
    answer = newest_answer(
        record, spec, "biologic_decision", "answer_starting_or_changing", "answer_not_now"
    )
    if answer and answer[0] == "answer_not_now":
        return _not_met("about_to_start", "No biologic is to be started or changed now.")
    if answer:
        return _met("about_to_start", "A biologic is to be started or changed, as stated.")
    orders = [
        e for e in record.exposed(spec.codelists["bts_dmard"]) if e.state is MedicationState.PLANNED
    ]
    if orders:
        return _met("about_to_start", "A biologic is ordered.")
    treated = any(
        started(e, record)
        for concept in ("csdmard", "bts_dmard")
        for e in record.exposed(spec.codelists[concept])
    )
    if treated and active_disease(record, spec).state is Eligibility.MET:
        detail = "Inferred from active disease on or after a DMARD; no order or answer says so."
        return _met("about_to_start", detail)
    detail = "The record does not say that a biologic is to be started or changed."
    return _unknown("about_to_start", detail, "Answer the question below.", _ASK_DECISION)


CRITERIA: tuple[Criterion, ...] = (
    rheumatoid_arthritis,
    adult,
    alive,
    no_overlap,
    no_prior_il6i,
    prior_lines,
    same_question,
    active_disease,
    about_to_start,
)


def eligibility(record: PatientRecord, spec: DecisionSpec) -> tuple[CriterionResult, ...]:
    """Every criterion, in the order in which a clinician would ask."""
    return tuple(criterion(record, spec) for criterion in CRITERIA)
