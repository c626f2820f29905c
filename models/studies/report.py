"""What training on studies found, ready for JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.admission import Paired
from models.cohort import Floats, Ints
from models.studies.courses import ARMS
from models.studies.errors import FolderError, LabelError, TooFewError
from models.studies.one_arm import (
    ADVISED_OF_CLASS,
    BOOTSTRAPS,
    LEAST_OF_CLASS,
    Arm,
    OutOfFold,
    by_study,
    fit,
    gained,
    interval,
    mean_ranked,
    scores,
    within,
)
from models.studies.scored import STUDY
from models.studies.stored import StudyCohort

NO_CONTRAST = (
    "No contrast between drug classes can be claimed: {why}. The model says who reached the "
    "outcome on this class, not who would have done better on it than on another."
)
ONE_ARM = "these studies hold one class of the decision"
NOT_RANDOM = "who had which class was not randomised, and the rarer class has {fewer} courses"
NOT_SERVED = (
    "A research report. Nothing here is served: the outcome is not the decision's, its clinical "
    "inputs are not in these studies, and one class alone answers no comparison."
)
SMALL = (
    "{fewer} courses of the rarer outcome, fewer than {advised}: an AUROC from so few is known to "
    "about ± {half} at best."
)
_LEAK = 3.0
"""Standard errors above .5 at which permuted outcomes mean a leak rather than chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """repeats : of the folds within studies · permutations : of the outcomes · seed : of all"""

    repeats: int = 10
    permutations: int = 50
    seed: int = 0
    bootstraps: int = BOOTSTRAPS
    across_specimens: bool = False


def report(cohorts: Sequence[StudyCohort], plan: Plan) -> dict[str, Any]:
    """Every drug class with enough courses: fitted, validated, probed.

    Raises
    ------
    LabelError
        Studies that must not be trained together.
    TooFewError
        No class has enough courses of either outcome.
    """
    together(cohorts, plan.across_specimens)
    found: dict[str, Any] = {}
    short: dict[str, str] = {}
    for a, name in enumerate(ARMS):
        n = sum(int((c.arm == a).sum()) for c in cohorts)
        if not n:
            continue
        arm, dropped = arm_of(cohorts, a)
        fewer = int(min(arm.y.sum(), len(arm.y) - arm.y.sum()))
        if fewer < LEAST_OF_CLASS:
            short[name] = (
                f"{fewer} courses of the rarer outcome among {len(arm.y)}, fewer than "
                f"{LEAST_OF_CLASS}: nothing was fitted"
            )
            continue
        found[name] = _arm(arm, dropped, cohorts, plan)
    if not found:
        told = "; ".join(f"{name}: {why}" for name, why in short.items())
        raise TooFewError(f"{told or 'no course has a recorded outcome'}.", "Add studies.")
    both = [sum(int((c.arm == a).sum()) for c in cohorts) for a in (0, 1)]
    why = NOT_RANDOM.format(fewer=min(both)) if min(both) else ONE_ARM
    return {
        "kind": "one drug class, expression panels",
        "studies": [_study(c) for c in cohorts],
        "outcome": {"id": cohorts[0].outcome_id, "definitions": [c.definition for c in cohorts]},
        "contrast": NO_CONTRAST.format(why=why),
        "use": NOT_SERVED,
        "seed": plan.seed,
        "arms": found,
        "too_few": short,
    }


