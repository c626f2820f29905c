"""Finds what a decision's id stands for: its columns in the catalogue, and its simulator.

Discovery by name, so that a new decision is a new folder and no list needs its id.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Protocol, cast

import decision.catalog
from decision.clinical.spec import DecisionSpec, Stratum
from models.cohort import Cohort, CohortError
from models.design import Design
from models.naming import Naming, naming_of
from models.panel import Floor

ARTIFACTS = Path(__file__).parent / "artifacts"
DEMO_SITE = "simulated-demo"
"""Name of the recalibrated site of every model of a simulated cohort."""


TIME_TO_EVENT = "time to event"
"""What a simulator's KIND says when its outcome has a date rather than a yes or no."""


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
    """What a decision's catalogue folder says about its model; pairs are in `treatments`' order."""

    id: str
    treatments: tuple[str, str]
    design: Design
    floors: tuple[Floor, ...]
    strata: tuple[Stratum, ...]
    required: tuple[str, ...]
    naming: Naming


def known_decisions() -> tuple[str, ...]:
    """Ids of the decisions in the catalogue that describe a model."""
    folders = [Path(p) for p in decision.catalog.__path__]
    return tuple(sorted(c.parent.name for f in folders for c in f.glob("*/columns.py")))


def modelled(spec: DecisionSpec) -> Modelled:
    """The decision's columns, floors, strata and limits, for whoever trains or evaluates.

    Raises
    ------
    UnknownDecisionError
    """
    if spec.id not in known_decisions():
        raise UnknownDecisionError(
            f"no decision {spec.id!r}; the catalogue has {', '.join(known_decisions())}"
        )
    if spec.prognosis is not None:
        raise UnknownDecisionError(
            f"decision {spec.id!r} is about when something happens and compares nothing; use "
            "models.train or models.evaluate, which know its kind"
        )
    columns = importlib.import_module(f"decision.catalog.{spec.id}.columns")
    first, second = (treatment.id for treatment in spec.treatments)
    design = Design(columns=spec.columns, players=spec.players, quorum=spec.quorum)
    return Modelled(
        id=spec.id,
        treatments=(first, second),
        design=design,
        floors=tuple(
            Floor(
                columns=tuple(
                    j for j, c in enumerate(design.columns) if set(c.inputs) & set(floor.features)
                ),
                variance=(floor.variance[first], floor.variance[second]),
            )
            for floor in columns.FLOORS
        ),
        strata=spec.strata,
        required=columns.REQUIRED,
        naming=naming_of(spec),
    )


def same_order(about: Modelled, cohort: Cohort) -> None:
    """Nothing else would notice a cohort whose first treatment is the decision's second.

    Raises
    ------
    CohortError
    """
    if cohort.treatments != about.treatments:
        raise CohortError(
            f"treatments of the cohort are {cohort.treatments}, of decision {about.id!r} "
            f"{about.treatments}; number the cohort's treatments in the decision's order"
        )


def simulator(decision_id: str, variant: str = "") -> Simulator:
    """The simulator named like the first word of the decision's id, or a variant of it.

    Raises
    ------
    UnknownDecisionError
    """
    world = decision_id.split("_")[0]
    name = f"models.simulate.{variant}_{world}" if variant else f"models.simulate.{world}"
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


def time_to_event(decision_id: str) -> ModuleType | None:
    """The simulator of a decision about when something happens; None for any other word."""
    name = f"models.simulate.{decision_id.split('_')[0]}"
    if not decision_id.replace("_", "a").isalnum() or find_spec(name) is None:
        return None
    module: ModuleType = importlib.import_module(name)
    return module if getattr(module, "KIND", "") == TIME_TO_EVENT else None
