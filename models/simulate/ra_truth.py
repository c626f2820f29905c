"""True probability of the primary endpoint for SIMULATED patients, by quadrature.

Given the latent log reduction U, joints, globals and stopping are independent of each other, so
P(on drug and CDAI <= 10) = E_U[(1 - stop(U)) * P(CDAI <= 10 | U)] has exact and closed parts.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import ndtr

from models.cohort import Floats
from models.simulate.ra_population import Patients
from models.simulate.ra_response import FRAILTY, OFFSET_SD, SD_U, stopping_probability
from models.simulate.ra_world import Mode

STEP = 0.25
"""Step of the U grid, a third of an SD: the trapezoid rule on a normal is exact there."""
NODES = 10
"""Gauss-Hermite nodes for the physician's global."""
LDA = 10
_CHUNK = 500


def _count_distribution(u: Floats, name: str) -> Floats:
    """(29, grid, 11) P(count at week 24 = s | baseline count 0-28, U) for s = 0..10."""
    offset, sd = OFFSET_SD[name]
    baseline = np.arange(29.0)[:, None, None]
    edge = np.arange(LDA + 1.0) + 0.5
    with np.errstate(divide="ignore"):  # a count of 0 stays 0: log 0 = -inf gives probability 1
        z = (u[None, :, None] + offset + np.log(edge) - np.log(baseline)) / sd
    return np.diff(ndtr(z), axis=-1, prepend=0.0)


def _joint_sum_distribution(u: Floats) -> Floats:
    """(29, 29, grid, 11) P(TJC + SJC at week 24 = j | baseline counts, U) for j = 0..10."""
    tender, swollen = _count_distribution(u, "tjc"), _count_distribution(u, "sjc")
    total = np.zeros((29, 29, u.size, LDA + 1))
    for j in range(LDA + 1):
        for s in range(j + 1):
            total[..., j] += tender[:, None, :, j - s] * swollen[None, :, :, s]
    return total


def _low_activity(p: Patients, u: Floats, joints: Floats) -> Floats:
    """(n, grid) P(CDAI <= 10 at week 24 | U)."""
    node, weight = hermegauss(NODES)
    weight = weight / weight.sum()
    offset, sd = OFFSET_SD["phga"]
    # (n, grid, node), mm
    physician = p.phga[:, None, None] * np.exp(-(u[:, None] + offset + sd * node))
    offset, sd = OFFSET_SD["ptga"]
    with np.errstate(divide="ignore"):
        log_patient = np.log(p.ptga)[:, None, None]
    distribution = joints[p.tjc.astype(int), p.sjc.astype(int)]
    answer = np.zeros((p.n, u.size))
    for j in range(LDA + 1):
        room = 10.0 * (LDA - j) - physician  # what is left for the patient's global, in mm
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (u[:, None] + offset + np.log(room) - log_patient) / sd
        inside = np.where(room > 0, ndtr(z), 0.0) @ weight
        answer += distribution[..., j] * inside
    return answer


def true_probability(patients: Patients, mu: Floats, mode: Mode) -> Floats:
    """P(on drug and CDAI <= 10 at 24 weeks) for every patient under both treatments.

    Parameters
    ----------
    patients : true baseline, with the joint counts of the site's own assessor
    mu : (n, 2) mean log reduction under each treatment, from `mean_log_reduction`
    mode : gives the stopping rate, and whether a hidden frailty has to be integrated out

    Returns
    -------
    (n, 2) array in [0, 1]

    Notes
    -----
    The ceiling of 100 mm on the globals never matters here: 100 mm alone is 10 points of CDAI.
    Error against 400,000 Monte Carlo draws is below 0.002 (see the tests).
    """
    sd = float(np.hypot(SD_U, FRAILTY if mode.hidden else 0.0))
    low, high = float(mu.min()) - 6 * sd, float(mu.max()) + 6 * sd
    u = STEP * np.arange(np.floor(low / STEP), np.ceil(high / STEP) + 1)
    joints = _joint_sum_distribution(u)
    staying = 1.0 - stopping_probability(u, mode)
    probability = np.empty((patients.n, 2))
    for start in range(0, patients.n, _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, patients.n))
        density = np.exp(-0.5 * ((u - mu[rows][..., None]) / sd) ** 2)
        density /= density.sum(axis=-1, keepdims=True)
        low_activity = _low_activity(patients.rows(rows), u, joints) * staying
        probability[rows] = np.einsum("nau,nu->na", density, low_activity)
    return np.clip(probability, 0.0, 1.0)
