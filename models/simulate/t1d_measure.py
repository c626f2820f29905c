"""What the SIMULATED progression cohort shows, under the keys of `data/t1d_targets.csv`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from models.cohort import Floats
from models.design import Bools
from models.event_metrics import kaplan_meier, weighted_auc
from models.simulate import t1d
from models.simulate.t1d_assay import lasting, metabolic
from models.simulate.t1d_hazard import (
    covariates,
    cumulative,
    predictor,
    risk,
    solve_hazard,
)
from models.simulate.t1d_markers import dptrs, dysglycaemic, index60
from models.simulate.t1d_natural import development
from models.simulate.t1d_tables import SINGLE, STAGE_1, STAGE_2, STRATA, of_stratum
from models.simulate.t1d_therapy import therapy_estimates

Measured = dict[str, float]
EVERYWHERE = tuple(range(6))
YEARS = (1, 2, 5, 10)
WORKED = {
    "GRS2": 13.0,
    "IA2": 1.0,
    "sex_male": 1.0,
    "BMI": 18.0,
    "ln_age": float(np.log(10.0)),
    "Index60": 2.0074,
    "HbA1c": 5.6,
}
"""The worked person of the evidence, section 3.4."""
BANDS = (0.15, 0.5)


def measure(n: int, seed: int) -> Iterator[tuple[str, Measured]]:
    """Part after part, with its name; n people per stratum."""
    drawn = tuple(
        t1d.simulate(n, seed=seed + s, sites=EVERYWHERE, strata=(s,)) for s in range(len(STRATA))
    )
    yield "people and risks", people_and_risks(drawn)
    yield "discrimination", discrimination(drawn)
    yield "recording", recording(2 * n, seed)
    yield "follow-up", incidence_by_onset(2 * n, seed)
    yield "development of markers", development(n, seed)
    yield "treatment", therapy_estimates(100_000, seed)


def people_and_risks(drawn: tuple[t1d.Simulated, ...]) -> Measured:
    """Markers, cumulative incidence, knots and the two named people."""
    got: Measured = {}
    for world, name in zip(drawn, STRATA, strict=True):
        p, eta = world.people, world.truth.eta
        own = index60(p.glucose, p.c_peptide), dptrs(p.bmi, p.age, p.glucose, p.c_peptide)
        for key, x in {"grs2": p.grs2, "index60": own[0], "dptrs": own[1]}.items():
            got |= {f"{name}.{key}.mean": _mean(x), f"{name}.{key}.sd": float(np.std(x))}
        got[f"{name}.hba1c.mean"] = _mean(p.hba1c)
        got[f"{name}.glucose_0.mean"] = _mean(p.glucose[:, 0])
        got[f"{name}.glucose_120.mean"] = _mean(p.glucose[:, 4])
        for t in YEARS:
            got[f"{name}.risk.{t}"] = _mean(risk(p.stratum, eta, t))
        number = int(p.stratum[0])
        for knot, share in _anchors(name).items():
            got[f"{name}.knot.{knot}"] = solve_hazard(eta, share) / float(
                cumulative(p.stratum[:1], float(knot))[0]
            )
        here = np.array([number])
        got |= {f"{name}.reference.{t}": float(risk(here, np.zeros(1), t)[0]) for t in YEARS}
        worked = predictor("full", here, {k: np.array([v]) for k, v in WORKED.items()})
        got[f"{name}.worked.5"] = float(risk(here, worked, 5.0)[0])
        got[f"{name}.worked.hr"] = float(np.exp(worked[0]))
    stage_1 = drawn[STAGE_1]
    for count, word in ((2, "two"), (3, "three")):
        at = stage_1.people.counted == count
        for t in YEARS:
            got[f"stage_1.{word}.risk.{t}"] = _mean(
                risk(stage_1.people.stratum[at], stage_1.truth.eta[at], t)
            )
    return got


def _anchors(name: str) -> dict[int, float]:
    """Published cumulative incidence by the year of the knot it fixes (evidence, 6.3)."""
    return {
        "single_antibody": {5: 0.11, 10: 0.145},
        "stage_1": {5: 0.44, 10: 0.697},
        "stage_2": {2: 0.60, 5: 0.75},
    }[name]


def discrimination(drawn: tuple[t1d.Simulated, ...]) -> Measured:
    """Expected AUC and Brier score: case weight F, control weight 1 - F; no outcome is drawn."""
    got: Measured = {}
    share = of_stratum("share")
    parts = [_scores(world) for world in drawn]
    weight = np.concatenate([np.full(len(p["F5"]), s) for p, s in zip(parts, share, strict=True)])
    both = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    number = both["stratum"]
    groups = {name: number == k for k, name in enumerate(STRATA)}
    groups |= {"multiple": number > SINGLE, "all": number >= SINGLE}
    for name, at in groups.items():
        one = name in STRATA
        for key in both:
            if key.startswith("score.") and (one or key in ("score.index60", "score.dptrs")):
                got[f"{name}.auc.{key[6:]}"] = _auc(both, key, 5, at, weight)
        for t in (1, 2, 5):
            # across strata the same eta means another risk: the oracle is the risk itself
            got[f"{name}.auc.oracle.{t}"] = _auc(both, f"F{t}", t, at, weight)
        got[f"{name}.auc.stratum"] = _auc(both, "stratum", 5, at, weight)
        F, w = both["F5"][at], weight[at] / weight[at].sum()
        null = float(w @ F)
        got[f"{name}.brier.oracle"] = float(w @ (F * (1.0 - F)))
        got[f"{name}.brier.null"] = float(w @ (F * (1.0 - null) ** 2 + (1.0 - F) * null**2))
        for band, inside in _bands(F).items():
            got[f"{name}.band.{band}"] = float(w @ inside)
    got |= _indices(both, weight)
    return got


def _auc(both: dict[str, Floats], key: str, t: int, at: Bools, weight: Floats) -> float:
    F = both[f"F{t}"][at]
    return weighted_auc(both[key][at], weight[at] * F, weight[at] * (1.0 - F))


def _bands(F: Floats) -> dict[str, Bools]:
    low, high = F < BANDS[0], F > BANDS[1]
    return {"low": low, "intermediate": ~low & ~high, "high": high}


def _indices(both: dict[str, Floats], weight: Floats) -> Measured:
    """Incidence above and below published cut-offs: emergent, nothing was fitted to them."""
    d, i = both["score.dptrs"], both["score.index60"]
    chosen = {
        "dptrs_below_6.5.2": (d < 6.5, 2),
        "dptrs_from_7.5.2": (d >= 7.5, 2),
        "dptrs_from_9.2": (d >= 9.0, 2),
        "index60_from_1.05.5": (i >= 1.05, 5),
    }
    return {
        f"emergent.{key}": float(np.average(both[f"F{t}"][at], weights=weight[at]))
        for key, (at, t) in chosen.items()
    }


def _scores(world: t1d.Simulated) -> dict[str, Floats]:
    """Everything that may rank people, true or as recorded, and their true risks."""
    p, stratum = world.people, world.people.stratum
    true = covariates(p)
    # as measured, had nothing been missing: the target speaks of noise and site offsets alone
    measured = _measured(world)
    return {
        **{f"F{t}": risk(stratum, world.truth.eta, t) for t in (1, 2, 5)},
        "stratum": stratum.astype(np.float64),
        "score.full.true": predictor("full", stratum, true),
        "score.full": predictor("full", stratum, measured),
        "score.no_grs": predictor("no_grs", stratum, true),
        "score.no_hba1c": predictor("no_hba1c", stratum, true),
        "score.no_ogtt": predictor("no_ogtt", stratum, true),
        "score.no_ogtt_no_grs": predictor("no_ogtt_no_grs", stratum, true),
        "score.grs2": measured["GRS2"],
        "score.index60": index60(p.glucose, p.c_peptide),
        "score.dptrs": dptrs(p.bmi, p.age, p.glucose, p.c_peptide),
    }


def _measured(world: t1d.Simulated) -> dict[str, Floats]:
    p, rng = world.people, np.random.default_rng(int(world.table.person[-1]))
    seen = lasting(p, rng, complete=True) | metabolic(
        p.site, p.glucose, p.c_peptide, p.hba1c, rng, complete=True
    )
    kinds = p.antibodies.copy()
    kinds[:, 2] = seen["ia2a"] == 1.0
    return covariates(replace(p, grs2=seen["grs2"], hba1c=seen["hba1c"], antibodies=kinds)) | {
        "Index60": seen["index60"]
    }


def recording(n: int, seed: int) -> Measured:
    """What is missing, and how often the recorded stage is the true one."""
    world = t1d.simulate(n, seed=seed + 7, sites=EVERYWHERE)
    f, truth, several = world.features, world.truth.stratum, world.truth.stratum != SINGLE
    ogtt, grs = np.isnan(f["index60"]), np.isnan(f["grs2"])
    known = several & ~ogtt
    glucose, a1c = world.people.glucose, world.people.hba1c
    stage_2 = truth == STAGE_2
    one_value = np.array([True, False, False, False, False])
    only = stage_2 & ~dysglycaemic(np.where(one_value, glucose, 0.0), a1c)
    provisional = several & ~dysglycaemic(np.zeros_like(glucose), a1c) & (glucose[:, 0] < 100.0)
    return {
        "recording.ogtt_missing": _mean(ogtt),
        "recording.grs_missing": _mean(grs),
        "recording.all_present": _mean(~(ogtt | grs | np.isnan(f["hba1c"]))),
        "recording.stage_true": _mean(world.table.stratum[known] == truth[known]),
        "recording.only_two_hour": _mean(only[stage_2]),
        "recording.provisional_stage_2": _mean(stage_2[provisional]),
    }


def incidence_by_onset(n: int, seed: int) -> Measured:
    """One-year incidence with onset at the end and at the middle of (L, R]."""
    got: Measured = {}
    for name in ("single_antibody", "stage_1"):
        table = t1d.simulate(
            n, seed=seed + 11, sites=EVERYWHERE, strata=(STRATA.index(name),)
        ).table
        late = np.where(table.event, table.right, table.left)
        middle, event = table.midpoint()
        for word, time in (("at_right", late), ("midpoint", middle)):
            got[f"{name}.first_year.{word}"] = 1.0 - float(kaplan_meier(time, event).at(1.0))
    return got


def _mean(x: Floats | Bools) -> float:
    return float(np.mean(x))
