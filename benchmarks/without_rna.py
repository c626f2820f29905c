"""`python -m benchmarks.without_rna --json`: what an answer loses when its RNA is taken away.

SIMULATED patients of held-out sites who have the RNA panel, answered by the shipped model with it
and without it: whether the answer without equals that of the flag "absent" (both when the values
are gone and when one is left, below the quorum), and how often and by how much each range widens.

Not every range widens, and the figures say how many do. An extreme score is multiplied by effects
that are unsure themselves, so that it can add more doubt than it takes away; and where the estimate
moves towards 0 or 100 without RNA, the same log-odds span fewer of 100.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

import numpy as np

from decision import catalog
from decision.clinical.inputs import Modality
from models.artifact import active
from models.cohort import Floats
from models.decisions import ARTIFACTS, DEMO_SITE, modelled, simulator
from models.held_out import answered
from models.interval import Ranges, ranges, variances
from models.served import Served, load_served
from models.worth import without

DECISION = "ra_biologic_response"
Table = dict[str, Floats]


def ranged(served: Served, table: Table, level: float) -> tuple[Ranges, Floats]:
    """The ranges of many patients at the demonstration's site, and the variance of the log-odds."""
    panel, (shift, v_site) = served.panel, served.sites[DEMO_SITE]
    raw, present = panel.design.gated(table)
    z = panel.gaussian.standardise(raw)
    filled = panel.complete(z, present)
    spread = variances(panel, z, filled, present, np.full(len(z), v_site))
    return ranges(panel.margins(filled, present) + shift, spread, level), spread


def without_values(served: Served, table: Table) -> Table:
    """The same patients, nothing of their RNA measured."""
    return without(served.panel, table, Modality.TRANSCRIPTOMIC)


def below_quorum(served: Served, table: Table) -> Table:
    """The same patients, one RNA score left: too few, so that the flag says absent."""
    gone = without_values(served, table)
    left = next(f for f in gone if not np.array_equal(gone[f], table[f], equal_nan=True))
    return {**gone, left: table[left]}


def patients(n: int, seed: int) -> tuple[Served, Table, float]:
    """The shipped model, n simulated patients with RNA who are answered, and the ranges' level."""
    spec = catalog.load(DECISION)
    about, world = modelled(spec), simulator(DECISION)
    served = load_served(spec, active(ARTIFACTS / DECISION))
    drawn = world.simulate(30 * n, k=0.5, seed=seed, site_seed=2026, sites=world.held_out_sites)
    rna = [f.id for f in spec.features if f.modality is Modality.TRANSCRIPTOMIC]
    with_rna = ~np.any([np.isnan(drawn.features[f]) for f in rna], axis=0)
    rows = np.flatnonzero(answered(about, drawn) & with_rna)[:n]
    table = {f: drawn.features[f][rows] for f in served.panel.design.features}
    return served, table, spec.thresholds["interval_level"].value


def widening(before: Floats, after: Floats) -> dict[str, float]:
    """How many widen, and by how much, in points of 100."""
    by = 100.0 * (after - before)
    return {
        "share_wider": round(float(np.mean(by > 0.0)), 4),
        "median_points": round(float(np.median(by)), 2),
        "least_points": round(float(by.min()), 2),
        "most_points": round(float(by.max()), 2),
    }


def measure(n: int, seed: int) -> dict[str, object]:
    """Every figure."""
    served, table, level = patients(n, seed)
    seen, narrow = ranged(served, table, level)
    blind, broad = ranged(served, without_values(served, table), level)
    flagged, _ = ranged(served, below_quorum(served, table), level)
    arms = {
        treatment: {
            "range": widening((seen.high - seen.low)[:, a], (blind.high - blind.low)[:, a]),
            "log_odds_share_wider": float(np.mean(broad[:, a, a] > narrow[:, a, a])),
        }
        for a, treatment in enumerate(served.treatments)
    }
    return {
        "cohort": "SIMULATED",
        "patients": len(seen.sd),
        "level": level,
        "largest_difference_from_the_flag": float(
            max(
                np.abs(flagged.probability - blind.probability).max(),
                np.abs(flagged.low - blind.low).max(),
                np.abs(flagged.high - blind.high).max(),
            )
        ),
        "difference": widening(
            seen.difference_high - seen.difference_low, blind.difference_high - blind.difference_low
        ),
        "arms": arms,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; fails where the answer without RNA is not that of the flag."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.without_rna", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--n", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20_261_122)
    chosen = parser.parse_args(arguments)
    found = measure(chosen.n, chosen.seed)
    print(json.dumps(found) if chosen.json else json.dumps(found, indent=1))
    return 0 if found["largest_difference_from_the_flag"] == 0.0 else 1


if __name__ == "__main__":
    sys.exit(main())
