"""`python -m models.compare <decision> --cohort simulated`: has the challenger earned the place?

Repeated nested cross-validation by site: every repeat is a fresh world of fresh patients, whose
training sites are dealt into folds; every model is fitted, tuned and calibrated without the sites
it is scored at, and all are scored at the same ones. Scored are courses with a recorded outcome
whose patient would be given an answer; policies are judged by the simulation's true probabilities.
Progress goes to stderr, the last line of stdout is one JSON object. With `--keep` each finished
repeat is added to a file, and a later run goes on from there.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from decision import catalog
from models import metrics
from models.admission import Paired, Verdict, paired, verdict
from models.cohort import Cohort, CohortError, Floats, true_values
from models.decisions import (
    Modelled,
    Simulator,
    UnknownDecisionError,
    known_decisions,
    modelled,
    same_order,
    simulator,
)
from models.design import Bools
from models.held_out import Say, answered
from models.leakage import CEILING, LeakageError, refuse_informed
from models.naming import in_stratum
from models.ridge import FitError
from models.rivals import ADDITIVE, DEEP, Rival, rivals

LEAST_EVENTS = 20
"""Of a subgroup: below that, nothing is claimed."""
FEWEST_VALUES = 20
"""Distinct probabilities that a calibration curve needs; a rate per drug has none."""
ORACLE = "oracle (true probabilities)"
_TINY = 1e-6

Row = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a comparison was asked for; the seeds are those of its worlds."""

    decision: str
    variant: str
    k: float
    n: int
    seeds: tuple[int, ...]
    folds: int


def compare_once(
    about: Modelled,
    world: Simulator,
    plan: Plan,
    seed: int,
    rows: Mapping[str, Rival],
    say: Say,
) -> dict[str, Row]:
    """One repeat: model -> metric -> value, the oracle last.

    Raises
    ------
    LeakageError
        If a column knows more of the outcome than the true probability does.
    """
    cohort = world.simulate(plan.n, k=plan.k, seed=10 * seed + 1, site_seed=seed, truth=True)
    same_order(about, cohort)
    refuse_informed(f"seed {seed}", about.design, cohort)
    folds = dealt(cohort, plan.folds, seed)
    truth = true_values(cohort).probability
    found = {}
    for name, rival in rows.items():
        started = time.process_time()
        p = np.empty((cohort.n, 2))
        for f in range(plan.folds):
            p[folds == f] = rival(about, cohort.rows(folds != f), cohort.rows(folds == f), seed)
        seconds = time.process_time() - started
        found[name] = scored(about, cohort, p) | {"cpu_seconds": seconds}
        say(f"seed {seed}: {name}: log loss {found[name]['log_loss']:.4f}, {seconds:.0f} CPU s")
    return {**found, ORACLE: scored(about, cohort, truth)}


