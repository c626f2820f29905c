"""`python -m models.simulate <cohort> --check`: print every reference figure beside what is
simulated.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from models.simulate.targets import missed, table


def cohorts() -> tuple[str, ...]:
    """Names of the cohorts that have a check and what it measures."""
    here = Path(__file__).parent
    checked = (p.stem.removesuffix("_check") for p in here.glob("*_check.py"))
    return tuple(sorted(name for name in checked if (here / f"{name}_measure.py").is_file()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every target is met, 1 when one is missed, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(prog="python -m models.simulate", description=__doc__)
    parser.add_argument("cohort", choices=cohorts())
    parser.add_argument("--check", action="store_true", required=True, help="compare with targets")
    parser.add_argument("--n", type=int, default=None, help="people per setting or stratum")
    parser.add_argument("--seed", type=int, default=20, help="which people and worlds")
    options = parser.parse_args(arguments)
    check: ModuleType = importlib.import_module(f"models.simulate.{options.cohort}_check")
    measuring: ModuleType = importlib.import_module(f"models.simulate.{options.cohort}_measure")
    n = check.USUAL_N if options.n is None else options.n
    if n < check.LEAST_N:
        parser.error(f"--n is {n}; the tolerances hold from {check.LEAST_N} patients")
    if options.seed < 0:
        parser.error(f"--seed is {options.seed}; use a whole number from 0")

    got: dict[str, float] = {}
    start = time.perf_counter()
    for name, measured in measuring.measure(n, options.seed):
        got |= measured
        sys.stderr.write(f"measured {name} after {time.perf_counter() - start:.0f} s\n")
    goals = check.targets()
    short = missed(goals, got)
    sys.stdout.write(f"{check.TITLE}\n{n} {check.UNIT}, seed {options.seed}\n\n")
    sys.stdout.write(table(goals, got) + "\n\n")
    sys.stdout.write(f"{len(goals) - len(short)} of {len(goals)} targets met\n")
    return 1 if short else 0


if __name__ == "__main__":
    raise SystemExit(main())
