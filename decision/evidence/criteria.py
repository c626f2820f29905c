"""Eligibility criteria that any decision asks, and short ways to write a criterion's result."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from decision.clinical.gaps import UnreadCriterion
from decision.clinical.quantities import whole_years_between
from decision.clinical.record import Gap, PatientRecord
from decision.clinical.spec import CriterionResult, DecisionSpec, Eligibility, Entry

Criterion = Callable[[PatientRecord, DecisionSpec], CriterionResult]


def met(criterion: str, detail: str) -> CriterionResult:
    """The record says that the criterion holds."""
    return CriterionResult(id=criterion, state=Eligibility.MET, detail=detail)


def not_met(
    criterion: str, detail: str, remedy: str = "", *, population: bool = False
) -> CriterionResult:
    """The record says that it does not hold; `population` where nothing of the decision, cautions
    included, is about such a person.
    """
    outside = "The model was not built for this patient."
    return CriterionResult(
        id=criterion,
        state=Eligibility.NOT_MET,
        detail=detail,
        remedy=remedy or outside,
        population=population,
    )


def unknown(
    criterion: str, detail: str, remedy: str, entry: Entry | None = None
) -> CriterionResult:
    """The record leaves it open; `entry` is what the page may ask."""
    return CriterionResult(
        id=criterion, state=Eligibility.UNKNOWN, detail=detail, remedy=remedy, entry=entry
    )


def left_open(
    criterion: str,
    detail: str,
    gaps: tuple[Gap, ...],
    remedy: str = "",
    entry: Entry | None = None,
) -> CriterionResult:
    """A criterion that cannot be judged because of the gaps; `remedy` is what else would help."""
    return UnreadCriterion(
        id=criterion,
        state=Eligibility.UNKNOWN,
        detail=detail,
        remedy=remedy,
        entry=entry,
        gaps=gaps,
    )


def alive(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """A record that ends with the patient's death may be reviewed as it stood, not acted upon."""
    died = record.deceased
    if died is None:
        return met("alive", "No death recorded.")
    if died.latest < record.as_of:
        return not_met("alive", f"The patient died on {died.day_text}.", population=True)
    return met("alive", f"The record ends with death on {died.day_text}: for review only.")


def adult(record: PatientRecord, spec: DecisionSpec) -> CriterionResult:
    """Surely at least the decision's `adult_age`, whatever the birth date leaves open."""
    limit = spec.thresholds["adult_age"].value
    born = record.identity.birth_date
    if born is None:
        return unknown("adult", "No birth date in the record.", "Record it in the chart.")
    youngest, oldest = whole_years_between(born, record.as_of)
    if youngest >= limit:
        return met("adult", f"{youngest} years old.")
    if oldest < limit:
        return not_met("adult", f"{oldest} years old, under {limit:g}.", population=True)
    detail = f"{youngest} or {oldest} years old: the birth date is not exact."
    return unknown("adult", detail, "Record the full birth date.")


def apply_all(
    criteria: Sequence[Criterion], record: PatientRecord, spec: DecisionSpec
) -> tuple[CriterionResult, ...]:
    """One result per criterion, in their order.

    Where a gap leaves a criterion open that no answer can settle, none of them is asked about that
    gap: the answers would change nothing.
    """
    results = tuple(criterion(record, spec) for criterion in criteria)
    hopeless = {
        gap for r in results if isinstance(r, UnreadCriterion) and not r.entry for gap in r.gaps
    }
    return tuple(
        dataclasses.replace(r, entry=None, remedy="")
        if isinstance(r, UnreadCriterion) and hopeless.intersection(r.gaps)
        else r
        for r in results
    )
