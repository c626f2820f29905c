"""`python -m models.recalibrate <decision> <version> --table FILE --site NAME --as VERSION`.

Fits a shipped model to the level of one site, from the site's own cohort table, and writes the
result as a further version; the version it came from stays as it is. What is fitted depends on how
much the table can carry:

- fewer than 20 with the outcome, or without it: nothing, and the reason is told;
- from 20 of both: the intercept, drawn towards the shipped one by the variance between sites;
- from 200 of both: the slope as well, if the likelihood ratio asks for it (P < .05). A slope is of
  one site, so the version then serves that site alone.

Observed over expected is told before and after; after by five-fold cross-fitting over people, so
that nobody is judged by a fit that saw them. 200 and 200 are what a calibration slope needs (Van
Calster 2016, J Clin Epidemiol 74:167), the order of tests is that of Vergouwe 2017 (Stat Med
36:4529); 20 is a design assumption.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from decision import catalog
from decision.clinical.spec import DecisionSpec
from models.artifact import Array, ArtefactError, read, write
from models.calibrate import SMALLEST_BETWEEN, SiteShift, recalibrate
from models.cohort import CohortError, Floats
from models.decisions import ARTIFACTS
from models.events import people_in_folds
from models.metrics import auroc
from models.ridge import fit_logistic, log_loss_of_margin, sigmoid
from models.served import Served, load_served
from models.table.check import Table, check_file
from models.table.schema import schema_of

FEWEST, FEWEST_FOR_SLOPE = 20, 200
SLOPE_PENALTY = 10.0
CHI2_05 = 3.841458820694124
"""95 % point of chi-squared with one degree of freedom."""
FOLDS = 5
_SCALED = ("intercept_effect", "main", "interaction", "absent", "spread_main", "spread_interaction")


class RecalibrationError(CohortError):
    """A table that cannot carry a recalibration; the message says what it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """logit p = slope · margin + shift, and what the shift rests on."""

    slope: float
    site: SiteShift


def method_for(y: Floats) -> str:
    """What so many outcomes can carry: "nothing", "intercept" or "intercept and slope"."""
    fewer = min(float(y.sum()), float(len(y) - y.sum()))
    if fewer < FEWEST:
        return "nothing"
    return "intercept" if fewer < FEWEST_FOR_SLOPE else "intercept and slope"


def fit(margin: Floats, y: Floats, between: float, *, slope: bool) -> Fitted:
    """The intercept, with or without the slope, of outcomes y at log-odds `margin`."""
    if not slope:
        return Fitted(slope=1.0, site=recalibrate(margin, y, between))
    prior = 1.0 / max(between, SMALLEST_BETWEEN)
    found = fit_logistic(
        np.column_stack([margin, np.ones_like(margin)]),
        y,
        np.array([SLOPE_PENALTY, prior]),
        centre=np.array([1.0, 0.0]),
    )
    s = float(found.theta[0])
    return Fitted(slope=s, site=recalibrate(s * margin, y, between))


def wants_slope(margin: Floats, y: Floats) -> bool:
    """Likelihood ratio of intercept and slope over the intercept alone, at P < .05."""
    alone = fit_logistic(np.ones((len(y), 1)), y, np.array([1e-6]), offset=margin).theta
    both = fit_logistic(np.column_stack([margin, np.ones_like(margin)]), y, np.full(2, 1e-6)).theta
    gain = log_loss_of_margin(margin + alone[0], y) - log_loss_of_margin(
        both[0] * margin + both[1], y
    )
    return 2.0 * len(y) * gain > CHI2_05


def observed_over_expected(y: Floats, p: Floats) -> dict[str, float]:
    """O/E with its 95 % range on the log scale, for which SE² = (1 − O/n) / O.

    References
    ----------
    T. P. A. Debray et al., BMJ 356 (2017) i6460.
    """
    observed, expected = float(y.sum()), float(p.sum())
    half = 1.959963984540054 * math.sqrt((1.0 - observed / len(y)) / observed)
    ratio = observed / expected
    return {"value": ratio, "low": ratio * math.exp(-half), "high": ratio * math.exp(half)}


def margins_of(served: Served, table: Table) -> Floats:
    """(n,) log-odds of the shipped model under the treatment that each course had, no site."""
    z, present = served.panel.standardise(table.features)
    both = served.panel.margins(served.panel.complete(z, present), present)
    return np.asarray(both[np.arange(table.n), table.arm])


