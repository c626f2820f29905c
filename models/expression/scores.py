"""Single-sample panel scores from the ranks of the sample's own genes.

The idea is singscore's (Foroutan 2018, BMC Bioinformatics 19:404, 10.1186/s12859-018-2435-4),
derived here anew from its definition. With p genes ranked from 1 (lowest), ties sharing their mean
rank, and a panel of k of them with mean rank m:

    lowest possible m = (k + 1) / 2,   highest = (2p − k + 1) / 2,   so their distance is p − k
    score = (m − lowest) / (p − k) − ½                               in [−½, ½]

Genes that fall with the process are scored on the reversed ranks, p + 1 − rank, in the same way,
and the two are added: [−1, 1]. A monotone change of scale alters no rank and so no score.
"""

from __future__ import annotations

import numpy as np

from models.cohort import Floats, Ints
from models.expression.errors import TooFewGenesError


def ranks(values: Floats) -> Floats:
    """(p,) ranks from 1, ties at their mean rank.

    >>> ranks(np.array([5.0, 1.0, 5.0, 9.0])).tolist()
    [2.5, 1.0, 2.5, 4.0]
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    ends = np.r_[starts[1:], len(values)]
    shared = np.repeat((starts + 1 + ends) / 2.0, ends - starts)
    found = np.empty(len(values))
    found[order] = shared
    return found


def half_score(of: Floats, members: Ints) -> float:
    """Score in [−½, ½] of some ranked genes that rise together.

    Parameters
    ----------
    of : (p,) ranks · members : (k,) positions, 1 ≤ k < p

    Raises
    ------
    TooFewGenesError
        No member, or no gene beside them.

    Examples
    --------
    The two highest of four genes reach the top, the two lowest the bottom:

    >>> r = ranks(np.array([1.0, 2.0, 3.0, 4.0]))
    >>> half_score(r, np.array([2, 3])), half_score(r, np.array([0, 1]))
    (0.5, -0.5)
    """
    p, k = len(of), len(members)
    if not 0 < k < p:
        raise TooFewGenesError(
            "A panel needs some of the measured genes, and not all of them.",
            "Send all genes that were measured.",
        )
    return float((of[members].mean() - (k + 1) / 2.0) / (p - k) - 0.5)


def panel_score(of: Floats, up: Ints, down: Ints) -> float:
    """Score of a panel with genes that rise and genes that fall; either set may be empty."""
    if not len(down):
        return half_score(of, up)
    falling = half_score(len(of) + 1.0 - of, down)
    return falling + (half_score(of, up) if len(up) else 0.0)
