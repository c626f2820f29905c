"""`python -m models.train <decision> --cohort simulated`: fits, validates and writes the artefact.

Trains at the training sites, recalibrates one held-out site under the name `simulated-demo`,
validates at all held-out sites, and writes `models/artifacts/<decision>/<version>/`. The same code,
numpy, CPU and number of threads give the same bytes (what is shipped was trained with
OMP_NUM_THREADS=1); others round the last digits otherwise. `provenance` has a fingerprint of the
code (`models.sources`), which a test compares with the code as it is.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from decision import catalog
from decision.clinical.spec import DecisionSpec
from models import held_out, train_hazard
from models.additive import PanelLogit
from models.artifact import activate, write
from models.background import medoids
from models.cohort import Cohort, Ints, true_values
from models.decisions import (
    ARTIFACTS,
    DEMO_SITE,
    Modelled,
    UnknownDecisionError,
    known_decisions,
    modelled,
    same_order,
    simulator,
    time_to_event,
)
from models.domain import fit_domain
from models.held_out import Sizes, World, answered, draw, local_shifts, predict
from models.interval import Ranges
from models.metrics import calibration_intercept
from models.naming import courses
from models.served import BANDS, background_hash, column_words, player_words, tensors_of
from models.sources import fingerprint
from models.studies import training

USUAL = (0.025, 0.975)
SIMULATED = "simulated"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a training run was asked for."""

    decision: str
    k: float
    n: int
    seed: int
    version: str
    per_site: int = 1_000
    scored: int = 20_000


def usual_ranges(cohort: Cohort, units: Sequence[str]) -> dict[str, list[float]]:
    """Central 95 % of every feature's training values; flags have none."""
    usual = {}
    for feature in units:
        x = cohort.features[feature]
        x = x[~np.isnan(x)]
        if len(x) and not np.isin(x, (0.0, 1.0)).all():
            usual[feature] = [float(np.quantile(x, q)) for q in USUAL]
    return usual


def bands(cohort: Cohort, found: Ranges) -> tuple[Ints, Ints]:
    """(2, 50) validation patients by the probability under the drug they had, and outcomes."""
    n, events = np.zeros((2, BANDS), np.int64), np.zeros((2, BANDS), np.int64)
    for arm in (0, 1):
        at = (cohort.treatment == arm) & ~np.isnan(cohort.outcome)
        band = np.minimum((found.probability[at, arm] * BANDS).astype(np.int64), BANDS - 1)
        n[arm] = np.bincount(band, minlength=BANDS)
        events[arm] = np.bincount(band, weights=cohort.outcome[at], minlength=BANDS)
    return n, events


def counted_strata(about: Modelled, cohort: Cohort) -> list[dict[str, Any]]:
    """The decision's strata with the training courses of known outcome per treatment."""
    return [
        {
            "id": stratum.id,
            "label": stratum.label,
            "ranges": {
                f: [low, None if math.isinf(high) else high]
                for f, (low, high) in stratum.ranges.items()
            },
            "courses": pair.tolist(),
        }
        for stratum, pair in zip(about.strata, courses(about.strata, cohort), strict=True)
    ]


def validation(about: Modelled, world: World, model: PanelLogit) -> tuple[dict[str, Any], Any, Any]:
    """At the held-out sites: metrics by dotted name (null where undefined), bands, and every
    site's calibration intercepts by treatment.
    """
    scored = world.scored.rows(answered(about, world.scored))
    found = predict(model, scored, local_shifts(model, world.local), about.naming.level)
    metrics = held_out.scores(about, world.training, scored, found)
    known = {k: (None if math.isnan(v) else v) for k, v in metrics.items()}
    return known, bands(scored, found), site_calibration(scored, found)


def site_calibration(scored: Cohort, found: Ranges) -> dict[str, dict[str, float]]:
    """Calibration in the large of every site after its recalibration, in log-odds; 0 is ideal."""
    truth = true_values(scored)
    sites = {}
    for site in np.unique(scored.site).tolist():
        at = scored.site == site
        sites[str(site)] = {
            treatment: calibration_intercept(truth.potential[at, arm], found.probability[at, arm])
            for arm, treatment in enumerate(scored.treatments)
        }
    return sites


