"""OMOP CDM tables as the FHIR resources they mean, so that one reader judges them all.

Concepts are found by the decision's own code lists through the `concept` table: LOINC, SNOMED,
RxNorm, ATC and ICD-10-CM by vocabulary and code, a drug product through `concept_ancestor`. A
site's own concepts may be given the decision's codes in a file `site_concepts.csv` beside the
tables, with columns `concept_id`, `system` (by its short name, such as `local`) and `code`.

- `measurement`, `observation`: a result of its day; there is no time zone, so no hour counts.
  A unit counts by its UCUM concept, else as the source wrote it.
- `condition_occurrence`: a diagnosis from its start. Its end is the end of a visit and is not used.
- `drug_exposure`: exposures of one ingredient with at most 30 days between them are one statement,
  as in an OHDSI drug era; it is active where it reaches the end of the data. Why a drug was stopped
  is text there, and text is not interpreted.
"""

from __future__ import annotations

import csv
import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from cohorts import omop_sql as sql
from cohorts.bulk import Chart
from cohorts.errors import ExportError
from decision.clinical.codes import SYSTEMS, Code, CodeError
from decision.clinical.spec import DecisionSpec
from fhir.fields import Json

VOCABULARIES = {
    "LOINC": "LOINC",
    "SNOMED": "SNOMED",
    "RxNorm": "RxNorm",
    "ATC": "ATC",
    "ICD-10-CM": "ICD10CM",
}
"""Short names of code systems, and what the `concept` table calls them."""
SITE_CONCEPTS = "site_concepts.csv"
_GENDERS = {8507: "male", 8532: "female"}
_COMPARATORS = frozenset({"<", "<=", ">=", ">"})
"""Names of concepts of measurement operators; `=` needs no word."""
_UCUM = "http://unitsofmeasure.org"
_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
_VERIFIED = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
_BATCH = 10_000


@dataclass(kw_only=True)
class OmopExport:
    """Tables that are open; the same questions may be asked of it as of a bulk export."""

    base: str = ""
    taken: str
    patients: int
    unused: Counter[str]
    _connection: duckdb.DuckDBPyConnection = field(repr=False)

    def charts(self) -> Iterator[Chart]:
        """One chart after another, by person_id."""
        streams = [
            _rows(self._connection, query, make)
            for query, make in (
                (sql.PERSONS, _person),
                (sql.RESULTS, _result),
                (sql.CONDITIONS, _condition),
                (sql.DRUGS, _drug),
            )
        ]
        together = heapq.merge(*streams, key=lambda pair: pair[0])
        for person, pairs in groupby(together, key=lambda pair: pair[0]):
            yield Chart(patient=str(person), resources=tuple(r for _, r in pairs))


@contextmanager
def open_omop(
    source: Path, spec: DecisionSpec, *, taken: str = "", memory_mb: int = 2_000
) -> Iterator[OmopExport]:
    """Open a folder of CDM tables (`person.parquet` or `person.csv` and so on) or a DuckDB file.

    taken : day on which the data end; the last date of any table where it is not given

    Raises
    ------
    ExportError
        A table or a column that is not there, or a concept of the site that no list knows.
    """
    connection = duckdb.connect()
    try:
        connection.execute(f"SET memory_limit = '{int(memory_mb)}MB'")
        try:
            _views(connection, source)
            _concepts(connection, source, spec)
            for statement in sql.PREPARE:
                connection.execute(statement)
            ends = taken or _one(connection, sql.LAST_DAY)
            connection.execute(sql.ERAS, {"taken": ends[:10] or "1900-01-01"})
        except duckdb.Error as error:
            raise ExportError(
                f"{source.name}: the tables cannot be read ({type(error).__name__}).",
                "Check that they are OMOP CDM 5.3 or 5.4 tables with their own column names.",
            ) from None
        yield OmopExport(
            taken=ends,
            patients=int(_one(connection, sql.COUNT)),
            unused=Counter({w: int(n) for w, n in connection.execute(sql.UNUSED).fetchall() if n}),
            _connection=connection,
        )
    finally:
        connection.close()


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    found = connection.execute(query).fetchone()
    return "" if found is None or found[0] is None else str(found[0])


