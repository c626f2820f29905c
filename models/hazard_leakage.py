"""Whether an input knows when the event will come: what no honest model can do, checked per run."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from models.cohort import Floats
from models.leakage import SURPRISE, LeakageError


def refuse_informed_onset(where: str, world: ModuleType, drawn: Any) -> None:
    """Given the true risk, nothing that a model reads says anything of the drawn onset.

    Score test, by stratum and horizon, of every column, of what is missing, of the stage without a
    test and of the site against what the true risk leaves unexplained. The onset is the one without
    treatment, which no censoring hides. Ranking by true risks could not show a leak: measured so,
    nothing ranks better than the true risks themselves, whatever leaked.

    drawn : simulated people with their truth

    Raises
    ------
    LeakageError
    """
    table, truth = drawn.table, drawn.truth
    for name, x in _read(world, table):
        for stratum in np.unique(table.stratum):
            known = ~np.isnan(x) & (table.stratum == stratum)
            centred = x[known] - x[known].mean() if known.any() else x[known]
            for h, years in enumerate(world.HORIZONS):
                p = truth.risk[known, h]
                y = (truth.untreated_onset[known] <= years).astype(np.float64)
                sd = float(np.sqrt((p * (1.0 - p)) @ centred**2))
                z = float((y - p) @ centred) / sd if sd else 0.0
                if abs(z) > SURPRISE:
                    raise LeakageError(
                        f"leakage: {where}, {world.STRATA[stratum]}, {years:g} years: {name} goes "
                        f"with the onset beyond the true risk (z {z:.1f}, limit {SURPRISE:g}); it "
                        "knows the outcome"
                    )


def _read(world: ModuleType, table: Any) -> Iterator[tuple[str, Floats]]:
    """(name, (n,)) of everything a fit reads of a person before any follow-up."""
    for name, x in zip(table.columns, table.X.T, strict=True):
        yield f"column {name!r}", x
    for name, known in zip(world.DESIGN.groups, world.DESIGN.known(table.X).T, strict=True):
        yield f"whether {name!r} is known", known.astype(np.float64)
    for name, stratum in table.without.items():
        yield f"the stratum without {name!r}", stratum.astype(np.float64)
    yield "the site", table.site.astype(np.float64)
