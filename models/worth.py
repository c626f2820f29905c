"""What each kind of data is worth to one patient's ranges: how much wider they are without it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from decision.clinical.answers import ModalityWorth
from decision.clinical.inputs import Modality
from models.cohort import Floats
from models.design import Bools
from models.interval import Ranges, ranges, unmeasured, variances
from models.panel import Panel


def without(panel: Panel, table: Mapping[str, Floats], modality: Modality) -> dict[str, Floats]:
    """A table of features with one modality's taken out, as if nobody had measured them."""
    place = panel.design.modalities.index(modality)
    gone = {
        f
        for f, m in zip(panel.design.features, panel.design.feature_modality, strict=True)
        if m == place
    }
    return {f: np.full_like(x, np.nan) if f in gone else x for f, x in table.items()}


def worths(
    panel: Panel,
    table: Mapping[str, Floats],
    treatments: tuple[str, str],
    site: tuple[float, float],
    now: tuple[Floats, Floats, Bools, Bools],
    level: float,
) -> tuple[ModalityWorth, ...]:
    """Every modality but the clinical one, without which there is no answer.

    Parameters
    ----------
    table : feature -> (1,) value, NaN where unknown · site : shift and its variance
    now : margins (1, 2), variance (1, 2, 2), known (p,) and present (M,) of the answer given
    """
    margins, variance, known, present = now
    found = []
    for i, modality in enumerate(panel.design.modalities):
        if modality is Modality.CLINICAL:
            continue
        if present[i]:
            raw, here = panel.design.gated(without(panel, table, modality))
            z = panel.gaussian.standardise(raw)
            filled = panel.complete(z, here)
            given = panel.margins(filled, here) + site[0]
            blind = ranges(given, variances(panel, z, filled, here, np.array([site[1]])), level)
            seen = ranges(margins, variance, level)
        else:
            also = known | (panel.design.modality_of == i)
            with_it = present.copy()
            with_it[i] = True
            less = unmeasured(panel, known, present) - unmeasured(panel, also, with_it)
            blind = ranges(margins, variance, level)
            seen = ranges(margins, variance - less, level)
        found.append(_worth(modality, bool(present[i]), blind, seen, treatments))
    return tuple(found)


def _worth(
    modality: Modality, measured: bool, blind: Ranges, seen: Ranges, treatments: tuple[str, str]
) -> ModalityWorth:
    wider = (blind.high - blind.low - (seen.high - seen.low))[0]
    return ModalityWorth(
        modality=modality,
        measured=measured,
        difference=float((_width(blind) - _width(seen))[0]),
        arms=dict(zip(treatments, wider.tolist(), strict=True)),
    )


def _width(found: Ranges) -> Floats:
    return found.difference_high - found.difference_low
