"""Limits of an observed share."""

from __future__ import annotations

import math


def wilson(events: float, n: float, quantile: float = 1.959963984540054) -> tuple[float, float]:
    """95 % limits of a share; (0, 1) where n is 0. Weighted counts need not be whole.

    References
    ----------
    E. B. Wilson, JASA 22 (1927) 209.

    Examples
    --------
    >>> tuple(round(x, 4) for x in wilson(31, 84))
    (0.2737, 0.4758)
    """
    if not n:
        return 0.0, 1.0
    share, z2 = events / n, quantile**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = quantile / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
