"""What this decision shows over time: glucose, HbA1c, C-peptide, antibodies, growth, and the limits
of staging that hold at the place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from decision.catalog.t1d_progression.antibodies import Kind
from decision.catalog.t1d_progression.criteria import Band, Config, Criterion
from decision.catalog.t1d_progression.equations import Ogtt, index60
from decision.catalog.t1d_progression.limits import CHECKED_AS
from decision.catalog.t1d_progression.local import Place, place_of
from decision.catalog.t1d_progression.tables import TRENDS, parameter
from decision.catalog.t1d_progression.units import C_PEPTIDE, GLUCOSE
from decision.clinical.local import Local
from decision.clinical.quantities import Quantity
from decision.clinical.trends import Guide, Trend

_GLUCOSE, _BETA = "Glucose and HbA1c", "Glucose test with C-peptide"
_ANTIBODIES, _GROWTH = "Islet antibodies", "Growth"

_YEARLY = timedelta(days=parameter("trend-joined-within-days"))

_BANDS = (Band.STAGE_2, Band.STAGE_3)


def _limits(criterion: Criterion, unit: str, place: Place) -> Callable[[date], tuple[Guide, ...]]:
    def on(day: date) -> tuple[Guide, ...]:
        config = Config.of(day, place.jurisdiction, switched_on=place.switched_on)
        rows = ((band, config.row(criterion, band, unit)) for band in _BANDS)
        return tuple(
            Guide(
                value=row.number("value"),
                words=f"{band.value} range from here",
                citation=row.source,
                verification=CHECKED_AS[row.status],
            )
            for band, row in rows
            if row is not None
        )

    return on


def _least(row_id: str) -> tuple[float, float]:
    row = TRENDS[row_id]
    return row.number("low"), row.number("high")


def _series(parts: Mapping[str, float], analyte: str, unit: str) -> dict[int, Quantity]:
    """By minute of the test, from names such as `glucose_60`."""
    named = ((name.rpartition("_"), value) for name, value in parts.items())
    return {
        int(minute): Quantity(value=value, unit=unit)
        for (what, _, minute), value in named
        if what == analyte
    }


def _index60(parts: Mapping[str, float]) -> float:
    return index60(
        Ogtt(
            glucose=_series(parts, GLUCOSE, "mg/dL"),
            c_peptide=_series(parts, C_PEPTIDE, "ng/mL"),
        )
    )


def _glucose(name: str, label: str, short: str, criterion: Criterion, place: Place) -> Trend:
    return Trend(
        id=name,
        label=label,
        short=short,
        group=_GLUCOSE,
        unit="mg/dL",
        concepts=(name,),
        feature=name,
        least=_least(name),
        guides=_limits(criterion, "mg/dL", place),
        joined_within=_YEARLY,
    )


def _c_peptide(name: str, label: str, short: str) -> Trend:
    return Trend(
        id=name,
        label=label,
        short=short,
        group=_BETA,
        unit="ng/mL",
        concepts=(name,),
        feature=name,
        least=_least(C_PEPTIDE),
        joined_within=_YEARLY,
    )


def _antibody(kind: Kind) -> Trend:
    return Trend(
        id=kind.concept,
        label=kind.label,
        short=kind.value,
        group=_ANTIBODIES,
        concepts=(kind.concept,),
        joined_within=_YEARLY,
    )


def trends(local: Local) -> tuple[Trend, ...]:
    """Every series under the rules of a place, scores from parts of one day."""
    place = place_of(local)
    return (
        Trend(
            id="hba1c",
            label="HbA1c",
            short="HbA1c",
            group=_GLUCOSE,
            unit="%",
            concepts=("hba1c",),
            feature="hba1c",
            least=_least("hba1c"),
            guides=_limits(Criterion.HBA1C, "%", place),
            joined_within=_YEARLY,
        ),
        _glucose(
            "fasting_glucose",
            "Fasting glucose",
            "Fasting glucose",
            Criterion.FASTING_GLUCOSE,
            place,
        ),
        _glucose(
            "glucose_120",
            "Glucose 2 hours after 75 g",
            "2-hour glucose",
            Criterion.TWO_HOUR_GLUCOSE,
            place,
        ),
        _glucose(
            "glucose_60",
            "Glucose 1 hour after 75 g",
            "1-hour glucose",
            Criterion.GLUCOSE_60,
            place,
        ),
        _c_peptide("c_peptide_0", "Fasting C-peptide", "Fasting C-peptide"),
        _c_peptide("c_peptide_60", "C-peptide 1 hour after 75 g", "1-hour C-peptide"),
        Trend(
            id="index60",
            label="Index60 of one glucose test",
            short="Index60",
            group=_BETA,
            unit="{score}",
            parts=("glucose_60", "c_peptide_60", "c_peptide_0"),
            compute=_index60,
            decimals=int(TRENDS["index60"].number("decimals")),
            least=_least("index60"),
            joined_within=_YEARLY,
        ),
        *(_antibody(kind) for kind in Kind if kind.counted),
        Trend(
            id="bmi",
            label="Body mass index",
            short="BMI",
            group=_GROWTH,
            unit="kg/m2",
            concepts=("bmi",),
            least=_least("bmi"),
            joined_within=_YEARLY,
        ),
    )
