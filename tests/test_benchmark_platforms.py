"""The benchmark of platforms counts what it says, on a small run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks import expression, platforms
from tests.expression_samples import panels


def test_ranks_stand_a_change_of_platform_that_training_z_scores_do_not():
    found = platforms.change(panels(), repeats=2, n=60, genes=1_500)
    ranks, z = found["rank_mean"], found["training_z"]
    assert ranks["spearman_b"] > 0.95
    assert ranks["mean_size_of_shift"] < z["mean_size_of_shift"] / 2
    assert found["registered"]["mean_size_of_shift"] < 0.1
    assert set(found["vendored"]) == {p.id for p in panels().panels}


def test_shift_and_spread_are_in_standard_deviations_of_the_first_platform():
    x = np.arange(10.0)
    found = platforms.compared(x, 2.0 * x + 3.0, x)
    assert found["shift"] == pytest.approx((2 * 4.5 + 3 - 4.5) / x.std(ddof=1))
    assert found["spread"] == pytest.approx(2.0)
    assert found["spearman_a"] == found["spearman_b"] == pytest.approx(1.0)


def test_the_way_of_a_binary_is_measured_for_every_kind_of_file(capsys):
    expression.main(["--json", "--genes", "1000", "--rounds", "1"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 5
    assert {row["panels"] for row in rows} == {11}
