"""The fitted model as numbers: margins, probabilities and contributions. numpy only.

    eta_a = b + a·b1 + sum over present modalities of (main + a·interaction)·z
              + sum over absent modalities of its flag,      a = −½ (first), +½ (second treatment)

Calibration and shrinkage are already folded in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools, Design
from models.gaussian import Gaussian, complete, conditional

SIDES = np.array([-0.5, 0.5])
"""a of the two treatments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Variance of the log-odds, per treatment, of tests too rare to learn their worth from.

    columns : numbers of the model's columns · variance : (2,)
    """

    columns: tuple[int, ...]
    variance: tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Parameters of a fitted model with p columns and M modalities.

    intercept, effect : b and b1 · main, interaction : (p,) · absent : (M,) flags
    spread_main, spread_interaction : (p,) before the difference was shrunk, for the intervals
    covariance : (q, q) of (intercept, effect, flags, main, interaction), q = 2 + M + 2p
    known_rows : (p,) training courses with outcome that had the value
    """

    design: Design
    gaussian: Gaussian
    intercept: float
    effect: float
    main: Floats
    interaction: Floats
    absent: Floats
    spread_main: Floats
    spread_interaction: Floats
    covariance: Floats
    known_rows: Ints
    floors: tuple[Floor, ...]

    def standardise(self, features: Mapping[str, Floats]) -> tuple[Floats, Bools]:
        """(n, p) z with NaN where unknown or in an absent modality, and (n, M) presence."""
        raw, present = self.design.gated(features)
        return self.gaussian.standardise(raw), present

    def complete(self, z: Floats, present: Bools) -> Floats:
        """(n, p) z with single missing values at what the known ones lead us to expect."""
        return complete(self.gaussian, z, present[:, self.design.modality_of])

    def margins(self, filled: Floats, present: Bools) -> Floats:
        """(n, 2) log-odds under the two treatments, before any site's shift.

        Parameters
        ----------
        filled : (n, p) from `complete` · present : (n, M)
        """
        level = self.intercept + filled @ self.main + ~present @ self.absent
        gap = self.effect + filled @ self.interaction
        return np.asarray(level[:, None] + gap[:, None] * SIDES)

    def pattern_weights(self, known: Bools, present: Bools) -> Floats:
        """(2, p) log-odds per unit of z of the KNOWN columns, for one pattern of missingness.

        What a missing value is expected to add is a linear function of the known ones; it is
        credited to them, and the missing column itself gets exactly 0.

        Parameters
        ----------
        known : (p,) · present : (M,)
        """
        direct = self.main + SIDES[:, None] * self.interaction
        weights = np.where(known, direct, 0.0)
        wanted = present[self.design.modality_of] & ~known
        if wanted.any():
            regression, _ = conditional(self.gaussian.covariance, known, wanted)
            weights[:, known] += direct[:, wanted] @ regression
        return weights