def _views(connection: duckdb.DuckDBPyConnection, source: Path) -> None:
    """A view of each table with the columns that are read, as text, empty where it has no such."""
    inside: dict[str, str] = {}
    if source.is_file():
        connection.execute(f"ATTACH '{_quoted(source)}' AS cdm (READ_ONLY)")
        listed = connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE database_name = 'cdm'"
        ).fetchall()
        inside = {name.lower(): f'cdm.main."{name}"' for (name,) in listed}
    for table, (needed, optional) in sql.TABLES.items():
        found = inside.get(table) or _file(source, table)
        if not found and table in sql.REQUIRED:
            raise ExportError(
                f"{source.name}: there is no table {table!r}.",
                f"Export {', '.join(sql.REQUIRED)}; other tables are read where they are there.",
            )
        has = _columns(connection, table, found) if found else set()
        if found and (absent := [c for c in needed if c not in has]):
            raise ExportError(
                f"{source.name}: table {table!r} has no column {absent[0]!r}.",
                "Export the CDM table with its own column names.",
            )
        shown = ", ".join(
            f"CAST({c} AS VARCHAR) AS {c}" if c in has else f"CAST(NULL AS VARCHAR) AS {c}"
            for c in (*needed, *optional)
        )
        rows = f"FROM {found}" if found else "WHERE false"
        # Names are this module's own; the path is the operator's, with its quotes doubled.
        connection.execute(f"CREATE VIEW raw_{table} AS SELECT {shown} {rows}")


def _file(folder: Path, table: str) -> str:
    for name, reader in ((f"{table}.parquet", "read_parquet"), (f"{table}.csv", "read_csv")):
        path = folder / name
        if path.is_file():
            # As text: codes such as 0105 are no numbers.
            options = ", all_varchar = true, header = true" if reader == "read_csv" else ""
            return f"{reader}('{_quoted(path)}'{options})"
    return ""


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _columns(connection: duckdb.DuckDBPyConnection, table: str, found: str) -> set[str]:
    try:
        listed = connection.execute(f"DESCRIBE SELECT * FROM {found}").fetchall()  # noqa: S608
    except duckdb.Error as error:
        raise ExportError(
            f"Table {table!r} cannot be read ({type(error).__name__}).",
            "Export it as UTF-8 CSV with a header, as Parquet or in a DuckDB file.",
        ) from None
    return {str(row[0]).lower() for row in listed}


def _concepts(connection: duckdb.DuckDBPyConnection, source: Path, spec: DecisionSpec) -> None:
    """The decision's codes by vocabulary, and the concepts that a site gave codes itself."""
    short = {uri: name for name, uri in SYSTEMS.items()}
    wanted = {
        (VOCABULARIES[short[e.code.system]], e.code.code, e.prefix, e.code.system)
        for codelist in spec.codelists.values()
        for e in codelist.entries
        if short[e.code.system] in VOCABULARIES
    }
    connection.execute(
        "CREATE TABLE wanted (vocabulary VARCHAR, code VARCHAR, prefix BOOLEAN, system VARCHAR)"
    )
    connection.executemany("INSERT INTO wanted VALUES (?, ?, ?, ?)", sorted(wanted))
    connection.execute("CREATE TABLE own (concept_id VARCHAR, system VARCHAR, code VARCHAR)")
    if own := list(_own(source, spec)):
        connection.executemany("INSERT INTO own VALUES (?, ?, ?)", own)
    systems = [(VOCABULARIES[n], uri) for n, uri in SYSTEMS.items() if n in VOCABULARIES]
    connection.execute("CREATE TABLE systems (vocabulary VARCHAR, system VARCHAR)")
    connection.executemany("INSERT INTO systems VALUES (?, ?)", systems)


