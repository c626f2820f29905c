"""The stage of type 1 diabetes, with everything that led to it; or why there is none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from decision.catalog.t1d_progression.antibodies import Kind, Profile, on_two_days
from decision.catalog.t1d_progression.criteria import (
    Band,
    Config,
    Criterion,
    Fired,
    Measurement,
    fired_by,
    rise,
    undecided,
)
from decision.catalog.t1d_progression.tables import STAGING, parameter
from decision.catalog.t1d_progression.units import and_
from decision.clinical.dated import DatedTable
from decision.clinical.quantities import Moment

NEEDED = (Criterion.FASTING_GLUCOSE, Criterion.TWO_HOUR_GLUCOSE)
"""Without both, normal glucose is not established and stage 1 stays provisional."""

_MOST_EARLIER = int(parameter("earlier-values-shown"))
"""Earlier values that are told one by one: nobody reads a page of them."""


class Outcome(StrEnum):
    """What staging can say. A closed list."""

    STAGE_1 = "stage 1"
    STAGE_1_PROVISIONAL = "stage 1, provisional"
    STAGE_2 = "stage 2"
    STAGE_3 = "stage 3"
    STAGE_3_UNCONFIRMED = "stage 3 range, unconfirmed"
    SINGLE_ANTIBODY = "single antibody"
    NOT_STAGEABLE = "not stageable"
    AWAITING_CONFIRMATION = "awaiting confirmation"
    OUTSIDE_SCOPE = "outside scope"


class Stratum(StrEnum):
    """The groups in which risk is worked out; never pooled."""

    SINGLE = "single_antibody"
    STAGE_1 = "stage_1"
    STAGE_2 = "stage_2"


_STRATA = {
    Outcome.SINGLE_ANTIBODY: Stratum.SINGLE,
    Outcome.STAGE_1: Stratum.STAGE_1,
    Outcome.STAGE_1_PROVISIONAL: Stratum.STAGE_1,
    Outcome.STAGE_2: Stratum.STAGE_2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OldInput:
    """An input older than the configured age: used, and flagged."""

    label: str
    taken: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Staging:
    """A stage, or why there is none, with the criteria that fired and all that was looked at."""

    outcome: Outcome
    reason: str
    fired: tuple[Fired, ...]
    considered: tuple[Measurement, ...]
    missing: tuple[Criterion, ...]
    old: tuple[OldInput, ...]
    notes: tuple[str, ...]
    antibodies: Profile | None
    as_of: datetime
    jurisdiction: str
    config_version: str
    ruled: bool
    """Whether thresholds stand here on that day; without any, no value could have said a stage."""

    @property
    def stratum(self) -> Stratum | None:
        """The stratum whose risk applies; None where no risk may be shown."""
        return _STRATA.get(self.outcome)

    @property
    def dysglycaemia(self) -> bool:
        """Whether any glucose criterion fired."""
        return bool(self.fired)


def stage(
    antibodies: Profile | None,
    measurements: Collection[Measurement],
    *,
    as_of: datetime,
    jurisdiction: str,
    symptoms: bool = False,
    switched_on: Collection[str] = (),
    table: DatedTable = STAGING,
) -> Staging:
    """Stage one person from the newest value of each criterion up to `as_of`.

    `symptoms` is True only where somebody stated symptoms of hyperglycaemia.
    """
    config = Config.of(as_of.date(), jurisdiction, switched_on=switched_on, table=table)
    known = [m for m in measurements if m.taken.earliest <= as_of]
    last = _last(known)
    considered = tuple(m for m in known if m.taken.middle == last[m.criterion])
    fired = [f for m in considered if (f := fired_by(m, config))]
    if risen := rise(known, config, as_of):
        fired.append(risen)
    fired = [f for f in fired if symptoms or f.band is not Band.STAGE_3_WITH_SYMPTOMS]
    decided = {m.criterion for m in considered if not undecided(m, config)}
    base = Staging(
        outcome=Outcome.NOT_STAGEABLE,
        reason="",
        fired=tuple(fired),
        considered=considered,
        missing=tuple(c for c in (*NEEDED, Criterion.HBA1C) if c not in decided),
        old=_old(considered, antibodies, config, as_of),
        notes=_notes(antibodies, known, considered, config),
        antibodies=antibodies,
        as_of=as_of,
        jurisdiction=jurisdiction,
        config_version=config.version,
        ruled=config.multiple is not None,
    )
    outcome, reason = _verdict(base, known, config, symptoms)
    return replace(base, outcome=outcome, reason=reason)


def _verdict(
    found: Staging, known: list[Measurement], config: Config, symptoms: bool
) -> tuple[Outcome, str]:
    antibodies, multiple = found.antibodies, config.multiple
    if multiple is None:
        return Outcome.NOT_STAGEABLE, _began(no_thresholds(found.as_of.date(), found.jurisdiction))
    if antibodies is None:
        return Outcome.NOT_STAGEABLE, "antibody status is missing, and it is never imputed"
    if not antibodies.confirmed and not antibodies.unconfirmed:
        return Outcome.OUTSIDE_SCOPE, (
            "no islet autoantibody was found"
            + ("; glucose is raised: another cause is to be looked for" if found.fired else "")
        )
    if high := [f for f in found.fired if f.band is not Band.STAGE_2]:
        return _stage_3(high, known, config, found, symptoms)
    if antibodies.number < multiple and antibodies.unconfirmed:
        return Outcome.AWAITING_CONFIRMATION, (
            f"{and_(antibodies.unconfirmed)} positive in one sample: to be confirmed in a"
            " second one"
        )
    if antibodies.number < multiple:
        if found.fired:
            return Outcome.NOT_STAGEABLE, (
                "one antibody with raised glucose: consider type 2 diabetes or another cause"
            )
        return Outcome.SINGLE_ANTIBODY, f"one confirmed antibody ({antibodies.confirmed[0]})"
    if found.fired:
        return Outcome.STAGE_2, _list(found.fired)
    decided = {m.criterion for m in found.considered} - set(found.missing)
    if not decided & {*NEEDED, Criterion.HBA1C}:
        return Outcome.NOT_STAGEABLE, "no usable fasting glucose, 2-hour glucose or HbA1c"
    if lacking := [c for c in NEEDED if c in found.missing]:
        return Outcome.STAGE_1_PROVISIONAL, (
            f"normal as far as measured; {' and '.join(lacking)} missing, so stage 2 is not"
            " excluded"
        )
    return Outcome.STAGE_1, f"{antibodies.number} confirmed antibodies, normal glucose"


def _stage_3(
    high: list[Fired],
    known: list[Measurement],
    config: Config,
    found: Staging,
    symptoms: bool,
) -> tuple[Outcome, str]:
    if symptoms:
        return Outcome.STAGE_3, f"{_list(high)}, with symptoms"
    age = config.input_age
    days = [f.measurement.taken for f in high]
    for m in known:
        again = fired_by(m, config)
        recent = age is None or m.taken.within(age, found.as_of)
        if again and again.band is Band.STAGE_3 and recent:
            days.append(m.taken)
    if on_two_days(days):
        return Outcome.STAGE_3, f"{_list(high)}, found on two days"
    return Outcome.STAGE_3_UNCONFIRMED, f"{_list(high)}, without symptoms: to be repeated"


def no_thresholds(on: date, jurisdiction: str, table: DatedTable = STAGING) -> str:
    """Why nothing can be staged: none were ever entered, or none stood on that day."""
    where = jurisdiction or "this place"
    if any(row.jurisdiction == jurisdiction for row in table.rows):
        return f"No staging thresholds entered for {where} were in force on {on.isoformat()}"
    return f"No staging thresholds have been entered for {where}"


def _began(words: str) -> str:
    """As the words that follow a colon."""
    return words[:1].lower() + words[1:]


def _list(fired: Collection[Fired]) -> str:
    return ", ".join(f"{f.words} on {f.measurement.taken.day_text}" for f in fired)


def _last(known: Collection[Measurement]) -> dict[Criterion, datetime]:
    """When each criterion was last looked at. Several values may be of that one moment."""
    last: dict[Criterion, datetime] = {}
    for m in known:
        last[m.criterion] = max(m.taken.middle, last.get(m.criterion, m.taken.middle))
    return last


def _old(
    considered: tuple[Measurement, ...],
    antibodies: Profile | None,
    config: Config,
    as_of: datetime,
) -> tuple[OldInput, ...]:
    inputs = [OldInput(label=m.criterion, taken=m.taken) for m in considered]
    for antibody in antibodies.tested if antibodies else ():
        if antibody.sampled:
            inputs.append(OldInput(label=antibody.kind, taken=antibody.sampled))
    age = config.input_age
    return tuple(i for i in inputs if age is not None and not i.taken.within(age, as_of))


def _notes(
    antibodies: Profile | None,
    known: list[Measurement],
    considered: tuple[Measurement, ...],
    config: Config,
) -> tuple[str, ...]:
    notes = []
    if antibodies:
        if antibodies.untested:
            notes.append(f"not tested: {', '.join(antibodies.untested)}")
        if others := [k for k in Kind if not k.counted and antibodies.positive(k)]:
            notes.append(f"positive, not counted: {', '.join(others)}")
        if reverted := [a.kind for a in antibodies.tested if a.reverted]:
            notes.append(f"positive before, negative now, not counted: {', '.join(reverted)}")
        if antibodies.confirmed and antibodies.unconfirmed:
            notes.append(f"not yet confirmed: {', '.join(antibodies.unconfirmed)}")
    notes += _earlier(known, considered, config)
    compared = {criterion for criterion, _, _ in config.rows}
    for m in considered:
        if m.criterion in compared and undecided(m, config):
            notes.append(f"{m.criterion} could not be compared with its thresholds")
    return tuple(dict.fromkeys(notes))


def _earlier(
    known: list[Measurement], considered: tuple[Measurement, ...], config: Config
) -> list[str]:
    """Values in stage 3 range that a newer one has replaced, the newest first; of very many, how
    many more there are.
    """
    last = _last(considered)
    replaced = [m for m in known if m.taken.middle != last[m.criterion]]
    high = [f for m in replaced if (f := fired_by(m, config)) and f.band is Band.STAGE_3]
    high.sort(key=lambda f: f.measurement.taken.middle, reverse=True)
    told = [f"earlier value in stage 3 range: {_list([f])}" for f in high[:_MOST_EARLIER]]
    if more := len(high) - len(told):
        told.append(f"{more} more earlier values in stage 3 range")
    return told
