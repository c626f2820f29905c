"""A site's acceptance criteria for a model, as a TOML file, and what a version makes of them.

    name = "Rheumatology, 2027"
    version = "1"

    [[criterion]]
    metric = "arms.*.auroc"         # a dotted name of the version's metrics; * is any one part
    at_least = 0.65
    why = "Below this it ranks hardly better than disease activity alone."

    [cohort]
    simulated = false               # whether a simulated cohort may serve
    fewest_courses = 100            # with a known outcome, of each treatment

A metric that the version does not have, or has as null, is not met: what was not measured was not
good enough.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from models.artifact import ArtefactError

_WRITE = "See the example in models/policy.py."


class PolicyError(ArtefactError):
    """A policy that cannot be followed; the message names the entry and the remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """A metric, by a name in which `*` is any one part, and the closed range it must lie in."""

    metric: str
    at_least: float
    at_most: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a version must be to serve; `digest` is the SHA-256 of the file."""

    name: str
    version: str
    criteria: tuple[Criterion, ...]
    simulated: bool
    fewest_courses: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One criterion held against one number; `found` is None where it was not measured."""

    what: str
    found: float | None
    met: bool
    words: str


def read_policy(path: Path) -> Policy:
    """The policy of a file.

    Raises
    ------
    PolicyError
        For a file that is none, an entry that is not known, or a criterion without a limit.
    """
    try:
        data = path.read_bytes()
        given = tomllib.loads(data.decode("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PolicyError(
            f"{path.name}: cannot be read as TOML ({type(error).__name__})", _WRITE
        ) from None
    _only(given, {"name", "version", "criterion", "cohort"}, path.name)
    cohort = given.get("cohort", {})
    _only(cohort, {"simulated", "fewest_courses"}, f"{path.name}: [cohort]")
    listed = given.get("criterion", [])
    criteria = tuple(_criterion(c, f"{path.name}: criterion {i}") for i, c in enumerate(listed, 1))
    if not criteria:
        raise PolicyError(f"{path.name}: has no criterion; everything would be accepted", _WRITE)
    simulated, fewest = cohort.get("simulated", False), cohort.get("fewest_courses", 0)
    if not isinstance(simulated, bool) or isinstance(fewest, bool) or not isinstance(fewest, int):
        raise PolicyError(f"{path.name}: [cohort] needs true or false and a whole number", _WRITE)
    return Policy(
        name=str(given.get("name", path.stem)),
        version=str(given.get("version", "")),
        criteria=criteria,
        simulated=simulated,
        fewest_courses=fewest,
        digest=hashlib.sha256(data).hexdigest(),
    )


def _only(given: Mapping[str, Any], known: set[str], where: str) -> None:
    if strange := sorted(set(given) - known):
        raise PolicyError(
            f"{where}: {strange[0]!r} is not known; known: {', '.join(sorted(known))}", _WRITE
        )


def _criterion(given: Mapping[str, Any], where: str) -> Criterion:
    _only(given, {"metric", "at_least", "at_most", "why"}, where)
    limits = [given.get("at_least", float("-inf")), given.get("at_most", float("inf"))]
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in limits)
    if not given.get("metric") or not numbers or not {"at_least", "at_most"} & set(given):
        raise PolicyError(f"{where}: needs a metric and at_least, at_most or both", _WRITE)
    if limits[0] > limits[1]:
        raise PolicyError(f"{where}: at_least is above at_most", _WRITE)
    return Criterion(
        metric=str(given["metric"]),
        at_least=float(limits[0]),
        at_most=float(limits[1]),
        why=str(given.get("why", "")),
    )


def judge(policy: Policy, description: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Every criterion of the policy against a version's own description (model.json)."""
    return (*_of_the_cohort(policy, description), *_of_the_metrics(policy, description))


def _of_the_cohort(policy: Policy, description: Mapping[str, Any]) -> Iterator[Verdict]:
    simulated = bool(description.get("cohort", {}).get("simulated", True))
    yield Verdict(
        what="cohort",
        found=None,
        met=policy.simulated or not simulated,
        words="trained on a simulated cohort" if simulated else "trained on recorded courses",
    )
    if policy.fewest_courses:
        courses = description.get("courses") or [0]
        fewest = min(courses) if isinstance(courses, list) else int(courses)
        yield Verdict(
            what="courses",
            found=float(fewest),
            met=fewest >= policy.fewest_courses,
            words=f"{fewest} courses of the rarer treatment, {policy.fewest_courses} needed",
        )


def _of_the_metrics(policy: Policy, description: Mapping[str, Any]) -> Iterator[Verdict]:
    metrics = dict(_flat(description.get("metrics", {})))
    for criterion in policy.criteria:
        names = [name for name in metrics if _named(name, criterion.metric)]
        if not names:
            yield Verdict(
                what=criterion.metric,
                found=None,
                met=False,
                words=f"{criterion.metric} was not measured",
            )
        for name in names:
            value = metrics[name]
            met = value is not None and criterion.at_least <= value <= criterion.at_most
            shown = "was not measured" if value is None else f"is {value:.4g}"
            yield Verdict(
                what=name, found=value, met=met, words=f"{name} {shown}, {_limits(criterion)}"
            )


def _limits(criterion: Criterion) -> str:
    low, high = criterion.at_least, criterion.at_most
    if high == float("inf"):
        return f"at least {low:g} needed"
    return f"at most {high:g} allowed" if low == float("-inf") else f"{low:g} to {high:g} allowed"


def _named(name: str, pattern: str) -> bool:
    """Whether a dotted name is meant: `*` is one part and never a dot."""
    parts, wanted = name.split("."), pattern.split(".")
    return len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))


def _flat(metrics: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, float | None]]:
    """Dotted names of all numbers, whether the description has a tree or dotted names already."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            yield before + name, None if value is None else float(value)
