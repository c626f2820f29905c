"""How markers develop towards diabetes in the SIMULATED cohort: repeat visits and landmarks."""

from __future__ import annotations

import numpy as np

from models.cohort import Floats, Ints
from models.events import EventTable
from models.landmark import Measurements, latest
from models.simulate import t1d
from models.simulate.t1d_assay import metabolic, stages
from models.simulate.t1d_markers import dysglycaemic, index60
from models.simulate.t1d_tables import STAGE_1

GLUCOSE_RISE = np.array([45.0, 85.0, 136.0, 170.0, 170.0])
HBA1C_RISE, C_PEPTIDE_FALL = 1.7, -0.50


def nearness(years_to_onset: Floats) -> Floats:
    """w(u), how far the final deterioration has come u years before onset."""
    u = np.maximum(years_to_onset, 0.0)
    return np.asarray(0.65 * np.exp(-u / 2.5) + 0.35 * np.exp(-u / 0.25))


def markers_at(world: t1d.Simulated, who: Ints, years: Floats) -> tuple[Floats, Floats, Floats]:
    """True glucose (m, 5), C-peptide (m, 5) and HbA1c (m,) of people at years from entry."""
    people, onset = world.people, world.followed.onset[who]
    grown = nearness(onset - years) - nearness(onset)
    return (
        people.glucose[who] + GLUCOSE_RISE * grown[:, None],
        people.c_peptide[who] * np.exp(C_PEPTIDE_FALL * grown)[:, None],
        people.hba1c[who] + HBA1C_RISE * grown,
    )


def repeat_visits(world: t1d.Simulated, seed: int) -> Measurements:
    """Everything recorded at attended visits, entry included, in the order of the people."""
    rng = np.random.default_rng([seed, 43])
    who, column = np.nonzero(world.followed.attended)
    years = world.followed.visits[who, column]
    site = world.people.site[who]
    later = metabolic(site, *markers_at(world, who, years), rng)
    lasting = {f: world.features[f][who] for f in world.features if f not in later}
    first = years == 0.0
    at_entry = {f: np.where(first, world.features[f][who], x) for f, x in later.items()}
    counted = lasting["antibodies"] + (world.truth.second_antibody[who] <= years)
    values = lasting | at_entry | {"age": world.people.age[who] + years, "antibodies": counted}
    return Measurements(person=world.table.person[who], years=years, values=values)


def at_landmark(world: t1d.Simulated, visits: Measurements, years: float) -> EventTable:
    """The table of people not diagnosed, not treated and followed at the landmark, with time
    starting there.

    Markers, number of antibodies and stage are the latest known by then, age is the age then.
    """
    table = world.table
    # Who is diagnosed later is in, with or without another visit before: to ask for one would leave
    # out whoever is diagnosed soon.
    followed = np.where(table.event, table.right > years, table.left >= years)
    inside = followed & (table.treated > years)
    kept = table.rows(inside)
    features = latest(visits, kept.person, years)
    features["age"] = world.features["age"][inside] + years
    known, blind = stages(features["antibodies"] >= 2, features)
    return EventTable(
        person=kept.person,
        columns=table.columns,
        X=t1d.columns(features),
        stratum=known,
        without={t1d.RESTAGED: blind},
        site=kept.site,
        entry=np.zeros(kept.n),
        left=np.maximum(kept.left - years, 0.0),
        right=kept.right - years,
        treated=kept.treated - years,
        available=np.maximum(kept.available - years, 0.0),
        simulated=True,
        description=f"{table.description}, landmark {years:g} years",
    )


def development(n: int, seed: int) -> dict[str, float]:
    """Index60 before onset, and how many stage 1 entrants have come to stage 2 by later years."""
    world = t1d.simulate(n, seed=seed + 13, sites=range(6))
    onset = world.truth.untreated_onset
    got = {}
    soon = (onset >= 1.5) & (onset < 15.0)
    who = np.flatnonzero(soon)
    for word, back in (("before_onset", 1.5), ("at_onset", 0.0)):
        glucose, c_peptide, _ = markers_at(world, who, world.followed.onset[who] - back)
        got[f"development.index60_{word}"] = float(np.median(index60(glucose, c_peptide)))
    for years in (1, 2, 3):
        free = np.flatnonzero((world.truth.stratum == STAGE_1) & (world.followed.onset > years))
        glucose, _, hba1c = markers_at(world, free, np.full(len(free), float(years)))
        got[f"development.stage_2_by.{years}"] = float(np.mean(dysglycaemic(glucose, hba1c)))
    return got
