"""DPTRS, Index60 and expected C-peptide after onset, from the coefficients of `equations.csv`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from decision.catalog.t1d_progression.linear import inputs_of, total
from decision.catalog.t1d_progression.refusals import UnitRefusedError
from decision.catalog.t1d_progression.tables import EQUATIONS
from decision.catalog.t1d_progression.units import C_PEPTIDE, GLUCOSE, believable, canonical
from decision.clinical.dated import DatedRow
from decision.clinical.quantities import Quantity

_NOTHING: Mapping[int, Quantity] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ogtt:
    """One 75 g oral glucose tolerance test: glucose and C-peptide by minute, in units received."""

    glucose: Mapping[int, Quantity] = field(default_factory=lambda: _NOTHING)
    c_peptide: Mapping[int, Quantity] = field(default_factory=lambda: _NOTHING)

    def values(self) -> dict[str, float]:
        """`glucose_30` in mg/dL, `c_peptide_0` in ng/mL and so on; UnitRefusedError for what is
        not believable.
        """
        return {
            f"{analyte}_{minute}": canonical(analyte, quantity)
            for analyte, series in ((GLUCOSE, self.glucose), (C_PEPTIDE, self.c_peptide))
            for minute, quantity in series.items()
        }


def _rows(equation: str) -> tuple[DatedRow, ...]:
    return tuple(row for row in EQUATIONS.rows if row.text("equation") == equation)


def checked(analyte: str, value: float) -> float:
    """The value, or UnitRefusedError where it is not believable in the equation's unit."""
    if not math.isfinite(value) or not believable(analyte, value):
        raise UnitRefusedError(f"{analyte} is not believable", "check the number and its unit")
    return value


def dptrs(*, bmi_kg_m2: float | None, age_years: float | None, ogtt: Ogtt) -> float:
    """Diabetes Prevention Trial risk score; BMI 18, age 10, glucose 150/140/120/110 mg/dL and
    C-peptide 5/6/6/5 ng/mL with 1.2 fasting give 6.3674.
    """
    values = _only("dptrs", ogtt)
    if bmi_kg_m2 is not None:
        values["bmi"] = checked("bmi", bmi_kg_m2)
    if age_years is not None:
        values["age"] = checked("age", age_years)
    return total("DPTRS", _rows("dptrs"), values)


def index60(ogtt: Ogtt) -> float:
    """Index60; C-peptide 1.2 fasting and 6 at 60 min ng/mL, glucose 140 mg/dL give 0.1910."""
    return total("Index60", _rows("index60"), _only("index60", ogtt))


def _only(equation: str, ogtt: Ogtt) -> dict[str, float]:
    """Only what the equation reads: an odd value elsewhere in the test is not its concern."""
    read = inputs_of(_rows(equation))
    used = Ogtt(
        glucose={m: q for m, q in ogtt.glucose.items() if f"{GLUCOSE}_{m}" in read},
        c_peptide={m: q for m, q in ogtt.c_peptide.items() if f"{C_PEPTIDE}_{m}" in read},
    )
    return used.values()


def expected_log_auc12(*, auc0_nmol_l: float, age_years: float) -> float:
    """Expected ln(AUC + 1) of C-peptide 12 months after onset; 0.8 nmol/L at 15 years give 0.3820.

    Trials only; not a figure for somebody who has no diabetes.
    """
    values = {"auc0": auc0_nmol_l, "age": checked("age", age_years)}
    return total("the expected C-peptide", _rows("expected_log_auc12"), values)


def quantitative_response(*, auc0_nmol_l: float, auc12_nmol_l: float, age_years: float) -> float:
    """Observed minus expected ln(AUC + 1) after 12 months; above 0 is better than expected."""
    expected = expected_log_auc12(auc0_nmol_l=auc0_nmol_l, age_years=age_years)
    return math.log1p(auc12_nmol_l) - expected
