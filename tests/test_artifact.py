"""The artefact on disk: nothing damaged, foreign or outdated is ever served."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from decision.clinical.errors import ModelError
from models import artifact, train
from models.artifact import ArtefactError, ChecksumError, SchemaError, SpecMismatchError
from models.cohort import CohortError
from models.predictor import load_predictor
from tests.trained import DECISION, artefact, spec


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "0.0.1"
    shutil.copytree(artefact(), folder)
    return folder


def change(folder, **entries):
    path = folder / artifact.DESCRIPTION
    path.write_text(json.dumps({**json.loads(path.read_text()), **entries}))


def test_what_is_written_is_read(tmp_path):
    tensors = {"b": np.arange(6.0).reshape(2, 3), "a": np.array([1, 2]), "f": np.ones(2, "float32")}
    artifact.write(tmp_path, tensors, {"words": "ä"})
    found = artifact.read(tmp_path)
    assert {n: t.tolist() for n, t in found.tensors.items()} == {
        n: t.tolist() for n, t in tensors.items()
    }
    assert found.field("words") == "ä"
    with pytest.raises(ValueError, match="read-only"):
        found.tensor("a")[0] = 5


@pytest.mark.parametrize("place", [0, 700, -1])
def test_a_flipped_byte_is_found_before_anything_is_parsed(copy, place):
    path = copy / artifact.TENSORS
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ChecksumError, match=r"model\.safetensors") as caught:
        load_predictor(spec(), copy)
    assert "Restore" in caught.value.remedy


def test_missing_files_and_entries_are_named_with_a_remedy(copy, tmp_path):
    with pytest.raises(SchemaError, match=r"active\.json"):
        load_predictor(spec(), tmp_path)
    (copy / artifact.TENSORS).rename(copy / "elsewhere")
    with pytest.raises(SchemaError, match=r"model\.safetensors: not found"):
        load_predictor(spec(), copy)
    (copy / artifact.DESCRIPTION).write_text("{")
    with pytest.raises(SchemaError, match="not valid JSON"):
        load_predictor(spec(), copy)


def test_an_incomplete_description_or_tensor_file_is_refused(copy):
    stored = artifact.read(copy)
    without = {n: t for n, t in stored.tensors.items() if n != "main"}
    words = {k: v for k, v in stored.description.items() if k not in ("schema", "checksum")}
    artifact.write(copy, without, words)
    with pytest.raises(SchemaError, match="'main'"):
        load_predictor(spec(), copy)
    artifact.write(copy, stored.tensors, {k: v for k, v in words.items() if k != "sites"})
    with pytest.raises(SchemaError, match="'sites'"):
        load_predictor(spec(), copy)


def test_another_schema_is_refused(copy):
    change(copy, schema=99)
    with pytest.raises(SchemaError, match="schema 99"):
        load_predictor(spec(), copy)


def test_a_decision_that_changed_since_training_is_refused(copy):
    columns = list(spec().columns)
    columns[0] = replace(columns[0], transform=columns[-5].transform, argument=3.0)
    with pytest.raises(SpecMismatchError, match=r"columns differ.*became"):
        load_predictor(replace(spec(), columns=tuple(columns)), copy)
    features = (replace(spec().features[0], unit="mo"), *spec().features[1:])
    with pytest.raises(SpecMismatchError, match=r"units differ.*'mo'"):
        load_predictor(replace(spec(), features=features), copy)
    relabelled = (replace(spec().players[0], label="Years"), *spec().players[1:])
    load_predictor(replace(spec(), players=relabelled), copy)


def test_every_artefact_error_can_cross_to_the_page():
    for error in (ArtefactError, ChecksumError, SchemaError, SpecMismatchError):
        assert issubclass(error, ModelError)


def test_the_active_version_is_the_one_named(copy):
    with pytest.raises(SchemaError, match="no model is active"):
        artifact.active(copy.parent)
    artifact.activate(copy)
    assert artifact.active(copy.parent) == copy
    (copy.parent / artifact.ACTIVE).write_text('{"version": "9"}')
    with pytest.raises(SchemaError, match="'9'"):
        artifact.active(copy.parent)


@pytest.mark.parametrize("name", ["../other/0.0.1", "", ".", "..", "0.0.1/", "{outside}", 7, None])
def test_an_active_version_is_a_name_and_never_a_way_out_of_the_folder(copy, tmp_path, name):
    outside = tmp_path / "other" / "0.0.1"
    shutil.copytree(copy, outside)
    own = copy.parent / "own"
    shutil.copytree(copy, own / "0.0.1")
    named = name.format(outside=outside) if isinstance(name, str) else name
    (own / artifact.ACTIVE).write_text(json.dumps({"version": named}))
    with pytest.raises(SchemaError, match="which is not there"):
        artifact.active(own)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema": ' + "1" * 5_000 + "}", "{"])
def test_a_description_beyond_what_can_be_read_is_a_broken_model_and_no_crash(copy, text):
    (copy / artifact.DESCRIPTION).write_text(text)
    with pytest.raises(SchemaError, match="not valid JSON"):
        artifact.read(copy)


@pytest.mark.parametrize("name", [artifact.DESCRIPTION, artifact.TENSORS])
def test_a_file_that_may_not_be_read_is_a_broken_model_and_no_crash(copy, monkeypatch, name):
    def refuse(self, *args, **kwargs):
        if self.name == name:
            raise PermissionError("not yours")
        return read(self, *args, **kwargs)

    method = "read_text" if name == artifact.DESCRIPTION else "read_bytes"
    read = getattr(artifact.Path, method)
    monkeypatch.setattr(artifact.Path, method, refuse)
    with pytest.raises(SchemaError, match=r"cannot be read \(PermissionError\)"):
        artifact.read(copy)


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    run = train.Run(
        decision=DECISION, k=1.0, n=1_200, seed=3, version="0.0.1", per_site=200, scored=1_000
    )
    train.train(spec(), run, tmp_path, [], lambda _: None)
    for name in (artifact.TENSORS, artifact.DESCRIPTION):
        assert (tmp_path / name).read_bytes() == (artefact() / name).read_bytes()


def test_a_simulator_that_numbers_the_treatments_otherwise_is_refused(tmp_path):
    run = train.Run(decision=DECISION, k=1.0, n=300, seed=3, version="0.0.1", per_site=60)
    other = replace(spec(), treatments=spec().treatments[::-1])
    with pytest.raises(CohortError, match="decision's order"):
        train.train(other, run, tmp_path, [], lambda _: None)
    assert not list(tmp_path.iterdir())


def test_training_says_what_it_cannot_do(capsys):
    assert train.main(["gout", "--cohort", "simulated"]) == 2
    assert "gout" in capsys.readouterr().err
