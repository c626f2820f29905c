"""Shapley values of an additive-logit game with many players, with a proved error.

With the link as a sum of sines (`models.link`) the worth of a coalition is a product over players,
and the sum over 2^d coalitions a one-dimensional integral. In the notation of `models.shapley`,
with S containing each player independently with probability t, u = 2 t - 1, theta_kj = w_k D_rj:

    phi_j = sum_r rho_r sum_k 2 A_k cos(w_k c_r) sin(theta_kj / 2)
            * int_0^1 Re prod_{l != j} (cos(theta_kl / 2) + i u sin(theta_kl / 2)) du,
    c_r = (m_x + m0_r) / 2.

The factor of a player is (1-t) + t exp(i theta) up to a phase, and a coalition and its complement
(u and -u) give conjugate products, hence the real part on half the range. The integrand is an even
polynomial in u, so few Gauss-Legendre nodes suffice, with a proved bound; one product serves every
player because each factor can be divided out again: |factor| >= u > 0 at every node.

References
----------
G. Owen, "Multilinear extensions of games", Management Science 18 (1972) 64-79 (the integral over
t); P. J. Davis and P. Rabinowitz, "Methods of Numerical Integration" (1984) 2.7 (the error of the
Gauss-Legendre rule); G. H. Hardy, J. E. Littlewood and G. Polya, "Inequalities" (1934) 2.22
(Maclaurin's inequality).
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray

from decision.clinical.errors import ModelError
from models.cohort import Floats
from models.link import Link, link_for, sigmoid

_SUP_SHARE, _QUADRATURE_SHARE, _ROUNDING_SHARE = 0.40, 0.19, 0.01
"""Of the error allowed to one treatment: the link's sup error (it counts twice), quadrature,
rounding (measured far below 1e-12; its share is an allowance, the row check is the guard)."""
_BLOCK = 50_000  # numbers per temporary: larger blocks gain nothing, smaller ones cost calls


REPORT = "Show no explanation; report the model's version with the patient's contributions."


class CertificateError(ModelError):
    """The values do not add up within their proved error: they must not be shown."""


@cache
def _nodes(order: int) -> tuple[tuple[float, float], ...]:
    """The positive nodes and weights of the 2 x order-point Gauss-Legendre rule on [-1, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(2 * order)
    return tuple(zip(nodes[order:].tolist(), weights[order:].tolist(), strict=True))


def _quadrature(
    link: Link, deltas: Floats, weights: Floats, allowed: float
) -> tuple[NDArray[np.int64], Floats]:
    """Per frequency the least order whose proved error is within its share, and that error by row.

    With n = 2 Q nodes the rule errs on the integral by at most c_n e_2n(|sin|) / 2,
    c_n = 2^(2n+1) n!^4 / ((2n+1) (2n)!^2), and Maclaurin's inequality with Jensen's on the concave
    majorant of |sin| gives e_2n <= binom(d-1, 2n) s^2n. It is 0 once 2n > d - 1.

    Returns
    -------
    (K,) orders, (B,) bound on the error of any one value of a row
    """
    others = max(int(np.count_nonzero(deltas, axis=1).max()) - 1, 1)
    spread = np.abs(deltas).sum(axis=1) / (2.0 * others)
    sine = np.sin(np.minimum(0.5 * np.pi, np.multiply.outer(link.frequencies, spread)))
    size = 2.0 * np.abs(link.amplitudes)
    share = allowed / size.size
    orders = np.zeros(size.size, dtype=np.int64)
    by_row = np.zeros(weights.size)
    order = 0
    while not orders.all():
        order += 1
        n = 2 * order
        rule = 2.0 ** (2 * n) * math.factorial(n) ** 4 / ((2 * n + 1) * math.factorial(2 * n) ** 2)
        factor = rule * math.comb(others, 2 * n)
        bound = size[:, None] * (factor * sine ** (2 * n))
        settled = (orders == 0) & (bound @ weights <= share)
        orders[settled] = order
        by_row += bound[settled].sum(axis=0)
    return orders, by_row


def trigonometric_values(
    deltas: Floats, start: Floats, finish: float, weights: Floats, epsilon: float
) -> tuple[Floats, float, float]:
    """Values of one treatment, their certificate, and the largest residual of a single row.

    Parameters
    ----------
    deltas : (B, d) contribution of the patient minus that of the row, in log-odds
    start, finish : (B,) log-odds of every row, and of the patient
    weights : (B,) weights of the rows, sum 1
    epsilon : largest certificate allowed, in units of probability

    Returns
    -------
    (d,) values, certificate, residual, all in units of probability

    Raises
    ------
    CertificateError
        If a row's values miss its difference in probability by more than their proved error.
    """
    lowest = start + np.minimum(deltas, 0.0).sum(axis=1)
    highest = start + np.maximum(deltas, 0.0).sum(axis=1)
    limit = float(max(np.abs(lowest).max(), np.abs(highest).max()))
    link = link_for(limit, _SUP_SHARE * epsilon)
    orders, by_row = _quadrature(link, deltas, weights, _QUADRATURE_SHARE * epsilon)
    centre = 0.5 * (finish + start)
    columns = np.ascontiguousarray(0.5 * deltas.T)
    rows = np.zeros_like(columns)
    width = max(1, _BLOCK // columns.size)
    for order in np.unique(orders):
        chosen = np.flatnonzero(orders == order)
        for first in range(0, chosen.size, width):
            block = chosen[first : first + width]
            w = link.frequencies[block, None]
            scale = 2.0 * link.amplitudes[block, None] * np.cos(w * centre)
            rows += _block(columns[:, None, :] * w, scale, int(order))
    rounding = _ROUNDING_SHARE * epsilon
    residual = np.abs(rows.sum(axis=0) - (sigmoid(np.array(finish)) - sigmoid(start)))
    if not (residual <= 2.0 * link.sup_error + len(rows) * (by_row + rounding)).all():
        raise CertificateError(
            f"The reasons against background row {int(residual.argmax())} miss its difference in "
            f"probability by {residual.max():.1e}.",
            REPORT,
        )
    certificate = 2.0 * link.sup_error + float(by_row @ weights) + rounding
    return rows @ weights, certificate, float(residual.max())


def _block(phase: Floats, scale: Floats, order: int) -> Floats:
    """(d, B) sum over some frequencies of one order; overwrites `phase`.

    phase : (d, k, B) theta / 2; scale : (k, B) 2 A_k cos(w_k c_r). Buffers are reused because
    fresh pages cost as much here as the arithmetic.
    """
    factor = np.empty(phase.shape, dtype=np.complex128)
    sine = np.sin(phase)
    cosine = np.cos(phase, out=phase)
    factor.real = cosine
    square = np.square(sine)
    real, imaginary = np.zeros_like(sine), np.zeros_like(sine)
    share, term = np.empty_like(sine), np.empty_like(sine)
    for u, weight in _nodes(order):
        np.multiply(sine, u, out=factor.imag)
        product = np.multiply.reduce(factor, axis=0)
        pole = 1.0 / (1.0 - u * u)
        product *= scale * (weight * pole)
        # 1 / (pole - sin^2) = (1 - u^2) / |factor|^2: this divides each player out again
        np.subtract(pole, square, out=share)
        np.reciprocal(share, out=share)
        real += np.multiply(share, product.real, out=term)
        imaginary += np.multiply(share, u * product.imag, out=term)
    real *= cosine
    imaginary *= sine
    real += imaginary
    real *= sine
    return np.asarray(real.sum(axis=1), dtype=np.float64)
