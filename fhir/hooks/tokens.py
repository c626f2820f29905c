"""Who calls: a signed token for just this address, made by a client we know, used once.

CDS Hooks 2.0, "Trusting CDS Clients". Keys come from the address or file of our own configuration;
what a token itself names (`jku`) must agree with it and is never followed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from anyio import to_thread
from joserfc import jws
from joserfc.errors import JoseError

from decision.clinical.clock import Clock
from fhir.fields import Json
from fhir.hooks.errors import UntrustedError
from fhir.json_text import JsonError, parse_json
from fhir.rest.loop import BackgroundLoop
from fhir.smart.keys import KeysError, KeySets, PublicKey, local_keys, pick
from fhir.smart.signed import SignatureError, audience, instant, read_header, verified_claims
from fhir.smart.tenant import HookIssuer, Tenant
from fhir.smart.tenants import Tenants

ALGORITHMS = ("ES384", "RS384")
"""What the specification recommends and SMART requires of everybody; one list, kept short."""
SKEW = timedelta(seconds=60)
LONGEST_LIFE = timedelta(minutes=10)
"""Tokens must be remembered until they expire, so none may live long; the public sandbox signs for
five minutes."""
_LONGEST_TOKEN = 8_000
_LONGEST_ID = 200
_LATEST = 2**36
"""Seconds: beyond it there are no dates."""

FindKey = Callable[[HookIssuer, str], Awaitable[PublicKey]]
"""The public key of a configured issuer with that id; KeysError where there is none."""


class Guard(Protocol):
    """Tells an issuer's token id that is seen for the first time from any other; may block."""

    def first_use(self, issuer: str, jti: str, expires: datetime, now: datetime) -> bool: ...


class Callers(Protocol):
    """Who may call. `identify` gives the tenant of a call to one address, or UntrustedError."""

    async def identify(self, authorization: str, endpoint: str) -> Tenant: ...


class OpenCallers:
    """Demo mode: whoever calls is taken for the demo's own EHR, and gets synthetic patients."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant

    async def identify(self, authorization: str, endpoint: str) -> Tenant:
        return self._tenant


class ConfiguredKeys:
    """Keys from where the configuration says: a local file, or an address asked on the loop."""

    def __init__(self, sets: KeySets, loop: BackgroundLoop) -> None:
        self._sets = sets
        self._loop = loop

    async def __call__(self, hook: HookIssuer, key_id: str) -> PublicKey:
        if hook.jku:
            return await self._loop.call(self._sets.key(hook.jku, key_id))
        keys = await to_thread.run_sync(local_keys, hook.keys_file) if hook.keys_file else None
        found = pick(keys, key_id) if keys is not None else None
        if found is None:
            raise KeysError("no such key")
        return found


class SignedCallers:
    """The clients of the configuration, each proven by its signature."""

    def __init__(
        self,
        tenants: Tenants,
        find_key: FindKey,
        guard: Guard,
        clock: Clock,
    ) -> None:
        self._tenants = tenants
        self._find_key = find_key
        self._guard = guard
        self._clock = clock

    async def identify(self, authorization: str, endpoint: str) -> Tenant:
        """The tenant whose client signed this call. The token's id is used up last, so that nobody
        without the key can use up anybody's.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN:
            raise UntrustedError("bearer")
        try:
            header = read_header(token, ALGORITHMS)
        except SignatureError:
            raise UntrustedError("signature") from None
        tenant, hook = self._named_by(_unproven(token))
        try:
            await self._prove(token, header, hook, endpoint)
        except KeysError:
            raise UntrustedError("key", tenant.id) from None
        except SignatureError:
            raise UntrustedError("signature", tenant.id) from None
        except UntrustedError as error:
            raise UntrustedError(error.check, tenant.id) from None
        return tenant

    async def _prove(
        self, token: str, header: Mapping[str, Any], hook: HookIssuer, endpoint: str
    ) -> None:
        """Whether this issuer signed this token for this address and moment, and it is new."""
        key = await self._find_key(hook, _key_id(header, hook))
        claims = verified_claims(token, key, (header["alg"],))
        now = self._clock()
        expires = _hold(claims, endpoint, now)
        once = self._guard.first_use
        if not await to_thread.run_sync(once, hook.issuer, claims["jti"], expires + SKEW, now):
            raise UntrustedError("replay")

    def _named_by(self, claims: Json) -> tuple[Tenant, HookIssuer]:
        issuer, named = claims.get("iss"), claims.get("tenant", "")
        if not isinstance(issuer, str) or not isinstance(named, str):
            raise UntrustedError("issuer")
        found = self._tenants.of_hook(issuer, named)
        if found is None:
            raise UntrustedError("issuer")
        return found


def _unproven(token: str) -> Json:
    """The claims before any signature was checked: only to find the key that has to hold."""
    try:
        found = parse_json(jws.extract_compact(token.encode("ascii")).payload)
    except (JoseError, JsonError, ValueError):
        raise UntrustedError("form") from None
    if not isinstance(found, dict):
        raise UntrustedError("form")
    return found


def _key_id(header: Mapping[str, Any], hook: HookIssuer) -> str:
    """The key id, where the header is one we accept from this issuer."""
    if str(header.get("typ", "JWT")).upper() != "JWT":
        raise UntrustedError("type")
    if "jku" in header and (not hook.jku or header["jku"] != hook.jku):
        raise UntrustedError("key address")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not 0 < len(key_id) <= _LONGEST_ID:
        raise UntrustedError("key id")
    return key_id


def _hold(claims: Mapping[str, Any], endpoint: str, now: datetime) -> datetime:
    """When the token expires, where it holds for this address and this moment."""
    if endpoint not in audience(claims):
        raise UntrustedError("audience")
    issued, expires = _time(claims, "iat"), _time(claims, "exp")
    if issued > now + SKEW or ("nbf" in claims and _time(claims, "nbf") > now + SKEW):
        raise UntrustedError("not yet")
    if expires <= now - SKEW:
        raise UntrustedError("expired")
    if not timedelta() < expires - issued <= LONGEST_LIFE:
        raise UntrustedError("life")
    token_id = claims.get("jti")
    if not isinstance(token_id, str) or not 0 < len(token_id) <= _LONGEST_ID:
        raise UntrustedError("id")
    return expires


def _time(claims: Mapping[str, Any], name: str) -> datetime:
    seconds = instant(claims, name)
    if seconds >= _LATEST:
        raise UntrustedError("time")
    return datetime.fromtimestamp(seconds, UTC)
