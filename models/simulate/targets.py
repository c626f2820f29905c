"""Figures that a SIMULATED cohort must reproduce, read from its table, and whether it does."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from models.cohort import CohortError


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One figure to reproduce: `target` plus or minus `tolerance`, and why that much."""

    section: str
    key: str
    quantity: str
    target: float
    tolerance: float
    reason: str

    def met_by(self, got: float) -> bool:
        # The guard against binary noise lets a tolerance of zero mean "equal", not "bit-identical".
        return abs(got - self.target) <= self.tolerance + 1e-9


def read_targets(path: Path) -> tuple[Target, ...]:
    """Every target of a table, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Target(
                section=row["section"],
                key=row["key"],
                quantity=row["quantity"],
                target=float(row["target"]),
                tolerance=float(row["tolerance"]),
                reason=row["reason"],
            )
            for row in csv.DictReader(file)
        )


def missed(goals: Iterable[Target], got: Mapping[str, float]) -> tuple[Target, ...]:
    """The targets not met.

    Raises
    ------
    CohortError
        When a target was not measured, or something was measured that no target speaks of: a check
        that silently skips a row is worse than none.
    """
    goals = tuple(goals)
    if unmatched := {goal.key for goal in goals} ^ got.keys():
        raise CohortError(f"targets and measurements do not match: {', '.join(sorted(unmatched))}")
    return tuple(goal for goal in goals if not goal.met_by(got[goal.key]))


def table(goals: Iterable[Target], got: Mapping[str, float]) -> str:
    """One line per target: quantity, target, got, tolerance, ok or MISSED; sections as headings."""
    lines, section = [], ""
    for goal in goals:
        if goal.section != section:
            section = goal.section
            lines += ["", f"{section:<66}{'target':>9}{'got':>9}{'+/-':>8}  ok"]
        value = got[goal.key]
        verdict = "ok" if goal.met_by(value) else f"MISSED ({goal.reason})"
        numbers = f"{goal.target:>9.5g}{value:>9.4g}{goal.tolerance:>8.3g}"
        lines.append(f"  {goal.quantity:<64}{numbers}  {verdict}")
    return "\n".join(lines[1:])
