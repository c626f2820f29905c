"""`python -m models.compare <decision> --cohort simulated`: has the challenger earned the place?

Repeated nested cross-validation by site: every repeat is a fresh world of fresh patients, whose
training sites are dealt into folds; every model is fitted, tuned and calibrated without the sites
it is scored at, and all are scored at the same ones. Scored are courses with a recorded outcome
whose patient would be given an answer; policies are judged by the simulation's true probabilities.
Progress goes to stderr, the last line of stdout is one JSON object. With `--keep` each finished
repeat is added to a file, and a later run of the same code goes on from there; with `--report`
table and verdict are kept beside the served model, whose page shows them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from decision import catalog
from models.admission import Paired, chance, paired
from models.artifact import ArtefactError, active
from models.cohort import CohortError
from models.contest import Plan, Row, compare_once, judged, refuse_ceiling
from models.decisions import (
    ARTIFACTS,
    Modelled,
    UnknownDecisionError,
    known_decisions,
    modelled,
    simulator,
)
from models.held_out import Say
from models.leakage import LeakageError
from models.rivals import ADDITIVE, DEEP, rivals
from models.sources import HERE, code, fingerprint
from models.verdicts import COLUMNS, PAGE, add, verdict_line

COMPARED = ("contest", "deep", "deep_nets", "deep_served", "rivals")
"""Modules of a comparison beside those of the estimator and the simulator."""
PURPOSES = {
    "": "Linear effects, the kind in the served model's cohort",
    "nonlinear": "Effects that bend and interact, made so that a flexible model can win",
}


def summarised(repeats: Sequence[Mapping[str, Row]]) -> dict[str, dict[str, Any]]:
    """Model -> metric -> mean and SEM, and `minus_additive`: the paired difference of log loss."""
    table: dict[str, dict[str, Any]] = {}
    for name in repeats[0]:
        shown = [m for m in repeats[0][name] if ":" not in m]
        table[name] = {m: _words(paired([r[name][m] for r in repeats])) for m in shown}
        table[name]["minus_additive"] = _words(
            paired([r[name]["log_loss"] - r[ADDITIVE]["log_loss"] for r in repeats])
        )
    return table


def sources(about: Modelled, variant: str) -> str:
    """SHA-256 of the code that draws, fits and scores: repeats of other code are not mixed in."""
    parts = [fingerprint(about), *(code(HERE / f"{name}.py") for name in COMPARED)]
    if variant:
        parts.append(code(HERE / "simulate" / f"{variant}_{about.id.split('_')[0]}.py"))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def compare(plan: Plan, keep: Path | None, say: Say) -> dict[str, Any]:
    """All repeats, the table and the verdict."""
    started = time.monotonic()
    about, world = modelled(catalog.load(plan.decision)), simulator(plan.decision, plan.variant)
    asked = {name: x for name, x in asdict(plan).items() if name != "seeds"}
    asked["sources"] = sources(about, plan.variant)
    done = _kept(keep, asked)
    earlier = len(done.keys() & set(plan.seeds))
    for seed in plan.seeds:
        if seed in done:
            say(f"seed {seed}: kept from an earlier run")
            continue
        done[seed] = compare_once(about, world, plan, seed, rivals(), say)
        if keep is not None:
            with keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"plan": asked, "seed": seed, "rows": done[seed]}) + "\n")
        say(f"seed {seed} done after {time.monotonic() - started:.0f} s")
    repeats = [done[seed] for seed in plan.seeds]
    refuse_ceiling(repeats)
    found = judged(repeats)
    variant = f" --variant {plan.variant}" if plan.variant else ""
    return {
        **asked,
        "cohort": f"SIMULATED, k = {plan.k:g}",
        "purpose": PURPOSES.get(plan.variant, f"Another biology: {plan.variant}"),
        "names": {"served": ADDITIVE, "challenger": DEEP},
        "seeds": list(plan.seeds),
        "command": f"python -m models.compare {plan.decision} --cohort simulated{variant} "
        f"--k {plan.k:g} --n {plan.n} --repeats {len(plan.seeds)} --seed {plan.seeds[0]} "
        f"--folds {plan.folds}",
        "repeats_of_earlier_runs": earlier,
        "table": summarised(repeats),
        "verdict": {
            "promoted": found.promoted,
            "reasons": list(found.reasons),
            "chance": number(chance(found.log_loss.repeats)),
            "log_loss": _words(found.log_loss),
            "distance_of_slope_from_1": _words(found.slope),
            "subgroups": {name: _words(group) for name, group in found.subgroups.items()},
        },
        "differences": {
            "log_loss": _each(found.log_loss),
            "distance_of_slope_from_1": _each(found.slope),
            "subgroups": {name: _each(group) for name, group in found.subgroups.items()},
        },
    }


def _kept(keep: Path | None, asked: Mapping[str, Any]) -> dict[int, dict[str, Row]]:
    if keep is None or not keep.is_file():
        return {}
    lines = [json.loads(line) for line in keep.read_text("utf-8").splitlines()]
    return {line["seed"]: line["rows"] for line in lines if line["plan"] == asked}


def number(x: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(x) else x


def _each(value: Paired) -> list[float | None]:
    return [number(d) for d in value.differences]


def _words(value: Paired) -> dict[str, float | int | None]:
    return {"mean": number(value.mean), "sem": number(value.sem), "repeats": value.repeats}


def _beside(folder: Path, decision: str) -> Path:
    """The artefact's folder: the served one of a decision, or the one that is named."""
    return active(folder / decision if folder == ARTIFACTS else folder)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _printed(result: Mapping[str, Any]) -> str:
    lines = [f"{'':45}" + "".join(f"{title:>18}" for title in COLUMNS.values())]
    for name, row in result["table"].items():
        cells = []
        for metric in COLUMNS:
            mean, sem = row[metric]["mean"], row[metric]["sem"]
            spread = "" if sem is None else f" ({sem:.4f})"
            cells.append(f"{'-' if mean is None else f'{mean:.4f}{spread}':>18}")
        lines.append(f"{name:45}" + "".join(cells))
    return "\n".join([*lines, verdict_line(result)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 when the verdict stands, 1 for leakage, 2 for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models.compare", description=__doc__)
    parser.add_argument("decision", help=f"one of {', '.join(known_decisions())}")
    parser.add_argument("--cohort", choices=["simulated"], required=True)
    parser.add_argument("--variant", default="", help="another biology, e.g. nonlinear")
    parser.add_argument("--k", type=float, default=1.0, help="biomarker interaction")
    parser.add_argument("--n", type=int, default=1_000, help="patients per repeat")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=501, help="of the first world")
    parser.add_argument("--folds", type=int, default=3, help="groups of sites")
    parser.add_argument("--keep", type=Path, default=None, help="file of finished repeats")
    parser.add_argument(
        "--report",
        type=Path,
        nargs="?",
        const=ARTIFACTS,
        default=None,
        help="keep table and verdict beside the served model, or the one in that folder",
    )
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    given = parser.parse_args(arguments)
    plan = Plan(
        decision=given.decision,
        variant=given.variant,
        k=given.k,
        n=given.n,
        seeds=tuple(range(given.seed, given.seed + given.repeats)),
        folds=given.folds,
    )
    try:
        folder = None if given.report is None else _beside(given.report, given.decision)
        result = compare(plan, given.keep, _say)
        if folder is not None:
            add(folder, result)
            _say(f"kept in {folder / PAGE}")
    except LeakageError as error:
        _say(str(error))
        return 1
    except (UnknownDecisionError, catalog.SpecError, CohortError, ArtefactError) as error:
        _say(str(error))
        return 2
    sys.stdout.write((json.dumps(result) if given.json else _printed(result)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
