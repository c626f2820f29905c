"""Time and error of our explanations beside shap's, on the same models, patients and backgrounds.

`python -m benchmarks.explain --json` prints one JSON object on its last line; progress goes to
stderr. Every error is the largest difference, over patients, players, both treatments and their
difference, from Shapley values of the *probability* found by a slow route that shares no code with
the product; rows in log-odds are off mostly because that is another unit. Times are processor time
of one patient, both treatments and the difference; making an explainer is not counted. shap takes
no weights for its background, so it is compared with exact values at equal weights.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from benchmarks.explain_models import Case, Input, Task, synthetic, task
from benchmarks.explain_peers import (
    Trees,
    enumerating,
    kernel,
    linear,
    linear_rescaled,
    permutation,
)
from benchmarks.explain_shipped import shipped
from models.cohort import Floats
from models.decisions import known_decisions
from models.shapley import explain, grouped

PATIENTS, PEER_PATIENTS, TREE_COHORT = 20, 5, 600


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, as printed."""

    name: str
    model: str
    features: int
    background: str
    ms_per_patient_median: float
    max_abs_error: float
    additivity_error: float


def measure(name: str, given: Task[Input], method: Callable[[Input], Floats], repeats: int) -> Row:
    """Run a method on every patient; the first call is not timed (construction, compilation)."""
    sys.stderr.write(f"{given.model}, {given.features} players: {name}\n")
    method(given.inputs[0])
    times, errors, gaps = [], [], []
    for patient, truth, gain in zip(given.inputs, given.truth, given.gain, strict=True):
        laps = []
        for _ in range(repeats):
            begin = time.process_time()
            values = method(patient)
            laps.append(time.process_time() - begin)
        times.append(statistics.median(laps))
        off = values - truth
        errors += [np.abs(off).max(), np.abs(off[1] - off[0]).max()]
        gaps.append(np.abs(values.sum(axis=1) - gain).max())
    milliseconds = 1e3 * statistics.median(times)
    error, additivity = float(max(errors)), float(max(gaps))
    kind = (name, given.model, given.features, given.background)
    return Row(*kind, milliseconds, error, additivity)


def run(decision: str) -> list[Row]:
    """Every row of the table, in under three minutes."""
    rows: list[Row] = []
    name, recorded = shipped(decision, PATIENTS, measured=False)
    rows.append(measure("ours, per feature", task(name, recorded), _ours, 7))
    name, own = shipped(decision, TREE_COHORT, measured=True)
    wide = synthetic(60, 0.3, 100, PATIENTS)
    for model, cases in ((name, own), ("additive logit, synthetic", wide)):
        rows.append(measure("ours, per feature", task(model, cases[:PATIENTS]), _ours, 7))
        alike = task(model, [case.equal_weights() for case in cases[:PEER_PATIENTS]])
        rows += [
            measure("shap Linear, log-odds", alike, linear, 3),
            measure("shap Linear, rescaled to the probability", alike, linear_rescaled, 3),
            measure("shap Permutation", alike, permutation(), 3),
            measure("shap Kernel", alike, kernel(), 1),
        ]
    coarse = task(name, [case.coarse() for case in own[:PATIENTS]])
    fine = replace(coarse, inputs=own[:PATIENTS])
    rows.append(measure("ours, per modality", fine, _ours_grouped, 51))
    alike = task(name, [case.equal_weights().coarse() for case in own[:PEER_PATIENTS]])
    rows.append(measure("shap Exact, per modality", alike, enumerating(), 3))
    for boosting in (True, False):
        trees = Trees(own, boosting)
        given = trees.task()
        rows += [measure(name, given, method, 3) for name, method in trees.methods()]
    return rows


def _ours(case: Case) -> Floats:
    return explain(case.contributions, case.intercepts, case.background).values


def _ours_grouped(case: Case) -> Floats:
    return grouped(case.contributions, case.intercepts, case.background, case.groups).values


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table, or with --json one object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explain", description=__doc__)
    parser.add_argument("--decision", default=known_decisions()[0], help="whose shipped model")
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    options = parser.parse_args(arguments)
    rows = run(options.decision)
    if options.json:
        print(json.dumps({"methods": [asdict(row) for row in rows]}))
        return
    print(
        f"{'method':42} {'players':>7} {'ms':>9} {'error':>8} {'additivity':>10}  model; background"
    )
    for row in rows:
        print(
            f"{row.name:42} {row.features:7} {row.ms_per_patient_median:9.3f} "
            f"{row.max_abs_error:8.1e} {row.additivity_error:10.1e}  {row.model}; {row.background}"
        )


if __name__ == "__main__":
    main()
