"""`python -m models.spread_cohort <decision>`: how each input lay in a model's training cohort.

Draws the training cohort again as the artefact's provenance says, checks that it is the same one
(its usual ranges to the last digit), and writes `cohort.json` beside the artefact: per input its
values at `SHARES`, and how many people had it. Pages show a patient's place among them; the model
itself reads none of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from decision import catalog
from models.artifact import active, read
from models.decisions import ARTIFACTS, simulator
from models.held_out import Sizes, draw
from models.spreads import COHORT, spread, written
from models.train import usual_ranges


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m models.spread_cohort")
    parser.add_argument("decision")
    parser.add_argument("--folder", type=Path)
    chosen = parser.parse_args(arguments)
    spec = catalog.load(chosen.decision)
    artefact = read(active(chosen.folder or ARTIFACTS / chosen.decision))
    made = artefact.field("provenance")
    # the held-out patients are not looked at, so as few as there may be are drawn
    sizes = Sizes(n=made["n"], per_site=1, scored=1)
    cohort = draw(simulator(spec.id), made["k"], made["seed"], sizes).training
    usual = artefact.field("usual")
    again = usual_ranges(cohort, [f.id for f in spec.features])
    if usual != again:
        sys.stderr.write("the cohort drawn again is not the one of the artefact\n")
        return 1
    content = {
        "checksum": artefact.field("checksum"),
        "inputs": written({name: spread(cohort.features[name]) for name in usual}),
    }
    text = json.dumps(content, indent=None, separators=(",", ":"), sort_keys=True)
    (artefact.folder / COHORT).write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{artefact.folder / COHORT}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
