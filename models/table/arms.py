"""The two treatments: which rows had which, and whether like was treated with both."""

from __future__ import annotations

import re
from difflib import get_close_matches

import numpy as np

from models.cohort import Floats, Ints
from models.metrics import auroc
from models.naming import in_stratum
from models.ridge import FitError, fit_logistic, sigmoid
from models.table.cells import Parsed
from models.table.problems import Found, Problems
from models.table.schema import OUTCOME, SITE, TREATMENT

_FOLDS = 5
_RIDGE = 5.0
_EDGE = 0.05
"""A propensity below it or above 1 minus it says that the other drug is hardly ever given."""
_THIN = 0.5
_DECIDES = 0.98
_FEWEST_OUTCOMES = 20
_SMALL_SITE = 20
_GAP = 0.1
_DRUG = re.compile(r"[A-Za-z][A-Za-z0-9 /+-]{1,30}")


def arms_of(parsed: Parsed, problems: Problems) -> Ints:
    """(n,) index of the treatment in the decision's order; -1 where it is unknown."""
    labels = {t.id.lower(): i for i, t in enumerate(parsed.schema.spec.treatments)}
    labels |= {t.label.lower(): i for i, t in enumerate(parsed.schema.spec.treatments)}
    written = parsed.label(TREATMENT)
    arms = np.array([labels.get(w.lower(), -1) for w in written], dtype=np.int64)
    unknown: dict[str, list[int]] = {}
    for i, label in enumerate(written):
        if label and arms[i] < 0:
            unknown.setdefault(label, []).append(i)
    known = ", ".join(repr(t.id) for t in parsed.schema.spec.treatments)
    for label, rows in unknown.items():
        near = get_close_matches(label.lower(), list(labels), n=1)
        hint = f" The nearest is {near[0]!r}." if near else ""
        problems.add(
            Found.UNKNOWN_TREATMENT,
            TREATMENT,
            f"{_shown(label)} is no treatment of this decision; it has {known}.{hint}",
            "Name the class of the drug as the decision does, or leave out its courses.",
            rows,
        )
    return arms


def _shown(label: str) -> str:
    """A drug's name may be repeated; a cell that slipped in from another column may not."""
    return repr(label) if _DRUG.fullmatch(label) else "What is written"


def compared(parsed: Parsed, arms: Ints, outcome: Floats, problems: Problems) -> None:
    """Whether both treatments are there, with outcomes, at each site and for like patients."""
    treatments = parsed.schema.spec.treatments
    present = [i for i in range(len(treatments)) if (arms == i).any()]
    _counts(parsed, arms, outcome, problems)
    _sites(parsed, arms, problems, both=len(present) > 1)
    if len(present) == 1:
        problems.add(
            Found.ONE_ARM,
            TREATMENT,
            f"All courses are of {treatments[present[0]].label}.",
            "A model of this treatment alone can be made and validated; no difference between "
            "treatments can be claimed.",
        )
    if len(present) < 2:
        return
    _unknown_by_arm(parsed, arms, outcome, problems)
    _strata(parsed, arms, outcome, problems)
    _overlap(parsed, arms, problems)


def _counts(parsed: Parsed, arms: Ints, outcome: Floats, problems: Problems) -> None:
    for i, treatment in enumerate(parsed.schema.spec.treatments):
        y = outcome[(arms == i) & ~np.isnan(outcome)]
        if (arms == i).any() and min(y.sum(), len(y) - y.sum()) < _FEWEST_OUTCOMES:
            problems.add(
                Found.FEW_OUTCOMES,
                OUTCOME,
                f"Under {treatment.label} {int(y.sum())} reached it and {int(len(y) - y.sum())} "
                "did not.",
                f"Below {_FEWEST_OUTCOMES} of either nothing is claimed of this treatment.",
            )


def _sites(parsed: Parsed, arms: Ints, problems: Problems, *, both: bool) -> None:
    site = np.array(parsed.label(SITE))
    for name in sorted(set(site.tolist()) - {""}):
        here = arms[(site == name) & (arms >= 0)]
        if 0 < len(here) < _SMALL_SITE:
            problems.add(
                Found.SMALL_SITE,
                SITE,
                f"Site {name!r} has {len(here)} rows.",
                "Left out alone it says little; think of joining it with a like one.",
            )
        elif both and len(here) and (here == here[0]).all():
            problems.add(
                Found.ONE_ARM_AT_SITE,
                SITE,
                f"Site {name!r} gave one treatment only.",
                "Its patients say nothing of the difference between treatments.",
            )


