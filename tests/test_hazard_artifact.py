"""The progression model on disk: it comes back to the last bit, and nothing wrong comes back."""

from __future__ import annotations

import json
import shutil
from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from models import artifact, train
from models.artifact import ChecksumError, SchemaError, SpecMismatchError
from models.decisions import DEMO_SITE
from models.domain import Domain
from models.hazard_artifact import load_hazard
from models.hazard_model import SiteShift
from models.hazard_site import recalibrate
from models.hazard_tensors import hazard_tensors, hazard_words, shift_words
from models.hazard_validation import BANDS, counted
from models.simulate import t1d
from models.train_hazard import usual_ranges
from tests.progression import DECISION, artefact, model, others, training


def same(a, b) -> bool:
    """Equal to the last bit, type and NaN included."""
    if is_dataclass(a):
        return type(a) is type(b) and all(
            same(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)
        )
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return repr(a) == repr(b)


@pytest.fixture
def copy(tmp_path):
    folder = tmp_path / "0.0.1"
    shutil.copytree(artefact(), folder)
    return folder


def rewritten(folder, tensors=None, **entries):
    """The same artefact with other tensors or entries and a right checksum; None takes one out."""
    stored = artifact.read(folder)
    words = {k: v for k, v in stored.description.items() if k not in ("schema", "checksum")}
    words = {k: v for k, v in (words | entries).items() if v is not None}
    wanted = {**stored.tensors, **(tensors or {})}
    artifact.write(folder, {k: v for k, v in wanted.items() if v is not None}, words)


def test_a_model_comes_back_to_the_last_bit(tmp_path):
    """Site shifts and validation counts as well; shared fits stay shared."""
    demo = t1d.simulate(1_500, seed=8, sites=(5,), first_person=10**7)
    shifts = recalibrate(model(), demo.table)
    risk = np.linspace(0, 1, others().table.n * 3).reshape(-1, 3)
    validated = counted(others().table.untreated(), risk, t1d.HORIZONS, 3)
    usual = usual_ranges(training().table, t1d.DESIGN)
    artifact.write(
        tmp_path,
        hazard_tensors(model(), validated),
        {
            "decision": DECISION,
            "version": "1",
            "spec_version": "2",
            **hazard_words(model()),
            "cohort": {
                "simulated": True,
                "description": model().description,
                "people": 3_000,
            },
            "sites": {"here": {"shifts": shift_words(model(), shifts)}},
            "usual": usual,
            "metrics": {"a.b": 0.1 + 0.2, "undefined": None},
        },
    )
    found = load_hazard(DECISION, tmp_path, t1d.DESIGN)
    assert found.model.models[2, True] is found.model.models[2, False]
    assert set(found.model.models) == set(model().models)
    for key, fitted in model().models.items():
        assert same(found.model.models[key], fitted), key
    assert same(found.model.design, model().design)
    assert (found.model.simulated, found.model.description) == (True, model().description)
    assert same(found.sites["here"], shifts)
    assert same(found.validated, validated)
    assert {t1d.STRATA[s]: {c: list(p) for c, p in v.items()} for s, v in found.usual.items()} == (
        usual
    )
    assert found.identity.metrics == {"a.b": 0.1 + 0.2}
    assert found.spec_version == "2"


def test_people_finer_than_single_precision_are_refused_when_written():
    fitted = model().models[0, True]
    assert isinstance(fitted.domain, Domain)
    rows = fitted.domain.rows.copy()
    rows[0, 0] += 1e-12
    finer = replace(fitted, domain=replace(fitted.domain, rows=rows))
    wrong = replace(model(), models={**model().models, (0, True): finer})
    validated = counted(others().table, np.zeros((others().table.n, 3)), t1d.HORIZONS, 3)
    with pytest.raises(ValueError, match="single precision"):
        hazard_tensors(wrong, validated)


