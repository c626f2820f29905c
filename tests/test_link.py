"""The link's sums of sines: within their stated error everywhere, tabulated or in closed form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from models.link import (
    TABLE,
    TABLE_LIMITS,
    TABLE_TOLERANCE,
    LinkError,
    caratheodory,
    link_for,
    periodised,
    proved_sup_error,
    sigmoid,
    write_table,
)


def test_the_table_holds_every_interval_within_its_tolerance() -> None:
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["intervals"]
    assert [row["limit"] for row in rows] == list(TABLE_LIMITS)
    assert all(row["sup_error"] <= TABLE_TOLERANCE for row in rows)


@pytest.mark.parametrize("limit", TABLE_LIMITS)
def test_a_tabulated_sum_errs_less_than_the_table_says(limit: float) -> None:
    link = link_for(limit)
    assert link.limit == limit
    margin = np.linspace(-limit, limit, 20_001)
    assert np.max(np.abs(link(margin) - expit(margin))) <= link.sup_error


@pytest.mark.parametrize("limit", [2.0, 6.5])
def test_the_stated_error_is_the_proved_one(limit: float) -> None:
    link = link_for(limit)
    assert proved_sup_error(link) == pytest.approx(link.sup_error, rel=1e-6)


def test_the_table_can_be_computed_again(tmp_path: Path) -> None:
    """Rows differ in their last digits between machines, not in size or in error."""
    write_table(tmp_path / "again.json", (2.0, 3.0))
    rows = json.loads((tmp_path / "again.json").read_text(encoding="utf-8"))["intervals"]
    for row, limit in zip(rows, (2.0, 3.0), strict=True):
        shipped = link_for(limit)
        assert row["limit"] == limit
        assert row["sup_error"] <= TABLE_TOLERANCE
        np.testing.assert_allclose(row["frequencies"], shipped.frequencies, rtol=1e-3)


def test_few_frequencies_suffice() -> None:
    """Golden sizes: they decide the time of every explanation."""
    sizes = {limit: link_for(limit).frequencies.size for limit in (3.0, 4.0, 8.0, 16.0, 32.0)}
    assert sizes == {3.0: 6, 4.0: 8, 8.0: 13, 16.0: 23, 32.0: 41}


def test_amplitudes_are_positive_and_tame() -> None:
    """sigma' is positive definite, so an exact representation has positive amplitudes, and a fitted
    one up to its tolerance; large cancelling ones would let rounding eat the certificate.
    """
    for limit in TABLE_LIMITS:
        amplitudes = link_for(limit).amplitudes
        assert amplitudes.min() > -TABLE_TOLERANCE
        assert amplitudes.sum() < 1.1


@given(limit=st.floats(0.0, 300.0), digits=st.integers(6, 12))
def test_the_periodised_sum_errs_less_than_it_says(limit: float, digits: int) -> None:
    """Reason: the bound (nearest image plus geometric tail) is a proof, not an estimate."""
    link = periodised(limit, 10.0**-digits)
    margin = np.linspace(-limit, limit, 401)
    assert link.sup_error <= 10.0**-digits
    assert np.max(np.abs(link(margin) - expit(margin))) <= link.sup_error + 1e-14


@given(limit=st.floats(0.0, 100.0))
def test_the_chosen_link_covers_what_was_asked(limit: float) -> None:
    """Reason: a sum of sines is worthless beyond its interval, so that must reach far enough."""
    link = link_for(limit)
    assert link.limit >= limit
    assert link.sup_error <= TABLE_TOLERANCE


def test_a_finer_tolerance_than_the_table_takes_the_closed_form() -> None:
    assert link_for(3.0, 1e-12).sup_error <= 1e-12


@pytest.mark.parametrize("limit", [1000.5, float("inf"), float("nan")])
def test_a_margin_no_model_can_mean_is_refused(limit: float) -> None:
    with pytest.raises(LinkError, match="can be attained"):
        link_for(limit)


def test_an_unreachable_tolerance_is_refused() -> None:
    with pytest.raises(LinkError, match="double precision"):
        link_for(3.0, 1e-16)


def test_too_narrow_a_search_says_what_to_use_instead() -> None:
    with pytest.raises(LinkError, match="No 64 frequencies"):
        caratheodory(3.0, TABLE_TOLERANCE, start=65)


def test_sigmoid_neither_overflows_nor_loses_its_ends() -> None:
    margin = np.array([-1e4, -50.0, -1.0, 0.0, 1.0, 50.0, 1e4])
    np.testing.assert_allclose(sigmoid(margin), expit(margin), rtol=0, atol=2.3e-16)
