"""A shipped model fitted to one site: as much as its table carries, and told before and after."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decision import catalog
from decision.clinical.features import Found
from models import recalibrate as command
from models.artifact import read
from models.decisions import ARTIFACTS
from models.policy import judge, read_policy
from models.predictor import load_predictor
from models.recalibrate import (
    fit,
    margins_of,
    method_for,
    observed_over_expected,
    wants_slope,
)
from models.ridge import sigmoid
from models.served import load_served
from models.simulate import ra
from models.table.check import check_file
from models.table.schema import schema_of
from tests.cohort_tables import TODAY
from tests.table_vectors import vectors

RA, SHIPPED = "ra_biologic_response", "0.1.1"
SPEC = catalog.load(RA)
WORLD = 2026
"""Of the sites that the shipped model was trained at, and never at these."""
SHIFTED = 12


def write_table(path, cohort, site="our clinic"):
    features = {f: x.tolist() for f, x in cohort.features.items()}
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(["person_id", "site", "index_date", "treatment", "outcome", *features])
        for i in range(cohort.n):
            cells = [features[f][i] for f in features]
            day = date(2021, 1, 1) + timedelta(days=i % 1000)
            y = cohort.outcome[i]
            writer.writerow(
                [
                    f"p{i}",
                    site,
                    day.isoformat(),
                    cohort.treatments[cohort.treatment[i]],
                    "" if np.isnan(y) else int(y),
                    *("" if np.isnan(c) else repr(c) for c in cells),
                ]
            )
    return path


def drawn(n, site=SHIFTED, seed=77):
    return ra.simulate(n, k=0.5, seed=seed, sites=(site,), site_seed=WORLD)


@pytest.fixture(scope="module")
def site_table(tmp_path_factory):
    return write_table(tmp_path_factory.mktemp("site") / "clinic.csv", drawn(3000))


@pytest.fixture
def artifacts(tmp_path):
    shutil.copytree(ARTIFACTS / RA / SHIPPED, tmp_path / "artifacts" / RA / SHIPPED)
    return tmp_path / "artifacts"


def run(artifacts, table, *more, version="0.2.0"):
    words = [RA, SHIPPED, "--table", str(table), "--site", "clinic", "--as", version, "--json"]
    return command.main([*words, "--artifacts", str(artifacts), *more])


def test_at_a_shifted_site_observed_over_expected_is_put_right(artifacts, site_table, capsys):
    assert run(artifacts, site_table) == 0
    told = json.loads(capsys.readouterr().out)
    assert not 0.9 <= told["oe_before"]["value"] <= 1.1
    assert 0.9 <= told["oe_after"]["value"] <= 1.1
    assert told["oe_after"]["low"] <= 1.0 <= told["oe_after"]["high"]
    assert told["log_loss_after"] < told["log_loss_before"]
    assert told["allowed"] == "intercept and slope"


def test_the_further_version_answers_at_the_site_and_the_one_before_stays(artifacts, site_table):
    before = (artifacts / RA / SHIPPED / "model.json").read_bytes()
    run(artifacts, site_table)
    assert (artifacts / RA / SHIPPED / "model.json").read_bytes() == before
    predictor = load_predictor(SPEC, artifacts / RA / "0.2.0")
    assert "clinic" in predictor.identity.sites
    table = check_file(site_table, schema_of(SPEC), TODAY).table
    served = load_served(SPEC, artifacts / RA / "0.2.0")
    shift, _ = served.sites["clinic"]
    expected = sigmoid(margins_of(served, table) + shift)
    for i, vector in enumerate(vectors(table)):
        if i == 20:
            break
        answer = predictor.answer(vector, site="clinic", level=0.9)
        arm = int(table.arm[i])
        assert answer.predictions[arm].probability == pytest.approx(expected[i], abs=1e-12)


def test_what_it_came_from_is_written_down(artifacts, site_table):
    run(artifacts, site_table)
    made, origin = read(artifacts / RA / "0.2.0"), read(artifacts / RA / SHIPPED)
    said = made.field("recalibrated")
    assert said["from"] == {"version": SHIPPED, "checksum": origin.field("checksum")}
    assert len(said["table"]) == 64
    assert made.field("version") == "0.2.0"
    policy = artifacts / "policy.toml"
    policy.write_text(
        '[[criterion]]\nmetric = "site.oe_after"\nat_least = 0.9\nat_most = 1.1\n'
        '[[criterion]]\nmetric = "site.oe_before"\nat_least = 0.9\nat_most = 1.1\n'
        "[cohort]\nsimulated = true\n"
    )
    verdicts = judge(read_policy(policy), made.description)
    assert {v.what: v.met for v in verdicts if v.what != "cohort"} == {
        "site.oe_after": True,
        "site.oe_before": False,
    }


def test_a_slope_leaves_ranges_and_reasons_of_one_piece(artifacts, tmp_path, capsys):
    """A site where effects are half as large: the difference, its reasons and ranges shrink too."""
    cohort = drawn(3000)
    served = load_served(SPEC, ARTIFACTS / RA / SHIPPED)
    z, present = served.panel.standardise(cohort.features)
    margin = served.panel.margins(served.panel.complete(z, present), present)
    p = sigmoid(0.5 * margin[np.arange(cohort.n), cohort.treatment])
    outcome = (np.random.default_rng(1).random(cohort.n) < p).astype(np.float64)
    table = write_table(tmp_path / "clinic.csv", replace(cohort, outcome=outcome))
    assert run(artifacts, table) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["fitted"] == "intercept and slope"
    assert told["slope"] == pytest.approx(0.5, abs=0.1)
    predictor = load_predictor(SPEC, artifacts / RA / "0.2.0")
    assert predictor.identity.sites == ("clinic",)
    rows = check_file(table, schema_of(SPEC), TODAY).table
    vector = next(v for v in vectors(rows) if isinstance(v["tender_joints"], Found))
    answer = predictor.answer(vector, site="clinic", level=0.9)
    for prediction in answer.predictions:
        base = answer.explanation.base[prediction.treatment]
        effects = sum(c.effects[prediction.treatment] for c in answer.explanation.contributions)
        assert base + effects == pytest.approx(prediction.probability, abs=1e-8)


@pytest.mark.parametrize(
    ("events", "others", "method"),
    [
        (19, 500, "nothing"),
        (500, 19, "nothing"),
        (20, 20, "intercept"),
        (199, 900, "intercept"),
        (200, 200, "intercept and slope"),
    ],
)
def test_what_a_table_carries_depends_on_the_rarer_outcome(events, others, method):
    assert method_for(np.r_[np.ones(events), np.zeros(others)]) == method


def test_a_table_that_is_too_small_is_refused_with_its_numbers(artifacts, tmp_path, capsys):
    table = write_table(tmp_path / "clinic.csv", drawn(60))
    assert run(artifacts, table) == 1
    assert "20 of both are needed" in capsys.readouterr().err
    assert not (artifacts / RA / "0.2.0").exists()


def test_a_small_table_moves_the_intercept_alone(artifacts, tmp_path, capsys):
    table = write_table(tmp_path / "clinic.csv", drawn(300))
    assert run(artifacts, table) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["allowed"], told["fitted"], told["slope"]) == ("intercept", "intercept", 1.0)


def test_a_table_of_several_sites_needs_one_named(artifacts, tmp_path, capsys):
    first = write_table(tmp_path / "a.csv", drawn(300), "north")
    second = write_table(tmp_path / "b.csv", drawn(300, seed=5), "south")
    south = [line.replace("p", "q", 1) for line in second.read_text().splitlines()[1:]]
    first.write_text("\n".join([*first.read_text().splitlines(), *south]) + "\n")
    assert run(artifacts, first) == 1
    assert "north, south" in capsys.readouterr().err
    assert run(artifacts, first, "--rows-of", "south") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["no_such", SHIPPED], "no_such"),
        (["t1d_progression", "0.1.0"], "prognosis"),
        ([RA, "9.9"], "9.9"),
    ],
)
def test_what_cannot_be_recalibrated_is_refused(artifacts, site_table, capsys, words, said):
    rest = ["--table", str(site_table), "--site", "clinic", "--as", "0.2.0"]
    assert command.main([*words, *rest, "--artifacts", str(artifacts)]) == 2
    assert said in capsys.readouterr().err


def test_a_version_that_is_there_is_never_written_over(artifacts, site_table, capsys):
    assert run(artifacts, site_table, version=SHIPPED) == 2
    assert "is there already" in capsys.readouterr().err


def test_a_table_with_errors_is_refused(artifacts, tmp_path, capsys):
    table = write_table(tmp_path / "clinic.csv", drawn(300))
    table.write_text(table.read_text().replace(",tnfi,", ",jaki,", 1))
    assert run(artifacts, table) == 2
    assert "check_cohort" in capsys.readouterr().err


@settings(max_examples=40, deadline=None)
@given(st.floats(-2.0, 2.0), st.integers(0, 1000))
def test_the_intercept_finds_the_shift_that_was_put_in(shift, seed):
    """With many outcomes the draw towards the shipped level hardly matters."""
    rng = np.random.default_rng(seed)
    margin = rng.normal(size=4000)
    y = (rng.random(4000) < sigmoid(margin + shift)).astype(float)
    found = fit(margin, y, 0.25, slope=False)
    assert found.slope == 1.0
    assert found.site.shift == pytest.approx(shift, abs=0.25)


def test_a_slope_is_wanted_where_effects_are_smaller_and_not_where_they_are_alike():
    rng = np.random.default_rng(3)
    margin = rng.normal(size=3000)
    alike = (rng.random(3000) < sigmoid(margin + 0.4)).astype(float)
    smaller = (rng.random(3000) < sigmoid(0.5 * margin)).astype(float)
    assert not wants_slope(margin, alike)
    assert wants_slope(margin, smaller)


def test_observed_over_expected_agrees_with_a_worked_example():
    """50 events of 200 where 40 were expected: 1.25, SE of its log √(.75/50) = .1225."""
    found = observed_over_expected(np.r_[np.ones(50), np.zeros(150)], np.full(200, 0.2))
    assert found["value"] == pytest.approx(1.25)
    assert (found["low"], found["high"]) == pytest.approx((0.983, 1.589), abs=5e-4)