def dealt(cohort: Cohort, folds: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(n,) fold of each course, whole sites at random.

    Raises
    ------
    CohortError
        If there are fewer sites than folds.
    """
    sites = np.unique(cohort.site)
    if not 2 <= folds <= len(sites):
        raise CohortError(f"{folds} folds of {len(sites)} sites; use 2 to {len(sites)}")
    order = np.random.default_rng(seed).permutation(len(sites))
    return np.asarray(order[np.searchsorted(sites, cohort.site)] % folds, dtype=np.int64)


def scored(about: Modelled, cohort: Cohort, p: Floats) -> Row:
    """Metrics of (n, 2) probabilities by name; `loss:` those of subgroups, NaN where too few."""
    p = np.clip(p, _TINY, 1.0 - _TINY)
    shown = answered(about, cohort)
    truth = true_values(cohort)
    result: Row = {"policy_value": metrics.policy_value(truth.probability[shown], _gap(p[shown]))}
    for arm, treatment in enumerate(cohort.treatments):
        y, at = truth.potential[shown, arm], p[shown, arm]
        result[f"potential_auroc:{treatment}"] = metrics.auroc(y, at)
    use = shown & ~np.isnan(cohort.outcome)
    given, own = p[np.arange(cohort.n), cohort.treatment], cohort.outcome
    y, q = own[use], given[use]
    true = truth.probability[np.arange(cohort.n), cohort.treatment][use]
    curved = len(np.unique(q)) >= FEWEST_VALUES
    result |= {
        "scored": float(use.sum()),
        "log_loss": metrics.log_loss(y, q),
        "expected_log_loss": float(-np.mean(true * np.log(q) + (1.0 - true) * np.log1p(-q))),
        "brier": metrics.brier(y, q),
        "auroc": metrics.auroc(y, q),
        "calibration_slope": _slope(y, q) if curved else math.nan,
        "calibration_intercept": metrics.calibration_intercept(y, q),
        "ici": metrics.ici(y, q) if curved else math.nan,
    }
    for name, inside in subgroups(about, cohort).items():
        at = use & inside
        # A group of everybody would only repeat the whole.
        enough = at.sum() < use.sum() and _fewer_class(own[at]) >= LEAST_EVENTS
        result[f"loss:{name}"] = metrics.log_loss(own[at], given[at]) if enough else math.nan
    return result


def subgroups(about: Modelled, cohort: Cohort) -> dict[str, Bools]:
    """Name -> (n,) who belongs: drug, the decision's strata, sex, age, and what was measured."""
    groups = {t: cohort.treatment == a for a, t in enumerate(cohort.treatments)}
    groups |= {s.id: in_stratum(s, cohort.features) for s in about.strata}
    if "male" in cohort.features:
        groups |= {"men": cohort.features["male"] == 1, "women": cohort.features["male"] == 0}
    if "age" in cohort.features:
        age = cohort.features["age"]
        groups |= {"under 50": age < 50, "50 to 64": (age >= 50) & (age < 65), "from 65": age >= 65}
    present = about.design.present(cohort.features)
    for m, modality in enumerate(about.design.modalities):
        groups |= {f"with {modality.value}": present[:, m], f"no {modality.value}": ~present[:, m]}
    return groups


def judged(repeats: Sequence[Mapping[str, Row]]) -> Verdict:
    """The verdict on the challenger from all repeats."""

    def differences(value: Any) -> list[float]:
        return [value(r[DEEP]) - value(r[ADDITIVE]) for r in repeats]

    names = [name for name in repeats[0][DEEP] if name.startswith("loss:")]
    return verdict(
        differences(lambda row: row["log_loss"]),
        differences(lambda row: abs(row["calibration_slope"] - 1.0)),
        {n.removeprefix("loss:"): differences(lambda row, n=n: row[n]) for n in names},
    )


def refuse_ceiling(repeats: Sequence[Mapping[str, Row]]) -> None:
    """No model ranks better than the truth, over all repeats and either drug.

    Raises
    ------
    LeakageError
    """
    for metric in (m for m in repeats[0][ORACLE] if m.startswith("potential_auroc:")):
        bound = paired([r[ORACLE][metric] for r in repeats]).mean
        for name in repeats[0]:
            value = paired([r[name][metric] for r in repeats]).mean
            if value > bound + CEILING:
                raise LeakageError(
                    f"leakage: {name}: {metric} {value:.3f} is above the oracle + {CEILING} "
                    f"({bound:.3f} + {CEILING}); an input knows the outcome"
                )


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


def compare(plan: Plan, keep: Path | None, say: Say) -> dict[str, Any]:
    """All repeats, the table and the verdict."""
    started = time.monotonic()
    about, world = modelled(catalog.load(plan.decision)), simulator(plan.decision, plan.variant)
    asked = {name: x for name, x in asdict(plan).items() if name != "seeds"}
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
        "cohort": "SIMULATED",
        "seeds": list(plan.seeds),
        "command": f"python -m models.compare {plan.decision} --cohort simulated{variant} "
        f"--k {plan.k:g} --n {plan.n} --repeats {len(plan.seeds)} --seed {plan.seeds[0]} "
        f"--folds {plan.folds}",
        "seconds": round(time.monotonic() - started, 1),
        "repeats_of_earlier_runs": earlier,
        "table": summarised(repeats),
        "verdict": {
            "promoted": found.promoted,
            "reasons": list(found.reasons),
            "log_loss": _words(found.log_loss),
            "distance_of_slope_from_1": _words(found.slope),
            "subgroups": {name: _words(group) for name, group in found.subgroups.items()},
        },
    }


def _kept(keep: Path | None, asked: Mapping[str, Any]) -> dict[int, dict[str, Row]]:
    if keep is None or not keep.is_file():
        return {}
    lines = [json.loads(line) for line in keep.read_text("utf-8").splitlines()]
    return {line["seed"]: line["rows"] for line in lines if line["plan"] == asked}


def _words(value: Paired) -> dict[str, float | int | None]:
    def number(x: float) -> float | None:
        return None if math.isnan(x) else x

    return {"mean": number(value.mean), "sem": number(value.sem), "repeats": value.repeats}


def _fewer_class(y: Floats) -> float:
    return float(min(y.sum(), (1.0 - y).sum()))


def _gap(p: Floats) -> Floats:
    return np.asarray(p[:, 1] - p[:, 0])


def _slope(y: Floats, p: Floats) -> float:
    try:
        return metrics.calibration_slope(y, p)
    except FitError:
        return math.nan


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _printed(result: Mapping[str, Any]) -> str:
    columns = {
        "log_loss": "log loss",
        "minus_additive": "minus additive",
        "brier": "Brier",
        "auroc": "AUROC",
        "calibration_slope": "slope",
        "calibration_intercept": "intercept",
        "ici": "ICI",
        "policy_value": "policy",
    }
    lines = [f"{'':45}" + "".join(f"{title:>18}" for title in columns.values())]
    for name, row in result["table"].items():
        cells = []
        for metric in columns:
            mean, sem = row[metric]["mean"], row[metric]["sem"]
            spread = "" if sem is None else f" ({sem:.4f})"
            cells.append(f"{'-' if mean is None else f'{mean:.4f}{spread}':>18}")
        lines.append(f"{name:45}" + "".join(cells))
    said = "PROMOTED" if result["verdict"]["promoted"] else "not promoted"
    return "\n".join([*lines, f"challenger {said}: " + "; ".join(result["verdict"]["reasons"])])


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
        result = compare(plan, given.keep, _say)
    except LeakageError as error:
        _say(str(error))
        return 1
    except (UnknownDecisionError, catalog.SpecError, CohortError) as error:
        _say(str(error))
        return 2
    sys.stdout.write((json.dumps(result) if given.json else _printed(result)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
