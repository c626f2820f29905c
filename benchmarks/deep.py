"""`python -m benchmarks.deep --json`: the deep challenger as it would be served, without torch.

Trains on the simulated cohort, exports, and has a fresh process read and explain: largest distance
from torch's own probabilities, milliseconds per patient (median), how far reasons are from adding
up, and the error of the values per feature against all coalitions on a model of ten features.

There are three kinds of reasons, and the output says which figure is of which: per modality, exact
by enumeration (what a page would show); per feature, an estimate along few orders with its measured
error; per feature, exact up to a proved bound.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from decision import catalog
from models.artifact import read
from models.background import Reference
from models.cohort import Floats
from models.decisions import modelled, simulator
from models.deep_features import explain_features
from models.deep_paths import estimate_features
from models.deep_served import DeepPanel, as_seen, export, imported
from models.design import Design
from models.link import sigmoid
from models.panel import SIDES
from models.shapley import coalitions

DECISION = "ra_biologic_response"
PATIENTS = 200
FEW_ROWS = 16
COMPARED = 20
BRUTE_ROWS, BRUTE_PLAYERS = 3, 10


def train(n: int, folder: Path) -> dict[str, Any]:
    """Train and export; what torch itself says of the patients goes beside the export."""
    import torch

    from models.deep import DeepLogit

    torch.set_num_threads(1)
    about, world = modelled(catalog.load(DECISION)), simulator(DECISION, "nonlinear")
    cohort = world.simulate(n, k=1.0, seed=1, site_seed=1)
    started = time.process_time()
    model = DeepLogit(about.design).fit_cohort(cohort)
    seconds = time.process_time() - started
    patients = world.simulate(5_000, k=1.0, seed=2, site_seed=1)
    X, present = about.design.gated(patients.features)
    gap = np.abs(model.torch_proba(X, present=present) - model.predict_proba(X, present=present))
    own, here = about.design.gated(cohort.features)
    export(model.panel_, model.reference(own, here), folder, {"decision": DECISION})
    few = {"decision": DECISION, "rows": FEW_ROWS}
    export(model.panel_, model.reference(own, here, FEW_ROWS), folder / "few", few)
    np.savez(folder / "patients.npz", X=X[:PATIENTS], present=present[:PATIENTS])
    return {"largest_difference": float(gap.max()), "training_cpu_seconds": round(seconds, 1)}


def serve(folder: Path) -> dict[str, Any]:
    """Read and explain in this process, which has never seen torch."""
    design = modelled(catalog.load(DECISION)).design
    panel, reference = imported(read(folder), design)
    _, few = imported(read(folder / "few"), design)
    patients = np.load(folder / "patients.npz")
    X, present = patients["X"], patients["present"]
    z = panel.gaussian.standardise(X)
    residual = 0.0

    def predicted(i: int) -> None:
        panel.predict_proba(X[i : i + 1], present=present[i : i + 1])

    def by_modality(i: int) -> None:
        nonlocal residual
        found = panel.explain(z[i : i + 1], present[i : i + 1], reference)
        miss = np.abs(found.values.sum(axis=1) - (found.probability - found.base)).max()
        residual = max(residual, float(miss))

    def by_feature(i: int) -> None:
        explain_features(panel, z[i : i + 1], present[i : i + 1], few)

    def estimated(i: int) -> None:
        estimate_features(panel, z[i : i + 1], present[i : i + 1], reference)

    return {
        "probabilities_ms": timed(predicted, len(X)),
        "modalities": "exact, for a page",
        "modalities_ms": timed(by_modality, len(X)),
        "modalities_additivity": residual,
        "features_estimated": "along few orders, error measured",
        "features_estimated_ms": timed(estimated, len(X)),
        **estimate_error(panel, z, present, reference),
        "features": "exact up to a proved bound",
        "features_ms": timed(by_feature, 30),
        "features_background_rows": len(few.weights),
        **brute_force(panel, design, z, present, few.z[:BRUTE_ROWS]),
        "torch_imported": "torch" in sys.modules,
    }


def estimate_error(
    panel: DeepPanel, z: Floats, present: np.ndarray[Any, Any], reference: Reference
) -> dict[str, Any]:
    """The estimate against the exact values, same reference patients."""
    shares, worst, residual = [], 0.0, 0.0
    for i in range(COMPARED):
        own = z[i : i + 1], present[i : i + 1], reference
        fast, exact = estimate_features(panel, *own), explain_features(panel, *own)
        gap = np.abs(fast.values - exact.values)
        shares.append(float(gap.sum() / np.abs(exact.values).sum()))
        worst, residual = max(worst, float(gap.max())), max(residual, fast.residual)
    return {
        "features_estimated_additivity": residual,
        "features_estimated_relative_error": round(statistics.mean(shares), 4),
        "features_estimated_largest_error": round(worst, 4),
    }


def timed(task: Callable[[int], None], patients: int) -> float:
    """Median milliseconds of this process's own time."""
    task(0)
    spent = []
    for i in range(patients):
        started = time.process_time()
        task(i)
        spent.append(1e3 * (time.process_time() - started))
    return round(statistics.median(spent), 3)


