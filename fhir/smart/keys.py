"""Public keys of those whose signatures we check: fetched from allow-listed addresses only."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from decision.clinical.clock import Clock
from fhir.json_text import JsonError, parse_json
from fhir.smart.discovery import may_ask
from fhir.smart.fetch import NoAnswerError, get_json
from fhir.smart.tenant import Tenant
from fhir.smart.tenants import Tenants

PublicKey = RSAKey | ECKey
_LIFETIME = timedelta(hours=1)
_PATIENCE = timedelta(minutes=1)
"""An unknown `kid` has the set fetched again at most this often: anybody can make up a `kid`."""
_SMALLEST_RSA = 2048
_MOST_KEYS = 50


class KeysError(Exception):
    """There is no key to check a signature with. Says nothing of the token."""


@dataclass(frozen=True, slots=True)
class _Known:
    fetched: datetime
    keys: KeySet


class KeySets:
    """Key sets by address, kept for an hour; to be used on the `BackgroundLoop`."""

    def __init__(self, http: httpx2.AsyncClient, clock: Clock, tenants: Tenants) -> None:
        self._http = http
        self._clock = clock
        self._jkus = frozenset(hook.jku for t in tenants for hook in t.hooks if hook.jku)
        self._known: dict[str, _Known] = {}
        self._tried: dict[str, datetime] = {}
        self._flights: dict[str, asyncio.Lock] = {}

    async def key_set(self, url: str, tenant: Tenant | None = None) -> KeySet:
        """The key set at an address. It must be a configured `jku`, or, where `tenant` is given,
        lie on that EHR's hosts; nothing else is ever asked. `KeysError` where there is none.
        """
        allowed = url in self._jkus if tenant is None else may_ask(tenant, url)
        if not allowed:
            raise KeysError("the address of the key set is not allowed")
        known = self._known.get(url)
        if known is not None and timedelta(0) <= self._clock() - known.fetched < _LIFETIME:
            return known.keys
        return (await self._fetch(url)).keys

    async def key(self, url: str, kid: str | None, tenant: Tenant | None = None) -> PublicKey:
        """One key by its id; without an id, the only one. An unknown id has the set fetched again
        once, since keys are exchanged without notice.
        """
        keys = await self.key_set(url, tenant)
        found = pick(keys, kid)
        if found is None and kid is not None and self._may_try(url):
            found = pick((await self._fetch(url)).keys, kid)
        if found is None:
            raise KeysError("no such key")
        return found

    def _may_try(self, url: str) -> bool:
        tried = self._tried.get(url)
        return tried is None or not timedelta(0) <= self._clock() - tried < _PATIENCE

    async def _fetch(self, url: str) -> _Known:
        """Fetch once for all who wait for the same set."""
        began = self._clock()
        async with self._flights.setdefault(url, asyncio.Lock()):
            known = self._known.get(url)
            if known is not None and known.fetched > began:
                return known
            self._tried[url] = self._clock()
            try:
                document = await get_json(self._http, url)
            except NoAnswerError:
                raise KeysError("the key set was not answered") from None
            self._known[url] = _Known(self._clock(), read_keys(document))
            return self._known[url]


def read_keys(document: Mapping[str, Any]) -> KeySet:
    """The signing keys of a JWK set; those of other kinds or uses are left out."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > _MOST_KEYS:
        raise KeysError("this is no key set")
    found = [key for key in map(_public, listed) if key is not None]
    if not found:
        raise KeysError("the key set has no usable key")
    return KeySet(list(found))


def local_keys(file: Path) -> KeySet:
    """A key set kept beside the configuration, for issuers whose keys are exchanged by hand."""
    try:
        document = parse_json(file.read_bytes())
    except (OSError, JsonError):
        raise KeysError("the key set's file cannot be read") from None
    return read_keys(document if isinstance(document, dict) else {})


def pick(keys: KeySet, kid: str | None) -> PublicKey | None:
    """The key of this id; without an id the only one there is, and none of several."""
    every = [key for key in keys if isinstance(key, PublicKey)]
    if kid is None:
        return every[0] if len(every) == 1 else None
    named = [key for key in every if key.kid == kid]
    return named[0] if len(named) == 1 else None


def _public(jwk: object) -> PublicKey | None:
    if not isinstance(jwk, dict) or jwk.get("use", "sig") != "sig":
        return None
    kinds: dict[object, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey}
    kind = kinds.get(jwk.get("kty"))
    if kind is None or "d" in jwk:  # whoever publishes a private key has no secret to sign with
        return None
    try:
        key = kind.import_key(jwk)
        if isinstance(key, RSAKey) and key.raw_value.key_size < _SMALLEST_RSA:
            return None
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return key
