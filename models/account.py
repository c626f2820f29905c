"""Reads the account that is kept beside a decision's artefacts: `account.toml`, and the groups that
were counted for the version that serves.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from decision.clinical.account import Account, Change, Said
from decision.clinical.errors import ModelError
from decision.clinical.spec import DecisionSpec
from models.artifact import active
from models.subgroups import groups_of, read_subgroups

FILE = "account.toml"
ATTRIBUTES = (
    *("developer", "funding", "patients", "users", "training-criteria", "training-people"),
    *("relevance", "fairness-approach", "bias", "external-source", "external-party"),
    *("external-people", "external-process", "external-validity", "external-fairness"),
    *("outcomes-of-use", "validity-monitoring", "local-validity", "fairness-monitoring"),
    *("local-fairness", "updates", "corrections"),
)
"""Those that somebody writes; the others are taken from the decision and its artefact."""
DEMOGRAPHICS = (
    *("race", "ethnicity", "language", "sexual orientation", "gender identity", "sex"),
    *("date of birth", "social determinants of health", "health status assessments"),
)
"""45 CFR 170.315(b)(11)(iv)(A)(5) to (13), in that order."""


class AccountError(ModelError):
    """An account that cannot be believed; the message names file, entry and remedy."""


def read_account(spec: DecisionSpec, folder: Path, checksum: str = "") -> Account:
    """The account of a decision; with `checksum`, also the groups counted for that artefact.

    Raises
    ------
    AccountError, models.artifact.SchemaError
    """
    path = folder / FILE
    counted = read_subgroups(active(folder), checksum) if checksum else ()
    groups = {t.id: groups_of(counted, arm, {}) for arm, t in enumerate(spec.treatments)}
    if not path.is_file():
        return Account(groups=groups if counted else {})
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise AccountError(
            f"{path}: cannot be read ({type(error).__name__})", "Restore it from the release."
        ) from None
    return Account(
        said=_said(path, told.get("said", {})),
        demographics=_demographics(path, told.get("demographics", {}), spec),
        changes=_changes(path, told.get("change", [])),
        groups=groups if counted else {},
    )


def _said(path: Path, told: Mapping[str, Any]) -> dict[str, Said]:
    if unknown := sorted(set(told) - set(ATTRIBUTES)):
        raise AccountError(
            f"{path}: [said] has {unknown[0]!r}, which is no attribute that somebody writes",
            f"Use {', '.join(ATTRIBUTES)}.",
        )
    said = {}
    for name, entry in told.items():
        try:
            said[name] = Said(**entry)
        except (TypeError, ValueError):
            raise AccountError(
                f"{path}: [said.{name}] is neither a text nor a reason",
                "Give `text`, or `unavailable` with the reason, and nothing else.",
            ) from None
    return said


def _demographics(path: Path, told: Mapping[str, Any], spec: DecisionSpec) -> dict[str, str]:
    known = {feature.id for feature in spec.features} | {""}
    wrong = [n for n, used in told.items() if n not in DEMOGRAPHICS or used not in known]
    missing = [name for name in DEMOGRAPHICS if name not in told]
    if wrong or missing:
        raise AccountError(
            f"{path}: [demographics] {(wrong + missing)[0]!r} is missing or names no input",
            'Give each of the nine the id of an input, or "" where none uses it.',
        )
    return {name: str(told[name]) for name in DEMOGRAPHICS}


def _changes(path: Path, told: object) -> tuple[Change, ...]:
    entries = told if isinstance(told, list) else [None]
    changes = []
    for entry in entries:
        if (
            not isinstance(entry, dict)
            or set(entry) != {"version", "at", "what"}
            or not isinstance(entry["at"], date)
        ):
            raise AccountError(
                f"{path}: a [[change]] lacks its version, its day or what it was",
                "Give version, at (a day without quotes) and what, and nothing else.",
            )
        changes.append(
            Change(version=str(entry["version"]), at=entry["at"], what=str(entry["what"]))
        )
    return tuple(sorted(changes, key=lambda change: change.at, reverse=True))
