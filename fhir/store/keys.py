"""The trail's key: in `<trail>.key` beside a SQLite file, in a file of its own for PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import exists, select

from fhir.private import create_key, make_file, make_folder, read_key
from fhir.store.chain import AUDIT_ENTRY
from fhir.store.database import Database, StoreError
from fhir.store.guards import create_trail


def key_path(database: Database, path: Path | None = None) -> Path:
    """Where the key is kept: `path`, or beside the file. PostgreSQL has no beside."""
    if path is not None:
        return path
    if database.file is None:
        raise StoreError(
            "no key is named for the audit trail on the database server",
            "Name a file for it, readable by this account alone and the same on every replica.",
        )
    return database.file.with_name(f"{database.file.name}.key")


def existing_key(database: Database, path: Path | None = None) -> bytes:
    """The key, for looking only: nothing is made or changed."""
    place = key_path(database, path)
    try:
        key = read_key(place)
    except OSError:
        key = None
    if key is None:
        raise StoreError(
            f"the key {place.name} of the audit trail is missing, unreadable or damaged",
            "Restore it from its backup, or name it with --key or TREATMENT_RESPONSE_AUDIT_KEY; "
            "else move both away and keep them.",
        )
    return key


def kept_key(database: Database, path: Path | None = None) -> bytes:
    """The key of this trail, made when the trail is still empty; never a new one for an old trail.

    Whether entries exist is read before the key, so that a trail just begun by another process is
    not taken for one without a key.
    """
    create_trail(database)
    with database.read() as connection:
        used = connection.execute(select(exists(select(AUDIT_ENTRY.c.id)))).scalar_one()
    place = key_path(database, path)
    try:
        if not used and not place.exists():
            make_folder(place.parent)
            create_key(place)
        if place.exists():
            make_file(place)
    except OSError:
        raise StoreError(
            f"cannot keep the key {place.name} of the audit trail private",
            "Let it belong to the account that runs the product, as a plain file.",
        ) from None
    return existing_key(database, path)
