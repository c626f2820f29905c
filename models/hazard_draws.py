"""People of one purpose: every purpose has its own seed and its own numbers of people."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

TRAINING, SCORED, REFERENCE = 0, 1, 2
CEILINGS = (3, 4)
"""Two samples, whose difference is the precision of what they estimate."""
LOCAL, AT_SITE = 10, 20
"""Plus the number of the site: people to recalibrate it on, and others of it to score."""


def draw(world: ModuleType, n: int, seed: int, part: int, sites: Sequence[int]) -> Any:
    """n people; no two purposes, and no two seeds, share anybody."""
    return world.simulate(n, seed=1_000 * seed + part, sites=sites, first_person=part * 10**7)
