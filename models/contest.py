"""One repeat of a comparison: folds by site, every model fitted and scored, and what it is refused
for.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import metrics
from models.admission import Verdict, paired, verdict
from models.cohort import Cohort, CohortError, Floats, true_values
from models.decisions import Modelled, Simulator, same_order
from models.design import Bools
from models.held_out import Say, answered
from models.leakage import CEILING, LeakageError, refuse_informed
from models.naming import in_stratum
from models.ridge import FitError
from models.rivals import ADDITIVE, DEEP, Rival

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


def _fewer_class(y: Floats) -> float:
    return float(min(y.sum(), (1.0 - y).sum()))


def _gap(p: Floats) -> Floats:
    return np.asarray(p[:, 1] - p[:, 0])


def _slope(y: Floats, p: Floats) -> float:
    try:
        return metrics.calibration_slope(y, p)
    except FitError:
        return math.nan
