"""The tensors and words a progression model is stored as; `models.hazard_artifact` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.artifact import Array
from models.cohort import Floats
from models.hazard_model import HazardModel, SiteShift, StratumModel
from models.hazard_validation import Validated

KIND = "time to event"
"""Tells this artefact from one about a yes or no."""


def hazard_tensors(model: HazardModel, validated: Validated) -> dict[str, Array]:
    """The numbers of a trained model by the names `load_hazard` reads."""
    found: dict[str, Array] = {
        "validation.people": validated.people,
        "validation.known": validated.known,
        "validation.case": validated.case,
        "validation.weight": validated.weight,
        "validation.square": validated.square,
    }
    for name, _, fitted in _parts(model):
        own: dict[str, Array] = {
            "gaussian.mean": fitted.gaussian.mean,
            "gaussian.sd": fitted.gaussian.sd,
            "gaussian.covariance": fitted.gaussian.covariance,
            "gaussian.counts": fitted.gaussian.counts,
            "gradient": fitted.gradient,
            "covariance": fitted.covariance,
            "times": fitted.times,
            "baseline": fitted.baseline,
            "reference": fitted.reference,
            "reference_weights": fitted.reference_weights,
        }
        submodels = list(fitted.submodels.values())
        for field in ("effect", "level", "slope", "missing"):
            own[f"submodel.{field}"] = np.stack([getattr(part, field) for part in submodels])
        own["submodel.known"] = np.stack([part.known for part in submodels]).astype(np.int64)
        own["submodel.auc"] = np.array([part.auc for part in submodels])
        own["submodel.people"] = np.array([part.people for part in submodels], dtype=np.int64)
        own["submodel.events"] = np.array([part.events for part in submodels], dtype=np.int64)
        if fitted.domain is not None:
            own |= {
                "domain.columns": fitted.domain.columns,
                "domain.mean": fitted.domain.mean,
                "domain.sd": fitted.domain.sd,
                "domain.covariance": fitted.domain.covariance,
                "domain.rows": _single_precision(fitted.domain.rows),
            }
        found |= {f"{name}.{key}": tensor for key, tensor in own.items()}
    return found


def hazard_words(model: HazardModel) -> dict[str, Any]:
    """The design and the list of fits, as the description says them."""
    design = model.design
    return {
        "kind": KIND,
        "design": {
            "columns": list(design.columns),
            "groups": {g: list(columns) for g, columns in design.groups.items()},
            "strata": list(design.strata),
            "horizons": list(design.horizons),
            "restaged": design.restaged,
            "noise": dict(design.noise),
        },
        "fits": [
            {
                "name": name,
                "stratum": design.strata[keys[0][0]],
                "decided": [decided for _, decided in keys],
                "submodels": list(fitted.submodels),
                "between_sites": fitted.between_sites,
                "ridge": fitted.ridge,
                "domain": fitted.domain is not None,
                "people": fitted.people,
                "events": fitted.events,
            }
            for name, keys, fitted in _parts(model)
        ],
    }


def shift_words(model: HazardModel, shifts: Mapping[int, SiteShift]) -> dict[str, Any]:
    """A site's shifts by the stratum's name."""
    return {
        model.design.strata[s]: {
            "shift": shift.shift,
            "variance": shift.variance,
            "events": shift.events,
            "applied": shift.applied,
        }
        for s, shift in sorted(shifts.items())
    }


def _parts(model: HazardModel) -> list[tuple[str, list[tuple[int, bool]], StratumModel]]:
    """Every fit once, with its name and all that it serves."""
    parts: list[tuple[str, list[tuple[int, bool]], StratumModel]] = []
    for key in sorted(model.models, key=lambda k: (k[0], not k[1])):
        fitted = model.models[key]
        same = [keys for _, keys, other in parts if other is fitted]
        if same:
            same[0].append(key)
            continue
        word = "decided" if key[1] else "blind"
        parts.append((f"{model.design.strata[key[0]]}.{word}", [key], fitted))
    return parts


def _single_precision(rows: Floats) -> Array:
    """Half the size. The domain has rounded them already; anything finer would not come back."""
    small = rows.astype(np.float32)
    if not np.array_equal(small.astype(np.float64), rows, equal_nan=True):
        raise ValueError("domain rows are finer than single precision; round them in fit_domain")
    return small
