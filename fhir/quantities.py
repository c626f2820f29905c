"""FHIR Quantity and referenceRange to canonical units, or the reason why there is no value."""

from __future__ import annotations

from dataclasses import dataclass

from decision.clinical.codes import Code
from decision.clinical.quantities import Quantity
from decision.clinical.record import IssueKind, ReferenceRange
from fhir.fields import Json, child, children, number, text
from fhir.units import TESTS, Conversion, conversion, looks_like_a_unit

_UCUM = "http://unitsofmeasure.org"
_MICRO = str.maketrans({"\u00b5": "u", "\u03bc": "u"})
_COMPARATORS = ("", "<", "<=", ">", ">=")


@dataclass(frozen=True, slots=True)
class NoValue:
    """Why a result has no usable value, and what would give it one."""

    kind: IssueKind
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Converted:
    """A result in its canonical unit, as it was reported, and the conversion between the two."""

    value: Quantity
    reported: Quantity
    conversion: Conversion


def _units(quantity: Json) -> tuple[str, str]:
    """The unit by which a quantity goes, and the other one it also shows, if it does."""
    shown = text(quantity, "unit").translate(_MICRO)
    coded = text(quantity, "code") if text(quantity, "system") in (_UCUM, "") else ""
    return (coded, shown) if coded else (shown, "")


def read_quantity(code: Code, quantity: Json) -> Converted | NoValue:
    """A Quantity of one listed code.

    The coded unit counts; the shown text counts where there is no code. Where both are known for
    this test and differ, somebody has mislabelled the result, and nobody can say which is right.
    """
    value = number(quantity, "value")
    if value is None:
        return NoValue(
            IssueKind.NO_VALUE, "the result holds no number", "look at the report itself"
        )
    comparator = text(quantity, "comparator")
    if comparator not in _COMPARATORS:
        return NoValue(
            IssueKind.MALFORMED, "comparator is none of <, <=, >, >=", "look at the report itself"
        )
    unit, shown = _units(quantity)
    how = conversion(code, unit)
    if how is None:
        shown_unit = f"the unit {unit}" if looks_like_a_unit(unit) else "its unit"
        said = f"{shown_unit} is not known for this test" if unit else "no unit is given"
        return NoValue(
            IssueKind.UNKNOWN_UNIT, said, "have the laboratory's unit added, or enter the value"
        )
    other = conversion(code, shown) if shown else None
    if other is not None and other.unit == how.unit and other(1.0) != how(1.0):
        return NoValue(
            IssueKind.UNKNOWN_UNIT,
            f"the unit is coded as {unit} but shown as {shown}",
            "check the report and enter the value",
        )
    reported = Quantity(value=value, unit=unit, comparator=comparator)
    canonical = how(value)
    test = TESTS[code.system, code.code]
    if not test.low <= canonical <= test.high:
        return NoValue(
            IssueKind.IMPLAUSIBLE,
            f"the result {reported} is outside {test.low:g} to {test.high:g} {how.unit}",
            "check value and unit against the report, then enter the value",
        )
    return Converted(Quantity(value=canonical, unit=how.unit, comparator=comparator), reported, how)


def read_range(code: Code, result: Json, converted: Converted) -> ReferenceRange | None:
    """The normal limits of a result in its canonical unit.

    None unless exactly one range applies: limits that depend on age or on something else than
    normality are not chosen between, and limits in an unknown unit are not limits.
    """
    ranges = []
    for limits in children(result, "referenceRange"):
        kinds = children(child(limits, "type"), "coding")
        if any(text(k, "code") not in ("", "normal") for k in kinds):
            continue
        bounds = [_bound(code, child(limits, side), converted) for side in ("low", "high")]
        if any(b is not None for b in bounds):
            ranges.append(ReferenceRange(low=bounds[0], high=bounds[1]))
    return ranges[0] if len(set(ranges)) == 1 else None


def _bound(code: Code, limit: Json, converted: Converted) -> float | None:
    value = number(limit, "value")
    unit, _ = _units(limit)
    how = conversion(code, unit) if unit else converted.conversion
    if value is None or how is None or how.unit != converted.value.unit:
        return None
    return how(value)
