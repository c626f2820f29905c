"""`python -m models.evaluate <decision> --cohort simulated` for a decision about when.

One run: fit on n people of the development sites; score new people of these sites; leave every site
out in turn, recalibrate on its own people and score others of it; the same rows for every peer.
Progress goes to stderr; the last line of stdout is one JSON object. SIMULATED throughout.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from models import hazard_ceiling, peers
from models.cohort import CohortError, Floats
from models.decisions import time_to_event
from models.events import EventTable, refuse_shared
from models.hazard import ProgressionHazard
from models.hazard_bars import OBSERVED, bars
from models.hazard_draws import AT_SITE, CEILINGS, LOCAL, REFERENCE, SCORED, TRAINING, draw
from models.hazard_leakage import refuse_informed_onset
from models.hazard_model import HazardModel, predict
from models.hazard_scores import (
    calibrated,
    coverage,
    d_calibrated,
    decision_curves,
    discrimination,
    groups,
    kaplan_meier_risks,
)
from models.hazard_site import recalibrate
from models.hazard_sources import fingerprint
from models.hazard_temporal import temporal
from models.leakage import LeakageError, refuse_leak

NO_PEERS = "scikit-survival is not installed; pip install -r requirements-dev.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """People: n to fit on, to recalibrate a site on, to score, of the reference fit, and of each
    of the two samples behind the ceiling (0: no ceiling).
    """

    n: int = 4_000
    per_site: int = 1_000
    scored: int = 20_000
    reference: int = 20_000
    ceiling: int = 100_000


USUAL = Sizes()


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def evaluate(decision_id: str, seed: int, sizes: Sizes, with_peers: bool = True) -> dict[str, Any]:
    """Everything of one seed; see the module for what is scored on whom.

    Raises
    ------
    LeakageError
        When an input knows the onset beyond the true risk, when the outcomes are ranked better
        than by the truth, or by a small fit better than by a large one.
    CohortError
        For a decision that has no simulator of this kind.
    """
    world = time_to_event(decision_id)
    if world is None:
        raise CohortError(f"{decision_id!r} has no simulated cohort with times to an event")
    started = time.monotonic()
    sites = world.TRAINING_SITES
    training = draw(world, sizes.n, seed, TRAINING, sites)
    scored = draw(world, sizes.scored, seed, SCORED, sites)
    refuse_shared(training.table, scored.table)
    refuse_informed_onset(f"seed {seed}, training", world, training)
    refuse_informed_onset(f"seed {seed}, scored", world, scored)
    _say(f"fitting on {sizes.n} people, {int(training.table.event.sum())} events")
    estimator = ProgressionHazard(world.DESIGN, seed=seed)
    model = estimator.fit(training.table)
    _say(f"reference fit on {sizes.reference} people")
    reference = estimator.fit(draw(world, sizes.reference, seed, REFERENCE, sites).table)
    best = _ceilings(world, scored.table.untreated(), seed, sizes.ceiling)
    blocks, risks, tuned = _development(
        model, reference, training.table, scored, seed, with_peers, best
    )
    held_out = _held_out(world, model, training.table, seed, sizes)
    free = scored.table.untreated()
    margin = predict(model, free.X, free.stratum).margin
    result = {
        "decision": decision_id,
        "cohort": "SIMULATED",
        "n": sizes.n,
        "seed": seed,
        "command": f"python -m models.evaluate {decision_id} --cohort simulated --n {sizes.n} "
        f"--seed {seed} --json",
        "sources": fingerprint(world),
        "events": int(training.table.event.sum()),
        "ridges": {
            f"{world.STRATA[s]}.{'decided' if d else 'blind'}": m.ridge
            for (s, d), m in model.models.items()
        },
        "development_sites": blocks,
        "held_out_sites": held_out,
        "d_calibration": d_calibrated(model, free, margin),
        "decision_curves": decision_curves(
            free,
            {k: risks[k] for k in ("model", "kaplan_meier", "cox", "forest") if k in risks},
            world.HORIZONS,
        ),
        "temporal_split": temporal(world.DESIGN, training, scored, seed),
        "patterns": _patterns(model),
        "peers": tuned,
        "bars": bars(blocks, held_out, world.STRATA, "forest" in risks),
    }
    return result | {"seconds": round(time.monotonic() - started, 1)}


def _ceilings(world: ModuleType, table: EventTable, seed: int, people: int) -> dict[str, Floats]:
    """Expected true risks given what was measured, and those by either half of the people behind
    them, whose difference is the precision.
    """
    if not people or not hazard_ceiling.installed():
        _say("no ceiling: scikit-learn is not installed" if people else "no ceiling asked for")
        return {}
    begun = time.monotonic()
    samples = [draw(world, people, seed, part, world.TRAINING_SITES) for part in CEILINGS]
    best, each = hazard_ceiling.ceilings(world.DESIGN, samples, table)
    _say(f"ceiling on twice {people} people after {time.monotonic() - begun:.0f} s")
    halves = {f"{OBSERVED}_half_{i}": half for i, half in enumerate(each, start=1)}
    return {OBSERVED: best, **halves}


def _development(
    model: HazardModel,
    reference: HazardModel,
    train: EventTable,
    scored: Any,
    seed: int,
    with_peers: bool,
    best: Mapping[str, Floats],
) -> tuple[dict[str, Any], dict[str, Floats], dict[str, Any]]:
    """New people of the development sites: our risks, everybody else's, and the truth."""
    table, truth, horizons = scored.table.untreated(), scored.truth.risk, model.design.horizons
    found = predict(model, table.X, table.stratum)
    risks = {
        "model": found.risk,
        "reference": predict(reference, table.X, table.stratum).risk,
        "kaplan_meier": kaplan_meier_risks(train, table, horizons),
        **best,
    }
    tuned: dict[str, Any] = {"installed": peers.installed()}
    if with_peers and not peers.installed():
        _say(NO_PEERS)
    if with_peers and peers.installed():
        for name, fit in (("cox", peers.cox_risks), ("forest", peers.forest_risks)):
            begin = time.monotonic()
            risks[name], tuned[name] = fit(model.design, train, table, seed)
            _say(f"{name} after {time.monotonic() - begin:.0f} s")
    blocks: dict[str, Any] = {}
    for name, at in groups(model, table).items():
        part = {k: v[at] for k, v in risks.items()}
        own = table.rows(at)
        blocks[name] = {
            "people": int(at.sum()),
            **discrimination(own, part, truth[at], horizons),
            "calibration_5y": calibrated(own, found.risk[at, -1], truth[at, -1], horizons[-1]),
            "interval": coverage(found, truth, at, horizons),
        }
    # By the drawn outcomes: by the true risks themselves nothing ranks better than these.
    everybody = blocks["overall"][f"{horizons[-1]:g}y"]
    refuse_leak(
        f"seed {seed}", *(everybody[f"auc_{who}"] for who in ("model", "reference", "oracle"))
    )
    return blocks, risks, tuned


