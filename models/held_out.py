"""One seed of the evaluation: train at some sites, recalibrate and score at others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models import metrics
from models.additive import PanelLogit
from models.calibrate import SiteShift, recalibrate
from models.cohort import Cohort, Floats, Truth
from models.decisions import Modelled, Simulator, in_stratum
from models.design import Bools
from models.interval import Ranges, ranges, variances

LEVEL = 0.9
CEILING = 0.02
"""How far sampling error may lift a fitted AUROC over that of the true probabilities."""

Say = Callable[[str], None]


class LeakageError(RuntimeError):
    """A fitted model discriminates better than the truth: outcomes have leaked into the inputs."""


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


def predict(model: PanelLogit, cohort: Cohort, shifts: dict[int, SiteShift]) -> Ranges:
    """Probabilities and ranges of a cohort at recalibrated sites."""
    panel = model.panel_
    z, present = panel.standardise(cohort.features)
    filled = panel.complete(z, present)
    shift = np.array([shifts[s].shift for s in cohort.site.tolist()])
    v_site = np.array([shifts[s].variance for s in cohort.site.tolist()])
    margins = panel.margins(filled, present) + shift[:, None]
    return ranges(margins, variances(panel, z, filled, present, v_site), LEVEL)


def evaluate_seed(
    modelled: Modelled, simulator: Simulator, k: float, seed: int, sizes: Sizes, say: Say
) -> dict[str, float]:
    """Every metric of one seed, by its dotted name.

    Both potential outcomes of every answered patient of the held-out sites are scored. Policies and
    coverage are judged by the true probabilities.

    Raises
    ------
    LeakageError
        If a fitted AUROC exceeds the oracle's by more than .02.
    """
    world = draw(simulator, k, seed, sizes)
    scored = world.scored.rows(answered(modelled, world.scored))
    say(f"seed {seed}: {world.training.n} for training, {scored.n} answered patients to score")
    model = PanelLogit(modelled.design, modelled.floors).fit_cohort(world.training)
    say(f"seed {seed}: ridge {model.lambda_:g}, {model.shrinkage_}")
    found = predict(model, scored, local_shifts(model, world.local))

    say(f"seed {seed}: reference fit on {sizes.reference} patients")
    many = simulator.simulate(sizes.reference, k=k, seed=10 * seed + 4, site_seed=seed)
    best = PanelLogit(modelled.design, modelled.floors).fit_cohort(many)
    reference = predict(best, scored, local_shifts(best, world.local))

    result = scores(modelled, scored, found)
    truth = _truth(scored)
    for arm, treatment in enumerate(scored.treatments):
        name = f"arms.{treatment}.auroc"
        y = truth.potential[:, arm]
        result[f"{name}_reference"] = metrics.auroc(y, reference.probability[:, arm])
        if result[name] > result[f"{name}_oracle"] + CEILING:
            raise LeakageError(
                f"leakage: seed {seed}, {treatment}: AUROC {result[name]:.3f} exceeds the "
                f"oracle's {result[f'{name}_oracle']:.3f} by more than {CEILING}; an input knows "
                "the outcome"
            )
    value = metrics.policy_value(truth.probability, reference.difference)
    named = (found.difference_low > 0.0) | (found.difference_high < 0.0)
    right = np.sign(found.difference) == np.sign(np.diff(truth.probability)[:, 0])
    return result | {
        "contrast.policy_value_reference": value,
        "named_patients": float(named.sum()),
        "named_rightly": float((named & right).sum()),
    }


def scores(modelled: Modelled, scored: Cohort, found: Ranges) -> dict[str, float]:
    """Metrics of one model at held-out sites by dotted name, NaN where undefined."""
    truth = _truth(scored)
    result: dict[str, float] = {}
    for arm, treatment in enumerate(scored.treatments):
        values = _arm(truth.potential[:, arm], truth.probability[:, arm], found, arm)
        result |= {f"arms.{treatment}.{name}": v for name, v in values.items()}
    contrast = _contrast(truth.probability, found)
    first = modelled.strata[0]
    inside = in_stratum(first, scored.features)
    silent = (found.difference_low <= 0.0) & (found.difference_high >= 0.0)
    contrast[f"no_clear_preference_{first.id}"] = (
        float(silent[inside].mean()) if inside.any() else float("nan")
    )
    return result | {f"contrast.{name}": v for name, v in contrast.items()}


def _truth(scored: Cohort) -> Truth:
    if scored.truth is None:
        raise ValueError("no true probabilities to score against; only a simulation has them")
    return scored.truth


def _arm(y: Floats, truth: Floats, found: Ranges, arm: int) -> dict[str, float]:
    p, low, high = found.probability[:, arm], found.low[:, arm], found.high[:, arm]
    return {
        "auroc": metrics.auroc(y, p),
        "auroc_oracle": metrics.auroc(y, truth),
        "brier": metrics.brier(y, p),
        "log_loss": metrics.log_loss(y, p),
        "calibration_slope": metrics.calibration_slope(y, p),
        "calibration_intercept": metrics.calibration_intercept(y, p),
        "ici": metrics.ici(y, p),
        "interval_coverage_90": float(np.mean((low <= truth) & (truth <= high))),
        "interval_width_90": float(np.mean(high - low)),
    }


def _contrast(truth: Floats, found: Ranges) -> dict[str, float]:
    true, d = truth[:, 1] - truth[:, 0], found.difference
    low, high = found.difference_low, found.difference_high
    named = (low > 0.0) | (high < 0.0)
    right = np.sign(true) == np.sign(d)
    return {
        "calibration_slope": metrics.difference_slope(true, d),
        "sign_agreement": float(right.mean()),
        "named_share": float(named.mean()),
        # Where nobody is named there is no share of right names: left out of mean, sd, min and max.
        "named_sign_agreement": float(right[named].mean()) if named.any() else float("nan"),
        "policy_value": metrics.policy_value(truth, d),
        "policy_value_best_fixed": float(truth.mean(axis=0).max()),
        "policy_value_oracle": metrics.policy_value(truth, true),
        "interval_coverage_90": float(np.mean((low <= true) & (true <= high))),
        "interval_width_90": float(np.mean(high - low)),
    }
