"""Tokens that may be used once: which have been, told apart by a digest alone."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, String, Table, delete, insert, select

from fhir.store.database import Database, metadata

USED_TOKEN = Table(
    "used_token",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("expires", BigInteger, nullable=False),
    Index("used_token_expires", "expires"),
)


class UsedTokens:
    """Remembers each token until it expires, for all processes that share the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create(USED_TOKEN)

    def first_use(self, issuer: str, jti: str, expires: datetime, now: datetime) -> bool:
        """True once for an issuer's token id. False ever after, and for one that has expired: what
        is expired is forgotten, so it could come twice. Give `expires` with the skew allowed.
        """
        began, ends = math.floor(now.timestamp()), math.ceil(expires.timestamp())
        digest = hashlib.sha256(json.dumps([issuer, jti]).encode()).hexdigest()
        known = select(USED_TOKEN.c.digest).where(USED_TOKEN.c.digest == digest)
        with self._database.write() as connection:
            connection.execute(delete(USED_TOKEN).where(USED_TOKEN.c.expires < began))
            if expires <= now or connection.execute(known).first():
                return False
            connection.execute(insert(USED_TOKEN).values(digest=digest, expires=ends))
        return True
