"""The prompt about teplizumab: only in stage 2, from the label's age, after its exclusions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from decision.catalog.t1d_progression.refusals import RequiredMissingError
from decision.catalog.t1d_progression.staging import Outcome, Staging
from decision.catalog.t1d_progression.tables import EXCLUSIONS, THERAPY
from decision.clinical.dated import CHECKED, DatedRow, DatedTable, Standing

TEPLIZUMAB = "teplizumab"


class Tick(StrEnum):
    """What the clinician said of one exclusion. Nothing is ever inferred as absent."""

    OPEN = "not answered"
    ABSENT = "does not apply"
    PRESENT = "applies"


class PromptState(StrEnum):
    """How far the label's conditions are met. Only the last one speaks of eligibility."""

    BELOW_AGE = "below the label's age"
    UNCHECKED = "exclusions not all checked"
    EXCLUDED = "an exclusion applies"
    ELIGIBLE = "eligible by the label"


_WORDS = {
    PromptState.BELOW_AGE: "Below the youngest age of the label entered here.",
    PromptState.UNCHECKED: "Teplizumab may come into question; check every exclusion first.",
    PromptState.EXCLUDED: "An exclusion of the label applies.",
    PromptState.ELIGIBLE: "Eligible for teplizumab by the label entered here.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One line of the checklist with the clinician's tick."""

    id: str
    text: str
    tick: Tick
    source: str
    status: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What a trial found; shown with its source and status or not at all."""

    text: str
    source: str
    status: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class TherapyPrompt:
    """Informs, never orders."""

    state: PromptState
    words: str
    min_age_years: float
    banner: str
    conditions: tuple[str, ...]
    exclusions: tuple[Exclusion, ...]
    benefits: tuple[Benefit, ...]
    jurisdiction: str
    effective_from: date
    source: str
    status: Standing


def therapy_prompt(
    staging: Staging,
    *,
    age_years: float | None,
    ticks: Mapping[str, Tick],
    on: date,
    min_age_years: float | None = None,
    table: DatedTable = THERAPY,
    exclusions: DatedTable = EXCLUSIONS,
) -> TherapyPrompt | None:
    """The prompt in the jurisdiction of the staging; None outside stage 2 and wherever no verified
    rule has been entered. `min_age_years` replaces the table's where a site has configured it.

    Raises RequiredMissingError without age, ValueError for a tick of an unlisted exclusion.
    """
    rules = {
        row.text("rule"): row
        for row in table.in_force(on, staging.jurisdiction, accepted={Standing.VERIFIED})
        if row.text("therapy") == TEPLIZUMAB
    }
    if staging.outcome is not Outcome.STAGE_2 or not {"stage", "min_age_years"} <= rules.keys():
        return None
    if age_years is None:
        raise RequiredMissingError(
            "age is missing, and it is never imputed", "enter the birth date"
        )
    rule = rules["min_age_years"]
    youngest = rule.number("value") if min_age_years is None else min_age_years
    checklist = _checklist(exclusions, staging.jurisdiction, on, ticks)
    state = _state(age_years < youngest, [e.tick for e in checklist])
    stood = table.in_force(on, staging.jurisdiction, accepted=CHECKED)
    return TherapyPrompt(
        state=state,
        words=_WORDS[state],
        min_age_years=youngest,
        banner=rule.text("text"),
        conditions=tuple(
            rules[name].text("text")
            for name in ("stage", "antibodies", "dysglycaemia")
            if name in rules
        ),
        exclusions=checklist,
        benefits=tuple(
            Benefit(text=r.text("text"), source=r.source, status=r.status)
            for r in stood
            if r.text("rule") == "benefit"
        ),
        jurisdiction=rule.jurisdiction,
        effective_from=rule.effective_from,
        source=rule.source,
        status=rule.status,
    )


def _state(too_young: bool, ticks: list[Tick]) -> PromptState:
    if too_young:
        return PromptState.BELOW_AGE
    if Tick.PRESENT in ticks:
        return PromptState.EXCLUDED
    # Without a checklist nothing has been checked.
    if not ticks or Tick.OPEN in ticks:
        return PromptState.UNCHECKED
    return PromptState.ELIGIBLE


def _checklist(
    table: DatedTable, jurisdiction: str, on: date, ticks: Mapping[str, Tick]
) -> tuple[Exclusion, ...]:
    rows: tuple[DatedRow, ...] = table.in_force(on, jurisdiction)
    if strangers := set(ticks) - {row.id for row in rows}:
        raise ValueError(f"not on the checklist: {', '.join(sorted(strangers))}")
    return tuple(
        Exclusion(
            id=row.id,
            text=row.text("text"),
            tick=ticks.get(row.id, Tick.OPEN),
            source=row.source,
            status=row.status,
        )
        for row in rows
    )
