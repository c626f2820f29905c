"""Asking one FHIR R4 server for what one launch may see; nothing it says is taken on trust."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2

from fhir.fields import Json
from fhir.rest.access import Access
from fhir.rest.limits import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search brought. `problem` is empty exactly where it is complete."""

    entries: tuple[Json, ...] = field(repr=False)
    """Bundle entries: `resource` and the `fullUrl` the server gave, each resource once."""
    problem: str = ""
    outcomes: tuple[str, ...] = ()
    """What the server said of the search itself, as `severity code`: never its free text."""

    @property
    def complete(self) -> bool:
        return not self.problem

    @property
    def resources(self) -> tuple[Json, ...]:
        return tuple(entry["resource"] for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Created:
    """What the server made of a resource: its status, `RiskAssessment/12`, and its version."""

    status: int
    reference: str
    etag: str = ""


class FhirClient:
    """One launch's client. Every failure is a `FhirError` that names no person."""

    def __init__(
        self, http: httpx2.AsyncClient, access: Access, limits: Limits | None = None
    ) -> None:
        self._http = http
        self._access = access
        self._limits = limits or Limits()

    @property
    def access(self) -> Access:
        return self._access

    async def read(self, kind: str, identity: str) -> Json:
        """One resource by its id; `ServerError` with its status where there is none."""
        raise NotImplementedError

    async def search(self, kind: str, parameters: Sequence[tuple[str, str]]) -> Found:
        """All pages of one search. `ServerError` where not even the first one could be had."""
        raise NotImplementedError

    async def create(self, resource: Json, *, if_none_exist: str = "") -> Created:
        """Make a new resource, once: never repeated here, whatever happens on the way.

        `ServerError` with status 0 says that nobody knows whether it was made.
        """
        raise NotImplementedError

    async def update(self, resource: Json, *, etag: str) -> Created:
        """Replace a resource that still has that version; `ServerError` 412 where it has not."""
        raise NotImplementedError

    async def binary(self, reference_or_url: str, longest: int) -> tuple[bytes, str]:
        """The bytes of a Binary of this server and their content type."""
        raise NotImplementedError

    async def capabilities(self) -> Json:
        """What the server says it offers, asked once per client."""
        raise NotImplementedError