def brute_force(
    panel: DeepPanel, design: Design, z: Floats, present: np.ndarray[Any, Any], rows: Floats
) -> dict[str, Any]:
    """Largest error of values per feature against all 2^10 coalitions, ten players kept known."""
    reference = Reference(z=rows, weights=np.full(len(rows), 1.0 / len(rows)))
    worst, bound = 0.0, 0.0
    for i in range(5):
        here, patient = present[i : i + 1], z[i : i + 1].copy()
        known = np.flatnonzero(np.bincount(design.player_of, weights=~np.isnan(patient[0])) > 0)
        kept = np.concatenate([known[:5], known[-5:]])[:BRUTE_PLAYERS]
        patient[0, ~np.isin(design.player_of, kept)] = np.nan
        found = explain_features(panel, patient, here, reference)
        slow = enumerated(panel, design, patient, here, reference.z, kept)
        worst = max(worst, float(np.abs(found.values[:, kept] - slow).max()))
        bound = max(bound, found.bound)
    return {"features_largest_error": worst, "features_bound": bound}


def enumerated(
    panel: DeepPanel,
    design: Design,
    patient: Floats,
    present: np.ndarray[Any, Any],
    rows: Floats,
    players: np.ndarray[Any, Any],
) -> Floats:
    """(2, players) Shapley values by scoring every coalition of every background row."""
    member, added = coalitions(len(players))
    known = ~np.isnan(patient[0])
    seen = as_seen(panel, Reference(z=rows, weights=np.ones(len(rows))), known, present[0])
    worth = np.zeros((2, member.shape[1]))
    for s in range(member.shape[1]):
        inside = np.isin(design.player_of, players[member[:, s] > 0])
        mixed = np.where(inside, patient, seen)
        mixed = np.where(known, mixed, np.nan)
        both = np.repeat(present, len(rows), axis=0)
        parts = panel.contributions(panel.blocks(panel.complete(mixed, both)), both).sum(axis=2)
        margins = panel.starts(both) + parts[..., :1] + parts[..., 1:] * SIDES
        worth[:, s] = sigmoid(margins).mean(axis=(0, 1))
    return np.asarray(worth @ added)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object, or a line per figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deep", description=__doc__)
    parser.add_argument("--n", type=int, default=1_500, help="patients to train on")
    parser.add_argument("--serve", type=Path, default=None, help="folder of an export: only serve")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    if options.serve is not None:
        print(json.dumps(serve(options.serve)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = train(options.n, folder)
        command = [sys.executable, "-m", "benchmarks.deep", "--serve", name]
        child = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
        found |= json.loads(child.stdout)
        found["export_kb"] = round((folder / "model.safetensors").stat().st_size / 1024, 1)
    if options.json:
        print(json.dumps(found))
        return
    for figure, value in found.items():
        print(f"{figure:28} {value}")


if __name__ == "__main__":
    main()