def _unknown_by_arm(parsed: Parsed, arms: Ints, outcome: Floats, problems: Problems) -> None:
    unknown = [float(np.isnan(outcome[arms == i]).mean()) for i in (0, 1)]
    if abs(unknown[0] - unknown[1]) > _GAP:
        first, second = (t.label for t in parsed.schema.spec.treatments)
        problems.add(
            Found.OUTCOME_UNKNOWN_BY_ARM,
            OUTCOME,
            f"It is unknown in {100 * unknown[0]:.0f} % under {first} and in "
            f"{100 * unknown[1]:.0f} % under {second}.",
            "Find out why: leaving a clinic when a drug fails would flatter it.",
        )


def _strata(parsed: Parsed, arms: Ints, outcome: Floats, problems: Problems) -> None:
    spec = parsed.schema.spec
    needed = int(spec.thresholds["smallest_comparable"].value)
    known = ~np.isnan(outcome)
    features = {f: parsed.number(f) for f in parsed.schema.features}
    thin = []
    for stratum in spec.strata:
        inside = in_stratum(stratum, features) & known
        rarer = min(int((inside & (arms == i)).sum()) for i in (0, 1))
        if rarer < needed:
            thin.append(f"{stratum.label} ({rarer})")
    if thin:
        problems.add(
            Found.THIN_STRATUM,
            TREATMENT,
            f"Fewer than {needed} courses of the rarer treatment among: {'; '.join(thin)}.",
            "For such patients the page will not name a treatment.",
        )


def _overlap(parsed: Parsed, arms: Ints, problems: Problems) -> None:
    known = arms >= 0
    y = (arms[known] == 1).astype(np.float64)
    if min(y.sum(), len(y) - y.sum()) < _FEWEST_OUTCOMES:
        return
    columns, names = _covariates(parsed, known)
    for name, x in zip(names, columns.T, strict=True):
        area = auroc(y, x)
        if max(area, 1.0 - area) >= _DECIDES:
            problems.add(
                Found.DECIDES_TREATMENT,
                name,
                f"Alone it tells which treatment was given (AUROC {max(area, 1 - area):.3f}).",
                "Like patients were not treated with both; no difference can be claimed from them.",
            )
    try:
        chance, weights = _propensity(columns, y)
    except FitError:
        return  # separated: named above by the column that does it
    outside = float(((chance < _EDGE) | (chance > 1.0 - _EDGE)).mean())
    if outside > _THIN:
        strongest = [names[j] for j in np.argsort(-np.abs(weights))[:3]]
        problems.add(
            Found.THIN_OVERLAP,
            TREATMENT,
            f"For {100 * outside:.0f} % of the rows the probability of one treatment is under "
            f"{100 * _EDGE:.0f} %; it follows most from {', '.join(strongest)}.",
            "Restrict the table to patients who could have had either, or claim no difference.",
        )


def _covariates(parsed: Parsed, rows: np.ndarray) -> tuple[Floats, list[str]]:
    """Standardised predictors, 0 where unknown."""
    found, names = [], []
    for feature in parsed.schema.features:
        x = parsed.number(feature)[rows]
        if np.isnan(x).all() or np.nanstd(x) == 0.0:
            continue
        found.append(np.nan_to_num((x - np.nanmean(x)) / np.nanstd(x)))
        names.append(feature)
    return (np.stack(found, axis=1) if found else np.zeros((int(rows.sum()), 0))), names


def _propensity(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """(n,) probability of the second treatment from a fit without the row, and the weights."""
    design = np.column_stack([np.ones(len(y)), x])
    penalty = np.full(design.shape[1], _RIDGE)
    penalty[0] = 1e-6
    fold = np.random.default_rng(0).permutation(np.arange(len(y)) % _FOLDS)
    chance = np.empty(len(y))
    for k in range(_FOLDS):
        theta = fit_logistic(design[fold != k], y[fold != k], penalty).theta
        chance[fold == k] = sigmoid(design[fold == k] @ theta)
    return chance, fit_logistic(design, y, penalty).theta[1:]
