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
    shown = text(quantity, "unit")
    shown = shown if shown.isascii() else shown.translate(_MICRO)
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
    other = conversion(code, shown) if shown and shown != unit else None
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
    found: ReferenceRange | None = None
    own = result.get("valueQuantity")
    for limits in children(result, "referenceRange"):
        if "type" in limits and not _is_normal(child(limits, "type")):
            continue
        low = _bound(code, child(limits, "low"), converted, own)
        high = _bound(code, child(limits, "high"), converted, own)
        if low is None and high is None:
            continue
        applies = ReferenceRange(low=low, high=high)
        if found is not None and found != applies:
            return None
        found = applies
    return found


def _is_normal(kind: Json) -> bool:
    return all(text(coding, "code") in ("", "normal") for coding in children(kind, "coding"))


def _bound(code: Code, limit: Json, converted: Converted, own: object) -> float | None:
    value = number(limit, "value")
    if value is None:
        return None
    if (
        isinstance(own, dict)
        and limit.get("unit") == own.get("unit")
        and limit.get("code") == own.get("code")
        and limit.get("system") == own.get("system")
    ):
        return converted.conversion(value)  # written as the result's own unit, hence the same
    unit, _ = _units(limit)
    how = conversion(code, unit) if unit else converted.conversion
    if how is None or how.unit != converted.value.unit:
        return None
    return how(value)
