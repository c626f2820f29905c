"""A deep challenger small enough for the tests, fitted once per run."""

from __future__ import annotations

from functools import cache

import torch

from models.background import Reference
from models.deep import DeepLogit
from tests.trained import about, cohort

SMALL = {"members": 3, "folds": 3, "epochs": 12, "width": 8, "batch": 128}


@cache
def deep() -> DeepLogit:
    # More threads would sum in another order, and a seed would not repeat.
    torch.set_num_threads(1)
    return DeepLogit(about().design, **SMALL).fit_cohort(cohort())


@cache
def reference(rows: int = 64) -> Reference:
    X, present = about().design.gated(cohort().features)
    return deep().reference(X, present, rows)
