"""True probability of an ACR response for SIMULATED patients, by quadrature."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from models.cohort import Floats
from models.simulate.ra_population import Patients
from models.simulate.ra_quadrature import count_at_most, integrate, shrinks, u_grid
from models.simulate.ra_response import CRP_FALL
from models.simulate.ra_world import Mode


def true_acr_probability(patients: Patients, mu: Floats, mode: Mode, percent: float) -> Floats:
    """P(on drug and ACR response of `percent` at 24 weeks), (n, 2).

    Arguments as for `ra_truth.true_probability`. Every component improves independently given U, so
    "both joint counts and three of five" is a sum of products, and only U is left to integrate.
    """
    u = u_grid(mu, mode)
    keep = 1.0 - percent / 100
    tender, swollen = (_count_improves(u, name, keep) for name in ("tjc", "sjc"))
    smooth = [shrinks(u, name, np.array(-np.log(keep))) for name in ("ptga", "phga", "pain")]
    haq = _haq_improves(u, keep)
    crp = []
    for constant, per_u, sd in CRP_FALL:
        crp.append(ndtr((constant + per_u * u + np.log(keep)) / sd))

    def responds(p: Patients, part: slice) -> tuple[Floats, Floats]:
        joints = tender[p.tjc.astype(int), part] * swollen[p.sjc.astype(int), part]
        function = haq[np.rint(p.haq * 8).astype(int), part]
        # CRP cannot fall below 0.3 mg/L, hence cannot improve enough from very little.
        can_fall = (p.crp * keep >= 0.3)[:, None]
        both = [
            joints * _at_least(3, [*(s[part] for s in smooth), function, can_fall * c[part]])
            for c in crp
        ]
        return both[0], both[1]

    return integrate(patients, mu, u, mode, responds)


def _count_improves(u: Floats, name: str, keep: float) -> Floats:
    """(29, grid) P(count falls to at most `keep` of baseline); from 0 it counts as improved."""
    highest = np.floor(np.arange(29.0) * keep + 1e-9)[:, None]
    return count_at_most(u, name, highest)[..., 0]


def _haq_improves(u: Floats, keep: float) -> Floats:
    """(25, grid) the same for HAQ in eighths, 0 to 24."""
    eighths = np.arange(25.0)
    highest = np.floor(eighths * keep + 1e-9)
    with np.errstate(divide="ignore"):
        by = np.log(eighths) - np.log(highest + 0.5)
    return shrinks(u, "haq", by[:, None])


def _at_least(wanted: int, probabilities: list[Floats]) -> Floats:
    """P(at least `wanted` of independent events), over broadcast arrays."""
    exactly = [np.asarray(1.0), *[np.asarray(0.0)] * len(probabilities)]
    for p in probabilities:
        exactly = [
            exactly[c] * (1 - p) + (exactly[c - 1] * p if c else 0.0) for c in range(len(exactly))
        ]
    return np.asarray(sum(exactly[wanted:]))