def _own(source: Path, spec: DecisionSpec) -> Iterable[tuple[str, str, str]]:
    path = (source if source.is_dir() else source.parent) / SITE_CONCEPTS
    if not path.is_file():
        return
    with path.open(newline="", encoding="utf-8") as handle:
        for number, line in enumerate(csv.DictReader(handle), start=2):
            system = SYSTEMS.get(line.get("system") or "", "")
            try:
                code = Code(system=system, code=line.get("code") or "")
            except CodeError:
                code = None
            if code is None or not any(c.matches([code]) for c in spec.codelists.values()):
                raise ExportError(
                    f"{SITE_CONCEPTS}, row {number}: no list of the decision has that code.",
                    f"Give a code of decision/catalog/{spec.id}/codes with its system.",
                )
            yield line.get("concept_id") or "", code.system, code.code


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, make: Any
) -> Iterator[tuple[int, Json]]:
    cursor = connection.cursor()
    try:
        cursor.execute(query)
        while rows := cursor.fetchmany(_BATCH):
            for row in rows:
                yield int(row[0]), make(*row)
    finally:
        cursor.close()


def _subject(person: int) -> Json:
    return {"reference": f"Patient/{person}"}


def _person(
    person: int,
    gender: int | None,
    year: int | None,
    month: int | None,
    day: int | None,
    site: str | None,
    died: str | None,
) -> Json:
    parts = [f"{year:04d}"] if year else []
    parts += [f"{month:02d}"] if parts and month else []
    parts += [f"{day:02d}"] if len(parts) == 2 and day else []
    found: Json = {"resourceType": "Patient", "id": str(person)}
    if gender in _GENDERS:
        found["gender"] = _GENDERS[gender]
    if parts:
        found["birthDate"] = "-".join(parts)
    if site:
        found["managingOrganization"] = {"reference": f"Organization/{site}"}
    if died:
        found["deceasedDateTime"] = died
    return found


def _coding(codes: list[Json]) -> Json:
    return {"coding": [{k: c[k] for k in ("system", "code", "display") if c[k]} for c in codes]}


def _result(
    person: int,
    name: str,
    day: str,
    codes: list[Json],
    value: float | None,
    operator: str | None,
    unit: str | None,
    written_unit: str | None,
    answers: list[Json],
    low: float | None,
    high: float | None,
) -> Json:
    found: Json = {
        "resourceType": "Observation",
        "id": name,
        "subject": _subject(person),
        "status": "final",
        "code": _coding(codes),
        "effectiveDateTime": day,
    }
    known = {"unit": unit, "code": unit, "system": _UCUM} if unit else {"unit": written_unit or ""}
    if value is not None:
        found["valueQuantity"] = {"value": value, **known}
        if operator in _COMPARATORS:
            found["valueQuantity"]["comparator"] = operator
    elif answers:
        found["valueCodeableConcept"] = _coding(answers)
    ends = {"low": low, "high": high}
    limits = {side: {"value": v, **known} for side, v in ends.items() if v is not None}
    if limits and value is not None:
        found["referenceRange"] = [limits]
    return found


def _condition(person: int, name: str, day: str, codes: list[Json]) -> Json:
    return {
        "resourceType": "Condition",
        "id": name,
        "subject": _subject(person),
        "clinicalStatus": {"coding": [{"system": _STATUS, "code": "active"}]},
        "verificationStatus": {"coding": [{"system": _VERIFIED, "code": "confirmed"}]},
        "code": _coding(codes),
        "onsetDateTime": day,
        "recordedDate": day,
    }


def _drug(person: int, name: str, start: str, end: str | None, codes: list[Json]) -> Json:
    period = {"start": start} | ({"end": end} if end else {})
    return {
        "resourceType": "MedicationStatement",
        "id": name,
        "subject": _subject(person),
        "status": "stopped" if end else "active",
        "medicationCodeableConcept": _coding(codes),
        "effectivePeriod": period,
    }
