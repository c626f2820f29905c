"""What a server says it offers: read once per server and process, for it holds nobody's data."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx2

from fhir.errors import ServerError
from fhir.fields import Json, children, text
from fhir.rest.addresses import Home
from fhir.rest.exchange import Exchange

_LASTS = 3600.0
_LONGEST_WAIT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    statement: Json
    etag: str
    read_at: float


_KEPT: WeakKeyDictionary[httpx2.AsyncClient, dict[str, _Kept]] = WeakKeyDictionary()


async def statement(http: httpx2.AsyncClient, exchange: Exchange, home: Home) -> Json:
    """The CapabilityStatement, at most an hour old. Asked without a token: it is public, and what
    is kept for all must not depend on who asked first.
    """
    kept = _KEPT.setdefault(http, {})
    now = asyncio.get_running_loop().time()
    old = kept.get(home.base)
    if old and now - old.read_at < _LASTS:
        return old.statement
    condition = {"if-none-match": old.etag} if old and old.etag else {}
    answer = await exchange.get(
        home.at("metadata"), now + _LONGEST_WAIT, condition, open_to_all=True
    )
    if answer.status == 304 and old:
        found: object = old.statement
    else:
        found = await answer.json()
    if not isinstance(found, dict) or text(found, "resourceType") != "CapabilityStatement":
        raise ServerError(
            "The chart's server does not say what it offers.",
            "Correct the server's address in the configuration.",
            answer.status,
        )
    kept[home.base] = _Kept(statement=found, etag=answer.headers.get("etag", ""), read_at=now)
    return found


def offers(capabilities: Json, kind: str, interaction: str) -> bool:
    """Whether the statement lists the interaction (`search-type`, `create`) for that type."""
    return any(
        text(listed, "code") == interaction
        for resource in _resources(capabilities, kind)
        for listed in children(resource, "interaction")
    )


def searches_by(capabilities: Json, kind: str, parameter: str) -> bool:
    """Whether the statement lists that search parameter for that type."""
    return any(
        text(listed, "name") == parameter
        for resource in _resources(capabilities, kind)
        for listed in children(resource, "searchParam")
    )


def creates_conditionally(capabilities: Json, kind: str) -> bool:
    """Whether the statement says that `If-None-Exist` is heeded for that type."""
    return any(r.get("conditionalCreate") is True for r in _resources(capabilities, kind))


def _resources(capabilities: Json, kind: str) -> list[Json]:
    return [
        resource
        for rest in children(capabilities, "rest")
        if text(rest, "mode") in ("server", "")
        for resource in children(rest, "resource")
        if text(resource, "type") == kind
    ]
