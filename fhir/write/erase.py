"""Erases what could not be written to a chart and is older than a date; run it as a command.

Where a resource could not be sent, its text, which is patient data, stays until somebody says for
how long that may be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from fhir.store.database import Database, StoreError, database_url
from fhir.store.keys import existing_key
from fhir.write.outbox import Outbox


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. 0: done, and says of how many resources; 2: could not be done."""
    parser = argparse.ArgumentParser(
        prog="python -m fhir.write.erase",
        description="Erase the text of resources that have waited for a chart since before a date. "
        "They can no longer be sent; the decisions stay in the audit trail.",
    )
    parser.add_argument("--database", required=True, help="path of the SQLite file, or URL")
    parser.add_argument("--key", type=Path, help="key file (default: <trail>.key beside the file)")
    parser.add_argument("--before", required=True, type=day, help="YYYY-MM-DD (0:00 UTC)")
    given = parser.parse_args(arguments)
    try:
        url = database_url(given.database)
        with closing(Database(url, existing=True)) as looked_at:
            key = existing_key(looked_at, given.key)  # a wrong path must not begin a store
        with closing(Database(url)) as database:
            erased = Outbox(database, key).erase(given.before)
    except StoreError as error:
        sys.stderr.write(f"Nothing was erased: {error.message}. {error.remedy}\n")
        return 2
    sys.stdout.write(f"Erased: the text of {erased} resources.\n")
    return 0


def day(written: str) -> datetime:
    """Midnight, UTC. argparse names this function where it cannot read one."""
    return datetime.strptime(written, "%Y-%m-%d").replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