def together(cohorts: Sequence[StudyCohort], across_specimens: bool) -> None:
    """Refuses studies of other outcomes, specimens, scores or of the same persons.

    Raises
    ------
    LabelError, FolderError
    """
    for what, values, remedy in (
        ("outcomes", [c.outcome_id for c in cohorts], "Train each outcome by itself."),
        (
            "specimens",
            [] if across_specimens else [c.specimen for c in cohorts],
            "Train each specimen by itself, or add --across-specimens and say so wherever the "
            "figures go.",
        ),
        (
            "kinds of scores",
            ["study" if c.platform == STUDY else "registered" for c in cohorts],
            "Make all of them with --platform, or none.",
        ),
    ):
        if len(set(values)) > 1:
            raise LabelError(f"The studies have different {what}: {', '.join(values)}.", remedy)
    for name, values in (("study", [c.study for c in cohorts]), ("", [c.people for c in cohorts])):
        if len(set(values)) < len(values):
            raise LabelError(
                f"{'A study is named twice' if name else 'Two studies are of the same persons'}: "
                f"{', '.join(values)}.",
                "Leave one of them out: nobody may be in training and in validation.",
            )
    if not set.intersection(*(set(c.panels) for c in cohorts)):
        raise FolderError("No panel has a score in every study.", "Train fewer studies together.")


def arm_of(cohorts: Sequence[StudyCohort], a: int) -> tuple[Arm, tuple[str, ...]]:
    """Courses of one class with a recorded outcome, and the columns left out, in words."""
    common = [p for p in cohorts[0].panels if all(p in c.panels for c in cohorts)]
    dropped = sorted({p for c in cohorts for p in c.panels} - set(common))
    rows = [np.flatnonzero((c.arm == a) & ~np.isnan(c.outcome)) for c in cohorts]

    def column(of: str) -> Floats:
        return np.concatenate([getattr(c, of)[at] for c, at in zip(cohorts, rows, strict=True)])

    chosen = [
        c.scores[at][:, np.array([c.panels.index(p) for p in common])]
        for c, at in zip(cohorts, rows, strict=True)
    ]
    covariates = {n: column(n) for n in ("age", "male")}
    known = [n for n, x in covariates.items() if len(x) and np.isnan(x).mean() <= 0.2]
    study: Ints = np.concatenate([np.full(len(at), s) for s, at in enumerate(rows)])
    arm = Arm(
        names=(*common, *known),
        panels=np.concatenate(chosen),
        covariates=np.array([covariates[n] for n in known]).T.reshape(len(study), len(known)),
        y=column("outcome"),
        study=study,
        centred=cohorts[0].platform == STUDY,
    )
    left = (
        *(f"{p}: not in every study" for p in dropped),
        *(f"{n}: not recorded often enough" for n in covariates if n not in known),
    )
    return arm, left


def _arm(
    arm: Arm, dropped: tuple[str, ...], cohorts: Sequence[StudyCohort], plan: Plan
) -> dict[str, Any]:
    fewer = int(min(arm.y.sum(), len(arm.y) - arm.y.sum()))
    warnings = []
    if fewer < ADVISED_OF_CLASS:
        half = f"{1.96 * _hanley(arm.y):.2f}"
        warnings.append(SMALL.format(fewer=fewer, advised=ADVISED_OF_CLASS, half=half))
    if len({c.specimen for c in cohorts}) > 1:
        warnings.append("Specimens differ: blood and tissue show different things by one panel.")
    designs = {"within_studies": within(arm, plan.repeats, plan.seed)}
    present = np.unique(arm.study)
    if len(present) > 1:
        try:
            designs["by_study"] = by_study(arm, plan.seed)
        except TooFewError as error:
            warnings.append(f"Not validated by study: {error.message}")
    else:
        warnings.append("One study: nothing is said of any other laboratory.")
    validated = {
        name: _validated(arm, found, cohorts, plan, name) for name, found in designs.items()
    }
    probe = permuted(arm, plan)
    if probe["mean_auroc"] > 0.5 + _LEAK * probe["standard_error"]:
        warnings.append("Permuted outcomes can be told: something leaks; do not use any figure.")
    final = fit(arm, plan.seed)
    return {
        "courses": len(arm.y),
        "reached": int(arm.y.sum()),
        "warnings": warnings,
        "left_out": list(dropped),
        "without_panels": " and ".join(arm.names[arm.panels.shape[1] :]) + " alone"
        if arm.covariates.shape[1]
        else "the training share alone",
        "validation": validated,
        "permuted": probe,
        "model": {
            "columns": list(arm.names),
            "intercept": float(final.theta[0]),
            "coefficients": dict(zip(arm.names, final.theta[1:].tolist(), strict=True)),
            "penalty": final.penalty,
            "unit": "standard deviations of the courses, panels within each study"
            if arm.centred
            else "standard deviations of the reference cohort",
        },
    }


