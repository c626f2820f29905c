"""The bars a progression model is held to, each with its figures and what it is held against.

One run is one cohort: a figure near its bar falls on either side of it from seed to seed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

OBSERVED = "oracle_observed"
WITHIN_ORACLE, OE = 0.02, (0.9, 1.1)
LAST, HORIZONS = "5y", ("1y", "2y", "5y")
POOLED = ("before", "after")


def bars(
    blocks: Mapping[str, Any], held_out: Mapping[str, Any], strata: Sequence[str], compared: bool
) -> dict[str, Any]:
    """Every bar of one run; `met` is null where there was nothing to hold the model against.

    blocks : scores by group of people · held_out : by site, and pooled `before` and `after`
    compared : whether the other people's models were fitted
    """
    found: dict[str, Any] = {}
    for name in strata:
        # With something missing the oracle knows what nobody measured: see hazard_ceiling.
        found[f"auc.{name}.complete"] = _auc(blocks[f"{name}.complete"][LAST], "oracle")
        found[f"auc.{name}"] = _auc(blocks[name][LAST], OBSERVED)
    found["oe_after_recalibration"] = _calibrated(held_out)
    for peer in ("kaplan_meier", *(("cox", "forest") if compared else ())):
        found[f"brier.{peer}"] = _brier(blocks, peer)
    return found


def _auc(row: Mapping[str, float], against: str) -> dict[str, Any]:
    model = row["auc_expected_model"]
    figures: dict[str, Any] = {
        "below_oracle": row["auc_expected_oracle"] - model,
        "below_reference": row["auc_expected_reference"] - model,
    }
    if (best := row.get(f"auc_expected_{OBSERVED}")) is not None:
        halves = [row[f"auc_expected_{OBSERVED}_half_{i}"] for i in (1, 2)]
        figures[f"below_{OBSERVED}"] = best - model
        figures["precision"] = abs(halves[0] - halves[1])
    gap = figures.get(f"below_{against}")
    met = None if gap is None else gap <= WITHIN_ORACLE
    return {**figures, "against": against, "limit": WITHIN_ORACLE, "met": met}


def _calibrated(held_out: Mapping[str, Any]) -> dict[str, Any]:
    """All held-out sites pooled; errors of single sites cancel, so those outside are named."""
    after = held_out["after"]["oe"]
    by_site = {s: row["after"]["oe"] for s, row in held_out.items() if s not in POOLED}
    outside = sorted(s for s, oe in by_site.items() if not OE[0] <= oe <= OE[1])
    return {
        "oe": after,
        "against": "all sites pooled",
        "limits": list(OE),
        "sites": by_site,
        "sites_outside": outside,
        "met": OE[0] <= after <= OE[1],
    }


def _brier(blocks: Mapping[str, Any], peer: str) -> dict[str, Any]:
    """Gains over a peer in everybody, and the groups in which the peer was the better one."""
    gains = {name: _gains(block, peer) for name, block in blocks.items()}
    better = [f"{name}.{h}" for name, own in gains.items() for h, gain in own.items() if gain < 0.0]
    overall = gains["overall"]
    return {
        **overall,
        "against": "everybody",
        "peer_better_in": sorted(better),
        "met": all(gain >= 0.0 for gain in overall.values()),
    }


def _gains(block: Mapping[str, Any], peer: str) -> dict[str, float]:
    rows = {h: block[h] for h in HORIZONS if f"brier_{peer}" in block.get(h, {})}
    return {h: row[f"brier_{peer}"] - row["brier_model"] for h, row in rows.items()}