def test_the_identity_says_that_it_is_simulated_and_where_it_may_be_used():
    found = load_hazard(DECISION, artefact())
    assert found.identity.simulated
    assert "SIMULATED" in found.identity.description
    assert found.identity.sites == (DEMO_SITE,)
    assert found.identity.trained_rows == 3_600
    assert found.identity.metrics["held_out.overall.5y.auc"] > 0.7
    assert set(found.usual[1]) == {"ln_age", "bmi", "grs2", "hba1c", "index60"}
    assert all(isinstance(s, SiteShift) for s in found.sites[DEMO_SITE].values())


def test_the_description_says_how_it_was_made():
    words = artifact.read(artefact()).description
    assert words["provenance"]["command"].startswith(f"python -m models.train {DECISION}")
    assert len(words["provenance"]["sources"]) == 64
    assert words["provenance"]["numpy"] == np.__version__
    assert words["cohort"]["simulated"] is True
    assert words["validation"]["people"] == 3_000
    assert {f["stratum"] for f in words["fits"]} == set(t1d.STRATA)
    assert all(f["people"] > f["events"] > 0 for f in words["fits"])


# --------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize("place", [0, 9_000, -1])
def test_a_flipped_byte_is_found(copy, place):
    path = copy / artifact.TENSORS
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises(ChecksumError, match=r"model\.safetensors"):
        load_hazard(DECISION, copy)


def test_another_decision_or_design_is_refused(copy):
    with pytest.raises(SpecMismatchError, match=r"model\.json: decision was 't1d_prog") as caught:
        load_hazard("another", copy)
    assert "Train the model again" in caught.value.remedy
    for change in (
        {"columns": t1d.COLUMNS[::-1]},
        {"horizons": (1.0, 2.0, 6.0)},
        {"restaged": "grs"},
        {"noise": {"index60": 0.2}},
    ):
        with pytest.raises(SpecMismatchError, match=f"design.{next(iter(change))} was"):
            load_hazard(DECISION, copy, replace(t1d.DESIGN, **change))
    rewritten(copy, kind="yes or no")
    with pytest.raises(SpecMismatchError, match="kind was 'yes or no'"):
        load_hazard(DECISION, copy)


@pytest.mark.parametrize(
    "entry",
    ["decision", "version", "spec_version", "kind", "design", "fits", "cohort", "sites", "usual"],
)
def test_an_entry_that_is_missing_is_named(copy, entry):
    rewritten(copy, **{entry: None})
    with pytest.raises(SchemaError, match=f"model.json: no entry '{entry}'") as caught:
        load_hazard(DECISION, copy)
    assert "models.train" in caught.value.remedy


