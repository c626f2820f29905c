"""`python -m models.evaluate <decision> --cohort simulated`: how good the estimator is, over seeds.

Progress goes to stderr; the last line of stdout is one JSON object in which every metric is
`{mean, sd, min, max}` over the seeds for which it is defined: null where that is none, as for the
share of right names when nobody is named. `answered`, `named_patients`, `named_rightly` and
`seeds_with_a_named_patient` (those whose share of right names is defined) add up the seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Any

from decision import catalog
from models import evaluate_hazard
from models.cohort import CohortError
from models.decisions import (
    UnknownDecisionError,
    known_decisions,
    modelled,
    simulator,
    time_to_event,
)
from models.held_out import Sizes, evaluate_seed
from models.leakage import LeakageError
from models.sources import fingerprint

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def summary(values: Sequence[float]) -> dict[str, float | None]:
    """Mean, standard deviation (n − 1), smallest and largest of the defined values.

    >>> summary([1.0, 3.0, float("nan")])
    {'mean': 2.0, 'sd': 1.4142135623730951, 'min': 1.0, 'max': 3.0}
    """
    defined = [v for v in values if not math.isnan(v)]
    if not defined:
        return {"mean": None, "sd": None, "min": None, "max": None}
    mean = math.fsum(defined) / len(defined)
    spread = math.fsum((v - mean) ** 2 for v in defined)
    sd = math.sqrt(spread / (len(defined) - 1)) if len(defined) > 1 else 0.0
    return {"mean": mean, "sd": sd, "min": min(defined), "max": max(defined)}


def nested(rows: Iterable[dict[str, float]]) -> dict[str, Any]:
    """Dotted metrics of several seeds as one tree of summaries; plain names are counts: added."""
    table = list(rows)
    tree: dict[str, Any] = {}
    for name in table[0]:
        *path, last = name.split(".")
        if not path:
            tree[last] = int(sum(row[name] for row in table))
            continue
        at = tree
        for part in path:
            at = at.setdefault(part, {})
        at[last] = summary([row[name] for row in table])
    return tree


def seed_list(text: str) -> list[int]:
    """Seeds from `1-8` or `1,4,7-9`.

    >>> seed_list("1-3,7")
    [1, 2, 3, 7]
    """
    seeds: list[int] = []
    for part in text.split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        chosen = range(int(found[1]), int(found[2] or found[1]) + 1) if found else range(0)
        if not chosen:
            raise argparse.ArgumentTypeError(f"seeds {text!r}: write them as 1-8 or as 1,4,7-9")
        seeds.extend(chosen)
    return seeds


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _one(decision_id: str, k: float, seed: int, sizes: Sizes) -> dict[str, float]:
    about = modelled(catalog.load(decision_id))
    return evaluate_seed(about, simulator(decision_id), k, seed, sizes, _say)


def evaluate(
    decision_id: str, k: float, seeds: Sequence[int], sizes: Sizes, workers: int = 2
) -> dict[str, Any]:
    """All seeds, `workers` at a time; see the module for the shape of the result.

    Raises
    ------
    LeakageError
        As soon as one seed beats the oracle or the reference.
    """
    started = time.monotonic()
    sources = fingerprint(modelled(catalog.load(decision_id)))
    rows: dict[int, dict[str, float]] = {}

    def done(seed: int, row: dict[str, float]) -> None:
        rows[seed] = row
        _say(f"seed {seed} done: {len(rows)} of {len(seeds)}, {time.monotonic() - started:.0f} s")

    if workers == 1 or len(seeds) == 1:
        for seed in seeds:
            done(seed, _one(decision_id, k, seed, sizes))
    else:
        # One thread each: two processes with two threads each would only fight for two cores.
        for name in THREADS:
            os.environ.setdefault(name, "1")
        # Fresh processes: a forked one has already loaded a linear algebra with as many threads.
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            waiting = {pool.submit(_one, decision_id, k, s, sizes): s for s in seeds}
            try:
                for future in as_completed(waiting):
                    done(waiting[future], future.result())
            except LeakageError:
                pool.shutdown(cancel_futures=True)
                raise
    return {
        "decision": decision_id,
        "cohort": "SIMULATED",
        "k": k,
        "n": sizes.n,
        "seeds": list(seeds),
        "command": f"python -m models.evaluate {decision_id} --cohort simulated --k {k:g} "
        f"--n {sizes.n} --seeds {','.join(map(str, seeds))}",
        "sources": sources,
        "seconds": round(time.monotonic() - started, 1),
        **nested(rows[seed] for seed in seeds),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=__doc__)
    parser.add_argument("decision", help=f"one of {', '.join(known_decisions())}")
    parser.add_argument("--cohort", choices=["simulated"], required=True)
    parser.add_argument(
        "--k", type=float, default=0.5, help="biomarker interaction of the simulation"
    )
    parser.add_argument("--n", type=int, default=6_000, help="patients to train on")
    parser.add_argument("--seeds", type=seed_list, default=seed_list("1-8"), help="e.g. 1-8")
    parser.add_argument(
        "--per-site", type=int, default=1_000, help="to recalibrate a held-out site"
    )
    parser.add_argument("--scored", type=int, default=20_000, help="held-out patients")
    parser.add_argument(
        "--reference", type=int, default=200_000, help="patients of the reference fit"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one line instead of an indented tree")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 if every seed could be scored, 1 for leakage, 2 for what cannot be used.

    A decision about when something happens is scored by `models.evaluate_hazard`.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    if any(time_to_event(word) for word in words):
        return evaluate_hazard.main(words)
    given = _parser().parse_args(words)
    sizes = Sizes(
        n=given.n, per_site=given.per_site, scored=given.scored, reference=given.reference
    )
    try:
        result = evaluate(given.decision, given.k, given.seeds, sizes, given.workers)
    except LeakageError as error:
        _say(str(error))
        return 1
    except (UnknownDecisionError, catalog.SpecError, CohortError) as error:
        _say(str(error))
        return 2
    sys.stdout.write(json.dumps(result, indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
