"""`python -m examples.simulated_registry --output FOLDER`: a SIMULATED registry as a bulk export.

Every patient has a baseline visit, begins a TNF inhibitor or an IL-6 inhibitor soon after, and
comes back about 24 weeks later, stops before, or is lost. With `--waiting` nobody has begun yet: a
panel to be scored. Charts are written by the writer of the demo patients, which shares no code with
any reader. Nothing here is or was a patient.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from examples.make_demo_patients import TABLES, Writer
from models.cohort import Cohort
from models.simulate import ra

Json = dict[str, Any]
TAKEN = "2026-06-30T00:00:00Z"
_BEGUN = {0: ("adalimumab", "etanercept"), 1: ("tocilizumab",)}
_EARLIER = ("infliximab", "etanercept", "adalimumab")
_ASSAYS = {"rheumatoid_factor": (5.0, 120.0), "acpa": (4.0, 150.0)}
_MEASURED = (
    "bmi",
    "haq",
    "tender_joints",
    "swollen_joints",
    "patient_global",
    "physician_global",
    "crp",
    "esr",
    "il6",
    "sicam1",
    "cxcl13",
    "calprotectin",
    "hemoglobin",
    "tnfi_nonresponse_score",
    "interferon_score",
)
_CDAI = ("tender_joints", "swollen_joints", "patient_global", "physician_global")


def charts(
    n: int, seed: int, sites: Sequence[int] = (1, 2, 3), *, waiting: bool = False
) -> Iterator[list[Json]]:
    """The resources of n patients, chart by chart; of people who are `waiting`, up to the visit."""
    tables = tomllib.loads(TABLES[0].read_text(encoding="utf-8"))
    cohort = ra.simulate(n, k=0.5, seed=seed, sites=sites)
    rng = np.random.default_rng(seed)
    for i in range(n):
        row = {f: float(x[i]) for f, x in cohort.features.items() if not np.isnan(x[i])}
        case = _case(i, row, cohort, rng, waiting=waiting)
        resources = [entry["resource"] for entry in Writer(tables, case).bundle()["entry"]]
        for resource in resources:
            if resource["resourceType"] == "Patient":
                keeper = f"Organization/site-{cohort.site[i]}"
                resource["managingOrganization"] = {"reference": keeper}
        yield resources


def _case(
    i: int, row: dict[str, float], cohort: Cohort, rng: np.random.Generator, *, waiting: bool
) -> Json:
    start = date(2021, 1, 4) + timedelta(days=int(rng.integers(0, 1500)))
    if waiting:
        start = date.fromisoformat(TAKEN[:10])
    visit = start - timedelta(days=int(rng.integers(0, 15)))
    born = start - timedelta(days=round(365.25 * row["age"]))
    since = start - timedelta(days=round(365.25 * row.get("disease_duration", 3.0)))
    begun = str(rng.choice(_BEGUN[int(cohort.treatment[i])]))
    drug: Json = {"name": begun, "start": start.isoformat(), "dose": "as labelled"}
    new = [] if waiting else [drug]
    case: Json = {
        "id": f"sim-{i:06d}",
        "name": ["Simulated", f"Example-{i}"],
        "sex": "male" if row["male"] else "female",
        "born": born.isoformat(),
        "shows": "simulated registry",
        "as_of": TAKEN,
        "visit": visit.isoformat(),
        "conditions": [{"name": "rheumatoid_arthritis", "since": since.isoformat()}],
        "drugs": [*_earlier(row, begun, start), *_beside(row, since, start), *new],
        "results": _results(row, rng),
        "more": [],
    }
    if not waiting:
        _later(case, drug, float(cohort.outcome[i]), start, rng)
    return case


def _earlier(row: dict[str, float], begun: str, start: date) -> list[Json]:
    """The TNF inhibitors that were tried before, one a year, the last with why it was stopped."""
    names = [name for name in _EARLIER if name != begun][: int(row.get("prior_tnfi_count", 0))]
    drugs: list[Json] = []
    for back, name in enumerate(reversed(names), start=1):
        drugs.insert(
            0,
            {
                "name": name,
                "start": (start - timedelta(days=365 * back)).isoformat(),
                "stop": (start - timedelta(days=365 * back - 300)).isoformat(),
                "dose": "as labelled",
            },
        )
    if drugs and "primary_failure" in row:
        drugs[-1]["why"] = "primary-failure" if row["primary_failure"] else "secondary-failure"
    return drugs


def _beside(row: dict[str, float], since: date, start: date) -> list[Json]:
    """Methotrexate, being taken or given up; one that is given up leaves monotherapy."""
    begun = min(since + timedelta(days=30), start - timedelta(days=120))
    drug = {"name": "methotrexate", "start": begun.isoformat(), "dose": "15 mg a week"}
    if row.get("monotherapy"):
        drug["stop"] = (start - timedelta(days=60)).isoformat()
    return [drug]


def _results(row: dict[str, float], rng: np.random.Generator) -> Json:
    results: Json = {name: row[name] for name in _MEASURED if name in row}
    for name, (low, high) in _ASSAYS.items():
        if name in row:
            results[name] = round(float(rng.uniform(0.8, 1.2)) * (high if row[name] else low), 1)
    if "current_smoker" in row:
        results["smoking"] = {"value": "smokes-daily" if row["current_smoker"] else "never-smoked"}
    return results


def _later(case: Json, drug: Json, outcome: float, start: date, rng: np.random.Generator) -> None:
    """The visit about 24 weeks later, or the day on which the drug was stopped; or neither."""
    if np.isnan(outcome):
        return
    if outcome == 0.0 and rng.random() < 0.3:
        drug["stop"] = (start + timedelta(days=int(rng.integers(30, 160)))).isoformat()
        drug["why"] = str(rng.choice(["primary-failure", "adverse-event"]))
        return
    on = (start + timedelta(days=int(rng.integers(147, 190)))).isoformat()
    top = 2 if outcome else 9
    low = 0 if outcome else 3
    for name in _CDAI:
        case["more"].append({"test": name, "value": int(rng.integers(low, top)), "on": on})


def write(folder: Path, n: int, seed: int, *, waiting: bool = False) -> None:
    """The export: one file for each type of resource, and the server's answer beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for resources in charts(n, seed, waiting=waiting):
        for resource in resources:
            lines[resource["resourceType"]].append(json.dumps(resource))
    for kind, listed in sorted(lines.items()):
        (folder / f"{kind}.ndjson").write_text("\n".join(listed) + "\n", encoding="utf-8")
    manifest = {"transactionTime": TAKEN, "requiresAccessToken": False, "output": []}
    (folder / "manifest.json").write_text(json.dumps(manifest) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0."""
    parser = argparse.ArgumentParser(prog="python -m examples.simulated_registry")
    parser.add_argument("--n", type=int, default=600, help="patients")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, required=True, help="a folder")
    parser.add_argument("--waiting", action="store_true", help="nobody has begun yet")
    given = parser.parse_args(arguments)
    write(given.output, given.n, given.seed, waiting=given.waiting)
    sys.stdout.write(f"{given.output}: {given.n} SIMULATED charts\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