def changed(tree, path, value):
    """The tree with one leaf replaced."""
    words = json.loads(json.dumps(tree))
    *way, last = path.split(".")
    at = words
    for step in way:
        at = at[int(step)] if isinstance(at, list) else at[step]
    at[int(last) if isinstance(at, list) else last] = value
    return words


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("cohort.simulated", "yes", "'cohort.simulated' is not true or false"),
        ("cohort.people", 2.5, "'cohort.people' is not a whole number"),
        ("cohort.people", True, "'cohort.people' is not a whole number"),
        ("design.columns", ["a", "a"], "'design.columns' is not a list of different texts"),
        ("design.horizons", 5, "'design.horizons' is not a list of finite numbers"),
        ("design.horizons", [1.0, "2"], "'design.horizons.1' is not a finite number"),
        ("design.horizons", [2.0, 1.0, 5.0], "'design' contradicts itself"),
        ("design.restaged", "gut", "'design' contradicts itself"),
        ("design.groups", ["ogtt"], "'design.groups' is not an object"),
        ("fits", {}, "'fits' is not a list of objects"),
        ("fits", [], "'fits' is empty"),
        ("fits.0.stratum", "stage_9", "'fits.0' names no stratum"),
        ("fits.0.decided", [False, True], "'fits.0' names no stratum"),
        ("fits.0.between_sites", None, "'fits.0.between_sites' is not a finite number"),
        ("fits.0.submodels", ["full"], "expected whole numbers of shape"),
        ("sites.simulated-demo.shifts.stage_9", {}, r"names \['stage_9'\], no strata"),
        ("usual.stage_1.hba1c", [5.0], "'usual.stage_1' is not pairs"),
        ("version", 1, "'version' is not a text"),
    ],
)
def test_an_entry_of_the_wrong_kind_is_named(copy, path, value, said):
    words = changed(artifact.read(copy).description, path, value)
    rewritten(copy, **{path.split(".")[0]: words[path.split(".")[0]]})
    with pytest.raises(SchemaError, match=said):
        load_hazard(DECISION, copy)


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("stage_1.decided.gaussian.mean", lambda t: None, "no tensor"),
        ("stage_1.decided.gaussian.mean", lambda t: t[:3], "expected numbers of shape"),
        ("stage_1.decided.gaussian.sd", lambda t: t * 0.0, "has values of 0 or less"),
        ("stage_1.decided.submodel.level", lambda t: t * np.nan, "not finite"),
        ("stage_1.decided.submodel.level", lambda t: t[:, :2], "expected numbers of shape"),
        ("stage_1.decided.submodel.known", lambda t: 1 - t, "reads other columns than its name"),
        ("stage_1.decided.submodel.events", lambda t: t - 10**6, "holds numbers below 0"),
        ("stage_1.decided.submodel.events", lambda t: t * 1.0, "expected whole numbers"),
        ("stage_1.decided.reference_weights", lambda t: t * 2.0, "do not add up to 1"),
        ("stage_1.decided.times", lambda t: t / 10.0, "do not ascend to the last horizon"),
        ("stage_1.decided.baseline", lambda t: -t, "'baseline' falls"),
        ("stage_1.decided.domain.columns", lambda t: t + 9, "looks at no column"),
        ("validation.people", lambda t: t[:, :, : BANDS // 2], "expected whole numbers of shape"),
    ],
)
def test_a_tensor_that_makes_no_model_is_refused(copy, name, change, said):
    rewritten(copy, tensors={name: change(artifact.read(copy).tensors[name])})
    with pytest.raises(SchemaError, match=said):
        load_hazard(DECISION, copy)


def test_a_pattern_that_is_missing_is_refused(copy):
    """Nobody's missing values may meet a gap in the model."""
    words = artifact.read(copy).description
    fits = changed(words, "fits.0.submodels.0", "fuller")["fits"]
    rewritten(copy, fits=fits)
    with pytest.raises(SchemaError, match="submodels are not the patterns of the design"):
        load_hazard(DECISION, copy)


# ----------------------------------------------------------------------------------- the command


def test_the_command_writes_the_same_bytes_again_and_makes_them_active(tmp_path, capsys):
    """`python -m models.train`, the same entry point as for every decision."""
    command = [DECISION, "--cohort", "simulated", "--n", "900", "--seed", "4", "--version", "0.9.0"]
    tries = []
    for name in ("a", "b"):
        assert train.main([*command, "--output", str(tmp_path / name)]) == 0
        folder = tmp_path / name / DECISION / "0.9.0"
        assert artifact.active(folder.parent) == folder
        tries.append([(folder / n).read_bytes() for n in (artifact.TENSORS, artifact.DESCRIPTION)])
    assert tries[0] == tries[1]
    assert sum(map(len, tries[0])) < 3_000_000
    assert "fitting on 900 people" in capsys.readouterr().err


def test_too_few_people_and_foreign_decisions_are_refused_with_words(tmp_path, capsys):
    from models import train_hazard

    asked = ["--cohort", "simulated", "--output", str(tmp_path), "--n"]
    assert train.main([DECISION, *asked, "20"]) == 2
    assert train_hazard.main(["ra_biologic_response", *asked, "20"]) == 2
    said = capsys.readouterr().err
    assert "nothing to fit" in said
    assert "'ra_biologic_response' has no simulated cohort with times" in said
    assert list(tmp_path.iterdir()) == []
