"""The command that compares the simulation with its reference figures."""

from __future__ import annotations

import csv

import pytest

from models.cohort import CohortError
from models.simulate import ra_measure
from models.simulate.__main__ import main
from models.simulate.ra_check import targets
from models.simulate.ra_tables import DATA
from models.simulate.targets import Target, missed, table

WITH_SOURCE = list(csv.DictReader((DATA / "ra_targets.csv").read_text("utf-8").splitlines()))


def goal(target=1.0, tolerance=0.1, key="a"):
    return Target(
        section="s", key=key, quantity="q", target=target, tolerance=tolerance, reason="because"
    )


@pytest.fixture(scope="module")
def quick():
    """The quick parts; half the patients of the command, which the tolerances still allow."""
    got = {}
    for part in (ra_measure.baseline, ra_measure.trials, ra_measure.ehr_worlds):
        got |= part(24_000, 20)
    return got


def test_marginals_arm_rates_shares_and_missingness_meet_their_targets(quick):
    goals = [g for g in targets() if g.key in quick]
    assert len(goals) > 110
    assert [g.key for g in goals if not g.met_by(quick[g.key])] == []


def test_every_target_is_measured_and_every_measurement_has_a_target(quick):
    # The slow parts at a token size: their figures mean nothing here, their names do.
    got = quick | ra_measure.registry(300, 1) | ra_measure.held_out(1_200, 1)
    assert {g.key for g in targets()} == got.keys()


def test_every_tolerance_has_a_reason():
    assert all(g.reason.strip() and g.tolerance >= 0 for g in targets())


def test_the_endpoint_decides_which_drug_looks_better_when_nothing_differs(quick):
    # The guard: no biomarker signal, methotrexate taken, yet DAS28-based response favours IL-6i.
    assert quick["guard.eular_good.il6i"] > quick["guard.eular_good.tnfi"] + 10
    assert quick["guard.cdai_lda.il6i"] < quick["guard.cdai_lda.tnfi"]


def test_a_missed_target_is_listed_and_said():
    goals = (goal(), goal(key="b"))
    got = {"a": 1.05, "b": 1.2}
    assert [g.key for g in missed(goals, got)] == ["b"]
    text = table(goals, got)
    assert text.count("MISSED (because)") == 1
    assert text.splitlines()[0].startswith("s ")


def test_a_tolerance_of_zero_means_equal_not_bit_identical():
    assert goal(0.3, 0.0).met_by(0.1 + 0.2)
    assert not goal(0.3, 0.0).met_by(0.31)
    assert not goal().met_by(float("nan"))


@pytest.mark.parametrize("got", [{}, {"a": 1.0, "extra": 2.0}])
def test_a_check_never_skips_a_row_silently(got):
    with pytest.raises(CohortError, match="do not match"):
        missed([goal()], got)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ra"], "--check"),
        (["lupus", "--check"], "invalid choice"),
        (["ra", "--check", "--n", "500"], "hold from 40000"),
        (["ra", "--check", "--seed", "-1"], "whole number"),
    ],
)
def test_a_wrong_command_line_is_explained(arguments, says, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (5.0, 1)])
def test_the_exit_code_says_whether_all_targets_are_met(value, code, monkeypatch, capsys):
    monkeypatch.setattr("models.simulate.ra_check.targets", lambda: (goal(),))
    monkeypatch.setattr(ra_measure, "measure", lambda n, seed: iter([("part", {"a": value})]))
    assert main(["ra", "--check"]) == code
    out = capsys.readouterr().out
    assert "SIMULATED" in out
    assert f"{1 - code} of 1 targets met" in out


@pytest.mark.parametrize("row", WITH_SOURCE, ids=lambda r: r["quantity"])
def test_every_target_says_whether_it_is_published_or_computed_and_where(row):
    assert row["kind"] in {"published", "computed", "design assumption", "unverified"}
    against_patients = "published trials" in row["section"]
    assert (row["kind"] in {"published", "unverified"}) == against_patients
    assert ("docs/evidence.md" in row["source"]) != against_patients
    assert row["source"].strip()
