"""A small SIMULATED progression cohort and a model of it, made once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from models import train_hazard
from models.hazard import ProgressionHazard
from models.hazard_model import HazardModel
from models.simulate import t1d

EVERYWHERE = range(6)
USUAL = {
    "ln_age": float(np.log(10.0)),
    "male": 1.0,
    "bmi": 17.0,
    "ia2a": 1.0,
    "grs2": 13.0,
    "hba1c": 5.2,
    "index60": 0.2,
}
"""A child of ten with everything usual and known, by column."""
DECISION = "t1d_progression"


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


@cache
def artefact() -> Path:
    """The folder of a model trained on few people; do not write to it."""
    folder = Path(mkdtemp()) / DECISION / "0.0.1"
    run = train_hazard.Run(
        decision=DECISION, n=3_600, seed=3, version="0.0.1", per_site=400, scored=3_000
    )
    train_hazard.train(t1d, run, folder, "1.0.0", lambda _: None)
    return folder
