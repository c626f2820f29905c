"""A decision's cautions as read from its CSV file: data only; what triggers them is its code."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from decision.clinical.spec import CautionRule, Entry, Severity, Treatment, Verification


class CautionFileError(ValueError):
    """A row that cannot be a caution; the message names the file, the line and the column."""


def _cell(row: dict[str, str], column: str, where: str) -> str:
    text = (row.get(column) or "").strip()
    if not text:
        raise CautionFileError(f"{where}: column {column!r} is empty; every caution needs it")
    return text


def read_cautions(
    path: Path,
    treatments: Sequence[Treatment],
    entries: Mapping[str, tuple[Entry, ...]] = MappingProxyType({}),
) -> tuple[CautionRule, ...]:
    """Every caution of the file, in its order, with a `severity_` and a `message_` column for each
    treatment; `entries` are what the page may ask, by caution. CautionFileError names the fault.
    """
    ids = [treatment.id for treatment in treatments]
    rules: list[CautionRule] = []
    with path.open(newline="", encoding="utf-8") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            where = f"{path.name}:{line}"
            try:
                severity = {t: Severity(_cell(row, f"severity_{t}", where)) for t in ids}
                verification = Verification(_cell(row, "verification", where))
                priority = int(_cell(row, "priority", where))
            except CautionFileError:
                raise
            except ValueError as error:
                raise CautionFileError(f"{where}: {error}") from error
            rule = CautionRule(
                id=_cell(row, "id", where),
                title=_cell(row, "title", where),
                trigger=_cell(row, "trigger", where),
                severity=severity,
                message={t: _cell(row, f"message_{t}", where) for t in ids},
                source=_cell(row, "source", where),
                source_date=_cell(row, "source_date", where),
                verification=verification,
                outstanding=_cell(row, "outstanding", where),
                priority=priority,
                entries=entries.get(_cell(row, "id", where), ()),
            )
            if any(rule.id == other.id for other in rules):
                raise CautionFileError(f"{where}: {rule.id} is listed twice")
            rules.append(rule)
    if strangers := sorted(set(entries) - {rule.id for rule in rules}):
        raise CautionFileError(f"{path.name}: entries for {', '.join(strangers)}, not in the file")
    return tuple(rules)
