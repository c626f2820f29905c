"""Whether a challenger has earned the place of the additive model: pure functions of differences.

Every difference is challenger minus additive model, one per repeat, on identical folds. "Worse" and
"better" mean by more than `LIMIT` standard errors of the mean over repeats. `paired` is right for
repeats that share no patient, as simulated worlds do; `resampled` for repeats that deal the same
patients again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from scipy import stats

LIMIT = 2.0
LEAST_REPEATS = 3
"""Two repeats have a standard error, but it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """Mean and standard error of paired differences; NaN where none is defined.

    repeats : of which a difference is defined · differences : of all, NaN where it is not
    """

    mean: float
    sem: float
    repeats: int
    differences: tuple[float, ...] = field(default=(), repr=False, compare=False)

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
    own = tuple(differences)
    known = [d for d in own if not math.isnan(d)]
    mean = math.fsum(known) / len(known) if known else math.nan
    sem = math.nan
    if len(known) > 1:
        spread = math.fsum((d - mean) ** 2 for d in known) / (len(known) - 1)
        sem = math.sqrt(spread / len(known))
    return Paired(mean=mean, sem=sem, repeats=len(known), differences=own)


def resampled(differences: Sequence[float], share: float) -> Paired:
    """`paired` for differences of folds that were dealt from the same patients, again and again.

    Such differences hang together, so that their spread over √J understates the error: two runs of
    ten repeats look as sure as they are alike. Variance (1/J + share) s² instead of s²/J.

    Parameters
    ----------
    share : scored divided by training patients of each fold, e.g. 1/4 in five-fold cross-validation

    References
    ----------
    C. Nadeau and Y. Bengio, Machine Learning 52 (2003) 239.

    >>> resampled([1.0, 3.0], 0.25)
    Paired(mean=2.0, sem=1.224744871391589, repeats=2)
    """
    plain = paired(differences)
    if plain.repeats < 2:
        return plain
    wider = math.sqrt(1.0 + share * plain.repeats)
    return replace(plain, sem=plain.sem * wider)


def chance(repeats: int) -> float:
    """How often the gate's first test passes by chance where nothing differs, from Student's t.

    The rule counts standard errors, not probabilities; with few repeats 2 of them are reached more
    often than the 2.3 % that a normal distribution promises.

    >>> round(chance(5), 3)
    0.058
    """
    return float(stats.t.sf(LIMIT, repeats - 1)) if repeats > 1 else math.nan


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
