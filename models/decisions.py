"""Finds what a decision's id stands for: its columns in the catalogue, and its simulator.

Discovery by name, so that a new decision is a new folder and no list needs its id.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import numpy as np

import decision.catalog
from decision.clinical.spec import Stratum
from models.cohort import Cohort, Floats
from models.design import Bools, Design
from models.panel import Floor

ARTIFACTS = Path(__file__).parent / "artifacts"


class UnknownDecisionError(ValueError):
    """No such decision or simulator; the message lists what there is."""


class Simulate(Protocol):
    """Draws n patients; the same `site_seed` means the same sites, `seed` which patients."""

    def __call__(
        self,
        n: int,
        *,
        k: float,
        seed: int,
        sites: Sequence[int] = ...,
        truth: bool = ...,
        site_seed: int | None = ...,
    ) -> Cohort: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """A simulated world: how to draw from it, and which of its sites are never trained on."""

    simulate: Simulate
    training_sites: tuple[int, ...]
    held_out_sites: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Modelled:
    """What a decision's catalogue folder says about its model."""

    id: str
    design: Design
    floors: tuple[Floor, ...]
    strata: tuple[Stratum, ...]
    required: tuple[str, ...]


def known_decisions() -> tuple[str, ...]:
    """Ids of the decisions in the catalogue that describe a model."""
    folders = [Path(p) for p in decision.catalog.__path__]
    return tuple(sorted(c.parent.name for f in folders for c in f.glob("*/columns.py")))


def modelled(decision_id: str, treatments: tuple[str, str]) -> Modelled:
    """The decision's columns, floors and strata.

    Parameters
    ----------
    treatments : ids of the first and the second treatment, in the order of every pair

    Raises
    ------
    UnknownDecisionError
    """
    if decision_id not in known_decisions():
        raise UnknownDecisionError(
            f"no decision {decision_id!r}; the catalogue has {', '.join(known_decisions())}"
        )
    columns = importlib.import_module(f"decision.catalog.{decision_id}.columns")
    design = Design(columns=columns.COLUMNS, players=columns.PLAYERS, quorum=columns.QUORUM)
    return Modelled(
        id=decision_id,
        design=design,
        floors=tuple(
            Floor(
                columns=tuple(
                    j for j, c in enumerate(design.columns) if set(c.inputs) & set(floor.features)
                ),
                variance=(floor.variance[treatments[0]], floor.variance[treatments[1]]),
            )
            for floor in columns.FLOORS
        ),
        strata=columns.STRATA,
        required=columns.REQUIRED,
    )


def simulator(decision_id: str) -> Simulator:
    """The simulator named like the first word of the decision's id.

    Raises
    ------
    UnknownDecisionError
    """
    name = f"models.simulate.{decision_id.split('_')[0]}"
    if find_spec(name) is None:
        raise UnknownDecisionError(
            f"no simulated cohort for {decision_id!r}: {name} does not exist; write it or use a "
            "recorded cohort"
        )
    module: ModuleType = importlib.import_module(name)
    return Simulator(
        simulate=cast("Simulate", module.simulate),
        training_sites=tuple(module.TRAINING_SITES),
        held_out_sites=tuple(module.HELD_OUT_SITES),
    )


def in_stratum(stratum: Stratum, features: Mapping[str, Floats]) -> Bools:
    """(n,) whether every feature of the stratum is known and in its range."""
    n = len(next(iter(features.values())))
    inside = np.ones(n, dtype=bool)
    for feature, (low, high) in stratum.ranges.items():
        x = features[feature]
        inside &= (x >= low) & (x <= high)
    return inside