def _validated(
    arm: Arm, found: OutOfFold, cohorts: Sequence[StudyCohort], plan: Plan, design: str
) -> dict[str, Any]:
    low, high = interval(arm.y, found, arm.study, plan.seed, plan.bootstraps)
    told: dict[str, Any] = {k: _known(v) for k, v in scores(arm, found).items()}
    told["auroc_95"] = [_known(low), _known(high)]
    told["log_loss_minus_without_panels"] = _words(gained(arm, found))
    told["repeats"] = len(found.p)
    if len(np.unique(arm.study)) > 1:
        told["studies"] = {}
        for s in np.unique(arm.study).tolist():
            at = arm.study == s
            y, only = (
                arm.y[at],
                replace(
                    found,
                    p=found.p[:, at],
                    base=found.base[:, at],
                    fold=found.fold[:, at],
                    group=found.group[:, at],
                ),
            )
            bounds = interval(y, only, arm.study[at], plan.seed, plan.bootstraps)
            told["studies"][cohorts[s].study] = {
                "courses": int(at.sum()),
                "reached": int(y.sum()),
                "expected": round(float(only.p.mean(axis=0).sum()), 1),
                "auroc": _known(mean_ranked(y, only.p, only.group)),
                "auroc_95": [_known(b) for b in bounds],
            }
    told["design"] = (
        "each study predicted by the others, panels centred on its own samples"
        if design == "by_study"
        else "five folds within studies"
    )
    return told


def permuted(arm: Arm, plan: Plan) -> dict[str, float | int]:
    """The whole pipeline on outcomes dealt anew within studies: it must find nothing."""
    rng = np.random.default_rng(plan.seed + 1)

    def of(y: Floats) -> float:
        dealt = replace(arm, y=y)
        found = within(dealt, 1, plan.seed, compared=False)
        return mean_ranked(y, found.p, found.group)

    own, values = of(arm.y), []
    for _ in range(plan.permutations):
        y = arm.y.copy()
        for s in np.unique(arm.study):
            at = np.flatnonzero(arm.study == s)
            y[at] = rng.permutation(y[at])
        values.append(of(y))
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
    return {
        "permutations": len(values),
        "mean_auroc": float(np.mean(values)),
        "standard_error": spread / math.sqrt(len(values)),
        "auroc_of_one_deal": own,
        "p": (1 + sum(v >= own for v in values)) / (1 + len(values)),
    }


def _hanley(y: Floats, auc: float = 0.65) -> float:
    """Standard error of an AUROC of that size, from the counts alone."""
    events, others = float(y.sum()), float(len(y) - y.sum())
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    of = auc * (1 - auc) + (events - 1) * (q1 - auc**2) + (others - 1) * (q2 - auc**2)
    return math.sqrt(of / (events * others))


def _study(c: StudyCohort) -> dict[str, Any]:
    return {
        "study": c.study,
        "title": c.title,
        "citation": c.citation,
        "terms": c.terms,
        "specimen": c.specimen,
        "courses": c.n,
        "outcome": c.definition,
        "weeks": c.weeks,
        "scores": c.platform,
        "mapping": c.verification,
        "unverified": list(c.unverified),
        "notes": list(c.notes),
    }


def _known(x: float) -> float | None:
    return None if math.isnan(x) else x


def _words(value: Paired) -> Mapping[str, float | int | None]:
    return {"mean": _known(value.mean), "sem": _known(value.sem), "folds": value.repeats}
