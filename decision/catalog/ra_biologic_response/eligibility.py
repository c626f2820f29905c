"""Who the model may speak about. Each criterion is a pure function that says what it saw.

A criterion is UNKNOWN where the record leaves it open. CDAI and `about to start` are UNKNOWN while
a required CDAI component is missing; the missing component is then the first reason given, because
missing inputs come before open criteria, and entering it settles all of them at once.
"""

from __future__ import annotations

from decision.catalog.ra_biologic_response.activity import activity
from decision.catalog.ra_biologic_response.codelists import (
    BIOLOGIC_OR_TARGETED,
    DRUG_NAMES,
    IL6_INHIBITORS,
    JAK_INHIBITORS,
    TNF_INHIBITORS,
)
from decision.catalog.ra_biologic_response.derive.drugs import (
    named_only,
    named_words,
    stop_reason,
    unread_drugs,
)
from decision.clinical.codes import Code
from decision.clinical.features import Found
from decision.clinical.quantities import Quantity
from decision.clinical.record import (
    ConditionState,
    MedicationExposure,
    MedicationState,
    Origin,
    Part,
    PatientRecord,
    Value,
)
from decision.clinical.spec import (
    CriterionResult,
    DecisionSpec,
    Eligibility,
    Entry,
    EntryKind,
    Limits,
)
from decision.evidence.answers import newest_answer
from decision.evidence.courses import period, started, taking
from decision.evidence.criteria import (
    Criterion,
    adult,
    alive,
    apply_all,
    left_open,
    met,
    not_met,
    unknown,
)
from decision.evidence.drug_names import uncoded
from decision.evidence.predictors import find
from decision.evidence.select import on_record
from decision.evidence.unread import unread

OVERLAP = (
    "lupus",
    "systemic_sclerosis",
    "inflammatory_myopathy",
    "mixed_connective_tissue_disease",
)
"""Secondary Sjögren disease is common in rheumatoid arthritis and is not counted as overlap."""

_CLASSES_OF_LINES = ("tnfi", "il6i", "jak_inhibitor", *BIOLOGIC_OR_TARGETED)

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
    unit="{count}",
    limits=Limits(
        low=0,
        high=20,
        citation="Design assumption: more drugs than there are is an error of entry.",
    ),
)


