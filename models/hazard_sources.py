"""Which code and data a time-to-event model or evaluation comes from, as one SHA-256."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import ModuleType

from models.sources import HERE, code, numbers

ESTIMATOR = (
    "background",
    "cohort",
    "design",
    "domain",
    "event_metrics",
    "events",
    "gaussian",
    "hazard",
    "hazard_calibration",
    "hazard_fit",
    "hazard_model",
    "hazard_scores",
    "hazard_site",
    "hazard_tensors",
    "hazard_validation",
    "landmark",
    "medoids",
    "treatment",
)
"""What is run to fit, recalibrate, predict, score and store."""


def fingerprint(world: ModuleType) -> str:
    """SHA-256 over the estimator and the simulator with its tables."""
    name = world.__name__.rsplit(".", 1)[-1]
    checks = {f"{name}_check.py", f"{name}_measure.py"}
    simulator = [p for p in (HERE / "simulate").glob(f"{name}*.py") if p.name not in checks]
    tables: list[Path] = [
        p for p in (HERE / "simulate" / "data").glob(f"{name}_*.csv") if "targets" not in p.stem
    ]
    parts = {
        **{module: code(HERE / f"{module}.py") for module in ESTIMATOR},
        **{p.name: code(p) for p in simulator},
        **{p.name: numbers(p) for p in tables},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
