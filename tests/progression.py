"""A small SIMULATED progression cohort and a model of it, made once for all tests."""

from __future__ import annotations

from functools import cache

from models.hazard import ProgressionHazard
from models.hazard_model import HazardModel
from models.simulate import t1d

EVERYWHERE = range(6)


@cache
def training() -> t1d.Simulated:
    """People of the development sites."""
    return t1d.simulate(3_000, seed=5)


@cache
def model() -> HazardModel:
    """Fitted on `training`, the ridge given to save time."""
    return ProgressionHazard(t1d.DESIGN, ridges=(10.0,), seed=5).fit(training().table)


@cache
def others() -> t1d.Simulated:
    """New people of the development sites."""
    return t1d.simulate(8_000, seed=6, first_person=10**6)
