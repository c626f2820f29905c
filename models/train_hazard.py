"""`python -m models.train <decision> --cohort simulated` for a decision about when.

Fits at the training sites, recalibrates a held-out site under the name `simulated-demo`, validates
on other people of that site and on new people of the training sites, and writes
`models/artifacts/<decision>/<version>/`. What is shipped was trained with OMP_NUM_THREADS=1, which
gives the same bytes again; other thread counts round the last digits otherwise.
"""

from __future__ import annotations

import argparse
import math
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from decision import catalog
from models.artifact import activate, write
from models.cohort import CohortError, Floats
from models.decisions import ARTIFACTS, DEMO_SITE, time_to_event
from models.events import EventTable, refuse_shared
from models.hazard import ProgressionHazard
from models.hazard_draws import AT_SITE, LOCAL, SCORED, TRAINING, draw
from models.hazard_model import HazardDesign, HazardModel, SiteShift, predict
from models.hazard_scores import calibrated, coverage, discrimination, groups, kaplan_meier_risks
from models.hazard_site import recalibrate
from models.hazard_sources import fingerprint
from models.hazard_tensors import hazard_tensors, hazard_words, shift_words
from models.hazard_validation import counted

USUAL = (0.025, 0.975)
FEWEST_USUAL = 40
"""People with a value, below which its central 95 % are not said."""
FLAG = (0.0, 1.0)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a training run was asked for: n people to fit on, others to recalibrate and to score."""

    decision: str
    n: int
    seed: int
    version: str
    per_site: int = 1_000
    scored: int = 20_000


def usual_ranges(table: EventTable, design: HazardDesign) -> dict[str, dict[str, list[float]]]:
    """Central 95 % of every column's training values by stratum; flags have none."""
    found: dict[str, dict[str, list[float]]] = {}
    for number, name in enumerate(design.strata):
        own: dict[str, list[float]] = {}
        for column, x in zip(design.columns, table.X[table.stratum == number].T, strict=True):
            known = x[~np.isnan(x)]
            if len(known) >= FEWEST_USUAL and not np.isin(known, FLAG).all():
                own[column] = [float(np.quantile(known, q)) for q in USUAL]
        found[name] = own
    return found


def scores(
    model: HazardModel,
    training: EventTable,
    scored: Any,
    shifts: Mapping[int, SiteShift] | None,
) -> tuple[dict[str, float | None], Floats]:
    """Metrics of new people by dotted name (null where undefined), and their risks."""
    table, truth, horizons = scored.table.untreated(), scored.truth.risk, model.design.horizons
    found = predict(model, table.X, table.stratum, shifts)
    risks = {"model": found.risk, "kaplan_meier": kaplan_meier_risks(training, table, horizons)}
    metrics: dict[str, float] = {}
    for group, at in groups(model, table).items():
        own = table.rows(at)
        part = {name: values[at] for name, values in risks.items()}
        for horizon, row in discrimination(own, part, truth[at], horizons).items():
            metrics |= {
                f"{group}.{horizon}.auc": row["auc_model"],
                f"{group}.{horizon}.auc_oracle": row["auc_oracle"],
                f"{group}.{horizon}.brier": row["brier_model"],
                f"{group}.{horizon}.brier_kaplan_meier": row["brier_kaplan_meier"],
            }
        for h, years in enumerate(horizons):
            line = calibrated(own, found.risk[at, h], truth[at, h], years)
            metrics |= {f"{group}.{years:g}y.{k}": line[k] for k in ("oe", "slope")}
        inside = coverage(found, truth, at, horizons)
        metrics |= {
            f"{group}.{name.rsplit('_', 1)[-1]}.coverage": v
            for name, v in inside.items()
            if name.startswith("coverage")
        }
    return {k: None if math.isnan(v) else round(v, 6) for k, v in metrics.items()}, found.risk


def train(world: ModuleType, run: Run, folder: Path, spec_version: str, say: Say) -> str:
    """Fit, recalibrate, validate, write; returns the checksum of the tensors.

    Raises
    ------
    CohortError
        If the cohort cannot be fitted.
    """
    begun = time.monotonic()
    design, demo = world.DESIGN, world.HELD_OUT_SITES[0]
    training = draw(world, run.n, run.seed, TRAINING, world.TRAINING_SITES).table
    new = draw(world, run.scored, run.seed, SCORED, world.TRAINING_SITES)
    local = draw(world, run.per_site, run.seed, LOCAL + demo, (demo,)).table
    there = draw(world, run.scored, run.seed, AT_SITE + demo, (demo,))
    for other in (new.table, local, there.table):
        refuse_shared(training, other)
    refuse_shared(local, there.table)
    say(f"fitting on {run.n} people, {int(training.event.sum())} events")
    model = ProgressionHazard(design, seed=run.seed).fit(training)
    say(f"{time.monotonic() - begun:.0f} s; recalibrating site {DEMO_SITE}")
    shifts = recalibrate(model, local)
    say(f"validating on {run.scored} people there and as many new ones of the training sites")
    metrics: dict[str, float | None] = {}
    for where, people, use in (("development", new, None), ("held_out", there, shifts)):
        found, risk = scores(model, training, people, use)
        metrics |= {f"{where}.{name}": value for name, value in found.items()}
    validated = counted(there.table.untreated(), risk, design.horizons, len(design.strata))
    checksum = write(
        folder,
        hazard_tensors(model, validated),
        {
            "decision": run.decision,
            "version": run.version,
            "spec_version": spec_version,
            **hazard_words(model),
            "cohort": {
                "simulated": training.simulated,
                "description": training.description,
                "people": len(np.unique(training.person)),
                "events": int(training.event.sum()),
            },
            "sites": {
                DEMO_SITE: {
                    "description": f"SIMULATED held-out site {demo}",
                    "people": run.per_site,
                    "shifts": shift_words(model, shifts),
                }
            },
            "usual": usual_ranges(training, design),
            "validation": {
                "people": int(validated.people[:, 0].sum()),
                "where": f"other people of {DEMO_SITE}, after its recalibration",
                "counted": "everybody scored; whoever was lost before a horizon counts through "
                "those like them who stayed (inverse probability of censoring)",
            },
            "metrics": metrics,
            "provenance": {
                "command": f"python -m models.train {run.decision} --cohort simulated "
                f"--n {run.n} --seed {run.seed} --version {run.version}",
                "sources": fingerprint(world),
                "n": run.n,
                "seed": run.seed,
                "per_site": run.per_site,
                "scored": run.scored,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
        },
    )
    say(f"{folder}: {checksum[:12]}, {time.monotonic() - begun:.0f} s")
    return checksum


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str]) -> int:
    """Command line; 0 when the artefact has been written, 2 for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("decision")
    parser.add_argument("--cohort", choices=["simulated"], required=True)
    parser.add_argument("--n", type=int, default=8_000, help="people to train on")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--output", type=Path, default=ARTIFACTS, help="folder of all artefacts")
    given = parser.parse_args(arguments)
    try:
        world = time_to_event(given.decision)
        if world is None:
            raise CohortError(f"{given.decision!r} has no simulated cohort with times to an event")
        offered = catalog.discover()
        spec = offered.get(given.decision)
        run = Run(decision=given.decision, n=given.n, seed=given.seed, version=given.version)
        folder = given.output / given.decision / given.version
        train(world, run, folder, spec.version if spec else "", _say)
    except (CohortError, catalog.SpecError) as error:
        _say(str(error))
        return 2
    activate(folder)
    return 0
