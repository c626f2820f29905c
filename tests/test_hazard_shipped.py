"""The progression model in the repository is what the code in the repository makes."""

from __future__ import annotations

import numpy as np
import pytest

from models import artifact
from models.decisions import ARTIFACTS, DEMO_SITE
from models.hazard import ProgressionHazard
from models.hazard_artifact import load_hazard
from models.hazard_draws import TRAINING, draw
from models.hazard_predictor import load_hazard_predictor
from models.hazard_sources import fingerprint
from models.simulate import t1d
from tests.progression import DECISION

FOLDER = ARTIFACTS / DECISION
LARGEST = 3_000_000


@pytest.fixture(scope="module")
def described():
    return artifact.read(artifact.active(FOLDER)).description


@pytest.fixture(scope="module")
def shipped():
    return load_hazard(DECISION, artifact.active(FOLDER), t1d.DESIGN)


def test_the_code_is_the_one_that_trained(described):
    made = described["provenance"]
    again = f"the code has changed: retrain with `{made['command']}`"
    assert made["sources"] == fingerprint(t1d), again


def test_it_is_marked_as_simulated_everywhere(described, shipped):
    assert described["cohort"]["simulated"] is True
    assert "SIMULATED" in described["cohort"]["description"]
    assert "SIMULATED" in described["sites"][DEMO_SITE]["description"]
    assert shipped.identity.simulated
    assert shipped.model.simulated


def test_it_is_small_enough_to_ship():
    assert sum(p.stat().st_size for p in artifact.active(FOLDER).iterdir()) < LARGEST


def test_a_fresh_fit_gives_the_shipped_parameters(described, shipped):
    """The whole fit of the release, some seconds. The same code, numpy, CPU and number of threads
    repeat it to the byte; rounding elsewhere may move 1e-6.
    """
    made = described["provenance"]
    table = draw(t1d, made["n"], made["seed"], TRAINING, t1d.TRAINING_SITES).table
    fresh = ProgressionHazard(t1d.DESIGN, seed=made["seed"]).fit(table)
    assert set(fresh.models) == set(shipped.model.models)
    for key, fitted in fresh.models.items():
        stored = shipped.model.models[key]
        assert (stored.people, stored.events) == (fitted.people, fitted.events)
        assert list(stored.submodels) == list(fitted.submodels)
        for name, part in fitted.submodels.items():
            for field in ("effect", "level", "slope", "missing"):
                got, want = getattr(stored.submodels[name], field), getattr(part, field)
                assert got == pytest.approx(want, abs=1e-6), (key, name, field)
        assert stored.covariance == pytest.approx(fitted.covariance, abs=1e-6)


def test_reloading_gives_the_same_answers(shipped):
    first, again = (load_hazard_predictor(DECISION, FOLDER, t1d.DESIGN) for _ in range(2))
    table = t1d.simulate(60, seed=99, sites=(5,)).table
    for i in range(table.n):
        values = dict(zip(t1d.COLUMNS, table.X[i].tolist(), strict=True))
        asked = {
            "values": {c: v for c, v in values.items() if not np.isnan(v)},
            "stratum": int(table.stratum[i]),
            "site": DEMO_SITE,
            "level": 0.9,
        }
        assert first.answer(**asked) == again.answer(**asked)


def test_every_stratum_says_who_is_usual(shipped):
    """Without it the predictor refuses: nobody could be told from anybody."""
    assert set(shipped.model.models) == {(s, d) for s in range(3) for d in (True, False)}
    assert all(fitted.domain is not None for fitted in shipped.model.models.values())


def test_it_was_validated_on_others_and_does_well(described):
    metrics = described["metrics"]
    for where in ("development", "held_out"):
        assert 0.9 < metrics[f"{where}.overall.5y.oe"] < 1.1
        for h in ("1y", "2y", "5y"):
            got = f"{where}.overall.{h}"
            assert metrics[f"{got}.brier"] < metrics[f"{got}.brier_kaplan_meier"]
    for stratum in t1d.STRATA:
        part = f"development.{stratum}.complete.5y"
        assert metrics[f"{part}.auc"] > metrics[f"{part}.auc_oracle"] - 0.03
