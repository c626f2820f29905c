"""The logistic link as a short sum of sines: the form in which a product over features factorises.

sigma(m) = 1/2 + sum_k A_k sin(w_k m) on [-M, M], up to a stated sup error. Two sources:

* up to M = 32 a shipped table (`link_frequencies.json`). sigma' is positive definite, so
  Caratheodory's theorem yields very few frequencies (6 at M = 3 where a Fourier series needs 30).
  The table is shipped rather than computed because the search is seconds of linear algebra, whose
  last digits depend on the machine, and the explanation of a patient must depend on neither;
* beyond, or for a finer tolerance, the periodised sigmoid in closed form.

`python -m models.link` writes the table again.

References
----------
C. Caratheodory, "Ueber den Variabilitaetsbereich der Fourier'schen Konstanten von positiven
harmonischen Funktionen", Rend. Circ. Mat. Palermo 32 (1911) 193-217; V. F. Pisarenko, "The
retrieval of harmonics from a covariance function", Geophys. J. R. astr. Soc. 33 (1973) 347-366;
G. Beylkin and L. Monzon, "On generalized Gaussian quadratures for exponentials and their
applications", Appl. Comput. Harmon. Anal. 12 (2002) 332-373.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from decision.clinical.errors import ModelError
from models.cohort import Floats

TABLE = Path(__file__).with_name("link_frequencies.json")
TABLE_LIMITS = (*np.arange(2.0, 8.0, 0.5).tolist(), *np.arange(8.0, 33.0).tolist())
TABLE_TOLERANCE = 2e-10
"""Sup error of every tabulated interval: a certificate of 1e-9 for a *difference* of two treatments
leaves each 5e-10, of which twice the sup error may take four fifths."""
LARGEST_LIMIT = 1000.0
_SIGMOID_CURVATURE = 1.0 / (6.0 * math.sqrt(3.0))  # max |sigma''|


class LinkError(ModelError):
    """No sum of sines for this interval."""


@dataclass(frozen=True, slots=True)
class Link:
    """sigma(m) on [-limit, limit] as 1/2 + sum_k amplitudes_k sin(frequencies_k m).

    Parameters
    ----------
    limit : half width of the interval, in units of the margin (log-odds)
    frequencies : (K,) radians per unit of the margin, ascending and positive
    amplitudes : (K,) in units of probability
    sup_error : bound on |sum - sigma| over the interval, in units of probability
    """

    limit: float
    frequencies: Floats
    amplitudes: Floats
    sup_error: float

    def __call__(self, margin: NDArray[np.floating]) -> Floats:
        """The approximate probability at each margin."""
        waves = np.sin(np.multiply.outer(margin, self.frequencies))
        return np.asarray(0.5 + waves @ self.amplitudes, dtype=np.float64)


def sigmoid(margin: NDArray[np.floating]) -> Floats:
    """1 / (1 + exp(-margin)) without overflow; below -700 it is 0 to any purpose."""
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(-margin, 700.0))), dtype=np.float64)


def link_for(limit: float, tolerance: float = TABLE_TOLERANCE) -> Link:
    """The shortest known sum of sines that is within `tolerance` of sigma on [-limit, limit].

    Parameters
    ----------
    limit : largest absolute margin that can be attained
    tolerance : largest sup error, in units of probability

    Raises
    ------
    LinkError
        If the limit is beyond `LARGEST_LIMIT` or not a number, or the tolerance below 1e-13.
    """
    if not limit <= LARGEST_LIMIT:
        raise LinkError(
            f"A margin of {limit!r} can be attained; {LARGEST_LIMIT:g} log-odds are the most.",
            "Check the units of the contributions.",
        )
    if not tolerance >= 1e-13:
        raise LinkError(
            f"The tolerance {tolerance!r} is finer than double precision allows.",
            "Ask for 1e-13 or more.",
        )
    for link in _table():
        if limit <= link.limit and link.sup_error <= tolerance:
            return link
    return periodised(limit, tolerance)


def periodised(limit: float, tolerance: float) -> Link:
    """The Fourier series of the sigmoid repeated with alternating sign every P.

    w_k = pi k / P, A_k = 2 pi / (P sinh(pi w_k)), k odd, P = limit + ln(2 / tolerance). The images
    alternate in sign and decrease, so the nearest bounds them: exp(limit - P). The dropped terms
    are bounded by a geometric series. The two bounds add up to the stated sup error.
    """
    log = math.log(2.0 / tolerance)
    period = limit + log
    last = math.ceil(period * log / math.pi**2)
    k = np.arange(1, last + 2, 2, dtype=np.float64)
    frequencies = math.pi * k / period
    amplitudes = 2.0 * math.pi / (period * np.sinh(math.pi * frequencies))
    decay = math.exp(-2.0 * math.pi**2 / period)
    first_dropped = math.exp(-(math.pi**2) * (float(k[-1]) + 2.0) / period)
    tail = 4.0 * math.pi / period * first_dropped / ((1.0 - decay) * (1.0 - first_dropped**2))
    return Link(limit, frequencies, amplitudes, math.exp(-log) + tail)


@cache
def _table() -> tuple[Link, ...]:
    rows = json.loads(TABLE.read_text(encoding="utf-8"))["intervals"]
    return tuple(
        Link(
            limit=float(row["limit"]),
            frequencies=np.array(row["frequencies"], dtype=np.float64),
            amplitudes=np.array(row["amplitudes"], dtype=np.float64),
            sup_error=float(row["sup_error"]),
        )
        for row in rows
    )


def caratheodory(limit: float, tolerance: float, start: int = 2) -> Link:
    """The fewest frequencies, from `start` upwards, that reach `tolerance` on [-limit, limit].

    The samples c_n = sigma'(n h), n = 0..2K, h = s limit / 2K form a Toeplitz matrix; the
    polynomial of its least eigenvector has its roots on the unit circle, and their angles over h
    are the frequencies. Amplitudes are least squares of sigma - 1/2 at Chebyshev points.

    Raises
    ------
    LinkError
        If 64 frequencies do not suffice: use `periodised`.
    """
    for count in range(start, 65):
        for stretch in (1.1, 1.15, 1.2, 1.3):
            frequencies = _frequencies(limit, count, stretch)
            if frequencies is None:
                continue
            points = limit * np.cos(np.pi * (np.arange(12 * count + 80) + 0.5) / (24 * count + 160))
            waves = np.sin(np.outer(points, frequencies))
            fitted = np.linalg.lstsq(waves, sigmoid(points) - 0.5, rcond=None)[0]
            amplitudes = np.asarray(fitted, dtype=np.float64)
            candidate = Link(limit, frequencies, amplitudes, math.nan)
            grid = np.linspace(0.0, limit, 2 + math.ceil(40 * limit * frequencies[-1] / np.pi))
            if np.max(np.abs(candidate(grid) - sigmoid(grid))) <= 0.99 * tolerance:
                proved = proved_sup_error(candidate)
                if proved <= tolerance:
                    return Link(limit, frequencies, amplitudes, proved)
    raise LinkError(f"No 64 frequencies reach {tolerance!r} at {limit!r}.", "Use periodised().")


def _frequencies(limit: float, count: int, stretch: float) -> Floats | None:
    step = stretch * limit / (2 * count)
    half = sigmoid(step * np.arange(2 * count + 1))
    samples = half * (1.0 - half)
    index = np.arange(2 * count + 1)
    _, vectors = np.linalg.eigh(samples[np.abs(index[:, None] - index[None, :])])
    angles = np.angle(np.roots(vectors[:, 0]))
    positive = np.sort(angles[(angles > 1e-9) & (angles < np.pi - 1e-9)])
    return positive / step if positive.size == count else None


def proved_sup_error(link: Link, spacing: float = 2e-5) -> float:
    """sup |sum - sigma| over the interval, proved up to rounding.

    The largest error on a grid plus spacing^2 / 8 times a bound on the second derivative of the
    error, sum |A_k| w_k^2 + max |sigma''|: what linear interpolation between grid points can miss.
    """
    count = 1 + math.ceil(link.limit / spacing)
    largest = 0.0
    for first in range(0, count, 20_000):
        margin = spacing * np.arange(first, min(first + 20_001, count + 1))
        margin = np.minimum(margin, link.limit)
        largest = max(largest, float(np.max(np.abs(link(margin) - sigmoid(margin)))))
    curvature = float(np.abs(link.amplitudes) @ link.frequencies**2) + _SIGMOID_CURVATURE
    return largest + spacing**2 / 8.0 * curvature


def write_table(path: Path, limits: Sequence[float] = TABLE_LIMITS) -> None:
    """Compute every interval (under a minute) and write the table, with progress on stderr."""
    rows, count = [], 2
    for limit in limits:
        link = caratheodory(limit, TABLE_TOLERANCE, count)
        count = link.frequencies.size  # wider intervals never need fewer
        sys.stderr.write(f"M = {limit:g}: {count} terms, sup error {link.sup_error:.2e}\n")
        row = {
            "limit": limit,
            "sup_error": link.sup_error,
            "frequencies": link.frequencies.tolist(),
            "amplitudes": link.amplitudes.tolist(),
        }
        rows.append(json.dumps(row))
    about = json.dumps("sigma(m) = 1/2 + sum A sin(w m) on [-limit, limit]; python -m models.link")
    body = ",\n".join(rows)
    path.write_text(f'{{"about": {about},\n"intervals": [\n{body}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    write_table(TABLE)
