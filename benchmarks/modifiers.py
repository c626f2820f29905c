"""`python -m benchmarks.modifiers --json`: what the list of candidate effect modifiers is worth.

The estimator as shipped, with other lists of the columns that may modify the difference freely:
none of them the one from which the simulated interactions were written. One line of JSON per k and
list: the policy gain over the best fixed drug as a share of the oracle's, the slope of the true on
the predicted difference (mean of the seeds), and the patients for whom a class is named (sum).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from decision import catalog
from decision.clinical.spec import ModelColumn
from models.additive import PanelLogit
from models.decisions import Modelled, modelled, simulator
from models.evaluate import seed_list
from models.held_out import Sizes, World, answered, draw, local_shifts, predict, scores

DECISION = "ra_biologic_response"


def _named(columns: Sequence[ModelColumn]) -> list[int]:
    return [j for j, c in enumerate(columns) if c.modifier]


def _half(columns: Sequence[ModelColumn]) -> list[int]:
    """Every other column of the list, in the order of the columns."""
    return _named(columns)[::2]


def _wrong(columns: Sequence[ModelColumn]) -> list[int]:
    """As many columns that nobody named, from the first on."""
    others = [j for j, c in enumerate(columns) if not c.modifier]
    return others[: len(_named(columns))]


LISTS: Mapping[str, Callable[[Sequence[ModelColumn]], Sequence[int]]] = {
    "as shipped": _named,
    "half of the list": _half,
    "every column": lambda columns: range(len(columns)),
    "no column": lambda columns: [],
    "as many wrong columns": _wrong,
}


def with_list(about: Modelled, chosen: Sequence[int]) -> Modelled:
    """The same decision with another list of modifiers."""
    flags = set(chosen)
    columns = tuple(replace(c, modifier=j in flags) for j, c in enumerate(about.design.columns))
    return replace(about, design=replace(about.design, columns=columns))


def measured(about: Modelled, world: World) -> dict[str, float]:
    """Metrics of a model fitted with the decision's list, at the held-out sites."""
    model = PanelLogit(about.design, about.floors).fit_cohort(world.training)
    scored = world.scored.rows(answered(about, world.scored))
    found = predict(model, scored, local_shifts(model, world.local), about.naming.level)
    return scores(about, world.training, scored, found)


def summary(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Share of the oracle's gain, mean slope, and totals over the seeds."""

    def total(name: str) -> float:
        return sum(row[f"contrast.{name}"] for row in rows)

    fixed = total("policy_value_best_fixed")
    return {
        "share": round((total("policy_value") - fixed) / (total("policy_value_oracle") - fixed), 3),
        "slope": round(total("calibration_slope") / len(rows), 3),
        "named": int(total("named_patients")),
        "named_rightly": int(total("named_rightly")),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; one line per k and list once every seed is done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.modifiers", description=__doc__)
    parser.add_argument("--k", type=float, nargs="+", default=[1.0, 0.5])
    parser.add_argument("--n", type=int, default=6_000)
    parser.add_argument("--scored", type=int, default=20_000)
    parser.add_argument("--seeds", type=seed_list, default=seed_list("301-304"))
    parser.add_argument("--json", action="store_true", help="only JSON, no progress")
    given = parser.parse_args(arguments)
    about, world_of = modelled(catalog.load(DECISION)), simulator(DECISION)
    for k in given.k:
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in LISTS}
        for seed in given.seeds:
            world = draw(world_of, k, seed, Sizes(n=given.n, scored=given.scored))
            for name, choose in LISTS.items():
                other = with_list(about, choose(about.design.columns))
                rows[name].append(measured(other, world))
                if not given.json:
                    sys.stderr.write(f"k {k:g}, seed {seed}, {name}\n")
        for name, found in rows.items():
            sys.stdout.write(
                json.dumps({"k": k, "list": name, "seeds": given.seeds, **summary(found)}) + "\n"
            )
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
