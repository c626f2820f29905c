"""People of the type 1 diabetes tests: moments, antibodies, glucose tests, stagings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from decision.catalog.t1d_progression.antibodies import Antibody, Kind, Profile, State
from decision.catalog.t1d_progression.criteria import Criterion, Measurement
from decision.catalog.t1d_progression.equations import Ogtt
from decision.catalog.t1d_progression.genetics import Ancestry, Grs2
from decision.catalog.t1d_progression.staging import Staging, stage
from decision.clinical.quantities import Moment, Quantity

AS_OF = datetime(2026, 12, 1, 12, tzinfo=UTC)
MULTIPLE = (Kind.GADA, Kind.IA2A)


def ago(days: float) -> Moment:
    return Moment.instant(AS_OF - timedelta(days=days))


def quantity(value: float, unit: str, comparator: str = "") -> Quantity:
    return Quantity(value=value, unit=unit, comparator=comparator)


def profile(*confirmed: Kind, unconfirmed: tuple[Kind, ...] = (), tested: bool = True) -> Profile:
    """Those antibodies, with the others that count negative unless `tested` is False."""
    states = {k: State.NEGATIVE for k in Kind if k.counted and tested}
    states |= dict.fromkeys(confirmed, State.CONFIRMED)
    states |= dict.fromkeys(unconfirmed, State.UNCONFIRMED)
    return Profile(tested=tuple(Antibody(kind=k, state=s) for k, s in states.items()))


def measured(
    criterion: Criterion, value: float, unit: str, days: float = 10, comparator: str = ""
) -> Measurement:
    return Measurement(
        criterion=criterion, quantity=quantity(value, unit, comparator), taken=ago(days)
    )


def normal(*without: Criterion) -> tuple[Measurement, ...]:
    """A fasting glucose, a 2-hour glucose and an HbA1c of stage 1."""
    every = (
        measured(Criterion.FASTING_GLUCOSE, 88, "mg/dL"),
        measured(Criterion.TWO_HOUR_GLUCOSE, 110, "mg/dL"),
        measured(Criterion.HBA1C, 5.2, "%"),
    )
    return tuple(m for m in every if m.criterion not in without)


def with_value(
    criterion: Criterion, value: float, unit: str, comparator: str = ""
) -> tuple[Measurement, ...]:
    """Normal values but for one."""
    return (*normal(criterion), measured(criterion, value, unit, comparator=comparator))


def staged(
    antibodies: Profile | None = None,
    measurements: tuple[Measurement, ...] | None = None,
    **more: object,
) -> Staging:
    given = {"as_of": AS_OF, "jurisdiction": "US", **more}
    return stage(
        profile(*MULTIPLE) if antibodies is None else antibodies,
        normal() if measurements is None else measurements,
        **given,
    )


def ogtt(glucose: str, c_peptide: str, fasting: float, minutes: str = "30/60/90/120") -> Ogtt:
    """Glucose in mg/dL and C-peptide in ng/mL as the evidence prints them."""
    times = [int(m) for m in minutes.split("/")]
    peptides = [float(v) for v in c_peptide.split("/")]
    return Ogtt(
        glucose={
            t: quantity(float(v), "mg/dL") for t, v in zip(times, glucose.split("/"), strict=True)
        },
        c_peptide={
            0: quantity(fasting, "ng/mL"),
            **{t: quantity(v, "ng/mL") for t, v in zip(times, peptides, strict=True)},
        },
    )


PERSON_A = (18, 10, ogtt("150/140/120/110", "5/6/6/5", 1.2))
PERSON_B = (18, 10, ogtt("190/210/200/180", "3/4/4.5/4.5", 1.0))
PERSON_C = (24, 30, ogtt("160/150/130/115", "6/8/8/7", 2.0))
"""BMI, age and test of the three people whose scores the evidence prints."""


def grs2(value: float = 13.0, ancestry: Ancestry = Ancestry.EUROPEAN) -> Grs2:
    return Grs2(value=value, version="reference implementation 1.0", ancestry=ancestry)
