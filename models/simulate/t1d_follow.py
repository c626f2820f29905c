"""How the SIMULATED progression cohort is followed: visits, drop-out, treatment, (L, R]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from models.cohort import Floats
from models.design import Bools
from models.simulate.t1d_people import People
from models.simulate.t1d_tables import STAGE_2, of_stratum

FIRST_ENTRY, LAST_ENTRY, CLOSED = 2010.0, 2022.0, 2025.0
VISIT_SPREAD, SHORTEST_VISIT, MISSED = 0.15, 0.3, 0.12
FOUND_AT_ONSET = 0.35
THERAPY_YEAR, THERAPY_AGE = 2023.0, 8.0
THERAPY_RATE, THERAPY_PREFERENCE, THERAPY_HAZARD_RATIO = 0.15, 0.4, 0.457
STAGE_2_ETA = (1.52, 0.78)
"""Mean and SD of the true log hazard ratio in stage 2, by which treatment is preferred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """Years from entry. `onset` is true, treatment included; the rest is recorded.

    visits : (n, v) times of visits · attended : (n, v) those that took place before the end and
    before diabetes was found
    """

    entered: Floats
    onset: Floats
    left: Floats
    right: Floats
    treated: Floats
    available: Floats
    visits: Floats
    attended: Bools


def therapy(
    people: People, eta: Floats, entered: Floats, rng: np.random.Generator, from_entry: bool = False
) -> tuple[Floats, Floats]:
    """(n,) from when teplizumab is available, and when it would begin if nothing came before."""
    z = (eta - STAGE_2_ETA[0]) / STAGE_2_ETA[1]
    market = np.zeros(people.n) if from_entry else np.maximum(THERAPY_YEAR - entered, 0.0)
    available = np.maximum(market, THERAPY_AGE - people.age)
    available = np.where(people.stratum == STAGE_2, available, np.inf)
    waited = rng.exponential(size=people.n) / (THERAPY_RATE * np.exp(THERAPY_PREFERENCE * z))
    return available, available + waited


def delayed(onset: Floats, treated: Floats) -> Floats:
    """(n,) onset when treatment stretches what remains of the time to it."""
    late = treated < onset
    rest = np.where(late, onset - np.where(late, treated, 0.0), 0.0)
    return np.where(late, np.where(late, treated, 0.0) + rest / THERAPY_HAZARD_RATIO, onset)


def follow(
    people: People,
    eta: Floats,
    untreated_onset: Floats,
    rng: np.random.Generator,
    therapy_from_entry: bool = False,
) -> Followed:
    """Follow everybody from a uniform entry to drop-out, the closing date or diabetes."""
    n, stratum = people.n, people.stratum
    entered = rng.uniform(FIRST_ENTRY, LAST_ENTRY, n)
    dropped = rng.exponential(1.0 / of_stratum("dropout_hazard")[stratum])
    end = np.minimum(CLOSED - entered, dropped)
    available, starts = therapy(people, eta, entered, rng, therapy_from_entry)
    treated = np.where(starts < np.minimum(untreated_onset, end), starts, np.inf)
    onset = delayed(untreated_onset, treated)

    visits, kept = _visits(of_stratum("visit_interval")[stratum], end, rng)
    at_onset = rng.random(n) < FOUND_AT_ONSET
    after = kept & (visits > onset[:, None])
    first_after = np.where(after.any(axis=1), visits[np.arange(n), after.argmax(axis=1)], np.inf)
    found = np.where(at_onset & (onset <= end), onset, first_after)
    before = kept & (visits < onset[:, None])
    return Followed(
        entered=entered,
        onset=onset,
        left=np.where(before, visits, 0.0).max(axis=1),
        right=found,
        treated=treated,
        available=available,
        visits=visits,
        attended=kept & (visits < found[:, None]),
    )


def _visits(interval: Floats, end: Floats, rng: np.random.Generator) -> tuple[Floats, Bools]:
    """Times of the visits, the entry visit first, and which of them took place."""
    n, longest = len(interval), CLOSED - FIRST_ENTRY
    count = int(np.ceil(longest / interval.min() * 1.2)) + 5
    gap = 1.0 + VISIT_SPREAD * rng.standard_normal((n, count))
    later = np.cumsum(np.maximum(gap, SHORTEST_VISIT) * interval[:, None], axis=1)
    visits = np.concatenate([np.zeros((n, 1)), later], axis=1)
    kept = rng.random(visits.shape) >= MISSED
    kept[:, 0] = True
    return visits, kept & (visits <= end[:, None])