def rheumatoid_arthritis(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """Confirmed and nowhere refuted."""
    name = "rheumatoid_arthritis"
    states = {c.state for c in record.diagnosed(spec.codelists[name])}
    if ConditionState.ACTIVE in states and ConditionState.REFUTED in states:
        detail = "Rheumatoid arthritis is recorded both as active and as refuted."
        return unknown(name, detail, "Correct the problem list.")
    if ConditionState.ACTIVE in states:
        return met(name, "Rheumatoid arthritis in the problem list.")
    if ConditionState.REFUTED in states:
        return not_met(name, "Rheumatoid arthritis is recorded as refuted.", population=True)
    if ConditionState.UNCONFIRMED in states:
        detail = "Rheumatoid arthritis is recorded, but not confirmed."
        return unknown(name, detail, "Confirm the diagnosis in the problem list.")
    if ConditionState.RESOLVED in states:
        detail = "Rheumatoid arthritis is recorded as resolved or in remission."
        return unknown(name, detail, "Update the problem list if the disease is active.")
    if gaps := unread(record, Part.CONDITIONS, spec.codelists[name]):
        return left_open(name, "Rheumatoid arthritis is not among what was read.", gaps)
    if not record.conditions:
        return unknown(name, "No problem list in the record.", "Record the diagnosis.")
    detail = f"No rheumatoid arthritis among {len(record.conditions)} recorded conditions."
    return not_met(name, detail, population=True)


def no_overlap(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """No lupus, systemic sclerosis, myositis or mixed disease beside the arthritis."""
    found = [(n, c) for n in OVERLAP for c in record.diagnosed(spec.codelists[n])]
    for name, condition in found:
        words = name.replace("_", " ")
        if condition.state in (ConditionState.ACTIVE, ConditionState.RESOLVED):
            return not_met("no_overlap", f"Overlap with {words} is recorded.")
    for name, condition in found:
        if condition.state is ConditionState.UNCONFIRMED:
            detail = f"Overlap with {name.replace('_', ' ')} is recorded, but not confirmed."
            return unknown("no_overlap", detail, "Confirm or refute it in the problem list.")
    if gaps := unread(record, Part.CONDITIONS, *(spec.codelists[n] for n in OVERLAP)):
        return left_open("no_overlap", "Overlap connective-tissue disease is not ruled out.", gaps)
    return met("no_overlap", "No overlap connective-tissue disease in the problem list.")


def no_prior_il6i(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """No IL-6 inhibitor ever begun; a name without a code leaves it open until somebody answers."""
    name = "no_prior_il6i"
    taken = [
        (drug, e)
        for drug in IL6_INHIBITORS
        for e in record.exposed(spec.codelists[drug])
        if started(e, record)
    ]
    if taken:
        listed = "; ".join(_course(drug, e, spec) for drug, e in taken)
        detail = f"The patient has already received an IL-6 inhibitor: {listed}."
        return not_met(name, detail, "The model was not built for that choice.")
    answer = newest_answer(record, spec, "prior_il6i", "answer_positive", "answer_negative")
    if answer and answer[0] == "answer_positive":
        return not_met(name, "An earlier IL-6 inhibitor is stated.")
    remedy = "Answer below whether one was ever taken."
    uncoded = named_only(record, spec.codelists, ("il6i", *IL6_INHIBITORS))
    if not (answer and answer[1].source.origin is Origin.CLINICIAN):
        if uncoded:
            return unknown(name, named_words(uncoded), remedy, _ASK_IL6I)
        if gaps := unread_drugs(record, spec.codelists, ("il6i",), "prior_il6i"):
            detail = "An earlier IL-6 inhibitor is not ruled out."
            return left_open(name, detail, gaps, remedy, _ASK_IL6I)
    if answer:
        return met(name, "No earlier IL-6 inhibitor, as stated.")
    if record.medications:
        return met(name, "No IL-6 inhibitor listed.")
    return unknown(name, "No medication list in the record.", remedy, _ASK_IL6I)


def _course(drug: str, exposure: MedicationExposure, spec: DecisionSpec) -> str:
    """`tocilizumab, 2024-01 to 2025-03, adverse event`."""
    coded = exposure.stop_reason if isinstance(exposure.stop_reason, Code) else None
    reason = stop_reason(coded, spec.codelists) if coded else None
    return ", ".join((drug, period(exposure), *((reason[1],) if reason else ())))


def prior_lines(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """At most three different biologic or targeted drugs begun so far."""
    most = spec.thresholds["max_prior_lines"].value
    listed = {
        drug
        for drug in BIOLOGIC_OR_TARGETED
        if any(started(e, record) for e in record.exposed(spec.codelists[drug]))
    }
    lines = on_record(record, spec.codelists["prior_lines"])
    stated = next((o for o in lines if _count(o.value) is not None), None)
    tnfi = find(record, spec, "prior_tnfi_count")
    others = len(listed - set(TNF_INHIBITORS))
    counts = [float(len(listed)), (_count(stated.value) or 0.0) if stated else 0.0]
    if isinstance(tnfi, Found):
        counts.append(others + tnfi.value)
    if max(counts) > most:
        detail = f"{max(counts):g} earlier biologic or targeted drugs, more than {most:g}."
        return not_met("prior_lines", detail)
    remedy = "Enter how many were ever taken."
    # an open count of TNF inhibitors is the same question: its own field or this one settles it
    uncoded = set(named_only(record, spec.codelists, ("bts_dmard", *_CLASSES_OF_LINES))) - listed
    if isinstance(tnfi, Found):
        uncoded -= {"tnfi", *TNF_INHIBITORS}
    if not (stated and stated.source.origin is Origin.CLINICIAN):
        if uncoded:
            return unknown("prior_lines", named_words(sorted(uncoded)), remedy, _ASK_LINES)
        said = ("prior_lines", "prior_tnfi_count", "last_tnfi_stop_reason")
        if gaps := unread_drugs(record, spec.codelists, ("bts_dmard",), *said):
            detail = f"{max(counts):g} earlier biologic or targeted drugs read; more are possible."
            return left_open("prior_lines", detail, gaps, remedy, _ASK_LINES)
    if record.medications or stated or isinstance(tnfi, Found):
        return met("prior_lines", f"{max(counts):g} earlier biologic or targeted drugs.")
    return unknown("prior_lines", "No medication list in the record.", remedy, _ASK_LINES)


def _count(value: Value) -> float | None:
    return value.value if isinstance(value, Quantity) else None


def _now_or_planned(exposure: MedicationExposure, record: PatientRecord) -> bool:
    return exposure.state is MedicationState.PLANNED or taking(exposure, record)


def same_question(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """The choice is between these two classes, not a JAK inhibitor or rituximab."""
    for concept, words in (("jak_inhibitor", "JAK inhibitor"), ("rituximab", "rituximab")):
        for exposure in record.exposed(spec.codelists[concept]):
            planned = exposure.state is MedicationState.PLANNED
            if planned or taking(exposure, record):
                state = "planned" if planned else "being taken"
                detail = f"A {words} is {state}: the question is another one."
                return not_met("same_question", detail.replace("A rit", "Rit"))
    now = ("jak_inhibitor", "rituximab", *JAK_INHIBITORS)
    if named := uncoded(record, spec.codelists, DRUG_NAMES, now, _now_or_planned):
        remedy = "Code the drug in the record, or correct the list."
        return unknown("same_question", named_words(sorted(named)), remedy)
    if gaps := unread_drugs(record, spec.codelists, now):
        detail = "A JAK inhibitor or rituximab, planned or being taken, is not ruled out."
        return left_open("same_question", detail, gaps)
    return met("same_question", "No JAK inhibitor or rituximab planned or being taken.")


def active_disease(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """CDAI above the limit; parts of a sum already above it settle the question."""
    limit = spec.thresholds["cdai_active"].value
    now = activity(record, spec)
    dates = now.newest if now.oldest == now.newest else f"{now.oldest} to {now.newest}"
    if now.cdai is None and now.at_least <= limit:
        names = ", ".join(spec.feature(name).short for name in now.missing)
        return unknown(
            "active_disease", f"CDAI cannot be computed: {names} missing.", "Enter what is missing."
        )
    if now.at_least > limit:
        least = "" if now.cdai is not None else "at least "
        return met("active_disease", f"CDAI {least}{now.at_least:g} ({dates}), above {limit:g}.")
    detail = f"CDAI {now.cdai:g} ({dates}) is not above {limit:g}: low disease activity already."
    return not_met("active_disease", detail, "Check the joint counts and global assessments.")


def about_to_start(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """An answer or an order says so; active disease despite a csDMARD lets it be inferred."""
    answer = newest_answer(
        record, spec, "biologic_decision", "answer_starting_or_changing", "answer_not_now"
    )
    if answer and answer[0] == "answer_not_now":
        return not_met("about_to_start", "No biologic is to be started or changed now.")
    if answer:
        return met("about_to_start", "A biologic is to be started or changed, as stated.")
    orders = [
        e for e in record.exposed(spec.codelists["bts_dmard"]) if e.state is MedicationState.PLANNED
    ]
    if orders:
        return met("about_to_start", "A biologic is ordered.")
    treated = any(
        started(e, record)
        for concept in ("csdmard", "bts_dmard")
        for e in record.exposed(spec.codelists[concept])
    )
    if treated and active_disease(record, spec).state is Eligibility.MET:
        detail = "Inferred from active disease on or after a DMARD; no order or answer says so."
        return met("about_to_start", detail)
    remedy = "Answer the question below."
    drugs = ("csdmard", "bts_dmard")
    if gaps := unread_drugs(record, spec.codelists, drugs, "biologic_decision"):
        detail = "What was read does not say that a biologic is to be started or changed."
        return left_open("about_to_start", detail, gaps, remedy, _ASK_DECISION)
    detail = "The record does not say that a biologic is to be started or changed."
    return unknown("about_to_start", detail, remedy, _ASK_DECISION)


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
    return apply_all(CRITERIA, record, spec)