def _held_out(
    world: ModuleType, model: HazardModel, train: EventTable, seed: int, sizes: Sizes
) -> dict[str, Any]:
    """Every site left out in turn, scored before and after recalibration on its own people."""
    parts: dict[str, list[Any]] = {"before": [], "after": []}
    tree: dict[str, Any] = {}
    last = model.design.horizons[-1]
    everywhere = [*world.TRAINING_SITES, *world.HELD_OUT_SITES]
    for site in everywhere:
        _say(f"leaving out site {site}")
        fitted = model
        if site in world.TRAINING_SITES:
            fitted = ProgressionHazard(world.DESIGN, seed=seed).fit(train.rows(train.site != site))
        local = draw(world, sizes.per_site, seed, LOCAL + site, (site,)).table
        scored = draw(world, sizes.scored // len(everywhere), seed, AT_SITE + site, (site,))
        for other in (local, scored.table):
            refuse_shared(train, other)
        refuse_shared(local, scored.table)
        table, truth = scored.table.untreated(), scored.truth.risk
        shifts = recalibrate(fitted, local)
        row: dict[str, Any] = {
            "shift": {world.STRATA[s]: shift.shift for s, shift in shifts.items()},
            "local_events": sum(shift.events for shift in shifts.values()),
        }
        for word, use in (("before", None), ("after", shifts)):
            found = predict(fitted, table.X, table.stratum, use)
            row[word] = calibrated(table, found.risk[:, -1], truth[:, -1], last)
            row[word] |= {
                f"oe_{name}": calibrated(
                    table.rows(table.stratum == s),
                    found.risk[table.stratum == s, -1],
                    truth[table.stratum == s, -1],
                    last,
                )["oe"]
                for s, name in enumerate(world.STRATA)
            }
            row[word] |= coverage(found, truth, np.ones(table.n, dtype=bool), (1.0, 2.0, last))
            parts[word].append((found.risk[:, -1], truth[:, -1], table))
        tree[str(site)] = row
    for word, rows in parts.items():
        tree[word] = _pooled(rows, last)
    return tree


def _pooled(found: list[Any], last: float) -> dict[str, Any]:
    """All held-out sites together, each weighed by its people; the slope is their mean."""
    risk = np.concatenate([r for r, _, _ in found])
    truth = np.concatenate([t for _, t, _ in found])
    strata = np.concatenate([table.stratum for _, _, table in found])
    rows = [calibrated(table, r, t, last) for r, t, table in found]
    observed = sum(row["oe"] * float(r.sum()) for row, (r, _, _) in zip(rows, found, strict=True))
    return {
        "oe": observed / float(risk.sum()),
        "oe_true": float(truth.sum() / risk.sum()),
        "slope": float(np.mean([row["slope"] for row in rows])),
        "oe_true_by_stratum": {
            str(s): float(truth[strata == s].sum() / risk[strata == s].sum())
            for s in np.unique(strata)
        },
    }


def _patterns(model: HazardModel) -> dict[str, Any]:
    return {
        f"{model.design.strata[stratum]}.{name}": {"auc": part.auc, "events": part.events}
        for (stratum, _), fitted in model.models.items()
        for name, part in fitted.submodels.items()
    }


def _plain(value: Any) -> Any:
    """The tree with rounded numbers, null where undefined."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, float | np.floating):
        return None if math.isnan(value) else round(float(value), 5)
    return bool(value) if isinstance(value, np.bool_) else value


def main(arguments: Sequence[str]) -> int:
    """Command line; 0 when scored, 1 for leakage, 2 for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models.evaluate", description=__doc__)
    parser.add_argument("decision")
    parser.add_argument("--cohort", choices=["simulated"], required=True)
    parser.add_argument("--n", type=int, default=USUAL.n, help="people to fit on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-site", type=int, default=USUAL.per_site)
    parser.add_argument("--scored", type=int, default=USUAL.scored)
    parser.add_argument("--reference", type=int, default=USUAL.reference)
    parser.add_argument("--ceiling", type=int, default=USUAL.ceiling, help="people, twice")
    parser.add_argument("--no-peers", action="store_true", help="only our own model")
    parser.add_argument("--json", action="store_true", help="one line instead of an indented tree")
    given = parser.parse_args(arguments)
    sizes = Sizes(
        n=given.n,
        per_site=given.per_site,
        scored=given.scored,
        reference=given.reference,
        ceiling=given.ceiling,
    )
    try:
        result = evaluate(given.decision, given.seed, sizes, not given.no_peers)
    except LeakageError as error:
        _say(str(error))
        return 1
    except CohortError as error:
        _say(str(error))
        return 2
    sys.stdout.write(json.dumps(_plain(result), indent=None if given.json else 2) + "\n")
    return 0
