"""`python -m models.check_cohort <decision> --table FILE`: every problem of a cohort table.

One line for each problem with its column, its rows and its remedy; `--json` writes one object with
all row numbers. Nothing is changed and nothing is guessed.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from decision import catalog
from models.table.check import Report, check_file
from models.table.problems import Severity
from models.table.raw import TableFileError
from models.table.schema import schema_of


def told(report: Report) -> str:
    """The report as text, errors first."""
    lines = [problem.line() for problem in report.problems]
    errors, warnings = (report.count(severity) for severity in Severity)
    arms = ", ".join(f"{n} of {arm}" for arm, n in report.courses.items())
    lines.append(f"{report.name}: {report.rows} rows{f' ({arms})' if arms else ''}.")
    lines.append(f"{errors} errors, {warnings} warnings.")
    lines.append(
        "It cannot be used until the errors are gone."
        if report.table is None
        else "It can be used."
    )
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 where the table can be used, 1 where it has errors, 2 where it is no table
    or the decision is unknown.
    """
    parser = argparse.ArgumentParser(prog="python -m models.check_cohort", description=__doc__)
    parser.add_argument("decision", help=f"one of {', '.join(catalog.offered())}")
    parser.add_argument("--table", type=Path, required=True, help="a CSV or Parquet file")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    given = parser.parse_args(arguments)
    try:
        schema = schema_of(catalog.load(given.decision))
        # The machine's own day: only a date after it is called future.
        report = check_file(given.table, schema, date.today())
    except (catalog.SpecError, TableFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(json.dumps(report.words()) + "\n" if given.json else told(report))
    return 0 if report.table is not None else 1


if __name__ == "__main__":
    sys.exit(main())
