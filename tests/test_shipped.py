"""The artefact in the repository is what the code in the repository makes."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models import artifact
from models.additive import PanelLogit
from models.decisions import ARTIFACTS, simulator
from models.held_out import Sizes, draw
from models.served import load_served
from models.sources import code, fingerprint, numbers
from tests.trained import DECISION, about, spec


@pytest.fixture(scope="module")
def folder():
    return artifact.active(ARTIFACTS / DECISION)


@pytest.fixture(scope="module")
def provenance(folder):
    return json.loads((folder / artifact.DESCRIPTION).read_text())["provenance"]


def test_the_code_is_the_one_that_trained_and_was_evaluated(provenance):
    now = fingerprint(about())
    again = f"the code has changed: retrain with `{provenance['command']}`"
    assert provenance["sources"] == now, again
    for evaluation in provenance["evaluations"]:
        told = f"the code has changed: evaluate with `{evaluation['command']}`, then retrain"
        assert evaluation["sources"] == now, told


def test_the_evaluations_promised_are_attached(folder, provenance):
    attached = json.loads((folder / artifact.DESCRIPTION).read_text())["evaluations"]
    assert sorted(e["k"] for e in attached) == [0.0, 0.5, 1.0, 2.0]
    assert {tuple(e["seeds"]) for e in attached} == {tuple(range(1, 9))}
    assert [e["command"] for e in attached] == [e["command"] for e in provenance["evaluations"]]


def test_a_fresh_fit_gives_the_shipped_parameters(folder, provenance):
    """The whole fit of the release, some seconds. The same code, numpy, CPU and number of threads
    repeat it to the byte; rounding elsewhere may move 1e-6.
    """
    sizes = Sizes(n=provenance["n"], scored=50, per_site=10)
    training = draw(simulator(DECISION), provenance["k"], provenance["seed"], sizes).training
    model = PanelLogit(about().design, about().floors, seed=provenance["seed"])
    fresh, shipped = model.fit_cohort(training).panel_, load_served(spec(), folder).panel
    for name in ("intercept", "effect", "main", "interaction", "absent", "covariance"):
        assert getattr(fresh, name) == pytest.approx(getattr(shipped, name), abs=1e-6), name
    assert fresh.gaussian.covariance == pytest.approx(shipped.gaussian.covariance, abs=1e-6)
    assert np.array_equal(fresh.known_rows, shipped.known_rows)


def test_only_what_moves_a_number_asks_for_training(tmp_path):
    path, table = tmp_path / "a.py", tmp_path / "a.csv"
    path.write_text(
        '"""Words."""\nX = 1  # why\n\ndef f() -> int:\n    """More."""\n    return X\n'
    )
    table.write_text("term,size,citation\nage,0.1,a paper\n")
    before = code(path), numbers(table)
    path.write_text('"""Other words."""\nX = 1\n\n\ndef f() -> int:\n    return X\n')
    table.write_text("term,size,citation\nage,0.1,another paper\n")
    assert (code(path), numbers(table)) == before
    path.write_text("X = 2\n\n\ndef f() -> int:\n    return X\n")
    table.write_text("term,size,citation\nage,0.2,a paper\n")
    assert code(path) != before[0]
    assert numbers(table) != before[1]
