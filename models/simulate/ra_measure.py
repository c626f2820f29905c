"""What the SIMULATED rheumatoid arthritis cohort produces, keyed as in `data/ra_targets.csv`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from models.metrics import auroc
from models.simulate import ra_population, ra_scores
from models.simulate.ra import HELD_OUT_SITES, TREATMENTS, SimulatedCohort, simulate_all
from models.simulate.ra_population import Patients
from models.simulate.ra_tables import baseline_correlations
from models.simulate.ra_truth import true_probability
from models.simulate.ra_truth_acr import true_acr_probability
from models.simulate.ra_world import EHR_COMPLETE, TRIAL_NAIVE, TRIAL_TNF_IR, world

Measured = dict[str, float]

TRIAL_ENDPOINTS = ("acr20", "acr50", "acr70", "cdai_lda", "cdai_remission", "eular_good")
KNOBS = (0.0, 0.5, 1.0, 2.0)
WORLDS = 64
"""So many, because shares and missingness differ more between worlds than between patients."""
HELD_OUT_WORLDS = 8


def baseline(n: int, seed: int) -> Measured:
    """Registry marginals before eligibility, trial marginals after it."""
    everyone = np.zeros(n, dtype=np.int64)
    rng = np.random.default_rng(seed)
    p = ra_population.draw(EHR_COMPLETE, world(EHR_COMPLETE, seed), everyone, rng)
    answer = {f"registry.{name}": value for name, value in _activity(p).items()}
    for name in ("tjc", "sjc", "crp", "esr", "ptga"):
        for q, value in zip(
            (25, 50, 75), np.percentile(getattr(p, name), (25, 50, 75)), strict=True
        ):
            answer[f"registry.{name}_q{q}"] = float(value)
    shares = {
        "eligible": ra_population.eligible(p, EHR_COMPLETE).astype(float),
        "rf": p.rf,
        "acpa": p.acpa,
        "obese": (p.bmi >= 30).astype(float),
        "smoker": p.smoker,
        "male": p.male,
    }
    answer |= {f"registry.{name}": 100 * float(np.mean(flag)) for name, flag in shares.items()}
    answer["registry.phi"] = float(np.corrcoef(p.rf, p.acpa)[0, 1])
    answer["registry.eigenvalue"] = float(np.linalg.eigvalsh(baseline_correlations())[0])
    trial = simulate_all(n, k=1, seed=seed, mode=TRIAL_NAIVE).patients
    answer |= {f"naive.{name}": value for name, value in _activity(trial).items()}
    first, second = np.percentile(trial.il6, (100 / 3, 200 / 3))
    return answer | {"naive.il6_t1": float(first), "naive.il6_t2": float(second)}


def trials(n: int, seed: int) -> Measured:
    """Arm rates at k = 1, their move from k = 0, the endpoint guard and the ACPA and CRP rule."""
    mono = replace(TRIAL_NAIVE, monotherapy=1.0)
    cohorts = {
        (name, k): simulate_all(n, k=k, seed=seed, mode=mode)
        for name, mode in (("mono", mono), ("naive", TRIAL_NAIVE), ("ir", TRIAL_TNF_IR))
        for k in (0.0, 1.0)
    }
    arms = {
        "tnfi_mono_naive": ("mono", 0),
        "il6i_naive": ("naive", 1),
        "tnfi_mtx_naive": ("naive", 0),
        "tnfi_mtx_ir": ("ir", 0),
        "il6i_mtx_ir": ("ir", 1),
    }
    answer: Measured = {}
    moves, stops = [], []
    for label, (name, arm) in arms.items():
        null, calibrated = cohorts[name, 0.0], cohorts[name, 1.0]
        for endpoint in TRIAL_ENDPOINTS:
            rate = _percent(calibrated, endpoint, arm)
            answer[f"trial.{label}.{endpoint}"] = rate
            moves.append(abs(rate - _percent(null, endpoint, arm)))
        answer[f"trial.{label}.das28_esr_fall"] = float(
            calibrated.endpoints["das28_esr_fall"][:, arm].mean()
        )
        stops.append(_percent(calibrated, "stopped", arm))
    answer |= {
        "trial.stopped.min": min(stops),
        "trial.stopped.max": max(stops),
        "knob.largest": max(moves),
        "knob.rehberg0": _rule_difference(cohorts["mono", 0.0]),
        "knob.rehberg1": _rule_difference(cohorts["mono", 1.0]),
        "knob.rehberg2": _rule_difference(simulate_all(n, k=2, seed=seed, mode=mono)),
    }
    guard = {
        (e, a): _percent(cohorts["naive", 0.0], e, a)
        for e in ("eular_good", "cdai_lda")
        for a in (0, 1)
    }
    answer |= {f"guard.{e}.{TREATMENTS[a]}": rate for (e, a), rate in guard.items()}
    flips = guard["eular_good", 1] > guard["eular_good", 0]
    answer["guard.flip"] = float(flips and guard["cdai_lda", 1] < guard["cdai_lda", 0])
    return answer


def registry(n: int, seed: int) -> Measured:
    """EHR population, complete data, one centre: arm rates, oracle AUROC and policy value per k."""
    answer: Measured = {}
    for k in KNOBS:
        s = simulate_all(n, k=k, seed=seed, mode=EHR_COMPLETE, truth=True)
        p, lda = s.patients, s.truth.probability
        oracle = {
            "cdai_lda": lda,
            "cdai_remission": true_probability(p, s.mu, EHR_COMPLETE, limit=2.8),
            "acr50": true_acr_probability(p, s.mu, EHR_COMPLETE, percent=50),
        }
        for endpoint, probability in oracle.items():
            for arm, name in enumerate(TREATMENTS):
                value = auroc(s.endpoints[endpoint][:, arm], probability[:, arm])
                answer[f"oracle.{endpoint}.{name}.k{k:g}"] = value
        answer[f"policy.best.k{k:g}"] = 100 * float(lda.mean(axis=0).max())
        answer[f"policy.oracle.k{k:g}"] = 100 * float(lda.max(axis=1).mean())
        if k == 1.0:
            answer |= _registry_rates(s)
    return answer


def ehr_worlds(n: int, seed: int) -> Measured:
    """Full EHR mode, mean over `WORLDS` worlds: who is given what, and what is missing."""
    rows = []
    for i in range(WORLDS):
        s = simulate_all(n // 16, k=0.5, seed=seed + i, site_seed=seed + i, sites=range(1, 13))
        p, drug = s.patients, s.cohort.treatment
        naive = p.prior == 0
        scored, known = _cdai_complete(s), ~np.isnan(s.cohort.outcome)
        reached = s.endpoints["cdai_lda"][np.arange(p.n), drug]
        thin = s.propensity[naive & (p.monotherapy == 0)] < 0.05
        rows.append(
            {
                "shares.naive": drug[naive].mean(),
                "shares.experienced": drug[~naive].mean(),
                "shares.all": drug.mean(),
                "shares.thin": thin.mean(),
                "missing.cdai": scored.mean(),
                "missing.endpoint": known.mean(),
                "missing.both": (scored & known).mean(),
                "missing.recorded": reached[known].mean(),
                "missing.all": reached.mean(),
                "missing.bias": reached[known].mean() - reached.mean(),
            }
        )
    return {key: 100 * float(np.mean([row[key] for row in rows])) for key in rows[0]}


def held_out(n: int, seed: int) -> Measured:
    """Oracle AUROC in full EHR mode, both potential outcomes of patients with a CDAI."""
    answer: Measured = {}
    for k in (0.5, 1.0):
        values = []
        for i in range(HELD_OUT_WORLDS):
            s = simulate_all(n // 8, k=k, seed=seed + i, sites=HELD_OUT_SITES, truth=True)
            answered, truth = _cdai_complete(s), s.truth
            values.append(
                [
                    auroc(truth.potential[answered, arm], truth.probability[answered, arm])
                    for arm in (0, 1)
                ]
            )
        for name, value in zip(TREATMENTS, np.mean(values, axis=0), strict=True):
            answer[f"heldout.{name}.k{k:g}"] = float(value)
    return answer


PARTS: tuple[Callable[[int, int], Measured], ...] = (
    baseline,
    trials,
    registry,
    ehr_worlds,
    held_out,
)


def measure(n: int, seed: int) -> Iterator[tuple[str, Measured]]:
    """(part, its measurements), one after another so that progress can be shown."""
    for part in PARTS:
        yield part.__name__, part(n, seed)


def _percent(s: SimulatedCohort, endpoint: str, arm: int) -> float:
    return 100 * float(s.endpoints[endpoint][:, arm].mean())


def _activity(p: Patients) -> Measured:
    cdai, das28 = p.cdai, ra_scores.das28_crp(p)
    return {
        "cdai_mean": float(cdai.mean()),
        "cdai_sd": float(cdai.std()),
        "das28_crp_mean": float(das28.mean()),
        "das28_crp_sd": float(das28.std()),
    }


def _rule_difference(s: SimulatedCohort) -> float:
    """CDAI fall, IL-6i minus TNFi, in ACPA+ with CRP > 12.3 mg/L less the same in the others."""
    p = s.patients
    rule = (p.acpa == 1) & (p.crp > 12.3)
    gain = s.endpoints["cdai_fall"] @ np.array([-1.0, 1.0])
    return float(gain[rule].mean() - gain[~rule].mean())


def _registry_rates(s: SimulatedCohort) -> Measured:
    groups = {"naive": s.patients.prior == 0, "experienced": s.patients.prior > 0}
    answer = {
        f"ehr.{group}.{endpoint}.{name}": 100 * float(s.endpoints[endpoint][rows, arm].mean())
        for group, rows in groups.items()
        for endpoint in ("acr50", "cdai_lda", "eular_good")
        for arm, name in enumerate(TREATMENTS)
        if (group, endpoint) != ("experienced", "eular_good")  # no reference figure
    }
    return answer | {
        f"ehr.stopped.{name}": _percent(s, "stopped", arm) for arm, name in enumerate(TREATMENTS)
    }


def _cdai_complete(s: SimulatedCohort) -> NDArray[np.bool_]:
    f = s.cohort.features
    parts = ("tender_joints", "swollen_joints", "patient_global", "physician_global")
    return np.asarray(~np.isnan(sum(f[name] for name in parts)))
