"""The shipped model's own explanation problems, for simulated patients of a held-out site."""

from __future__ import annotations

from collections.abc import Mapping
from unittest.mock import patch

import numpy as np

from benchmarks.explain_models import Case
from decision import catalog
from decision.clinical.features import Evidence, FeatureVector, Found, Missing, MissingReason
from decision.clinical.record import Origin
from decision.clinical.spec import DecisionSpec
from models import predictor
from models.cohort import Floats
from models.decisions import ARTIFACTS, modelled, simulator
from models.shapley import ShapleyValues, grouped

EVIDENCE = Evidence(sources=(), effective=None, origin=Origin.RECORD, how="simulated")
ABSENT = Missing(reason=MissingReason.NOT_FOUND, detail="not recorded in the simulation")


def shipped(decision: str, patients: int, *, measured: bool) -> tuple[str, list[Case]]:
    """What the serving predictor hands to `explain`, recorded while it answers.

    Recorded rather than computed again, so that the game measured is the game shown. With
    `measured` what a patient's record lacks is taken from another patient: the most players there
    can be. Without, patients are explained as recorded.
    """
    spec = catalog.load(decision)
    serving = predictor.load_predictor(spec, ARTIFACTS / decision)
    required = modelled(spec).required
    world = simulator(decision)
    cohort = world.simulate(4 * patients, k=0.5, seed=1, sites=world.held_out_sites)
    answerable = np.all([~np.isnan(cohort.features[f]) for f in required], axis=0)
    rows = np.flatnonzero(answerable)[:patients]
    features = {f.id: cohort.features[f.id] for f in spec.features}
    if measured:
        features = {name: _filled(values) for name, values in features.items()}
    cases: list[Case] = []

    def record(*game: object) -> ShapleyValues:
        cases.append(Case(*game))  # type: ignore[arg-type]
        return grouped(*game)  # type: ignore[arg-type]

    with patch.object(predictor, "grouped", record):
        for row in rows:
            own = {name: float(values[row]) for name, values in features.items()}
            findings = vector(spec, own)
            serving.answer(findings, site=serving.identity.sites[0], level=0.9)
    kind = "everything measured" if measured else "as recorded"
    return f"additive logit {decision} {serving.identity.version}, {kind}", cases


def _filled(values: Floats) -> Floats:
    """Missing values replaced by recorded ones, in order and over again."""
    missing = np.isnan(values)
    return np.where(missing, np.resize(values[~missing], values.shape), values)


def vector(spec: DecisionSpec, values: Mapping[str, float]) -> FeatureVector:
    """A patient's findings from bare numbers; NaN is missing."""
    findings = [
        (name, ABSENT if np.isnan(value) else Found(value=value, evidence=EVIDENCE))
        for name, value in values.items()
    ]
    return FeatureVector(spec_id=spec.id, spec_version=spec.version, findings=tuple(findings))
