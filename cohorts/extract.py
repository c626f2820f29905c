"""`python -m cohorts.extract <decision> --ndjson FOLDER --output cohort.csv`: charts to a table.

`--omop` reads OMOP CDM tables instead of a FHIR bulk export; see `cohorts.omop`. Each chart is read
by the code of the bedside, as it stood when the drug was begun; `cohorts.courses` says what makes a
course and `docs/cohort_table.md` what is in the table. People are numbered in the order in which
their charts are read: the table holds no id of the export.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cohorts.bulk import BulkExport, open_export
from cohorts.charts import Reader, reader
from cohorts.courses import courses_of
from cohorts.errors import ExportError
from cohorts.omop import OmopExport, open_omop
from cohorts.writing import Cell, row_of, write_table
from decision import catalog
from decision.clinical.endpoint import Endpoint
from decision.clinical.errors import DecisionSupportError
from fhir.dates import UnusableDateError, moment
from fhir.errors import BundleError
from fhir.fields import Json, child, text
from models.table.schema import schema_of

_EVERY = 1_000


@dataclass(kw_only=True)
class Tally:
    """What came of an export: charts, rows, and what made no row, by reason."""

    charts: int = 0
    rows: int = 0
    arms: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    unused: Counter[str] = field(default_factory=Counter)

    def words(self) -> dict[str, Any]:
        """The tally as JSON says it."""
        return {
            "charts": self.charts,
            "rows": self.rows,
            "courses": dict(sorted(self.arms.items())),
            "courses_left_out": dict(sorted(self.left.items())),
            "charts_refused": dict(sorted(self.refused.items())),
            "resources_of_nobody": dict(sorted(self.unused.items())),
        }


Export = BulkExport | OmopExport


def rows_of(
    export: Export, taken: str, read: Reader, endpoint: Endpoint, site: str, tally: Tally
) -> Iterator[dict[str, Cell]]:
    """The rows of a whole export, one chart in memory at a time."""
    for number, chart in enumerate(export.charts(), start=1):
        tally.charts = number
        if number % _EVERY == 0:
            _say(f"{number} of {export.patients} charts, {tally.rows} courses")
        try:
            for course in courses_of(chart.resources, taken, read, endpoint, tally.left):
                tally.rows += 1
                tally.arms[course.treatment] += 1
                yield row_of(f"p{number:07d}", site or _site(chart.resources), course)
        except BundleError as error:
            tally.refused[type(error).__name__] += 1
    tally.unused.update(export.unused)


def _site(resources: Sequence[Json]) -> str:
    """The organisation that looks after the patient; one site where none is named."""
    for resource in resources:
        if resource.get("resourceType") == "Patient":
            keeper = text(child(resource, "managingOrganization"), "reference")
            return keeper.rsplit("/", 1)[-1] or "one site"
    return "one site"


def taken_at(given: str, export: Export) -> str:
    """When the export was true: as the command says, else as the server said.

    Raises
    ------
    ExportError
    """
    written = given or export.taken
    try:
        found = moment(written)
    except UnusableDateError:
        raise ExportError(
            "Nothing says when the export was taken.",
            "Give --taken YYYY-MM-DD, or keep the server's answer as manifest.json beside it.",
        ) from None
    return _instant(found.latest)


def _instant(when: datetime) -> str:
    return when.isoformat()


def extract(
    decision_id: str,
    source: Path,
    output: Path,
    *,
    taken: str = "",
    site: str = "",
    omop: bool = False,
) -> Tally:
    """Write the cohort table of an export; what came of it.

    source : a folder of NDJSON files, or with `omop` a folder or DuckDB file of CDM tables

    Raises
    ------
    ExportError, catalog.SpecError
    """
    spec = catalog.load(decision_id)
    schema = schema_of(spec)
    if schema.endpoint is None:
        raise ExportError(
            f"Decision {decision_id!r} does not say how its outcome is read from a later visit.",
            "Export its table from the registry itself; see docs/cohort_table.md.",
        )
    tally = Tally()
    opened = open_omop(source, spec, taken=taken) if omop else open_export(source)
    with opened as export:
        at = taken_at(taken, export)
        read = reader(spec, export.base)
        write_table(output, schema, rows_of(export, at, read, schema.endpoint, site, tally))
    return tally


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 0 where a table was written, 2 where the export or the decision is no use."""
    parser = argparse.ArgumentParser(prog="python -m cohorts.extract", description=__doc__)
    parser.add_argument("decision", help=f"one of {', '.join(catalog.offered())}")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--ndjson", type=Path, help="folder of a FHIR bulk export")
    source.add_argument("--omop", type=Path, help="folder or DuckDB file of OMOP CDM tables")
    parser.add_argument("--output", type=Path, required=True, help="a .csv or .parquet file")
    parser.add_argument("--taken", default="", help="day of the export, if no manifest says it")
    parser.add_argument("--site", default="", help="name of the site, if the export is of one")
    parser.add_argument("--json", action="store_true", help="one line instead of an indented tree")
    given = parser.parse_args(arguments)
    try:
        tally = extract(
            given.decision,
            given.omop or given.ndjson,
            given.output,
            taken=given.taken,
            site=given.site,
            omop=given.omop is not None,
        )
    except DecisionSupportError as error:
        _say(f"{error.message} {error.remedy}")
        return 2
    except catalog.SpecError as error:
        _say(str(error))
        return 2
    sys.stdout.write(json.dumps(tally.words(), indent=None if given.json else 2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
