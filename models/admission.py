"""Whether a challenger has earned the place of the additive model: pure functions of differences.

Every difference is challenger minus additive model, one per repeat, on identical folds. "Worse" and
"better" mean by more than `LIMIT` standard errors of the mean over repeats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIMIT = 2.0
LEAST_REPEATS = 3
"""Two repeats have a standard error, but it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Mean and standard error of paired differences; NaN where none is defined."""

    mean: float
    sem: float
    repeats: int

    @property
    def below(self) -> bool:
        """Lower by more than the limit."""
        return self.repeats >= LEAST_REPEATS and self.mean < -LIMIT * self.sem

    @property
    def above(self) -> bool:
        """Higher by more than the limit."""
        return self.repeats >= LEAST_REPEATS and self.mean > LIMIT * self.sem


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """promoted : whether the challenger takes the place · reasons : in words, why or why not"""

    promoted: bool
    reasons: tuple[str, ...]
    log_loss: Paired
    slope: Paired
    subgroups: Mapping[str, Paired]


def paired(differences: Sequence[float]) -> Paired:
    """Mean and standard error of the defined differences.

    >>> paired([1.0, 3.0, float("nan")])
    Paired(mean=2.0, sem=1.0, repeats=2)
    """
    known = [d for d in differences if not math.isnan(d)]
    if not known:
        return Paired(mean=math.nan, sem=math.nan, repeats=0)
    mean = math.fsum(known) / len(known)
    if len(known) == 1:
        return Paired(mean=mean, sem=math.nan, repeats=1)
    spread = math.fsum((d - mean) ** 2 for d in known) / (len(known) - 1)
    return Paired(mean=mean, sem=math.sqrt(spread / len(known)), repeats=len(known))


def verdict(
    log_loss: Sequence[float],
    slope: Sequence[float],
    subgroups: Mapping[str, Sequence[float]],
) -> Verdict:
    """The gate: it opens for a lower log loss only, and shuts for a worse slope or subgroup.

    Parameters
    ----------
    log_loss : differences · slope : differences of |calibration slope − 1|
    subgroups : name -> differences of log loss, NaN where a repeat has too few events
    """
    loss, calibration = paired(log_loss), paired(slope)
    groups = {name: paired(values) for name, values in subgroups.items()}
    against = []
    if loss.repeats < LEAST_REPEATS:
        against.append(f"{loss.repeats} repeats; at least {LEAST_REPEATS} are needed to tell")
    elif not loss.below:
        against.append(
            f"log loss differs by {loss.mean:+.4f} (SEM {loss.sem:.4f}): not lower by more than "
            f"{LIMIT:g} SEM"
        )
    if calibration.above:
        against.append(
            f"calibration slope is further from 1 by {calibration.mean:.3f} "
            f"(SEM {calibration.sem:.3f})"
        )
    against += [
        f"log loss is higher by {group.mean:.4f} (SEM {group.sem:.4f}) in {name}"
        for name, group in groups.items()
        if group.above
    ]
    good = (
        f"log loss is lower by {-loss.mean:.4f} (SEM {loss.sem:.4f}), more than {LIMIT:g} SEM",
        "calibration slope and subgroups are not worse",
    )
    return Verdict(
        promoted=not against,
        reasons=tuple(against) or good,
        log_loss=loss,
        slope=calibration,
        subgroups=groups,
    )
