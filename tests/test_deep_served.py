"""The deep challenger as numbers: equal to torch, read back, and explained exactly."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.deep import enumerated
from models.artifact import ChecksumError, SchemaError, read
from models.background import Reference
from models.deep_features import MOST_PLAYERS, explain_features
from models.deep_paths import estimate_features
from models.deep_served import Sets, export, imported
from models.shapley import ShapleyError
from tests.deeply import deep, reference
from tests.trained import about, cohort

DESIGN = about().design
ROW = st.integers(0, 1_199)


def gated():
    return DESIGN.gated(cohort().features)


def one(row: int):
    X, present = gated()
    return deep().panel_.gaussian.standardise(X[row : row + 1]), present[row : row + 1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("deep")
    export(deep().panel_, reference(), path, {"decision": "test"})
    return path


def test_numpy_equals_torch():
    X, present = gated()
    gap = deep().torch_proba(X, present=present) - deep().predict_proba(X, present=present)
    assert np.abs(gap).max() <= 1e-6


def test_what_is_read_back_is_what_was_written(folder):
    panel, back = imported(read(folder), DESIGN)
    X, present = gated()
    np.testing.assert_array_equal(
        panel.predict_proba(X, present=present), deep().predict_proba(X, present=present)
    )
    np.testing.assert_array_equal(back.z, reference().z)
    assert read(folder).field("kind") == "deep"


def test_a_changed_byte_is_noticed(folder, tmp_path):
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    tensors = tmp_path / "model.safetensors"
    data = bytearray(tensors.read_bytes())
    data[-1] ^= 1
    tensors.write_bytes(bytes(data))
    with pytest.raises(ChecksumError):
        read(tmp_path)


def test_a_missing_tensor_is_named(folder):
    artefact = read(folder)
    fewer = {name: x for name, x in artefact.tensors.items() if name != "effect"}
    with pytest.raises(SchemaError, match="effect"):
        imported(replace(artefact, tensors=fewer), DESIGN)


def test_serving_needs_neither_torch_nor_scikit_learn(folder):
    program = (
        "import sys; import models.deep_served, models.deep_features, models.artifact;"
        "from pathlib import Path; models.artifact.read(Path(sys.argv[1]));"
        "print([m for m in ('torch', 'sklearn', 'scipy') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program, str(folder)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "[]\n"


@given(ROW)
@settings(max_examples=40, deadline=None)
def test_reasons_per_modality_add_up_for_both_drugs_and_their_difference(row):
    """Holds for every pattern of missing values, since the background is seen through it."""
    z, present = one(row)
    found = deep().panel_.explain(z, present, reference())
    X, _ = gated()
    p = deep().predict_proba(X[row : row + 1], present=present)[0]
    assert found.probability == pytest.approx(p, abs=1e-12)
    assert found.base + found.values.sum(axis=1) == pytest.approx(p, abs=1e-9)
    assert found.differential.sum() == pytest.approx(
        p[1] - p[0] - (found.base[1] - found.base[0]), abs=1e-9
    )
    assert (found.values[:, ~present[0]] == 0.0).all()


def test_reasons_of_the_ensemble_are_the_mean_of_its_members():
    row = int(np.flatnonzero(gated()[1].all(axis=1))[0])
    z, present = one(row)
    panel = deep().panel_
    own = [
        replace(
            panel,
            encoders=tuple(
                replace(e, w1=e.w1[k : k + 1], b1=e.b1[k : k + 1], w2=e.w2[k : k + 1])
                for e in panel.encoders
            ),
            absent=panel.absent[k : k + 1],
            intercept=panel.intercept[k : k + 1],
            effect=panel.effect[k : k + 1],
        ).explain(z, present, reference())
        for k in range(len(panel.intercept))
    ]
    whole = panel.explain(z, present, reference())
    assert whole.values == pytest.approx(np.mean([o.values for o in own], axis=0), abs=1e-12)


def test_reasons_per_feature_equal_all_coalitions():
    """2^7 coalitions of each of three background rows, scored one by one by the model itself."""
    rows = Reference(z=reference().z[:3], weights=np.full(3, 1.0 / 3.0))
    for row in range(4):
        z, present = one(row)
        known = np.unique(DESIGN.player_of[~np.isnan(z[0])])
        kept = np.concatenate([known[:4], known[-3:]])
        z[0, ~np.isin(DESIGN.player_of, kept)] = np.nan
        found = explain_features(deep().panel_, z, present, rows)
        slow = enumerated(deep().panel_, DESIGN, z, present, rows.z, kept)
        assert np.abs(found.values[:, kept] - slow).max() <= found.bound + 1e-12
        assert found.bound < 1e-9
        assert np.abs(slow).max() > 1e-3, "nothing to explain, so nothing was tested"


@given(ROW)
@settings(max_examples=5, deadline=None)
def test_reasons_per_feature_add_up_and_agree_with_the_probability(row):
    z, present = one(row)
    found = explain_features(deep().panel_, z, present, reference(4))
    coarse = deep().panel_.explain(z, present, reference(4))
    assert found.probability == pytest.approx(coarse.probability, abs=1e-12)
    assert found.base == pytest.approx(coarse.base, abs=1e-12)
    total = found.values.sum(axis=1)
    assert total == pytest.approx(found.probability - found.base, abs=1e-9)
    unknown = np.bincount(DESIGN.player_of, weights=~np.isnan(z[0])) == 0
    assert (found.values[:, unknown] == 0.0).all()


@given(ROW)
@settings(max_examples=15, deadline=None)
def test_estimated_reasons_add_up_whatever_the_orders(row):
    z, present = one(row)
    found = estimate_features(deep().panel_, z, present, reference())
    exact = deep().panel_.explain(z, present, reference())
    assert found.probability == pytest.approx(exact.probability, abs=1e-12)
    assert found.base == pytest.approx(exact.base, abs=1e-12)
    total = found.values.sum(axis=1)
    assert total == pytest.approx(found.probability - found.base, abs=1e-9)
    unknown = np.bincount(DESIGN.player_of, weights=~np.isnan(z[0])) == 0
    assert (found.values[:, unknown] == 0.0).all()


def test_estimated_reasons_are_close_to_the_exact_ones_and_say_that_nothing_is_proved():
    for row in range(3):
        z, present = one(row)
        fast = estimate_features(deep().panel_, z, present, reference())
        exact = explain_features(deep().panel_, z, present, reference())
        gap = np.abs(fast.values - exact.values)
        assert gap.sum() < 0.15 * np.abs(exact.values).sum()
        assert gap.max() < 0.02
        assert np.isnan(fast.bound)
        assert np.isfinite(exact.bound)


def test_genes_are_explained_as_one():
    z, present = one(int(np.flatnonzero(gated()[1].all(axis=1))[0]))
    panel = deep().panel_
    last = panel.encoders[-1]
    genes = Sets(
        gene=np.array([0, 1]),
        member_of=np.array([0, 1]),
        values=np.ones((3, 2)),
        count=2,
        mean=np.zeros(5),
        sd=np.ones(5),
    )
    with_genes = replace(panel, encoders=(*panel.encoders[:-1], replace(last, sets=genes)))
    with pytest.raises(ShapleyError, match=f"more than {MOST_PLAYERS}"):
        explain_features(with_genes, z, present, reference(4))
    with pytest.raises(ShapleyError, match="Genes take part"):
        with_genes.explain(z, present, reference(4))
    patient = np.array([[1.0, -1.0, 0.0, 0.0, np.nan]])
    others = np.zeros((3, 4, 2))
    found = with_genes.explain(z, present, reference(4), expression=patient, genes=others)
    assert found.base + found.values.sum(axis=1) == pytest.approx(found.probability, abs=1e-9)
    assert np.abs(found.values[:, -1]).max() > 1e-4
