"""Published absolute risks: matched exactly or not at all, never interpolated."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from decision.catalog.t1d_progression.genetics import require_merged41
from decision.catalog.t1d_progression.refusals import NoExactMatchError, StageTwoHazardError
from decision.catalog.t1d_progression.staging import Stratum
from decision.catalog.t1d_progression.tables import ANCHORS, PARAMETERS
from decision.clinical.dated import DatedRow, Standing, TableError

APPROXIMATION = "approximation"
SYNTHESIS = "synthesis, not published"
CALCULATOR = "use the authors' own calculator"
COMBINED = "combined_risk"

_COMPARISONS = MappingProxyType(
    {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One published figure with the people it was counted in. `risk` is None where only a range
    (`low`, `high`) was published; `horizon_years` where the follow-up was not stated.
    """

    id: str
    population: str
    condition: str
    horizon_years: float | None
    risk: float | None
    low: float | None
    high: float | None
    n: str
    source: str
    status: Standing
    note: str


def _anchor(row: DatedRow) -> Anchor:
    return Anchor(
        id=row.id,
        population=row.text("population"),
        condition=row.text("condition"),
        horizon_years=row.number_or_none("horizon_years"),
        risk=row.number_or_none("risk"),
        low=row.number_or_none("low"),
        high=row.number_or_none("high"),
        n=row.text("n"),
        source=row.source,
        status=row.status,
        note=row.note,
    )


def _holds(row: DatedRow, facts: Mapping[str, float]) -> bool:
    """Whether every part of the row's `when` holds; a fact that is not known holds nothing."""
    for part in row.text("when").split(";"):
        try:
            fact, sign, limit = part.split()
            compare = _COMPARISONS[sign]
        except (ValueError, KeyError):
            raise TableError(f"{row.where}: cannot read the condition {part!r}") from None
        if fact not in facts or not compare(facts[fact], float(limit)):
            return False
    return True


def quoted(kind: str, facts: Mapping[str, float]) -> tuple[Anchor, ...]:
    """Every published row of that kind about exactly such a person; NoExactMatchError for none."""
    rows = [r for r in ANCHORS.rows if r.text("kind") == kind and r.text("when")]
    found = tuple(_anchor(row) for row in rows if _holds(row, facts))
    if not found:
        remedy = CALCULATOR if kind == COMBINED else ""
        raise NoExactMatchError("no published row is about such a person", remedy)
    return found


def anchor(row_id: str) -> Anchor:
    """The published figure of that id."""
    return _anchor(ANCHORS[row_id])


def by_antibodies(number: int) -> tuple[Anchor, ...]:
    """What was published for that number of antibodies."""
    return quoted("antibody_number", {"antibodies": float(number)})


def by_stage(stratum: Stratum) -> tuple[Anchor, ...]:
    """What was published for a stage, of which a single antibody is none."""
    return quoted("stage", {stratum.value: 1.0})


def multiple_antibodies_by_merged41(score: object) -> tuple[Anchor, ...]:
    """Risk of multiple antibodies, not of diabetes, on the score's side of its cut-off.

    Raises MisappliedCutoffError for any other score: the cut-off belongs to this one.
    """
    return quoted("merged41", {"merged41": require_merged41(score).value})


def combined_risk(
    *, completed_years: int, antibodies: int, family_history: bool, grs: float
) -> tuple[Anchor, ...]:
    """The quoted rows of the combined risk score; the abstract does not name the scale of `grs`."""
    return quoted(
        COMBINED,
        {
            "completed_years": float(completed_years),
            "antibodies": float(antibodies),
            "family_history": float(family_history),
            "grs": grs,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A figure that was not published as such, with the label that must stand beside it."""

    value: float
    label: str
    from_anchor: str


def constant_hazard(source: Anchor, horizon_years: float, stratum: Stratum) -> Labelled:
    """Risk at a shorter horizon as if the hazard were constant: 0.697 at 10 years is 0.4495 at 5.

    Raises StageTwoHazardError in stage 2, where 0.75 at 5 years would make 0.426 at 2 and 0.60 was
    published; NoExactMatchError beyond the published horizon.
    """
    if stratum is Stratum.STAGE_2 or "stage2" in source.id:
        raise StageTwoHazardError(
            "no constant hazard in stage 2: 75 % at 5 years would imply 42.6 % at 2 years, and"
            " 60 % was published",
            "show the published horizons",
        )
    if source.risk is None or source.horizon_years is None:
        raise NoExactMatchError("the published figure has no risk with a horizon")
    if not 0 < horizon_years <= source.horizon_years:
        raise NoExactMatchError(
            "the horizon lies beyond the published one", "nothing is extrapolated"
        )
    survival = math.log1p(-source.risk) * horizon_years / source.horizon_years
    return Labelled(value=-math.expm1(survival), label=APPROXIMATION, from_anchor=source.id)


def with_factor(source: Anchor, factor_id: str) -> Labelled:
    """An anchor moved by one published hazard ratio: 0.697 with DR3/DR4-DQ8 is 0.8005.

    One factor at a time: the factors overlap, and a result cannot be moved again.
    """
    if source.risk is None:
        raise NoExactMatchError("the published figure is a range, not a risk")
    if not factor_id.startswith("factor-"):
        raise ValueError(f"{factor_id!r} is no hazard ratio of parameters.csv")
    ratio = PARAMETERS[factor_id].number("value")
    value = -math.expm1(math.log1p(-source.risk) * ratio)
    return Labelled(value=value, label=SYNTHESIS, from_anchor=source.id)
