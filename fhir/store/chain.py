"""The table of the audit trail: numbered without a gap, each entry sealed over the one before it.

A seal is an HMAC with the trail's key over every other column, the seal of the entry before among
them. Whoever can write to the database but has not the key can therefore change, remove, insert or
reorder nothing unseen, except to cut off the end: that shows only against a `Head` kept elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Column, Index, Integer, RowMapping, String, Table, Text

from fhir.store.database import metadata

NOTHING = "0" * 64
"""Stands before the first entry."""

AUDIT_ENTRY = Table(
    "audit_entry",
    metadata,
    Column(
        "sequence",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("id", String(32), nullable=False, unique=True),
    Column("recorded", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("patient_id", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("spec_version", Text, nullable=False),
    Column("model_version", Text, nullable=False),
    Column("input_hash", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("previous", String(64), nullable=False),
    Column("seal", String(64), nullable=False),
    Index("audit_entry_person", "patient_id", "person", "sequence"),
)
_SEALED = tuple(column.name for column in AUDIT_ENTRY.columns if column.name != "seal")


Row = Mapping[str, object] | RowMapping


def seal(key: bytes, row: Row) -> str:
    """What seals an entry: HMAC-SHA256 of all its other columns, as JSON with sorted names."""
    content = json.dumps({name: row[name] for name in _SEALED}, sort_keys=True)
    own = hmac.digest(key, b"seal of an audit entry", "sha256")  # the key has other uses too
    return hmac.new(own, content.encode(), hashlib.sha256).hexdigest()


def is_sealed(key: bytes, row: Row) -> bool:
    """Whether the entry is as it was written, with this key."""
    found = row["seal"]
    if not isinstance(found, str) or any(isinstance(value, bytes) for value in row.values()):
        return False
    return hmac.compare_digest(found.encode(errors="replace"), seal(key, row).encode())


@dataclass(frozen=True, slots=True)
class Head:
    """How many entries a trail has and the last one's seal; written `COUNT:SEAL`."""

    count: int = 0
    seal: str = NOTHING

    def __str__(self) -> str:
        return f"{self.count}:{self.seal}"

    @classmethod
    def parse(cls, written: str) -> Head:
        """ValueError when it is not a head."""
        found = re.fullmatch(r"(\d{1,18}):([0-9a-f]{64})", written.strip(), re.ASCII)
        if not found:
            raise ValueError("a head is COUNT:SEAL, as the verify command prints it")
        return cls(int(found[1]), found[2])