def at_site(table: Table, site: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows of that site with a known outcome; all rows where the table is of one site.

    Raises
    ------
    RecalibrationError
    """
    known = ~np.isnan(table.outcome)
    if not site and len(table.sites) == 1:
        return known
    if site not in table.sites:
        raise RecalibrationError(
            f"the table has sites {', '.join(table.sites)}; name one of them with --rows-of"
        )
    return np.asarray(known & (table.site == table.sites.index(site)))


def judged(margin: Floats, y: Floats, person: Any, between: float, slope: bool) -> dict[str, Any]:
    """Calibration before, and after by cross-fitting over people."""
    fold = people_in_folds(person, FOLDS, seed=0)
    after = np.empty_like(margin)
    for k in range(FOLDS):
        found = fit(margin[fold != k], y[fold != k], between, slope=slope)
        after[fold == k] = found.slope * margin[fold == k] + found.site.shift
    return {
        "courses": len(y),
        "events": int(y.sum()),
        "auroc": auroc(y, margin),
        "oe_before": observed_over_expected(y, sigmoid(margin)),
        "oe_after": observed_over_expected(y, sigmoid(after)),
        "log_loss_before": log_loss_of_margin(margin, y),
        "log_loss_after": log_loss_of_margin(after, y),
    }


def recalibrated(
    spec: DecisionSpec, folder: Path, table: Table, *, site: str, rows_of: str, digest: str
) -> tuple[dict[str, Array], dict[str, Any], dict[str, Any]]:
    """Tensors and description of the further version, and what to tell.

    Raises
    ------
    RecalibrationError
        Too few outcomes, or rows of several sites.
    ArtefactError
    """
    served, artefact = load_served(spec, folder), read(folder)
    rows = at_site(table, rows_of)
    margin, y = margins_of(served, table)[rows], table.outcome[rows]
    method = method_for(y)
    if method == "nothing":
        raise RecalibrationError(
            f"{int(y.sum())} courses reached the outcome and {int(len(y) - y.sum())} did not; "
            f"{FEWEST} of both are needed even for the intercept. Collect more outcomes"
        )
    between = float(artefact.field("fit")["between_sites"])
    slope = method != "intercept" and wants_slope(margin, y)
    found = fit(margin, y, between, slope=slope)
    told = {
        "site": site,
        "allowed": method,
        "fitted": "intercept and slope" if slope else "intercept",
        "slope": found.slope,
        "shift": found.site.shift,
        **judged(margin, y, table.person[rows], between, slope),
    }
    entry = {
        "shift": found.site.shift,
        "variance": found.site.variance,
        "labels": found.site.labels,
        "patients": len(np.unique(table.person[rows])),
        "description": f"{told['fitted']} from {len(y)} courses of the site's own table",
    }
    others = {} if slope else dict(artefact.field("sites"))
    metrics = dict(artefact.field("metrics"))
    for name in ("oe_before", "oe_after"):
        metrics[f"site.{name}"] = told[name]["value"]
    metrics["site.auroc"] = told["auroc"]
    description = {k: v for k, v in artefact.description.items() if k not in ("schema", "checksum")}
    description |= {
        "sites": others | {site: entry},
        "metrics": metrics,
        "recalibrated": {
            "from": {"version": folder.name, "checksum": artefact.field("checksum")},
            "table": digest,
            **told,
        },
    }
    return _scaled(artefact.tensors, found.slope), description, told


def _scaled(tensors: Any, slope: float) -> dict[str, Array]:
    """The slope folded into every coefficient, and squared into their covariance."""
    if slope == 1.0:
        return dict(tensors)
    folded = {n: x * slope if n in _SCALED else x for n, x in tensors.items()}
    folded["covariance"] = tensors["covariance"] * slope**2
    return folded


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.recalibrate", description=__doc__)
    parser.add_argument("decision")
    parser.add_argument("version", help="the version to start from")
    parser.add_argument("--table", type=Path, required=True, help="the site's cohort table")
    parser.add_argument("--site", required=True, help="what the site is called where it serves")
    parser.add_argument("--as", dest="new", required=True, help="name of the further version")
    parser.add_argument("--rows-of", default="", help="site of the table, where it has several")
    parser.add_argument("--artifacts", type=Path, default=ARTIFACTS, help="folder of all decisions")
    parser.add_argument("--json", action="store_true", help="one line instead of an indented tree")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 where the version was written, 1 where the table cannot carry it, 2 where
    the version, the table or the decision cannot be used.
    """
    given = _parser().parse_args(arguments)
    home = given.artifacts / given.decision
    try:
        spec = catalog.load(given.decision)
        report = check_file(given.table, schema_of(spec), date.today())
        if report.table is None or spec.prognosis is not None or (home / given.new).exists():
            sys.stderr.write(_why_not(given, spec) + "\n")
            return 2
        digest = hashlib.sha256(given.table.read_bytes()).hexdigest()
        tensors, description, told = recalibrated(
            spec,
            home / given.version,
            report.table,
            site=given.site,
            rows_of=given.rows_of,
            digest=digest,
        )
        write(home / given.new, tensors, description | {"version": given.new})
    except RecalibrationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except (catalog.SpecError, CohortError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except ArtefactError as error:
        sys.stderr.write(f"{error.message}. {error.remedy}\n")
        return 2
    sys.stdout.write(json.dumps(told, indent=None if given.json else 2) + "\n")
    return 0


def _why_not(given: argparse.Namespace, spec: DecisionSpec) -> str:
    if spec.prognosis is not None:
        return "a prognosis is recalibrated when it is trained; see models.train"
    if (given.artifacts / given.decision / given.new).exists():
        return f"version {given.new!r} is there already; choose another name with --as"
    return f"{given.table.name} has errors; see python -m models.check_cohort {given.decision}"


if __name__ == "__main__":
    sys.exit(main())
