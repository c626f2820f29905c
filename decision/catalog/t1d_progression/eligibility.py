"""Whom the risk may speak about. Each criterion says what it saw, and what would settle it."""

from __future__ import annotations

import dataclasses
from functools import partial

from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.codelists import DRUG_NAMES
from decision.catalog.t1d_progression.derive.findings import NO_RULES
from decision.catalog.t1d_progression.derive.own import own
from decision.catalog.t1d_progression.derive.persons import answered
from decision.catalog.t1d_progression.derive.staged import HELD, Staged, staged
from decision.catalog.t1d_progression.features import ANTIBODY_STATES, YES_NO
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.staging import Outcome
from decision.clinical.features import Found
from decision.clinical.record import Condition, ConditionState, Part, PatientRecord
from decision.clinical.spec import (
    CriterionResult,
    DecisionSpec,
    Entry,
    EntryKind,
)
from decision.evidence.courses import period, started
from decision.evidence.criteria import alive, apply_all, left_open, met, not_met, unknown
from decision.evidence.drug_names import uncoded
from decision.evidence.select import FINAL, on_record
from decision.evidence.unread import unread

ANTIBODIES = "islet_antibodies"
_REMEDY_ANTIBODY = "Enter the antibody results below."
_NO_RISK = "No risk is shown."


def _asking(question: str, concept: str) -> Entry:
    return Entry(kind=EntryKind.CHOICE, question=question, concept=concept, choices=YES_NO)


_ASK_TREATED = _asking(
    "Was an anti-CD3 antibody such as teplizumab ever given?", "anti_cd3_treated"
)


