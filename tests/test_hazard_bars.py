"""The bars of a progression model: what each is held against, and what one figure would hide."""

from __future__ import annotations

from models.hazard_bars import bars
from models.simulate import t1d


def blocks_of(**changed):
    """Scores by group of people, all alike but for what is changed."""
    row = {
        "auc_expected_oracle": 0.8,
        "auc_expected_model": 0.7,
        "auc_expected_reference": 0.7,
        "brier_kaplan_meier": 0.2,
        "brier_cox": 0.11,
        "brier_forest": 0.1,
        "brier_model": 0.1,
    }
    names = ["overall", *(n for s in t1d.STRATA for n in (s, f"{s}.complete"))]
    return {n: {h: row | changed.get(n, {}) for h in ("1y", "2y", "5y")} for n in names}


def held_out_of(*each):
    sites = {str(i): {"after": {"oe": oe}} for i, oe in enumerate(each)}
    return sites | {"before": {"oe": 0.7}, "after": {"oe": sum(each) / len(each)}}


def test_without_a_ceiling_the_bar_with_missing_values_is_open():
    found = bars(blocks_of(), held_out_of(1.0), t1d.STRATA, False)
    assert all(found[f"auc.{s}.complete"]["met"] is False for s in t1d.STRATA)
    assert all(found[f"auc.{s}"]["met"] is None for s in t1d.STRATA)


def test_sites_whose_errors_cancel_are_named():
    bar = bars(blocks_of(), held_out_of(0.8, 1.2, 1.0), t1d.STRATA, False)
    assert bar["oe_after_recalibration"]["met"] is True
    assert bar["oe_after_recalibration"]["sites_outside"] == ["0", "1"]


def test_where_a_peer_is_better_is_named_though_the_bar_is_met():
    better = blocks_of(**{"stage_2.complete": {"brier_cox": 0.09}})
    bar = bars(better, held_out_of(1.0), t1d.STRATA, True)["brier.cox"]
    assert bar["met"] is True
    assert bar["peer_better_in"] == [f"stage_2.complete.{h}" for h in ("1y", "2y", "5y")]
