"""`python -m models.table.document`: writes docs/cohort_table.md from the decisions themselves.

A test holds the file against what this makes, so that no column can change without its document.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from pathlib import Path

from decision import catalog
from models.table.problems import WARNINGS, Found
from models.table.schema import DATED, Column, Schema, schema_of
from models.table.values import other_units

PATH = Path(__file__).parents[2] / "docs" / "cohort_table.md"

_HEAD = """# The cohort table

One row for each treatment course (of a prognosis: for each person and index date), as CSV or
Parquet. This document is written by `python -m models.table.document` from the decisions
themselves; change a decision, not this file.

- CSV is UTF-8 with a header; the delimiter may be a comma, a semicolon, a tab or a bar. Numbers
  have a decimal point, dates are YYYY-MM-DD, flags are 0 and 1.
- An empty cell means not known; so do NA, N/A, NaN, null, None and a single point. A number such
  as 999 does not.
- A predictor is the last value known at the end of the index date, in the unit given. What was
  measured later is no predictor.
- `person_id` is a pseudonym. Names, record numbers and addresses have no place in the table.
- A column that the table lacks counts as not measured in anybody, unless it is required.

Check a table with `python -m models.check_cohort <decision> --table FILE`. It reports every problem
in one pass with column, rows and remedy; `--json` gives the same to programs. Rows are numbered as
in a spreadsheet: the first one below the header is 2. Of cells, a report repeats names of sites and
of drugs and nothing else.
"""


def document() -> str:
    """The whole document."""
    parts = [_HEAD]
    for name in catalog.offered():
        parts.append("\n".join(_decision(schema_of(catalog.load(name)))))
    parts.append("\n".join(_problems()))
    return "\n".join(parts)


def _decision(schema: Schema) -> Iterator[str]:
    yield f"## {schema.spec.id}"
    yield ""
    yield f"{schema.spec.title}. Outcome: {schema.spec.outcome.definition}"
    yield ""
    yield "| Column | Holds | Unit | Range | Needed | Meaning |"
    yield "|---|---|---|---|---|---|"
    for column in schema.columns:
        if (
            not column.name.endswith(DATED)
            or column.name.removesuffix(DATED) not in schema.features
        ):
            yield _line(column)
    yield ""
    yield (
        f"Any predictor may have a further column `<predictor>{DATED}`, the day on which it was "
        "measured: never after the index date, and not older than the page allows:"
    )
    yield ""
    days = {
        f: column.lookback_days
        for f in schema.features
        if (column := schema.by_name[f + DATED]).lookback_days
    }
    for limit in sorted(set(days.values())):
        named = ", ".join(f"`{f}`" for f, d in days.items() if d == limit)
        yield f"- {limit} days: {named}"
    yield ""
    yield "Units that are recognised by their level and refused with the factor:"
    yield ""
    for feature, units in other_units(schema.spec.id).items():
        yield f"- `{feature}`: {', '.join(unit.name for unit in units)}"
    yield ""


def _line(column: Column) -> str:
    limits = f"{column.low:g} to {column.high:g}" if math.isfinite(column.low) else ""
    return (
        f"| `{column.name}` | {column.kind.value} | {column.unit} | {limits} | "
        f"{column.need.value} | {column.meaning} |"
    )


def _problems() -> Iterator[str]:
    yield "## What is reported"
    yield ""
    errors = [kind.value for kind in Found if kind not in WARNINGS]
    yield f"Errors, which stop whatever uses the table: {'; '.join(errors)}."
    yield ""
    yield f"Warnings: {'; '.join(k.value for k in Found if k in WARNINGS)}."
    yield ""


def main() -> int:
    """Write the document; 0."""
    PATH.write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
