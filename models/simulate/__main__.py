"""`python -m models.simulate ra --check`: print every reference figure beside what is simulated."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from models.simulate import ra_check, ra_measure

LEAST_N = 40_000
"""Below this the sampling error outgrows the tolerances, and a miss would mean nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every target is met, 1 when one is missed, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(prog="python -m models.simulate", description=__doc__)
    parser.add_argument("cohort", choices=["ra"], help="ra: rheumatoid arthritis")
    parser.add_argument("--check", action="store_true", required=True, help="compare with targets")
    parser.add_argument("--n", type=int, default=48_000, help="patients per setting")
    parser.add_argument("--seed", type=int, default=20, help="which patients and worlds")
    options = parser.parse_args(arguments)
    if options.n < LEAST_N:
        parser.error(f"--n is {options.n}; the tolerances hold from {LEAST_N} patients")
    if options.seed < 0:
        parser.error(f"--seed is {options.seed}; use a whole number from 0")

    got: ra_measure.Measured = {}
    start = time.perf_counter()
    for name, measured in ra_measure.measure(options.n, options.seed):
        got |= measured
        sys.stderr.write(f"measured {name} after {time.perf_counter() - start:.0f} s\n")
    goals = ra_check.targets()
    missed = ra_check.missed(goals, got)
    sys.stdout.write("SIMULATED rheumatoid arthritis cohort - not patients\n")
    sys.stdout.write(f"{options.n} patients per setting, seed {options.seed}\n\n")
    sys.stdout.write(ra_check.table(goals, got) + "\n\n")
    sys.stdout.write(f"{len(goals) - len(missed)} of {len(goals)} targets met\n")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
