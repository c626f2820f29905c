"""Which columns a table has: missing, misspelt, unknown, identifying, or named like an outcome."""

from __future__ import annotations

import re
from difflib import get_close_matches

from models.table.cells import Parsed
from models.table.problems import Found, Problems
from models.table.raw import RawTable
from models.table.schema import OUTCOME, Need, Schema

_IDENTIFYING = re.compile(
    r"(^|_)(name|surname|forename|firstname|lastname|mrn|nhs|ssn|email|phone|telephone|address"
    r"|postcode|zip|passport|insurance_number)(_|$|\d)",
    re.I,
)
_LATER = re.compile(
    r"(^|_)(w|wk|week|weeks|m|month|months|v|visit)_?(\d{1,2})($|_)|follow_?up|(^|_)(fu|post|after"
    r"|final|last_visit|endpoint|outcome|response|responder|remission|relapse|flare|eular|acr\d\d"
    r"|delta|change|improvement|end|stop|discontinu\w*|death|died)(_|$)",
    re.I,
)
_BASELINE = re.compile(r"(^|_)(w|wk|week|m|month|v|visit)_?0+(_|$)|baseline", re.I)
_NEAR = 0.75


def known_columns(raw: RawTable, schema: Schema, problems: Problems) -> None:
    """Columns that are not there although they must be, and columns the schema does not know."""
    strangers = [name for name in raw.columns if name not in schema.by_name]
    absent = [c for c in schema.columns if c.name not in raw.columns]
    free = {c.name for c in absent}
    for name in strangers:
        near = get_close_matches(name.lower(), list(free), n=1, cutoff=_NEAR)
        _stranger(name, near[0] if near else "", schema, problems)
    for column in absent:
        if column.need is Need.REQUIRED:
            problems.add(
                Found.MISSING_COLUMN,
                column.name,
                f"The column is not there. {column.meaning}",
                "Add it to the export.",
            )
    _outcome(raw, schema, problems)


def _stranger(name: str, near: str, schema: Schema, problems: Problems) -> None:
    if _IDENTIFYING.search(name):
        problems.add(
            Found.IDENTIFYING_COLUMN,
            name,
            "It is named like something that identifies a person.",
            "Take the column out of the export; a pseudonym in person_id is enough.",
        )
    elif near:
        problems.add(
            Found.MISSPELT_COLUMN,
            name,
            f"The schema has no such column; it has {near!r}, which is not in the table.",
            f"Rename it to {near!r} if it is meant, or take it out.",
        )
    elif _LATER.search(name) and not _BASELINE.search(name):
        problems.add(
            Found.LEAKAGE_NAME,
            name,
            "It is named like something known only after the start.",
            "Take it out; if it holds the outcome, name it as the schema does.",
        )
    else:
        nearest = get_close_matches(name.lower(), list(schema.by_name), n=1, cutoff=0.0)
        hint = f" The nearest known one is {nearest[0]!r}." if nearest else ""
        problems.add(
            Found.UNKNOWN_COLUMN,
            name,
            f"The schema has no such column, so it is not read.{hint}",
            "Take it out, or ask for it to become a predictor of the decision.",
        )


def _outcome(raw: RawTable, schema: Schema, problems: Problems) -> None:
    """An outcome, or all of its components; a part of the components is not enough."""
    if schema.timed or schema.endpoint is None or OUTCOME in raw.columns:
        return
    absent = [name for name in schema.components if name not in raw.columns]
    if absent:
        problems.add(
            Found.MISSING_COLUMN,
            OUTCOME,
            f"There is no outcome, and of its components {', '.join(absent)} are not there.",
            "Add the outcome, or all of its components.",
        )


def same_content(parsed: Parsed, problems: Problems) -> None:
    """Columns of numbers that hold the same in every row: one was pasted over the other."""
    seen: dict[bytes, str] = {}
    for name, values in parsed.numbers.items():
        distinct = {v for v in values.tolist() if v == v}
        # Flags and rare counts agree by chance; that says nothing.
        if len(distinct) < 5 or name in (OUTCOME, *parsed.schema.components):
            continue
        other = seen.setdefault(values.tobytes(), name)
        if other != name:
            problems.add(
                Found.SAME_COLUMN,
                name,
                f"It holds in every row the same as {other!r}.",
                "Export both again; one was copied over the other.",
            )
