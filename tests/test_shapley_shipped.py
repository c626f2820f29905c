"""The release gate: the shipped model's explanations against values found without the product."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.explain_shipped import shipped
from decision import catalog
from models.decisions import known_decisions
from models.shapley import explain, grouped

COMPARED = [name for name in known_decisions() if catalog.load(name).prognosis is None]
"""The reasons of a prognosis are found by enumeration itself: tests/test_prognosis.py."""


@pytest.mark.parametrize("measured", [False, True], ids=["as recorded", "everything measured"])
@pytest.mark.parametrize("decision", COMPARED)
def test_shipped_explanations_are_exact_and_additive(decision: str, measured: bool) -> None:
    assert COMPARED
    _, cases = shipped(decision, 4, measured=measured)
    assert len(cases) == 4
    for case in cases:
        got = explain(case.contributions, case.intercepts, case.background)
        exact = case.exact()
        assert np.abs(got.values - exact).max() <= got.certificate <= 1e-9
        assert np.abs(got.differential - (exact[1] - exact[0])).max() <= got.certificate
        assert np.abs(got.base + got.values.sum(axis=1) - got.probability).max() <= 1e-9
        untouched = ~(case.contributions[:, None] - case.background.contributions).any(axis=(0, 1))
        assert (got.values[:, untouched] == 0.0).all()

        coarse = grouped(case.contributions, case.intercepts, case.background, case.groups)
        np.testing.assert_allclose(coarse.values, case.coarse().exact(), rtol=0, atol=1e-13)
        np.testing.assert_allclose(coarse.probability, got.probability, rtol=0, atol=1e-15)
