"""Every published comparator beside one another: a result, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from decision.catalog.t1d_progression import anchors
from decision.catalog.t1d_progression.antibodies import Profile
from decision.catalog.t1d_progression.equations import Ogtt, dptrs, index60
from decision.catalog.t1d_progression.genetics import (
    CentileBand,
    Grs2,
    grs2x_centile,
    require,
    require_merged41,
)
from decision.catalog.t1d_progression.limits import number
from decision.catalog.t1d_progression.refusals import (
    IncompleteInputError,
    NotPublishedError,
    OutsidePopulationError,
    RequiredMissingError,
)
from decision.catalog.t1d_progression.staging import Outcome, Staging, Stratum
from decision.catalog.t1d_progression.tables import COMPARATORS
from decision.catalog.t1d_progression.trialnet import RelativeHazard, covariates, cox_models
from decision.catalog.t1d_progression.units import HBA1C, canonical
from decision.clinical.dated import DatedRow, Standing
from decision.clinical.quantities import Quantity
from decision.clinical.refusal import RefusalError, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What places a person outside every equation's population; True only where stated."""

    suspected_type_2: bool = False
    suspected_monogenic: bool = False
    anti_cd3_treated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the comparators read of one person, in the units received; None is not known."""

    staging: Staging
    age_years: float | None
    male: bool | None = None
    bmi_kg_m2: float | None = None
    ogtt: Ogtt = field(default_factory=Ogtt)
    hba1c: Quantity | None = None
    genetic_score: object = None
    """A type of `genetics`; anything else is refused by what reads it."""
    family_history: bool | None = None
    circumstances: Circumstances = field(default_factory=Circumstances)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreResult:
    """A score, with the published risks of people on the same side of its published limits."""

    value: float
    quotations: tuple[anchors.Anchor, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approximations:
    """Risks by horizon in years that nobody published, each with its label."""

    by_years: tuple[tuple[float, anchors.Labelled], ...]


Result = (
    ScoreResult
    | RelativeHazard
    | CentileBand
    | Approximations
    | tuple[anchors.Anchor, ...]
    | Refused
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparator:
    """One comparator with its population, units, validity and licence; `result` says the rest."""

    id: str
    label: str
    population: str
    units: str
    validity: str
    licence: str
    source: str
    status: Standing
    note: str
    result: Result


def refuse_outside(person: Person) -> None:
    """OutsidePopulationError for stage 3, another suspected cause, or anti-CD3 treatment."""
    stage_3 = person.staging.outcome in (Outcome.STAGE_3, Outcome.STAGE_3_UNCONFIRMED)
    reasons = {
        "stage 3, or values in its range": stage_3,
        "suspected type 2 diabetes": person.circumstances.suspected_type_2,
        "suspected monogenic diabetes": person.circumstances.suspected_monogenic,
        "treated with an anti-CD3 antibody": person.circumstances.anti_cd3_treated,
    }
    if found := [reason for reason, holds in reasons.items() if holds]:
        raise OutsidePopulationError(
            f"outside every equation's population: {', '.join(found)}", "no risk is shown"
        )


def required(person: Person) -> tuple[Stratum, Profile, float]:
    """Stratum, antibodies and age; RequiredMissingError or OutsidePopulationError without one."""
    refuse_outside(person)
    if person.staging.antibodies is None:
        raise RequiredMissingError(
            "antibody status is missing, and it is never imputed", "enter the antibody results"
        )
    if person.age_years is None:
        raise RequiredMissingError(
            "age is missing, and it is never imputed", "enter the birth date"
        )
    if person.staging.stratum is None:
        raise OutsidePopulationError(
            f"{person.staging.outcome}: nothing published is about it", "no risk is shown"
        )
    return person.staging.stratum, person.staging.antibodies, person.age_years


def _quotations(kind: str, facts: dict[str, float]) -> tuple[anchors.Anchor, ...]:
    try:
        return anchors.quoted(kind, facts)
    except RefusalError:
        return ()


def _dptrs(person: Person) -> Result:
    _, _, age = required(person)
    value = dptrs(bmi_kg_m2=person.bmi_kg_m2, age_years=age, ogtt=person.ogtt)
    facts = {"dptrs": value, "dysglycaemia": float(person.staging.dysglycaemia)}
    return ScoreResult(value=value, quotations=_quotations("dptrs", facts))


def _index60(person: Person) -> Result:
    required(person)
    return ScoreResult(value=index60(person.ogtt), quotations=())


def _trialnet(person: Person, allowed: bool) -> Result:
    stratum, antibodies, age = required(person)
    models = cox_models(allowed=allowed)
    score = person.genetic_score
    try:
        index = index60(person.ogtt)
    except IncompleteInputError:
        index = None
    values = covariates(
        age_years=age,
        male=person.male,
        bmi_kg_m2=person.bmi_kg_m2,
        # A score of another scale is refused here, not passed over as if there were none.
        grs2=None if score is None else require(Grs2, score).value,
        index60=index,
        hba1c_percent=canonical(HBA1C, person.hba1c) if person.hba1c else None,
        antibodies=antibodies,
    )
    return models.best(stratum, values, antibodies)


def _antibody_number(person: Person) -> Result:
    _, antibodies, _ = required(person)
    return anchors.by_antibodies(antibodies.number)


def _stage(person: Person) -> Result:
    return anchors.by_stage(required(person)[0])


def _combined(person: Person) -> Result:
    _, antibodies, age = required(person)
    if person.family_history is None or person.genetic_score is None:
        raise IncompleteInputError("the quoted rows need family history and a genetic score")
    return anchors.combined_risk(
        completed_years=int(age),
        antibodies=antibodies.number,
        family_history=person.family_history,
        grs=require(Grs2, person.genetic_score).value,
    )


def _centile(person: Person) -> Result:
    if person.genetic_score is None:
        raise IncompleteInputError("there is no genetic score")
    return grs2x_centile(person.genetic_score)


def _constant_hazard(person: Person) -> Result:
    """Shorter horizons of the nearest published figure; StageTwoHazardError in stage 2."""
    stratum, antibodies, _ = required(person)
    if stratum is Stratum.STAGE_2:
        anchors.constant_hazard(anchors.by_stage(stratum)[-1], 1, stratum)
    published = [a for a in anchors.by_antibodies(antibodies.number) if a.horizon_years]
    source = min(published, key=lambda a: a.horizon_years or 0)
    shorter = (number(name) for name in ("first_horizon", "second_horizon"))
    return Approximations(
        by_years=tuple(
            (years, anchors.constant_hazard(source, years, stratum)) for years in shorter
        )
    )


def _merged41(person: Person) -> Result:
    """The cut-off of Bonifacio 2018: its own score alone, and somebody in whom its outcome, several
    antibodies, is still to come.
    """
    _, antibodies, _ = required(person)
    if person.genetic_score is None:
        raise IncompleteInputError("there is no merged 41-variant score")
    score = require_merged41(person.genetic_score)
    if antibodies.number > 1:
        raise OutsidePopulationError("its outcome, several antibodies, has been reached")
    return anchors.multiple_antibodies_by_merged41(score)


def comparators(person: Person, *, noncommercial: bool) -> tuple[Comparator, ...]:
    """Every comparator of `comparators.csv`, those without published coefficients included.

    `noncommercial` is the build's switch for the TrialNet coefficients.
    """
    computed: dict[str, Callable[[], Result]] = {
        "dptrs": lambda: _dptrs(person),
        "index60": lambda: _index60(person),
        "trialnet_cox": lambda: _trialnet(person, noncommercial),
        "antibody_number": lambda: _antibody_number(person),
        "stage": lambda: _stage(person),
        "combined_risk": lambda: _combined(person),
        "grs2x_centile": lambda: _centile(person),
        "constant_hazard": lambda: _constant_hazard(person),
        "merged41": lambda: _merged41(person),
    }
    return tuple(
        _comparator(row, computed.get(row.id, partial(unavailable, row.id)))
        for row in COMPARATORS.rows
    )


def unavailable(comparator_id: str) -> Result:
    """NotPublishedError, naming what is missing and where the score was described."""
    row = COMPARATORS[comparator_id]
    raise NotPublishedError(
        f"unavailable, not in our sources: {row.text('missing')} ({row.source})",
        "adding it needs the source's table and a worked example",
    )


def _comparator(row: DatedRow, compute: Callable[[], Result]) -> Comparator:
    try:
        result = compute()
    except RefusalError as refusal:
        result = Refused.of(refusal)
    return Comparator(
        id=row.id,
        label=row.text("label"),
        population=row.text("population"),
        units=row.text("units"),
        validity=row.text("validity"),
        licence=row.text("licence"),
        source=row.source,
        status=row.status,
        note=row.note,
        result=result,
    )
