"""Published stage-specific Cox models of TrialNet: relative hazard only, no risk.

No baseline hazard is published. The coefficients lie in a folder that a build may leave out for
their licence; then, and where the build does not allow them, every call is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from decision.catalog.t1d_progression.antibodies import Kind, Profile
from decision.catalog.t1d_progression.equations import checked
from decision.catalog.t1d_progression.linear import inputs_of, total
from decision.catalog.t1d_progression.refusals import (
    IncompleteInputError,
    NoCoefficientError,
    NotLicensedError,
    RequiredMissingError,
)
from decision.catalog.t1d_progression.staging import Stratum
from decision.catalog.t1d_progression.tables import FOLDER, parameter
from decision.clinical.dated import DatedRow, DatedTable, read_dated

NONCOMMERCIAL = FOLDER / "noncommercial"
GROUP = "group:"
GROUPED = (Kind.GADA, Kind.IAA, Kind.IA2A)
"""The antibodies whose patterns the models know, in the order of their names."""


class Submodel(StrEnum):
    """Which inputs a model has, from the most to the fewest."""

    FULL = "full"
    NO_GRS = "no_grs"
    NO_HBA1C = "no_hba1c"
    NO_OGTT = "no_ogtt"
    NO_OGTT_NO_GRS = "no_ogtt_no_grs"
    GRS2_ALONE = "grs2_alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class RelativeHazard:
    """Hazard ratio of one person against the reference person, as one submodel gives it."""

    stratum: Stratum
    submodel: Submodel
    linear_predictor: float
    reference: float
    passed_over: tuple[tuple[Submodel, str], ...] = ()
    """Submodels with more inputs, and why each could not be used."""

    @property
    def ratio(self) -> float:
        return math.exp(self.linear_predictor - self.reference)

    @property
    def shown(self) -> str:
        """The ratio within the display caps; beyond them `> 20, extrapolated`."""
        most = parameter("hazard-ratio-shown-at-most")
        least = parameter("hazard-ratio-shown-at-least")
        if self.ratio > most:
            return f"> {most:g}, extrapolated"
        if self.ratio < least:
            return f"< 1/{1 / least:g}, extrapolated"
        return f"{self.ratio:.2g}"


class CoxModels:
    """Coefficients and reference person of one folder."""

    def __init__(self, coefficients: DatedTable, reference: DatedTable) -> None:
        self._rows = coefficients.rows
        self._reference = reference

    def rows(self, stratum: Stratum, submodel: Submodel) -> tuple[DatedRow, ...]:
        """Coefficients with their standard errors, in the source's order."""
        return tuple(
            r for r in self._rows if r.text("equation") == stratum and r.text("model") == submodel
        )

    def against_reference(
        self, stratum: Stratum, submodel: Submodel, values: Mapping[str, float]
    ) -> RelativeHazard:
        """One submodel; IncompleteInputError where it needs what is not there."""
        rows = self.rows(stratum, submodel)
        name = f"the {submodel} model"
        return RelativeHazard(
            stratum=stratum,
            submodel=submodel,
            linear_predictor=total(name, rows, values),
            reference=total(name, rows, self._reference_values(rows)),
        )

    def best(
        self, stratum: Stratum, values: Mapping[str, float], antibodies: Profile
    ) -> RelativeHazard:
        """The submodel with the most inputs among those that are complete, naming the others.

        Raises RequiredMissingError without age, IncompleteInputError where none applies.
        """
        if "age" not in values:
            raise RequiredMissingError(
                "age is missing, and it is never imputed", "enter the birth date"
            )
        refused: list[tuple[Submodel, str]] = []
        for submodel in Submodel:
            given = dict(values)
            try:
                if self._grouped(stratum, submodel):
                    given |= self.group(stratum, submodel, antibodies)
                answer = self.against_reference(stratum, submodel, given)
            except (IncompleteInputError, NoCoefficientError) as refusal:
                refused.append((submodel, refusal.reason))
                continue
            return RelativeHazard(
                stratum=stratum,
                submodel=submodel,
                linear_predictor=answer.linear_predictor,
                reference=answer.reference,
                passed_over=tuple(refused),
            )
        reasons = "; ".join(dict.fromkeys(reason for _, reason in refused))
        raise IncompleteInputError(f"no submodel is complete: {reasons}", "enter what is missing")

    def group(self, stratum: Stratum, submodel: Submodel, antibodies: Profile) -> dict[str, float]:
        """Which antibody group the person is in, as 0/1 for each coefficient of the model.

        Raises NoCoefficientError where the pattern relies on ZnT8A or ICA, IncompleteInputError
        where one of the three antibodies is not tested or not confirmed.
        """
        states = {kind: antibodies.positive(kind) for kind in GROUPED}
        if open_ := [kind for kind, state in states.items() if state is None]:
            raise IncompleteInputError(
                f"{', '.join(open_)} not tested or not confirmed; the antibody group is unknown",
                "test or confirm it",
            )
        name = "+".join(kind for kind, state in states.items() if state)
        levels = self._grouped(stratum, submodel)
        known = {level.removeprefix(GROUP) for level in levels}
        omitted = Kind.GADA if stratum is Stratum.SINGLE else f"{Kind.GADA}+{Kind.IA2A}"
        if name not in known and name != omitted:
            raise NoCoefficientError(
                "the antibodies rely on ZnT8A or ICA, or do not fit the stratum; the published"
                " model knows patterns of GADA, IAA and IA-2A only",
                "the model without antibody group and genetic score may apply",
            )
        return {level: float(level == GROUP + name) for level in levels}

    def _grouped(self, stratum: Stratum, submodel: Submodel) -> tuple[str, ...]:
        rows = self.rows(stratum, submodel)
        return tuple(i for i in inputs_of(rows) if i.startswith(GROUP))

    def _reference_values(self, rows: Sequence[DatedRow]) -> dict[str, float]:
        return {
            name: self._reference[GROUP if name.startswith(GROUP) else name].number("value")
            for name in inputs_of(rows)
        }


