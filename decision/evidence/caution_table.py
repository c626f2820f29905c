"""A decision's cautions as read from its CSV file: data only; what triggers them is its code."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from decision.clinical.spec import CautionRule, Severity, Treatment, Verification


class CautionFileError(ValueError):
    """A row that cannot be a caution; the message names the file, the line and the column."""


def _cell(row: dict[str, str], column: str, where: str) -> str:
    text = (row.get(column) or "").strip()
    if not text:
        raise CautionFileError(f"{where}: column {column!r} is empty; every caution needs it")
    return text


def read_cautions(path: Path, treatments: Sequence[Treatment]) -> tuple[CautionRule, ...]:
    """Every caution of the file, in its order, with a `severity_` and a `message_` column for each
    treatment. CautionFileError names the line that is wrong.
    """
    ids = [treatment.id for treatment in treatments]
    rules: list[CautionRule] = []
    with path.open(newline="", encoding="utf-8") as handle:
        for line, row in enumerate(csv.DictReader(handle), start=2):
            where = f"{path.name}:{line}"
            try:
                severity = {t: Severity(_cell(row, f"severity_{t}", where)) for t in ids}
                verification = Verification(_cell(row, "verification", where))
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
            )
            if any(rule.id == other.id for other in rules):
                raise CautionFileError(f"{where}: {rule.id} is listed twice")
            rules.append(rule)
    return tuple(rules)
