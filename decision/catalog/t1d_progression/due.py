"""What the rules of the place say is due: monitoring, and the therapy prompt with its checklist."""

from __future__ import annotations

from collections.abc import Iterable

from decision.catalog.t1d_progression.antibodies import State
from decision.catalog.t1d_progression.cautions import find_cautions, ticks
from decision.catalog.t1d_progression.derive.staged import Staged
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.monitoring import MonitoringPrompt, monitoring_prompts
from decision.catalog.t1d_progression.staging import Outcome, Stratum
from decision.catalog.t1d_progression.tables import EXCLUSIONS
from decision.catalog.t1d_progression.therapy import Benefit, Exclusion, therapy_prompt
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Prompt
from decision.clinical.spec import DecisionSpec
from decision.evidence.person import DAYS_IN_YEAR

MONITORING = "Monitoring"
THERAPY = "Disease-modifying therapy"


def due(
    record: PatientRecord,
    spec: DecisionSpec,
    age_years: float | None,
    found: Staged,
    place: Place,
) -> tuple[Prompt, ...]:
    """Every prompt of the place on the record's own day; none where no rule has been entered, and
    none without an age, which most rules ask for.
    """
    if age_years is None:
        return ()
    return (
        *_monitoring(record, age_years, found, place),
        *_therapy(record, spec, age_years, found, place),
    )


def _monitoring(
    record: PatientRecord, age_years: float, found: Staged, place: Place
) -> Iterable[Prompt]:
    outcome = found.staging.outcome
    state: Stratum | Outcome | None = found.staging.stratum
    if outcome is Outcome.AWAITING_CONFIRMATION:
        state = outcome
    if state is None:
        return ()
    rules = monitoring_prompts(
        state,
        age_years=age_years,
        years_since_first_positive=_since_first(record, found),
        jurisdiction=place.jurisdiction,
        on=record.as_of.date(),
        switched_on=place.switched_on,
    )
    return (_due(rule) for rule in rules)


def _since_first(record: PatientRecord, found: Staged) -> float | None:
    """Years since the first positive sample of an antibody that is still positive."""
    antibodies = found.staging.antibodies
    if antibodies is None:
        return None
    positive = [a for a in antibodies.tested if a.kind.counted and a.state is not State.NEGATIVE]
    first = [a.first_positive.middle for a in positive if a.first_positive]
    if not first:
        return None
    passed = record.as_of - min(first)
    return max(0.0, passed.days / DAYS_IN_YEAR)


def _due(rule: MonitoringPrompt) -> Prompt:
    details = [f"Edition {rule.edition}"] if rule.edition else []
    details += [_stopped(rule.note)] if rule.note else []
    return Prompt(
        topic=MONITORING,
        text=rule.text,
        details=tuple(details),
        jurisdiction=rule.jurisdiction,
        effective_from=rule.effective_from,
        source=rule.source,
        status=rule.status,
    )


def _stopped(words: str) -> str:
    told = words[:1].upper() + words[1:]
    return told if told.endswith(".") else f"{told}."


def _therapy(
    record: PatientRecord, spec: DecisionSpec, age_years: float, found: Staged, place: Place
) -> Iterable[Prompt]:
    on = record.as_of.date()
    listed = {row.id for row in EXCLUSIONS.in_force(on, place.jurisdiction)}
    given = ticks(find_cautions(record, spec, place), place)
    prompt = therapy_prompt(
        found.staging,
        age_years=age_years,
        ticks={name: tick for name, tick in given.items() if name in listed},
        on=on,
        min_age_years=place.min_age_years,
    )
    if prompt is None:
        return ()
    whose = "the label entered here" if place.min_age_years is None else "the setting of this place"
    return (
        Prompt(
            topic=THERAPY,
            text=prompt.words,
            details=(
                f"Youngest age by {whose}: {prompt.min_age_years:g} years. {prompt.banner}",
                *(f"Label: {condition}." for condition in prompt.conditions),
                *map(_ticked, prompt.exclusions),
                *map(_benefit, prompt.benefits),
            ),
            jurisdiction=prompt.jurisdiction,
            effective_from=prompt.effective_from,
            source=prompt.source,
            status=prompt.status,
        ),
    )


def _ticked(exclusion: Exclusion) -> str:
    return f"Exclusion: {exclusion.text} – {exclusion.tick}."


def _benefit(benefit: Benefit) -> str:
    return f"{benefit.text.removesuffix('.')} ({benefit.source}; {benefit.status})."