def islet_antibodies(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """Some islet antibody was tested: without, the whole decision is about somebody else."""
    lists = [spec.codelists[c] for c in ("islet_antibody", "islet_status")]
    results = [o for found in lists for o in on_record(record, found) if o.status in FINAL]
    if results:
        newest = max(results, key=lambda o: o.effective.middle).effective.day_text
        result = met(ANTIBODIES, f"Islet antibodies were tested, last on {newest}.")
    elif gaps := unread(record, Part.OBSERVATIONS, *lists):
        detail = "No islet antibody result is among what was read."
        result = left_open(ANTIBODIES, detail, gaps, _REMEDY_ANTIBODY)
    else:
        detail = "No islet antibody result in the record."
        remedy = "This is about people in whom an islet antibody was found."
        result = not_met(ANTIBODIES, detail, remedy)
    return dataclasses.replace(result, population=True)


def _diagnosed(record: PatientRecord, spec: DecisionSpec) -> dict[str, list[Condition]]:
    """Diabetes that is there, by its kind: a presymptomatic stage is coded among it and is none."""
    before = spec.codelists["presymptomatic_type_1"]
    return {
        words: [c for c in record.diagnosed(spec.codelists[of]) if not before.matches(c.codes)]
        for of, words in (
            ("type_1_diabetes", "Type 1 diabetes"),
            ("type_2_diabetes", "Type 2 diabetes"),
        )
    }


def no_diabetes(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """Neither diagnosed nor suspected to be of another kind."""
    name, found = "no_diabetes", _diagnosed(record, spec)
    for words, conditions in found.items():
        if any(c.state in HELD for c in conditions):
            detail = f"{words} is diagnosed: there is no progression to it to foretell."
            return not_met(name, detail, _NO_RISK, population=True)
    for words, conditions in found.items():
        if any(c.state is ConditionState.UNCONFIRMED for c in conditions):
            detail = f"{words} is recorded, but not confirmed."
            return unknown(name, detail, "Confirm or refute it in the problem list.")
    for concept, words in (
        ("suspected_type_2_diabetes", "Type 2 diabetes"),
        ("suspected_monogenic_diabetes", "Monogenic diabetes"),
    ):
        answer = answered(record, spec.codelists, concept)
        if answer and answer[0]:
            detail = f"{words} is suspected ({answer[1].effective.day_text})."
            return not_met(name, detail, "No published figure is about such people.")
    kinds = ("type_1_diabetes", "type_2_diabetes")
    if gaps := unread(record, Part.CONDITIONS, *(spec.codelists[k] for k in kinds)):
        return left_open(name, "Diagnosed diabetes is not ruled out.", gaps)
    return met(name, "No diagnosed or suspected diabetes in the record.")


def untreated(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """The risk is the one without disease-modifying treatment."""
    name = "untreated"
    given = [e for e in record.exposed(spec.codelists["teplizumab"]) if started(e, record)]
    if given:
        detail = f"Teplizumab was given ({period(given[-1])})."
        return not_met(name, detail, "The risk here is the one without such treatment.")
    answer = answered(record, spec.codelists, "anti_cd3_treated")
    if answer and answer[0]:
        detail = f"An anti-CD3 antibody was given, stated on {answer[1].effective.day_text}."
        return not_met(name, detail, "The risk here is the one without such treatment.")
    if answer:
        return met(name, f"No anti-CD3 antibody, stated on {answer[1].effective.day_text}.")
    remedy = "Answer below whether one was ever given."
    if uncoded(record, spec.codelists, DRUG_NAMES, ("teplizumab",), started):
        detail = "Teplizumab is named in the medication list without a code."
        return unknown(name, detail, remedy, _ASK_TREATED)
    if gaps := unread(record, Part.MEDICATIONS, spec.codelists["teplizumab"]):
        detail = "Earlier treatment with an anti-CD3 antibody is not ruled out."
        return left_open(name, detail, gaps, remedy, _ASK_TREATED)
    return met(name, "No anti-CD3 antibody listed.")


_NEVER = {
    Outcome.STAGE_3: "This is diabetes: no risk of it is shown.",
    Outcome.OUTSIDE_SCOPE: "This is about people in whom an islet antibody was found.",
}


def stageable(record: PatientRecord, spec: DecisionSpec, place: Place) -> CriterionResult:
    """A single antibody, stage 1 or stage 2: nobody else has a stratum."""
    name = "stageable"
    found = staged(record, spec.codelists, place)
    if found.diagnosed:
        return met(name, "Stage 3 by diagnosis.")
    outcome, reason = found.staging.outcome, found.staging.reason
    detail = f"{outcome[:1].upper()}{outcome[1:]}: {reason}."
    if outcome is Outcome.STAGE_3_UNCONFIRMED:
        return not_met(name, detail, _repeat(record, spec))
    if outcome in _NEVER:
        return not_met(name, detail, _NEVER[outcome])
    if outcome is Outcome.AWAITING_CONFIRMATION:
        return _awaiting(found, detail)
    if found.staging.stratum is None:
        return _not_stageable(found, spec, detail)
    if found.gaps:
        told = f"{detail} Other results may exist that could not be read."
        return left_open(name, told, found.gaps)
    return met(name, detail)


def _repeat(record: PatientRecord, spec: DecisionSpec) -> str:
    """Symptoms are asked for only where nobody has answered."""
    asked = spec.feature("symptoms").derive(record, spec.feature("symptoms"), spec.codelists)
    missing = "" if isinstance(asked, Found) else " Symptoms are not known: state them below."
    return f"Repeat the test without delay.{missing}"


def _awaiting(found: Staged, detail: str) -> CriterionResult:
    antibodies = found.staging.antibodies
    kind = antibodies.unconfirmed[0] if antibodies else Kind.GADA
    remedy = "Take a second sample, or enter below what all samples say."
    entry = Entry(
        kind=EntryKind.CHOICE,
        question=kind.label,
        concept=kind.stated,
        choices=ANTIBODY_STATES,
    )
    return unknown("stageable", detail, remedy, entry)


def _not_stageable(found: Staged, spec: DecisionSpec, detail: str) -> CriterionResult:
    staging = found.staging
    if staging.antibodies is not None and staging.fired:
        remedy = "Consider another cause and repeat the tests; say below if type 2 is suspected."
        return not_met("stageable", detail, remedy)
    if not staging.ruled:
        return unknown("stageable", detail, NO_RULES)
    if found.gaps:
        return left_open("stageable", detail, found.gaps)
    if staging.antibodies is None:
        return unknown("stageable", detail, _REMEDY_ANTIBODY)
    remedy = "Enter fasting glucose, 2-hour glucose or HbA1c below."
    return unknown("stageable", detail, remedy, spec.feature("hba1c").entry)


def eligibility(
    record: PatientRecord, spec: DecisionSpec, place: Place
) -> tuple[CriterionResult, ...]:
    """Every criterion, in the order in which a clinician would ask."""
    criteria = (
        islet_antibodies,
        alive,
        no_diabetes,
        partial(stageable, place=place),
        untreated,
    )
    return apply_all(criteria, own(record), spec)
