"""Whether an input knows the outcome: what no honest model can do, checked at every seed."""

from __future__ import annotations

import numpy as np

from models.cohort import Cohort, true_values
from models.design import Design

CEILING = 0.02
"""How far sampling error may lift an AUROC over that of the true probabilities, or of a reference
fit on far more patients."""
SURPRISE = 6.0
"""Limit of a column's score test: by chance once in 500 million, and some 450 are made per run."""


class LeakageError(RuntimeError):
    """An input knows more of the outcome than the truth does."""


def refuse_leak(where: str, fitted: float, reference: float, oracle: float) -> None:
    """Nothing ranks better than the truth, and a small fit no better than a large one.

    A leak that lifts no AUROC by as much as .02 passes here; see `refuse_informed`.

    Raises
    ------
    LeakageError
    """
    for what, value, limit, bound in (
        ("AUROC", fitted, "oracle", oracle),
        ("AUROC of the reference", reference, "oracle", oracle),
        ("AUROC", fitted, "reference", reference),
    ):
        if value > bound + CEILING:
            raise LeakageError(
                f"leakage: {where}: {what} {value:.3f} is above the {limit} + {CEILING} "
                f"({bound:.3f} + {CEILING}); an input knows the outcome"
            )


def refuse_informed(where: str, design: Design, scored: Cohort) -> None:
    """Given the true probability, no column says anything of the drawn outcome, unless it leaked.

    Score test of every column against what the truth leaves unexplained, in both treatments: far
    sharper than an AUROC, because no fit and no ceiling comes between. It cannot see a leak into
    training alone, nor one through the choice of patients.

    Raises
    ------
    LeakageError
    """
    truth = true_values(scored)
    for column, x in zip(design.columns, design.raw(scored.features).T, strict=True):
        known = ~np.isnan(x)
        if not known.any():
            continue
        centred = x[known] - x[known].mean()
        for arm, treatment in enumerate(scored.treatments):
            p, y = truth.probability[known, arm], truth.potential[known, arm]
            sd = float(np.sqrt((p * (1.0 - p)) @ centred**2))
            z = float((y - p) @ centred) / sd if sd else 0.0
            if abs(z) > SURPRISE:
                raise LeakageError(
                    f"leakage: {where}, {treatment}: column {column.id!r} goes with the outcome "
                    f"beyond the true probability (z {z:.1f}, limit {SURPRISE:g}); it knows the "
                    "outcome"
                )
