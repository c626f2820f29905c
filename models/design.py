"""From features in canonical units to the columns of the model, and which modalities are present.

numpy only: training and bedside run the very same lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from decision.clinical.spec import Modality, ModelColumn, Player, Transform
from models.cohort import Floats, Ints

Bools = NDArray[np.bool_]


class DesignError(ValueError):
    """A column that cannot be computed; the message names the column, the value and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Design:
    """Which columns a model has, and to which player and modality each belongs.

    columns : the p columns, in the order of every vector of coefficients
    players : who the columns' effects are attributed to
    quorum : features that must be known for a modality to count as present
    """

    columns: tuple[ModelColumn, ...]
    players: tuple[Player, ...]
    quorum: Mapping[Modality, int]

    def __post_init__(self) -> None:
        known = {p.id for p in self.players}
        for column in self.columns:
            if column.player not in known:
                raise DesignError(
                    f"column {column.id!r} belongs to player {column.player!r}, which the decision "
                    "does not list; add the player"
                )
        if missing := {p.modality for p in self.players} - set(self.quorum):
            raise DesignError(f"no quorum for {sorted(missing)}; add one per modality")

    @cached_property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities in order of first appearance."""
        return tuple(dict.fromkeys(p.modality for p in self.players))

    @cached_property
    def player_of(self) -> Ints:
        """(p,) index of each column's player."""
        number = {p.id: j for j, p in enumerate(self.players)}
        return np.array([number[c.player] for c in self.columns], dtype=np.int64)

    @cached_property
    def modality_of(self) -> Ints:
        """(p,) index of each column's modality."""
        number = {m: j for j, m in enumerate(self.modalities)}
        of_player = np.array([number[p.modality] for p in self.players], dtype=np.int64)
        return np.asarray(of_player[self.player_of], dtype=np.int64)

    @cached_property
    def modifiers(self) -> Bools:
        """(p,) columns named beforehand as modifiers of the treatments' difference."""
        return np.array([c.modifier for c in self.columns], dtype=bool)

    @cached_property
    def features(self) -> tuple[str, ...]:
        """Every feature that some column reads, in order of first appearance."""
        return tuple(dict.fromkeys(f for c in self.columns for f in c.inputs))

    @cached_property
    def feature_modality(self) -> Ints:
        """(number of features,) index of each feature's modality."""
        of = {
            f: int(m) for c, m in zip(self.columns, self.modality_of, strict=True) for f in c.inputs
        }
        return np.array([of[f] for f in self.features], dtype=np.int64)

    @cached_property
    def plain(self) -> Ints:
        """Columns that say each feature once, without duplicates: the domain looks at these."""
        chosen: dict[str, int] = {}
        for j, column in enumerate(self.columns):
            if len(column.inputs) == 1:
                chosen.setdefault(column.inputs[0], j)
        return np.array(sorted(chosen.values()), dtype=np.int64)

    def raw(self, features: Mapping[str, Floats]) -> Floats:
        """(n, p) columns before standardisation; NaN where an input is missing.

        Raises
        ------
        DesignError
            For a feature the mapping lacks, or a value outside a transform's range.
        """
        if absent := [f for f in self.features if f not in features]:
            raise DesignError(
                f"features {absent} are missing from the table; give NaN for unknown values"
            )
        return np.stack([_column(c, features) for c in self.columns], axis=1)

    def present(self, features: Mapping[str, Floats]) -> Bools:
        """(n, M) whether each modality has its quorum of known features."""
        known = np.stack([~np.isnan(features[f]) for f in self.features], axis=1)
        counts = known.astype(np.int64) @ (
            self.feature_modality[:, None] == np.arange(len(self.modalities))
        )
        return np.asarray(counts >= np.array([self.quorum[m] for m in self.modalities]))

    def gated(self, features: Mapping[str, Floats]) -> tuple[Floats, Bools]:
        """`raw` with absent modalities blanked to NaN, and `present`."""
        present = self.present(features)
        raw = self.raw(features)
        raw[~present[:, self.modality_of]] = np.nan
        return raw, present


def _column(column: ModelColumn, features: Mapping[str, Floats]) -> Floats:
    values = [np.asarray(features[f], dtype=np.float64) for f in column.inputs]
    x = values[0]
    if column.transform is Transform.LOG_SUM:
        return _log(column, np.sum(values, axis=0))
    if column.transform is Transform.LOG:
        return _log(column, x)
    if column.transform is Transform.SQRT:
        _refuse(column, x, x < 0.0, "a square root needs values from 0")
        return np.asarray(np.sqrt(x))
    if column.transform is Transform.AT_LEAST:
        return np.where(np.isnan(x), np.nan, (x >= column.argument).astype(np.float64))
    if column.transform is Transform.BELOW:
        return np.where(np.isnan(x), np.nan, (x < column.argument).astype(np.float64))
    return x


def _log(column: ModelColumn, x: Floats) -> Floats:
    _refuse(column, x, x <= 0.0, "a logarithm needs values above 0")
    return np.asarray(np.log(x))


def _refuse(column: ModelColumn, x: Floats, wrong: Bools, why: str) -> None:
    if wrong.any():
        raise DesignError(
            f"column {column.id!r} ({' + '.join(column.inputs)}) has the value {x[wrong][0]:g}; "
            f"{why}: check the value and its unit"
        )


def patterns(known: Bools) -> list[tuple[Bools, Ints]]:
    """Rows grouped by what they know: (known columns, row numbers) per distinct pattern."""
    packed = np.packbits(known, axis=1)
    _, first, inverse = np.unique(packed, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    ends = np.cumsum(np.bincount(inverse.ravel()))
    return [(known[i], rows) for i, rows in zip(first, np.split(order, ends[:-1]), strict=True)]


def player_sums(design: Design) -> Floats:
    """(p, d) indicator that adds the columns of each player."""
    sums = np.zeros((len(design.columns), len(design.players)))
    sums[np.arange(len(design.columns)), design.player_of] = 1.0
    return sums


def groups(design: Design) -> tuple[Sequence[int], ...]:
    """Players of each modality, for the explanation per modality."""
    return tuple(
        tuple(j for j, p in enumerate(design.players) if p.modality is m) for m in design.modalities
    )
