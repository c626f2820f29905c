"""Penalised logistic regression by Newton's method (IRLS), numpy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.link import sigmoid as sigmoid  # offered with the regression whose link it is

MOST_STEPS = 25
SMALLEST_STEP = 1e-7


class FitError(ValueError):
    """A regression that cannot be fitted; the message says what to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """theta : (q,) coefficients · information : (q, q) XᵀWX at theta, without the penalty."""

    theta: Floats
    information: Floats


def fit_logistic(
    X: Floats,
    y: Floats,
    penalty: Floats,
    *,
    centre: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
    tolerance: float = SMALLEST_STEP,
) -> Fit:
    """Minimise −log-likelihood + ½ (theta − centre)ᵀ diag(penalty) (theta − centre).

    Parameters
    ----------
    X : (n, q) design · y : (n,) 0 or 1 · penalty : (q,) at least 0
    centre : (q,) values the penalty draws towards, default 0
    offset : (n,) known part of the log-odds, default 0
    start : (q,) where to begin, default `centre`

    Raises
    ------
    FitError
        If the steps do not settle, or the Hessian is singular (an unpenalised collinear column).

    References
    ----------
    A. E. Hoerl and R. W. Kennard, Technometrics 12 (1970) 55; P. J. Green, JRSS B 46 (1984) 149.
    """
    q = X.shape[1]
    target = np.zeros(q) if centre is None else centre
    theta = target.copy() if start is None else start.copy()
    known = np.zeros(len(y)) if offset is None else offset
    information = np.empty((q, q))
    for _ in range(MOST_STEPS):
        p = sigmoid(known + X @ theta)
        gradient = X.T @ (y - p) - penalty * (theta - target)
        information = X.T @ (X * (p * (1.0 - p))[:, None])
        try:
            step = np.linalg.solve(information + np.diag(penalty), gradient)
        except np.linalg.LinAlgError as error:
            raise FitError("singular Hessian; penalise every column or drop a duplicate") from error
        largest = float(np.abs(step).max())
        if not np.isfinite(largest):
            raise FitError("the steps diverge; look for a column with missing or infinite values")
        # A full step from a poor start can overshoot; coefficients are per standard deviation.
        theta = theta + step * min(1.0, 3.0 / max(largest, 1e-300))
        if largest < tolerance:
            return Fit(theta=theta, information=information)
    raise FitError(
        f"no convergence in {MOST_STEPS} steps; raise the penalty or look for separation"
    )


def log_loss_of_margin(margin: Floats, y: Floats) -> float:
    """Mean negative log-likelihood of 0/1 outcomes at log-odds `margin`."""
    return float(np.mean(np.logaddexp(0.0, margin) - y * margin))
