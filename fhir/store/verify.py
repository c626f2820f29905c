"""`python -m fhir.store.verify --database PATH_OR_URL`: is the audit trail as it was written?

Reads every entry from the table itself, checks number, order and seal of each, then that indexes
and table agree and that the triggers are in place. Prints the head, `COUNT:SEAL`. Exit status: 0
intact, 1 broken (the first broken entry is named), 2 could not be checked.

What needs a head from earlier (`--head`): an end that was cut off, or a whole trail exchanged for
an older copy of itself. Print the head daily and keep it where the product cannot write.

What cannot be found, because no entry holds it: a byte changed in a free part of the file, or in
the other tables of the store.

Backup. SQLite: `sqlite3 audit.sqlite ".backup 'copy.sqlite'"` while the product runs (a plain copy
of the file may miss the newest entries), and `audit.sqlite.key` once, kept apart from the copies:
without the key a copy cannot be verified, nor tell people apart, and with it entries can be forged.
PostgreSQL: `pg_dump --format=custom`, or the server's own continuous archiving, and the key file.
Restore with the product stopped, and a SQLite file without old `-wal` and `-shm` files beside it.
After restoring, verify with the newest head that was kept: entries it counts and the copy lacks are
lost, and that is then known.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from fhir.store.chain import AUDIT_ENTRY, Head, Row, is_sealed
from fhir.store.database import Database, StoreError, database_url
from fhir.store.guards import guard_problems
from fhir.store.keys import existing_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The first thing that is not as it was written. Names an entry by number and audit id only."""

    what: str
    sequence: int | None = None
    audit_id: str = ""

    def __str__(self) -> str:
        entry = f"entry {self.sequence}" if self.sequence is not None else "the trail"
        return f"{entry}{f' (audit id {self.audit_id})' if self.audit_id else ''}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found; `head` is that of the part that is intact."""

    head: Head
    problem: Problem | None = None
    notes: tuple[str, ...] = ()


def verify(database: Database, key: bytes, head: Head | None = None) -> Verdict:
    """Check the whole trail, and that it still holds the `head` of earlier."""
    found = Head()
    try:
        with database.read() as connection:
            found, problem = _follow(connection, key, head)
        if problem is None:
            with database.read() as connection:
                problem = _surroundings(connection)
        notes: tuple[str, ...] = ()
        if problem is None and not database.is_sqlite:
            with database.read() as connection:
                notes = _postgres_indexes(connection)
    except StoreError as error:
        return Verdict(head=found, problem=Problem(what=f"{error.message}; it may be damaged"))
    return Verdict(head=found, problem=problem, notes=notes)


def _follow(connection: Connection, key: bytes, kept: Head | None) -> tuple[Head, Problem | None]:
    """Along the chain, from the first entry to the last or to the first that is broken."""
    if connection.dialect.name == "sqlite":
        batch = 1  # a damaged page then names the entry, not the batch
    else:
        batch = 500
        for way in ("indexscan", "indexonlyscan", "bitmapscan"):  # the table, not what is beside it
            connection.execute(text(f"set local enable_{way} = off"))
    ordered = select(AUDIT_ENTRY).order_by(AUDIT_ENTRY.c.sequence)
    head = Head()
    try:
        with connection.execution_options(yield_per=batch).execute(ordered) as rows:
            for row in rows.mappings():
                if what := _broken(row, head, key):
                    return head, Problem(what=what, sequence=head.count + 1, audit_id=_name(row))
                head = Head(head.count + 1, row["seal"])
                if kept and kept.count == head.count and kept.seal != head.seal:
                    what = "is not the one whose seal was kept as head"
                    return head, Problem(what=what, sequence=head.count, audit_id=_name(row))
    except DBAPIError as error:
        if error.connection_invalidated:  # the server went away: that says nothing of the entry
            raise
        return head, Problem(what="cannot be read; it is damaged", sequence=head.count + 1)
    if kept and kept.count > head.count:
        what = f"is missing: the trail was cut (the head that was kept counts {kept.count})"
        return head, Problem(what=what, sequence=head.count + 1)
    return head, None


def _broken(row: Row, head: Head, key: bytes) -> str:
    """What is wrong with the entry after `head`; empty when nothing is."""
    if row["sequence"] != head.count + 1:
        return "is missing, or others were slipped in before it"
    if row["previous"] != head.seal:
        return "does not follow the entry before it: one was removed, inserted or exchanged"
    if not is_sealed(key, row):
        return "was changed, or the key is not the one it was sealed with"
    return ""


def _name(row: Row) -> str:
    """The audit id, unless somebody put something else into its place."""
    found = str(row["id"])
    return found if re.fullmatch("[0-9a-f]{32}", found) else ""


def _surroundings(connection: Connection) -> Problem | None:
    if connection.dialect.name == "sqlite":
        # Its words can quote what is stored, so only that there are some is told.
        found = connection.exec_driver_sql("pragma integrity_check(1)").scalar_one()
        if found != "ok":
            return Problem(what="table and indexes disagree, or the file is damaged")
    for what in guard_problems(connection):
        return Problem(what=what)
    return None


def _postgres_indexes(connection: Connection) -> tuple[str, ...]:
    """Indexes against table, where the server has the means; damage raises."""
    may = text(
        "select has_function_privilege(to_regprocedure('bt_index_check(regclass, boolean)'),"
        " 'execute')"
    )
    if not connection.execute(may).scalar_one():
        return ("indexes were not compared with the table: no right to the extension amcheck",)
    connection.execute(
        text(
            "select bt_index_check(indexrelid, true) from pg_index"
            " where indrelid = 'audit_entry'::regclass"
        )
    ).all()
    return ()


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m fhir.store.verify",
        description="Find tampering with, or damage to, the audit trail. Changes nothing.",
    )
    parser.add_argument("--database", required=True, help="path of the SQLite file, or URL")
    parser.add_argument("--key", type=Path, help="key file (default: <trail>.key beside the file)")
    parser.add_argument("--head", type=Head.parse, help="COUNT:SEAL, printed and kept earlier")
    parser.add_argument("--json", action="store_true", help="answer as JSON")
    given = parser.parse_args(arguments)
    try:
        with closing(Database(database_url(given.database), existing=True)) as database:
            verdict = verify(database, existing_key(database, given.key), given.head)
    except StoreError as error:
        sys.stderr.write(f"The audit trail could not be checked: {error.message}. {error.remedy}\n")
        return 2
    problem = verdict.problem
    if given.json:
        first = problem and {
            "sequence": problem.sequence,
            "audit_id": problem.audit_id,
            "what": problem.what,
        }
        answer = {
            "intact": problem is None,
            "head": str(verdict.head),
            "problem": first,
            "notes": verdict.notes,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
    elif problem is None:
        notes = "".join(f"\nNote: {note}." for note in verdict.notes)
        sys.stdout.write(f"Intact: {verdict.head.count} entries.\nHead: {verdict.head}{notes}\n")
    else:
        sys.stdout.write(f"BROKEN: {problem}.\nIntact up to: {verdict.head}\n")
    return 0 if problem is None else 1


if __name__ == "__main__":
    sys.exit(main())
