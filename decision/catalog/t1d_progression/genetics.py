"""Genetic scores computed elsewhere: a type for each scale, and none turns into another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from decision.catalog.t1d_progression.refusals import (
    AncestryRefusedError,
    MisappliedCutoffError,
    UnitRefusedError,
    WrongScoreError,
)
from decision.catalog.t1d_progression.tables import CENTILES, parameter
from decision.catalog.t1d_progression.units import believable


class Ancestry(StrEnum):
    """Genetic ancestry as stated with the score."""

    EUROPEAN = "European"
    AFRICAN = "African"
    OTHER = "other"
    UNKNOWN = "unknown"


ANCESTRY_NOTE = (
    "Genetic scores of type 1 diabetes were derived in people of European ancestry; in others the"
    " same number means something else."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneticScore:
    """A score with the version of what computed it and the ancestry stated with it."""

    value: float
    version: str
    ancestry: Ancestry

    limits = ""
    label = "a genetic score of unstated type"

    def __post_init__(self) -> None:
        if not self.limits:
            raise WrongScoreError(
                "a genetic risk score without its type is refused: scales differ",
                "state whether it is GRS2, GRS2x, GRS1, the merged 41-variant or a normalised one",
            )
        if not self.version.strip():
            raise WrongScoreError(f"{self.label} has no version", "state what computed it")
        if not math.isfinite(self.value) or not believable(self.limits, self.value):
            raise UnitRefusedError(f"{self.label} is outside its scale", "check its type and value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grs2(GeneticScore):
    """GRS2, raw: 67 variants with interactions of DQ alleles (Sharp 2019, PGS000024)."""

    limits = "grs2"
    label = "GRS2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grs2x(GeneticScore):
    """GRS2x, raw: the variant of GRS2 whose centiles are published."""

    limits = "grs2x"
    label = "GRS2x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grs1(GeneticScore):
    """The 30-variant score."""

    limits = "grs1"
    label = "GRS1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged41(GeneticScore):
    """The merged 41-variant score, to which the cut-off of Bonifacio 2018 belongs."""

    limits = "merged41"
    label = "the merged 41-variant score"


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedScore(GeneticScore):
    """A raw score brought to lie between 0 and 1."""

    limits = "grs_normalised"
    label = "a normalised score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grs2Centile(GeneticScore):
    """A centile of GRS2 that somebody else counted, in a population that its version names."""

    limits = "grs2_centile"
    label = "a centile of GRS2"


SCORE_OF_CONCEPT = MappingProxyType(
    {
        "grs2": Grs2,
        "grs2x": Grs2x,
        "grs1": Grs1,
        "merged41": Merged41,
        "grs_normalised": NormalisedScore,
        "grs2_centile": Grs2Centile,
        "bare_grs": GeneticScore,
    }
)
"""The type of a result by the code list it was found under; `bare_grs` refuses to be made."""

S = TypeVar("S", bound=GeneticScore)


def require(kind: type[S], score: object) -> S:
    """The score, where it is of exactly that type; WrongScoreError for another or a bare number."""
    if type(score) is kind:
        return score
    given = score.label if isinstance(score, GeneticScore) else "a bare genetic score"
    raise WrongScoreError(
        f"{given} cannot stand for {kind.label}: the scales differ, a silent mix is a wrong risk",
        f"enter {kind.label} itself, with its version",
    )


def normalised(score: object) -> NormalisedScore:
    """GRS2x brought to 0-1: 10.159149 gives 0.500519. Only on request, and not back."""
    raw = require(Grs2x, score)
    return NormalisedScore(
        value=(raw.value + parameter("normalised-shift")) / parameter("normalised-width"),
        version=raw.version,
        ancestry=raw.ancestry,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CentileBand:
    """Between which published centiles a score lies; None at an open end."""

    above: float | None
    below: float | None
    source: str
    status: str
    note: str

    @property
    def words(self) -> str:
        """`at or above the 90th and below the 95th centile`."""
        ends = [f"at or above the {self.above:.0f}th"] if self.above is not None else []
        ends += [f"below the {self.below:.0f}th"] if self.below is not None else []
        return " and ".join(ends) + " centile"


def grs2x_centile(score: object) -> CentileBand:
    """The published centiles around a GRS2x; nothing between them is interpolated.

    Raises AncestryRefusedError unless the ancestry is stated to be European: the counting was.
    """
    raw = require(Grs2x, score)
    if raw.ancestry is not Ancestry.EUROPEAN:
        raise AncestryRefusedError(
            "the published centiles were counted in people of European ancestry",
            "no centile is shown for another or an unknown ancestry",
        )
    reached = [row for row in CENTILES.rows if raw.value >= row.number("score")]
    beyond = [row for row in CENTILES.rows if raw.value < row.number("score")]
    row = (reached or beyond)[-1]
    return CentileBand(
        above=reached[-1].number("centile") if reached else None,
        below=beyond[0].number("centile") if beyond else None,
        source=row.source,
        status=row.status,
        note=row.note,
    )


def require_merged41(score: object) -> Merged41:
    """For the cut-off 14.4 of Bonifacio 2018, which belongs to this score only."""
    if isinstance(score, GeneticScore) and type(score) is not Merged41:
        raise MisappliedCutoffError(
            f"the cut-off of Bonifacio 2018 does not apply to {score.label}: it belongs to the"
            " merged 41-variant score, and its outcome is multiple antibodies, not diabetes",
            "compare the merged 41-variant score, or no cut-off",
        )
    return require(Merged41, score)