def cox_models(*, allowed: bool, folder: Path = NONCOMMERCIAL) -> CoxModels:
    """The models, where the build allows and holds them; else NotLicensedError.

    `allowed` is the switch of the build: False in a commercial one until the authors agree.
    """
    files = (folder / "trialnet_cox.csv", folder / "reference_person.csv")
    if not allowed or not all(path.is_file() for path in files):
        raise NotLicensedError(
            "the TrialNet coefficients are licensed for non-commercial use and are not part of"
            " this build",
            "the licence note of the comparator says who may agree to more",
        )
    return CoxModels(*(read_dated(path) for path in files))


def reference_person(folder: Path = NONCOMMERCIAL) -> str:
    """Whom a relative hazard is measured against, in words; empty in a build without the folder."""
    path = folder / "reference_person.csv"
    if not path.is_file():
        return ""
    named = (row for row in read_dated(path).rows if not row.id.startswith(GROUP))
    return ", ".join(row.text("words") for row in named)


def covariates(
    *,
    age_years: float | None,
    male: bool | None,
    bmi_kg_m2: float | None,
    grs2: float | None,
    index60: float | None,
    hba1c_percent: float | None,
    antibodies: Profile,
) -> dict[str, float]:
    """What is known of the models' inputs, each believable; what is missing is left out."""
    given = {
        "age": age_years if age_years is None else checked("age", age_years),
        "bmi": bmi_kg_m2 if bmi_kg_m2 is None else checked("bmi", bmi_kg_m2),
        "hba1c": hba1c_percent if hba1c_percent is None else checked("hba1c", hba1c_percent),
        "male": male,
        "grs2": grs2,
        "index60": index60,
        "ia2a": antibodies.positive(Kind.IA2A),
    }
    return {name: float(value) for name, value in given.items() if value is not None}
