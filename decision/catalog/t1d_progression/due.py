"""What the rules of the place say is due: monitoring, and the therapy prompt with its checklist."""

from __future__ import annotations

from collections.abc import Iterable

from decision.catalog.t1d_progression.antibodies import State
from decision.catalog.t1d_progression.cautions import find_cautions, ticks
from decision.catalog.t1d_progression.criteria import Band
from decision.catalog.t1d_progression.derive.staged import Staged
from decision.catalog.t1d_progression.local import Place
from decision.catalog.t1d_progression.monitoring import MonitoringPrompt, monitoring_prompts
from decision.catalog.t1d_progression.staging import NEEDED, Outcome, Stratum
from decision.catalog.t1d_progression.tables import EXCLUSIONS, STAGING
from decision.catalog.t1d_progression.therapy import Benefit, Exclusion, Tick, therapy_prompt
from decision.catalog.t1d_progression.units import and_
from decision.clinical.dated import Standing
from decision.clinical.record import PatientRecord
from decision.clinical.situation import Prompt
from decision.clinical.spec import DecisionSpec
from decision.evidence.person import DAYS_IN_YEAR

FINDING = "What the finding asks for"
MONITORING = "Monitoring"
THERAPY = "Disease-modifying therapy"


def due(
    record: PatientRecord,
    spec: DecisionSpec,
    age_years: float | None,
    found: Staged,
    place: Place,
) -> tuple[Prompt, ...]:
    """What would settle the stage; then every prompt of the place on the record's own day: none
    where no rule has been entered, and none without an age, which most rules ask for.
    """
    asked = tuple(_asked(found))
    if age_years is None:
        return asked
    return (
        *asked,
        *_monitoring(record, age_years, found, place),
        *_therapy(record, spec, age_years, found, place),
    )


def _asked(found: Staged) -> Iterable[Prompt]:
    """What an unsettled stage itself asks for: no guideline is quoted, and none is needed."""
    staging = found.staging
    outcome, antibodies = staging.outcome, staging.antibodies
    stood = STAGING.in_force(staging.as_of.date(), staging.jurisdiction)
    if found.diagnosed or antibodies is None or not stood:
        return
    if outcome is Outcome.STAGE_3_UNCONFIRMED:
        high = [f.criterion for f in staging.fired if f.band is not Band.STAGE_2]
        yield _of_finding(
            f"Repeat without delay, on another day: {and_(dict.fromkeys(high))}.",
            "A value in stage 3 range on a second day, or with symptoms, is stage 3: diabetes.",
            "With symptoms it is not left to a repeat: ask for them.",
        )
    elif outcome is Outcome.AWAITING_CONFIRMATION:
        yield _of_finding(
            f"Confirm in a second sample, on another day: {and_(antibodies.unconfirmed)}.",
            "Until then there is no stage and no risk.",
        )
    elif outcome is Outcome.STAGE_1_PROVISIONAL or (
        outcome is Outcome.NOT_STAGEABLE and antibodies.number > 1 and not staging.fired
    ):
        lacking = [c for c in NEEDED if c in staging.missing]
        if lacking:
            yield _of_finding(f"Measure what is missing: {and_(lacking)}.", staging.reason)


def _of_finding(text: str, *details: str) -> Prompt:
    on_file = STAGING["antibodies-multiple"]
    return Prompt(
        topic=FINDING,
        text=text,
        details=tuple(_stopped(d) for d in details),
        jurisdiction="",
        effective_from=on_file.effective_from,
        source="Follows from the stage above; no guideline is quoted",
        status=Standing.DESIGN,
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
    # The table's notes are for whoever keeps it; the edition is part of the source.
    return Prompt(
        topic=MONITORING,
        text=rule.text,
        details=(),
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
                f"Label: {'; '.join(map(_continued, prompt.conditions))}.",
                *_checked(prompt.exclusions),
                *map(_benefit, prompt.benefits),
            ),
            jurisdiction=prompt.jurisdiction,
            effective_from=prompt.effective_from,
            source=prompt.source,
            status=prompt.status,
        ),
    )


def _checked(exclusions: tuple[Exclusion, ...]) -> Iterable[str]:
    """How far the checklist is, and what applies; each line of it stands among the cautions."""
    answered = [e for e in exclusions if e.tick is not Tick.OPEN]
    left = "" if len(answered) == len(exclusions) else "; answer the others below"
    yield f"Exclusions answered: {len(answered)} of {len(exclusions)}{left}."
    if named := [_continued(e.text) for e in exclusions if e.tick is Tick.PRESENT]:
        yield f"Applies: {'; '.join(named)}."


def _continued(words: str) -> str:
    """A capital stays where it begins an abbreviation."""
    first, _, rest = words.partition(" ")
    return words if not first[1:].islower() else f"{first.lower()} {rest}".strip()


def _benefit(benefit: Benefit) -> str:
    return f"{benefit.text.removesuffix('.')} ({benefit.source}; {benefit.status})."
