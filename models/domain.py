"""Is this patient like those the model was fitted on? Mahalanobis distance, conformal p-value.

    D² = z_oᵀ (Σ_oo)⁻¹ z_o over the observed columns o,
    p  = (1 + #{calibration rows with D² at least as large, on the same o}) / (rows + 1)

Calibration rows are disjoint from those that fitted Σ, so p is valid for any distribution: of
patients like the training ones, at most a share p gets a p-value that small. numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.design import Bools
from models.gaussian import Gaussian, complete, fit_gaussian

FEWEST_ROWS = 99
"""Calibration rows behind every p-value, so that one of .01 can be reached."""
MOST_CALIBRATION = 1_500


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """columns : numbers of the model's columns looked at, q of them
    mean, sd : (q,) · covariance : (q, q) of z · rows : (n, q) calibration z, NaN unknown
    """

    columns: Ints
    mean: Floats
    sd: Floats
    covariance: Floats
    rows: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusual:
    """p_value · culprit : number of the least usual model column · rows : calibration rows behind p
    used : (q,) columns that entered the distance
    """

    p_value: float
    culprit: int
    rows: int
    used: Bools


def ledoit_wolf_intensity(X: Floats) -> float:
    """Optimal weight of a multiple of the identity in the covariance of centred rows X (n, q).

    References
    ----------
    O. Ledoit and M. Wolf, J. Multivar. Anal. 88 (2004) 365.
    """
    n, q = X.shape
    S = X.T @ X / n
    mu = float(np.trace(S)) / q
    apart = float(((S - mu * np.eye(q)) ** 2).sum())
    if not apart:
        return 0.0
    noise = float((np.square(X).T @ np.square(X)).sum()) / n - float((S**2).sum())
    return float(min(max(noise / n / apart, 0.0), 1.0))


def fit_domain(raw: Floats, columns: Ints, eligible: Bools, rng: np.random.Generator) -> Domain:
    """Fit on training patients; a random third of the eligible ones, at most 1,500, calibrates.

    Parameters
    ----------
    raw : (n, p) columns, NaN unknown · columns : those to look at
    eligible : (n,) patients who would have been answered: whom a bedside patient is compared with

    Raises
    ------
    ValueError
        If fewer than 99 patients are left to calibrate.
    """
    candidates = rng.permutation(np.flatnonzero(eligible))
    held = candidates[: min(MOST_CALIBRATION, len(candidates) // 3)]
    if len(held) < FEWEST_ROWS:
        raise ValueError(
            f"{len(held)} patients to calibrate the domain with; {FEWEST_ROWS} are needed, three "
            "times as many with every required value"
        )
    x = raw[:, columns]
    fitted = np.ones(len(x), dtype=bool)
    fitted[held] = False
    gaussian: Gaussian = fit_gaussian(x[fitted])
    z = gaussian.standardise(x[fitted])
    weight = ledoit_wolf_intensity(complete(gaussian, z, np.ones_like(z, dtype=bool)))
    return Domain(
        columns=columns,
        mean=gaussian.mean,
        sd=gaussian.sd,
        covariance=(1.0 - weight) * gaussian.covariance + weight * np.eye(len(columns)),
        # Single precision halves the artefact; the distances are compared, never displayed.
        rows=gaussian.standardise(x[held]).astype(np.float32).astype(np.float64),
    )


def distances(domain: Domain, z: Floats, used: Bools) -> Floats:
    """(n,) D² of rows that know every used column."""
    o = z[:, used]
    inverse = np.linalg.inv(domain.covariance[np.ix_(used, used)])
    return np.asarray(np.einsum("ni,ij,nj->n", o, inverse, o))


def unusual(domain: Domain, raw: Floats) -> Unusual:
    """p-value and least usual column of one patient, raw (p,).

    Where fewer than 99 calibration rows know everything this patient knows, the rarest tests are
    left out of the distance; their values are still held against the usual ranges.

    Raises
    ------
    ValueError
        If the patient knows none of the columns.
    """
    z = (raw[domain.columns] - domain.mean) / domain.sd
    used, have = ~np.isnan(z), ~np.isnan(domain.rows)
    if not used.any():
        raise ValueError("no value is known; the domain needs at least one")
    frequency = have.mean(axis=0)
    rows = have[:, used].all(axis=1)
    while rows.sum() < FEWEST_ROWS and used.sum() > 1:
        used[np.flatnonzero(used)[np.argmin(frequency[used])]] = False
        rows = have[:, used].all(axis=1)
    own = float(distances(domain, z[None], used)[0])
    as_far = int((distances(domain, domain.rows[rows], used) >= own).sum())
    inverse = np.linalg.inv(domain.covariance[np.ix_(used, used)])
    # A value may be common by itself and still not fit the others: the residual shows it.
    residual = (inverse @ z[used]) / np.sqrt(np.diag(inverse))
    surprise = np.maximum(np.abs(z[used]), np.abs(residual))
    return Unusual(
        p_value=(1 + as_far) / (int(rows.sum()) + 1),
        culprit=int(domain.columns[np.flatnonzero(used)[np.argmax(surprise)]]),
        rows=int(rows.sum()),
        used=used,
    )