def train(spec: DecisionSpec, run: Run, folder: Path, evaluations: Sequence[Any], say: Say) -> str:
    """Fit, validate, write; returns the checksum of the tensors.

    Raises
    ------
    CohortError
        If the simulator numbers the treatments in another order than the decision.
    """
    about, world_of = modelled(spec), simulator(run.decision)
    sizes = Sizes(n=run.n, per_site=run.per_site, scored=run.scored)
    say(f"drawing {run.n} training patients of sites {list(world_of.training_sites)}, k={run.k:g}")
    world = draw(world_of, run.k, run.seed, sizes)
    same_order(about, world.training)
    say("fitting: completion of missing values, ridge by cross-validation, calibration")
    model = PanelLogit(about.design, about.floors, seed=run.seed).fit_cohort(world.training)
    say(f"ridge {model.lambda_:g}, {model.shrinkage_}")

    rng = np.random.default_rng(run.seed)
    raw, _ = about.design.gated(world.training.features)
    eligible = answered(about, world.training)
    say("applicability domain and reference patients")
    domain = fit_domain(
        about.design.raw(world.training.features), about.design.plain, eligible, rng
    )
    reference = medoids(model.panel_, model.panel_.gaussian.standardise(raw)[eligible], rng)
    say(f"recalibrating site {DEMO_SITE} and validating on {run.scored} held-out patients")
    demo = world_of.held_out_sites[len(world_of.held_out_sites) // 2]
    shift = local_shifts(model, world.local)[demo]
    metrics, (band_n, band_events), by_site = validation(about, world, model)

    features = {f.id: f.unit for f in spec.features}
    checksum = write(
        folder,
        tensors_of(model.panel_, domain, reference, band_n, band_events),
        {
            "decision": spec.id,
            "version": run.version,
            "spec_version": spec.version,
            "outcome": spec.outcome.definition,
            "treatments": list(about.treatments),
            "cohort": {
                "simulated": world.training.simulated,
                "description": world.training.description,
                "patients": world.training.n,
            },
            "courses": model.counts_.tolist(),
            "columns": [column_words(c) for c in spec.columns],
            "players": [player_words(p) for p in spec.players],
            "quorum": {m.value: q for m, q in spec.quorum.items()},
            "units": features,
            "usual": usual_ranges(world.training, list(features)),
            "strata": counted_strata(about, world.training),
            "floors": [
                {"columns": list(f.columns), "variance": list(f.variance)} for f in about.floors
            ],
            "codelists": {c.id: c.version for _, c in sorted(spec.codelists.items())},
            "sites": {
                DEMO_SITE: {
                    "shift": shift.shift,
                    "variance": shift.variance,
                    "labels": shift.labels,
                    "patients": run.per_site,
                    "description": f"SIMULATED held-out site {demo}",
                }
            },
            "background": {"rows": len(reference.weights), "sha256": background_hash(reference)},
            "fit": {
                "lambda": model.lambda_,
                "modifier": model.modifier,
                "other": model.other,
                "between_sites": model.between_,
                "slope": model.shrinkage_.slope,
                "contrast": model.shrinkage_.contrast,
            },
            "provenance": {
                "command": f"python -m models.train {spec.id} --cohort simulated --k {run.k:g} "
                f"--n {run.n} --seed {run.seed} --version {run.version}",
                "sources": fingerprint(about),
                "evaluations": [
                    {name: e.get(name) for name in ("command", "sources")} for e in evaluations
                ],
                "k": run.k,
                "n": run.n,
                "seed": run.seed,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "metrics": metrics,
            "site_calibration": by_site,
            "evaluations": list(evaluations),
        },
    )
    say(f"{folder}: {checksum[:12]}")
    return checksum


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 when the artefact has been written, 2 for an unknown decision.

    A decision about when something happens is trained by `models.train_hazard`, stored studies
    (`--cohort FOLDER ...`) by `models.studies.training`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if any(time_to_event(word) for word in words):
        return train_hazard.main(words)
    if "--cohort" in words and words[words.index("--cohort") + 1 :][:1] not in ([], [SIMULATED]):
        return training.main(words)
    parser = argparse.ArgumentParser(prog="python -m models.train", description=__doc__)
    parser.add_argument("decision", help=f"one of {', '.join(known_decisions())}")
    parser.add_argument("--cohort", choices=[SIMULATED], required=True)
    parser.add_argument("--k", type=float, default=0.5, help="biomarker interaction")
    parser.add_argument("--n", type=int, default=6_000, help="patients to train on")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--version", default="0.1.1")
    parser.add_argument("--output", type=Path, default=ARTIFACTS, help="folder of all artefacts")
    parser.add_argument(
        "--evaluation",
        type=Path,
        nargs="*",
        default=[],
        help="outputs of models.evaluate to attach",
    )
    given = parser.parse_args(words)
    try:
        simulator(given.decision)
        spec = catalog.load(given.decision)
    except (UnknownDecisionError, catalog.SpecError) as error:
        _say(str(error))
        return 2
    run = Run(decision=given.decision, k=given.k, n=given.n, seed=given.seed, version=given.version)
    attached = [json.loads(path.read_text("utf-8").splitlines()[-1]) for path in given.evaluation]
    folder = given.output / given.decision / given.version
    train(spec, run, folder, attached, _say)
    activate(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
