"""`python -m models.count_subgroups <decision>`: how the active model fared in groups of patients.

Draws again the patients that the model was validated on (its provenance says which), lets the model
answer as it is, and writes `subgroups.json` beside it: patients, outcomes and expected outcomes per
group and treatment. Nothing is fitted but each held-out site's own intercept, as at validation.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from decision import catalog
from decision.clinical.outlook import FEWEST_EVENTS
from models.additive import PanelLogit
from models.artifact import RETRAIN, ArtefactError, SchemaError, active, read
from models.cohort import Floats
from models.decisions import ARTIFACTS, UnknownDecisionError, modelled, simulator
from models.design import Bools
from models.held_out import Sizes, answered, draw, local_shifts, predict
from models.metrics import auroc
from models.naming import in_stratum
from models.served import load_served
from models.subgroups import FILE, SCHEMA, Counted
from models.train import bands

CUTS = Path(__file__).parent / "subgroups.csv"
FEWEST_FOR_AUC = 50


def _cuts(decision: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """The ranges of one feature that a decision is looked at in; a missing end is open."""
    with CUTS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["decision"] == decision:
                low = float(row["from"]) if row["from"] else -math.inf
                # Ranges are closed, and a cut belongs to the upper one.
                high = math.nextafter(float(row["below"]), -math.inf) if row["below"] else math.inf
                yield row["feature"], (low, high)


def counted(
    label: str,
    ranges: Mapping[str, tuple[float, float]],
    at: Bools,
    arms: Sequence[tuple[Bools, Floats, Floats]],
) -> Counted:
    """One group of validation patients; `arms` are (who had it, outcome, probability) of each."""
    told: list[tuple[int, int, float, float | None]] = []
    for had, outcome, probability in arms:
        y, p = outcome[at & had], probability[at & had]
        reached = int(y.sum())
        enough = len(y) >= FEWEST_FOR_AUC and min(reached, len(y) - reached) >= FEWEST_EVENTS
        told.append((len(y), reached, float(p.sum()), auroc(y, p) if enough else None))
    n, events, expected, auc = (tuple(column) for column in zip(*told, strict=True))
    return Counted(label=label, ranges=dict(ranges), n=n, events=events, expected=expected, auc=auc)


def count(decision: str, folder: Path) -> dict[str, Any]:
    """What the file says of the model in this folder.

    Raises
    ------
    SchemaError
        If the patients drawn again are not those that the model was validated on.
    """
    spec = catalog.load(decision)
    about, served, artefact = modelled(spec), load_served(spec, folder), read(folder)
    command = artefact.field("provenance")["command"]
    run = {name: float(value) for name, value in re.findall(r"--(k|n|seed) ([0-9.]+)", command)}
    world = draw(simulator(decision), run["k"], int(run["seed"]), Sizes(n=int(run["n"])))
    scored = world.scored.rows(answered(about, world.scored))
    model = PanelLogit(about.design, about.floors)
    model.panel_, model.between_ = served.panel, float(artefact.field("fit")["between_sites"])
    found = predict(model, scored, local_shifts(model, world.local), about.naming.level)
    n, events = bands(scored, found)
    if not (np.array_equal(n, served.band_n) and np.array_equal(events, served.band_events)):
        raise SchemaError(f"{folder}: its validation patients could not be drawn again", RETRAIN)
    arms = [
        (
            (scored.treatment == arm) & ~np.isnan(scored.outcome),
            scored.outcome,
            found.probability[:, arm],
        )
        for arm in (0, 1)
    ]
    groups = [
        counted(stratum.label, stratum.ranges, in_stratum(stratum, scored.features), arms)
        for stratum in spec.strata
        if stratum.ranges
    ]
    for feature, (low, high) in _cuts(decision):
        x = scored.features[feature]
        groups.append(counted("", {feature: (low, high)}, (low <= x) & (x <= high), arms))
    return {
        "schema": SCHEMA,
        "checksum": served.identity.checksum,
        "treatments": list(served.treatments),
        "patients": int(scored.n),
        "command": f"python -m models.count_subgroups {decision}",
        "groups": [_written(group) for group in groups],
    }


def _written(group: Counted) -> dict[str, Any]:
    """As JSON has it, which knows no infinity."""
    told = asdict(group)
    told["ranges"] = {
        f: [None if math.isinf(end) else end for end in ends] for f, ends in group.ranges.items()
    }
    told["expected"] = [round(x, 6) for x in group.expected]
    told["auc"] = [None if x is None else round(x, 6) for x in group.auc]
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 2 for what cannot be counted."""
    parser = argparse.ArgumentParser(prog="python -m models.count_subgroups", description=__doc__)
    parser.add_argument("decision")
    given = parser.parse_args(arguments)
    try:
        folder = active(ARTIFACTS / given.decision)
        told = count(given.decision, folder)
    except (ArtefactError, UnknownDecisionError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    (folder / FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{folder / FILE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
