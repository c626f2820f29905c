"""How inputs and scores lay in a cohort: made, stored beside what was trained on it, read again."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np

from decision.clinical.expression import SHARES, Spread, spreads_of
from models.artifact import Artefact, SchemaError
from models.cohort import Floats

COHORT = "cohort.json"
REMEDY = "Write it again with `python -m models.spread_cohort`, or take the file away."


def spread(values: Floats) -> Spread:
    """The spread of some people's values; NaN where somebody has none."""
    known = values[~np.isnan(values)]
    kept = np.round(np.quantile(known, SHARES), 6)
    return Spread(values=tuple(kept.tolist()), people=len(known))


def written(spreads: Mapping[str, Spread]) -> dict[str, dict[str, object]]:
    """Spreads as JSON has them (`spreads_of` reads it)."""
    return {k: {"people": s.people, "values": list(s.values)} for k, s in sorted(spreads.items())}


def read_spreads(artefact: Artefact) -> Mapping[str, Spread]:
    """The spreads stored beside an artefact; none where nothing is stored.

    Raises
    ------
    SchemaError
        A file that is damaged or of another artefact: a place in a foreign cohort would be wrong.
    """
    path = artefact.folder / COHORT
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        of, spreads = found["checksum"], spreads_of(found["inputs"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise SchemaError(f"{path}: cannot be read", REMEDY) from None
    if of != artefact.field("checksum"):
        raise SchemaError(f"{path}: is of another artefact", REMEDY)
    return spreads
