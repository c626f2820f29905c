"""One seed of the evaluation: train at some sites, recalibrate and score at others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models import metrics
from models.additive import PanelLogit
from models.calibrate import SiteShift, recalibrate
from models.cohort import Cohort, Floats, true_values
from models.decisions import Modelled, Simulator, same_order
from models.design import Bools
from models.interval import Ranges, ranges, variances
from models.leakage import refuse_informed, refuse_leak
from models.naming import comparable, in_stratum, is_named

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Patients: n to train on, to recalibrate a held-out site, to score, and of the reference."""

    n: int = 6_000
    per_site: int = 1_000
    scored: int = 20_000
    reference: int = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The cohorts of one seed, all from the same sites: nobody is in two of them."""

    training: Cohort
    local: Cohort
    scored: Cohort


def draw(simulator: Simulator, k: float, seed: int, sizes: Sizes) -> World:
    """Training patients of some sites; local and scored patients of the held-out ones.

    `scored` holds only patients with a true probability; restrict it with `answered`.
    """
    held = simulator.held_out_sites
    return World(
        training=simulator.simulate(sizes.n, k=k, seed=10 * seed + 1, site_seed=seed),
        local=simulator.simulate(
            sizes.per_site * len(held), k=k, seed=10 * seed + 2, site_seed=seed, sites=held
        ),
        scored=simulator.simulate(
            sizes.scored, k=k, seed=10 * seed + 3, site_seed=seed, sites=held, truth=True
        ),
    )


def answered(modelled: Modelled, cohort: Cohort) -> Bools:
    """(n,) patients who have every required value, and so would be shown an answer."""
    return np.asarray(~np.any([np.isnan(cohort.features[f]) for f in modelled.required], axis=0))


def local_shifts(model: PanelLogit, local: Cohort) -> dict[int, SiteShift]:
    """Recalibrated intercept of every site in `local`, from its recorded outcomes."""
    z, present = model.panel_.standardise(local.features)
    margins = model.panel_.margins(model.panel_.complete(z, present), present)
    given = margins[np.arange(local.n), local.treatment]
    shifts = {}
    for site in np.unique(local.site).tolist():
        at = (local.site == site) & ~np.isnan(local.outcome)
        shifts[site] = recalibrate(given[at], local.outcome[at], model.between_)
    return shifts


def predict(
    model: PanelLogit, cohort: Cohort, shifts: dict[int, SiteShift], level: float
) -> Ranges:
    """Probabilities and ranges at `level`, e.g. 0.9, of a cohort at recalibrated sites."""
    panel = model.panel_
    z, present = panel.standardise(cohort.features)
    filled = panel.complete(z, present)
    shift = np.array([shifts[s].shift for s in cohort.site.tolist()])
    v_site = np.array([shifts[s].variance for s in cohort.site.tolist()])
    margins = panel.margins(filled, present) + shift[:, None]
    return ranges(margins, variances(panel, z, filled, present, v_site), level)


def evaluate_seed(
    modelled: Modelled, simulator: Simulator, k: float, seed: int, sizes: Sizes, say: Say
) -> dict[str, float]:
    """Every metric of one seed, by its dotted name.

    Both potential outcomes of every answered patient of the held-out sites are scored. Policies and
    coverage are judged by the true probabilities.

    Raises
    ------
    LeakageError
        If a fitted AUROC exceeds the oracle's or the reference's by more than .02, or that of the
        reference the oracle's, or if a column knows more of the outcome than the truth does.
    CohortError
        If the simulator numbers the treatments in another order than the decision.
    """
    world = draw(simulator, k, seed, sizes)
    same_order(modelled, world.training)
    scored = world.scored.rows(answered(modelled, world.scored))
    refuse_informed(f"seed {seed}", modelled.design, scored)
    level = modelled.naming.level
    say(f"seed {seed}: {world.training.n} for training, {scored.n} answered patients to score")
    model = PanelLogit(modelled.design, modelled.floors).fit_cohort(world.training)
    say(f"seed {seed}: ridge {model.lambda_:g}, {model.shrinkage_}")
    found = predict(model, scored, local_shifts(model, world.local), level)

    say(f"seed {seed}: reference fit on {sizes.reference} patients")
    many = simulator.simulate(sizes.reference, k=k, seed=10 * seed + 4, site_seed=seed)
    best = PanelLogit(modelled.design, modelled.floors).fit_cohort(many)
    reference = predict(best, scored, local_shifts(best, world.local), level)

    result = scores(modelled, world.training, scored, found)
    truth = true_values(scored)
    for arm, treatment in enumerate(scored.treatments):
        name = f"arms.{treatment}.auroc"
        of_reference = metrics.auroc(truth.potential[:, arm], reference.probability[:, arm])
        result[f"{name}_reference"] = of_reference
        oracle = result[f"{name}_oracle"]
        refuse_leak(f"seed {seed}, {treatment}", result[name], of_reference, oracle)
    value = metrics.policy_value(truth.probability, reference.difference)
    named, right = (result[f"contrast.{name}"] for name in ("named_patients", "named_rightly"))
    return result | {
        "contrast.policy_value_reference": value,
        "answered": result["contrast.answered"],
        "named_patients": named,
        "named_rightly": right,
        "seeds_with_a_named_patient": float(named > 0),
    }


def scores(modelled: Modelled, training: Cohort, scored: Cohort, found: Ranges) -> dict[str, float]:
    """Metrics of one model at held-out sites by dotted name, NaN where undefined.

    training : the cohort the model was fitted on, which says how many are comparable
    """
    truth = true_values(scored)
    percent = f"{100 * modelled.naming.level:.0f}"
    result: dict[str, float] = {}
    for arm, treatment in enumerate(scored.treatments):
        values = _arm(truth.potential[:, arm], truth.probability[:, arm], found, arm, percent)
        result |= {f"arms.{treatment}.{name}": v for name, v in values.items()}
    named = is_named(modelled.naming, found, comparable(modelled.strata, training, scored))
    contrast = _contrast(truth.probability, found, named, percent)
    first = modelled.strata[0]
    inside = in_stratum(first, scored.features)
    contrast[f"no_clear_preference_{first.id}"] = (
        float(np.mean(~named[inside])) if inside.any() else float("nan")
    )
    return result | {f"contrast.{name}": v for name, v in contrast.items()}


def _arm(y: Floats, truth: Floats, found: Ranges, arm: int, percent: str) -> dict[str, float]:
    p, low, high = found.probability[:, arm], found.low[:, arm], found.high[:, arm]
    return {
        "auroc": metrics.auroc(y, p),
        "auroc_oracle": metrics.auroc(y, truth),
        "brier": metrics.brier(y, p),
        "log_loss": metrics.log_loss(y, p),
        "calibration_slope": metrics.calibration_slope(y, p),
        "calibration_intercept": metrics.calibration_intercept(y, p),
        "ici": metrics.ici(y, p),
        f"interval_coverage_{percent}": float(np.mean((low <= truth) & (truth <= high))),
        f"interval_width_{percent}": float(np.mean(high - low)),
    }


def _contrast(truth: Floats, found: Ranges, named: Bools, percent: str) -> dict[str, float]:
    true, d = truth[:, 1] - truth[:, 0], found.difference
    low, high = found.difference_low, found.difference_high
    right = np.sign(true) == np.sign(d)
    fixed = float(np.diff(truth.mean(axis=0))[0])
    return {
        "calibration_slope": metrics.difference_slope(true, d),
        "sign_agreement": float(right.mean()),
        "answered": float(len(d)),
        "named_patients": float(named.sum()),
        "named_rightly": float((named & right).sum()),
        "named_share": float(named.mean()),
        # Where nobody is named there is no share of right names: left out of mean, sd, min and max.
        "named_sign_agreement": float(right[named].mean()) if named.any() else float("nan"),
        "policy_value": metrics.policy_value(truth, d),
        # Follows a named class; whoever is told "no clear preference" gets the best fixed drug.
        "policy_value_named": metrics.policy_value(truth, np.where(named, d, fixed)),
        "policy_value_best_fixed": float(truth.mean(axis=0).max()),
        "policy_value_oracle": metrics.policy_value(truth, true),
        f"interval_coverage_{percent}": float(np.mean((low <= true) & (true <= high))),
        f"interval_width_{percent}": float(np.mean(high - low)),
    }
