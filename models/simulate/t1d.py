"""SIMULATED type 1 diabetes progression cohort with known truth; never evidence about patients.

What a model may see is an `EventTable`; what only a simulation knows is kept apart in `Truth`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.cohort import Floats, Ints
from models.events import EventError, EventTable
from models.hazard_model import HazardDesign
from models.simulate.t1d_assay import GRS2_SD, HBA1C_SD, lasting, metabolic, several, stages
from models.simulate.t1d_follow import Followed, follow
from models.simulate.t1d_hazard import onset, risk, true_eta
from models.simulate.t1d_markers import with_markers
from models.simulate.t1d_people import People, draw_people, pick
from models.simulate.t1d_tables import STRATA as STRATA
from models.simulate.t1d_tables import of_site, of_stratum

KIND = "time to event"
"""Which evaluation a simulator of this shape is for."""
HORIZONS = (1.0, 2.0, 5.0)
TRAINING_SITES, HELD_OUT_SITES = (0, 1, 2, 3, 4), (5,)
COLUMNS = ("ln_age", "male", "bmi", "ia2a", "grs2", "hba1c", "index60")
RESTAGED = "ogtt"
"""The group without which the stage itself is only provisional."""
DESIGN = HazardDesign(
    columns=COLUMNS,
    groups={"ogtt": ("index60",), "grs": ("grs2",), "hba1c": ("hba1c",), "bmi": ("bmi",)},
    strata=STRATA,
    horizons=HORIZONS,
    restaged=RESTAGED,
    noise={"index60": 0.16, "hba1c": HBA1C_SD, "grs2": GRS2_SD, "ia2a": 0.2},
)
"""What a model of this cohort reads. Assay errors as the cohort is specified; Index60's follows
from 2.5 % of glucose and 7 % of C-peptide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What no model may see.

    stratum, eta : (n,) · risk : (n, 3) without disease-modifying treatment at `HORIZONS`
    untreated_onset : (n,) years to diabetes had nobody been treated
    second_antibody : (n,) years to it in people with a single one, else inf
    """

    stratum: Ints
    eta: Floats
    risk: Floats
    untreated_onset: Floats
    second_antibody: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """table, features : as recorded at entry · truth, people, followed : as it is"""

    table: EventTable
    features: dict[str, Floats]
    truth: Truth
    people: People
    followed: Followed


def simulate(
    n: int,
    *,
    seed: int,
    sites: Sequence[int] = TRAINING_SITES,
    strata: Sequence[int] | None = None,
    first_person: int = 0,
    therapy_from_entry: bool = False,
) -> Simulated:
    """n people at the named sites; the same arguments give the same people.

    Parameters
    ----------
    strata : draw these strata only, in their proportion
    first_person : number of the first person, so that several draws share nobody
    therapy_from_entry : treatment is on the market throughout, to study what it does to estimates

    Raises
    ------
    EventError
    """
    if n < 1 or not set(sites) <= set(range(len(of_site("weight")))) or not sites:
        raise EventError(f"n {n}, sites {tuple(sites)}: draw at least one person at sites 0 to 5")
    rng = np.random.default_rng([seed, 41])
    site = _share(of_site("weight"), sites, n, rng)
    stratum = _share(of_stratum("share"), range(3) if strata is None else strata, n, rng)
    people = with_markers(draw_people(stratum, site, rng), rng)
    eta = true_eta(people)
    untreated = onset(stratum, eta, rng)
    followed = follow(people, eta, untreated, rng, therapy_from_entry)
    recorded = lasting(people, rng) | metabolic(
        site, people.glucose, people.c_peptide, people.hba1c, rng
    )
    features = {"age": people.age, **recorded}
    known, blind = stages(several(people), features)
    table = EventTable(
        person=np.arange(first_person, first_person + n, dtype=np.int64),
        columns=COLUMNS,
        X=columns(features),
        stratum=known,
        without={RESTAGED: blind},
        site=site,
        entry=np.zeros(n),
        left=followed.left,
        right=followed.right,
        treated=followed.treated,
        available=followed.available,
        simulated=True,
        description=f"SIMULATED progression cohort, n {n}, seed {seed}, sites {tuple(sites)}",
    )
    truth = Truth(
        stratum=stratum,
        eta=eta,
        risk=np.stack([risk(stratum, eta, h) for h in HORIZONS], axis=1),
        untreated_onset=untreated,
        second_antibody=_second_antibody(stratum, untreated, rng),
    )
    return Simulated(table=table, features=features, truth=truth, people=people, followed=followed)


def columns(features: dict[str, Floats]) -> Floats:
    """(n, p) the model's columns from recorded features; NaN where an input is not known."""
    own = {"ln_age": np.log(features["age"])}
    return np.stack([own[c] if c in own else features[c] for c in COLUMNS], axis=1)


def _share(weights: Floats, allowed: Sequence[int], n: int, rng: np.random.Generator) -> Ints:
    chosen = np.zeros(len(weights))
    chosen[list(allowed)] = weights[list(allowed)]
    return pick(np.broadcast_to(chosen, (n, len(weights))), rng)


def _second_antibody(stratum: Ints, untreated: Floats, rng: np.random.Generator) -> Floats:
    """Mostly on the way to an early diabetes; else seldom. For landmarks only."""
    n = len(stratum)
    on_the_way = (untreated < 10.0) & (rng.random(n) < 0.85)
    early = untreated * rng.beta(2.0, 2.0, n)
    seldom = rng.exponential(1.0 / 0.015, n)
    seldom = np.where(seldom < untreated, seldom, np.inf)
    return np.where(stratum == 0, np.where(on_the_way, early, seldom), np.inf)
