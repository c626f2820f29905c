"""Numbers of this decision with their units: believable or refused, and the equations' units.

Staging never converts: it compares in the unit received. The equations do, by `units.csv`.
"""

from __future__ import annotations

from collections.abc import Collection

from decision.catalog.t1d_progression.refusals import UnitRefusedError
from decision.catalog.t1d_progression.tables import LIMITS, UNITS
from decision.clinical.dated import DatedRow
from decision.clinical.quantities import Quantity

GLUCOSE = "glucose"
C_PEPTIDE = "c_peptide"
HBA1C = "hba1c"

_LABELS = {
    GLUCOSE: "glucose",
    C_PEPTIDE: "C-peptide",
    HBA1C: "HbA1c",
    "bmi": "BMI",
    "index60": "Index60",
    "grs2": "GRS2",
}


def _lines(analyte: str) -> dict[str, DatedRow]:
    return {row.text("unit"): row for row in UNITS.rows if row.text("analyte") == analyte}


def label(analyte: str) -> str:
    """Its name as a reader knows it."""
    return _LABELS.get(analyte, analyte)


def and_(names: Collection[str]) -> str:
    """`GADA`, `GADA and IA-2A`, `GADA, IA-2A and ZnT8A`."""
    *others, last = map(str, names)
    return f"{', '.join(others)} and {last}" if others else last


def _converted(line: DatedRow, value: float) -> float:
    return value * line.number("multiplier") / line.number("divisor") + line.number("offset")


def believable(analyte: str, value: float) -> bool:
    """Whether a value in the canonical unit lies in the closed range of `limits.csv`."""
    limits = LIMITS[analyte]
    return limits.number("low") <= value <= limits.number("high")


def canonical(analyte: str, quantity: Quantity) -> float:
    """The number in the equations' unit (mg/dL, ng/mL, NGSP %): 0.40 nmol/L of C-peptide is 1.2081.

    Raises UnitRefusedError for a missing or unknown unit, for `<5`, and for a value that is not
    believable; where it would be in another unit of the test, the message says which.
    """
    lines = _lines(analyte)
    line = lines.get(quantity.unit)
    if line is None:
        said = "has no unit" if not quantity.unit.strip() else "has a unit that is not known for it"
        raise UnitRefusedError(f"{label(analyte)} {said}", f"give it in {' or '.join(lines)}")
    if quantity.comparator:
        raise UnitRefusedError(
            f"{label(analyte)} is reported as a bound, not as a number",
            "no equation is worked out from a bound",
        )
    value = _converted(line, quantity.value)
    if not believable(analyte, value):
        others = [
            unit
            for unit, other in lines.items()
            if unit != quantity.unit and believable(analyte, _converted(other, quantity.value))
        ]
        likely = f"; the number would fit {' or '.join(others)}" if others else ""
        raise UnitRefusedError(
            f"{label(analyte)} is not believable in {quantity.unit}, likely a unit error{likely}",
            "check the number and its unit against the report",
        )
    return value


def reported_in(analyte: str, value: float, unit: str) -> Quantity:
    """The canonical value in another unit: HbA1c of 6.5 % is 47.54 mmol/mol."""
    line = _lines(analyte).get(unit)
    if line is None:
        raise UnitRefusedError(f"{label(analyte)} is not known in that unit")
    shifted = value - line.number("offset")
    return Quantity(value=shifted * line.number("divisor") / line.number("multiplier"), unit=unit)
