"""How a shipped model fared in groups of the validation patients, as counted beside its artefact
by `models.count_subgroups`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decision.clinical.outlook import CheckedGroup
from models.artifact import SchemaError
from models.wilson import wilson

FILE = "subgroups.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One group: a stratum by its label, or a closed range of a feature; infinity where it is open.

    n, events, expected : per treatment · auc : None where too few to say
    """

    label: str
    ranges: Mapping[str, tuple[float, float]]
    n: tuple[int, ...]
    events: tuple[int, ...]
    expected: tuple[float, ...]
    auc: tuple[float | None, ...]


def groups_of(
    found: Sequence[Counted], arm: int, values: Mapping[str, float]
) -> tuple[CheckedGroup, ...]:
    """The groups as they are told of one treatment, with those of a patient marked."""
    return tuple(_told(group, arm, values) for group in found)


def _told(group: Counted, arm: int, values: Mapping[str, float]) -> CheckedGroup:
    feature, (low, high) = ("", (0.0, 0.0)) if group.label else next(iter(group.ranges.items()))
    observed_low, observed_high = wilson(group.events[arm], group.n[arm])
    return CheckedGroup(
        label=group.label,
        feature=feature,
        low=low,
        high=high,
        n=group.n[arm],
        events=group.events[arm],
        expected=group.expected[arm],
        observed_low=observed_low,
        observed_high=observed_high,
        auc=group.auc[arm],
        own=all(f in values and a <= values[f] <= b for f, (a, b) in group.ranges.items()),
    )


def read_subgroups(folder: Path, checksum: str) -> tuple[Counted, ...]:
    """What was counted for the artefact of that checksum; nothing where nobody has counted.

    Raises
    ------
    SchemaError
        If the file is of another artefact, or not what the command writes.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    remedy = "Count again with python -m models.count_subgroups, or take the file away."
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["schema"] != SCHEMA or told["checksum"] != checksum:
            raise SchemaError(f"{path}: it was counted for another artefact", remedy)
        return tuple(_read(group) for group in told["groups"])
    except (ValueError, KeyError, TypeError) as error:
        raise SchemaError(f"{path}: not readable ({type(error).__name__})", remedy) from None


def _read(group: Mapping[str, Any]) -> Counted:
    return Counted(
        label=str(group["label"]),
        ranges={
            f: (
                -math.inf if low is None else float(low),
                math.inf if high is None else float(high),
            )
            for f, (low, high) in group["ranges"].items()
        },
        n=tuple(int(n) for n in group["n"]),
        events=tuple(int(n) for n in group["events"]),
        expected=tuple(float(x) for x in group["expected"]),
        auc=tuple(None if x is None else float(x) for x in group["auc"]),
    )
