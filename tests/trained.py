"""Small trained models and believable patients for the tests of `models`, made once per run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from decision import catalog
from decision.clinical.features import (
    Evidence,
    FeatureVector,
    Found,
    Missing,
    MissingReason,
)
from decision.clinical.record import Origin
from decision.clinical.spec import DecisionSpec
from models import train
from models.additive import PanelLogit
from models.cohort import Cohort
from models.decisions import Modelled, modelled, simulator

DECISION = "ra_biologic_response"
EVIDENCE = Evidence(sources=(), effective=None, origin=Origin.RECORD, how="test")


@cache
def spec() -> DecisionSpec:
    return catalog.load(DECISION)


@cache
def about() -> Modelled:
    return modelled(spec())


@cache
def cohort(n: int = 1_200, seed: int = 11, k: float = 1.0, held_out: bool = False) -> Cohort:
    world = simulator(DECISION)
    sites = world.held_out_sites if held_out else world.training_sites
    return world.simulate(n, k=k, seed=seed, site_seed=7, sites=sites, truth=held_out)


@cache
def fitted() -> PanelLogit:
    return PanelLogit(about().design, about().floors).fit_cohort(cohort())


@cache
def artefact() -> Path:
    """The folder of a model trained on few patients; do not write to it."""
    folder = Path(mkdtemp()) / DECISION / "0.0.1"
    run = train.Run(
        decision=DECISION, k=1.0, n=1_200, seed=3, version="0.0.1", per_site=200, scored=1_000
    )
    train.train(spec(), run, folder, [], lambda _: None)
    return folder


def vector(values: dict[str, float]) -> FeatureVector:
    """A feature vector in which everything not given is missing."""
    return FeatureVector(
        spec_id=spec().id,
        spec_version=spec().version,
        findings=tuple(
            (
                f.id,
                Found(value=values[f.id], evidence=EVIDENCE)
                if f.id in values
                else Missing(reason=MissingReason.NOT_FOUND, detail="not found"),
            )
            for f in spec().features
        ),
    )


def patient(table: Cohort, row: int) -> dict[str, float]:
    """The recorded values of one row of a cohort."""
    return {
        f: float(column[row]) for f, column in table.features.items() if not np.isnan(column[row])
    }


TYPICAL = {
    "age": 56.0,
    "male": 0.0,
    "bmi": 27.0,
    "current_smoker": 0.0,
    "disease_duration": 8.0,
    "monotherapy": 0.0,
    "prior_tnfi_count": 0.0,
    "primary_failure": 0.0,
    "haq": 1.25,
    "tender_joints": 8.0,
    "swollen_joints": 6.0,
    "patient_global": 6.0,
    "physician_global": 5.0,
    "rheumatoid_factor": 1.0,
    "acpa": 1.0,
    "crp": 12.0,
    "esr": 24.0,
    "hemoglobin": 12.8,
}
"""A patient with everything that clinics usually record."""
