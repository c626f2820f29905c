"""Which staging thresholds stand on a day, and which of them a person's values reach."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from decision.catalog.t1d_progression.tables import DEFAULT_JURISDICTION, STAGING
from decision.catalog.t1d_progression.units import GLUCOSE, HBA1C, canonical
from decision.clinical.dated import DatedRow, DatedTable, TableError
from decision.clinical.quantities import Moment, Quantity
from decision.clinical.scores.checks import exact


class Criterion(StrEnum):
    """What staging reads."""

    FASTING_GLUCOSE = "fasting glucose"
    TWO_HOUR_GLUCOSE = "2-hour glucose"
    HBA1C = "HbA1c"
    HBA1C_RISE = "HbA1c rise"
    RANDOM_GLUCOSE = "random glucose"
    GLUCOSE_30 = "30-minute glucose"
    GLUCOSE_60 = "60-minute glucose"
    GLUCOSE_90 = "90-minute glucose"

    @property
    def analyte(self) -> str:
        """Under which analyte its units and believable values are listed."""
        return HBA1C if self in (Criterion.HBA1C, Criterion.HBA1C_RISE) else GLUCOSE


class Band(StrEnum):
    """Which stage a reached threshold speaks for."""

    STAGE_2 = "stage 2"
    STAGE_3 = "stage 3"
    STAGE_3_WITH_SYMPTOMS = "stage 3 with symptoms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One value in the unit received, with when it was taken and which resource says so."""

    criterion: Criterion
    quantity: Quantity
    taken: Moment
    source: str = ""

    def __post_init__(self) -> None:
        # A bound such as `<5` keeps its number; whether the number is believable is still asked.
        canonical(
            self.criterion.analyte,
            Quantity(value=self.quantity.value, unit=self.quantity.unit),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """One criterion that is met, with the value, its date and the row of the threshold."""

    criterion: Criterion
    band: Band
    measurement: Measurement
    threshold: str
    limit: Quantity
    source: str
    status: str
    baseline: Measurement | None = None
    """The earlier value that a rise is over."""

    @property
    def words(self) -> str:
        """`2-hour glucose 150 mg/dL`, or `HbA1c rise from 5 % on 2026-03-01 to 5.6 %`."""
        if self.baseline is None:
            return f"{self.criterion} {self.measurement.quantity}"
        earlier = f"{self.baseline.quantity} on {self.baseline.taken.day_text}"
        return f"{self.criterion} from {earlier} to {self.measurement.quantity}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The thresholds of one jurisdiction on one day; none where nobody has entered any."""

    jurisdiction: str
    on: date
    version: str
    rows: Mapping[tuple[str, str, str], DatedRow]

    @classmethod
    def of(
        cls,
        on: date,
        jurisdiction: str = DEFAULT_JURISDICTION,
        *,
        switched_on: Collection[str] = (),
        table: DatedTable = STAGING,
    ) -> Config:
        """The rows in force; unverified ones only where switched on by id."""
        rows = table.in_force(on, jurisdiction, switched_on=switched_on)
        by_use = {(r.text("criterion"), r.text("band"), r.text("unit")): r for r in rows}
        if len(by_use) < len(rows):
            raise TableError(f"{table.name}: two rows in force for one criterion, band and unit")
        return cls(jurisdiction=jurisdiction, on=on, version=table.version, rows=by_use)

    def row(self, criterion: str, band: str, unit: str) -> DatedRow | None:
        """The row of that criterion and band in that unit, None where none is in force."""
        return self.rows.get((criterion, band, unit))

    @property
    def multiple(self) -> float | None:
        """From how many antibodies on a stage is given."""
        row = self.row("islet autoantibodies", "stage 1", "{count}")
        return row.number("value") if row else None

    @property
    def input_age(self) -> timedelta | None:
        """From which age on an input is flagged."""
        row = self.row("input age", "flagged after", "d")
        return timedelta(days=row.number("value")) if row else None


def at_least(quantity: Quantity, limit: float) -> bool | None:
    """Whether a value reaches a limit (the limit itself does); None where `<3` leaves it open."""
    value, comparator = quantity.value, quantity.comparator
    if comparator.startswith(">"):
        return True if value >= limit else None
    if comparator == "<":
        return False if value <= limit else None
    if comparator == "<=":
        return False if value < limit else None
    return value >= limit


def fired_by(measurement: Measurement, config: Config) -> Fired | None:
    """The highest band that one value reaches, compared in the unit received and never rounded."""
    for band in (Band.STAGE_3, Band.STAGE_3_WITH_SYMPTOMS, Band.STAGE_2):
        row = config.row(measurement.criterion, band, measurement.quantity.unit)
        if row and at_least(measurement.quantity, row.number("value")):
            return _fired(measurement.criterion, band, measurement, row)
    return None


def undecided(measurement: Measurement, config: Config) -> bool:
    """True where a bound such as `<130` leaves open which side of a threshold the value is on, or
    where no threshold is in force for its unit.
    """
    rows = [config.row(measurement.criterion, band, measurement.quantity.unit) for band in Band]
    sides = [at_least(measurement.quantity, row.number("value")) for row in rows if row]
    return not sides or None in sides


def rise(measurements: Sequence[Measurement], config: Config, as_of: datetime) -> Fired | None:
    """A rise of the newest HbA1c over an earlier one within the rule's window.

    On the NGSP scale whatever was received: the same rise is another percentage of mmol/mol.
    """
    row = config.row(Criterion.HBA1C_RISE, Band.STAGE_2, "ratio to baseline")
    soonest = config.row(Criterion.HBA1C_RISE, "baseline at least", "d")
    latest = config.row(Criterion.HBA1C_RISE, "baseline at most", "d")
    values = [
        m
        for m in measurements
        if m.criterion is Criterion.HBA1C
        and not m.quantity.comparator
        and m.taken.earliest <= as_of
    ]
    if not (row and soonest and latest and values):
        return None
    newest = max(values, key=lambda m: m.taken.middle)
    now = exact(canonical(HBA1C, newest.quantity))
    for baseline in values:
        days = (newest.taken.middle - baseline.taken.middle) / timedelta(days=1)
        then = exact(canonical(HBA1C, baseline.quantity))
        enough = exact(row.number("value")) * then
        if soonest.number("value") <= days <= latest.number("value") and now >= enough:
            return _fired(Criterion.HBA1C_RISE, Band.STAGE_2, newest, row, baseline)
    return None


def _fired(
    criterion: Criterion,
    band: Band,
    measurement: Measurement,
    row: DatedRow,
    baseline: Measurement | None = None,
) -> Fired:
    return Fired(
        criterion=criterion,
        band=band,
        measurement=measurement,
        threshold=row.id,
        limit=Quantity(value=row.number("value"), unit=row.text("unit")),
        source=row.source,
        status=row.status,
        baseline=baseline,
    )
