"""What launches, hooks and pages share in one process: the way outside, and what is kept inside."""

from __future__ import annotations

from dataclasses import dataclass, field

import httpx2

from decision.clinical.clock import Clock
from fhir.rest.http import open_http
from fhir.rest.loop import BackgroundLoop
from fhir.store.audit import SqlAuditLog
from fhir.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The way to other servers, shared by everything that asks them."""

    loop: BackgroundLoop
    http: httpx2.AsyncClient
    clock: Clock

    @classmethod
    def open(cls, clock: Clock) -> Outside:
        return cls(loop=BackgroundLoop(), http=open_http(), clock=clock)

    def close(self) -> None:
        self.loop.run(self.http.aclose())
        self.loop.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """What is kept on this side, in one database under one key."""

    database: Database
    key: bytes = field(repr=False)
    audit: SqlAuditLog

    @classmethod
    def open(cls, database: Database, key: bytes) -> Store:
        return cls(database=database, key=key, audit=SqlAuditLog(database, key))
