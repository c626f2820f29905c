"""Where an EHR's login is: its SMART configuration, believed only as far as it is safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx2

from decision.clinical.clock import Clock
from fhir.smart import addresses
from fhir.smart.fetch import NoAnswerError, get_json
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.tenant import Tenant

_LIFETIME = timedelta(minutes=15)
"""Long enough that launches do not wait for it, short enough that a moved login is found."""
_WELL_KNOWN = "/.well-known/smart-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoints:
    """The addresses of one EHR's login, each checked against its tenant's hosts."""

    issuer: str
    """What identity tokens name as their issuer: not always the FHIR base."""
    authorize: str
    token: str
    keys: str
    revoke: str = ""


class Discovery:
    """Asks an EHR where its login is, and keeps the answer for a while."""

    def __init__(self, http: httpx2.AsyncClient, clock: Clock) -> None:
        self._http = http
        self._clock = clock
        self._known: dict[str, tuple[datetime, Endpoints]] = {}

    async def endpoints(self, tenant: Tenant) -> Endpoints:
        """Where this EHR's login is; `LaunchError` where it cannot be said or must not be used."""
        now = self._clock()
        known = self._known.get(tenant.issuer)
        if known is not None and timedelta(0) <= now - known[0] < _LIFETIME:
            return known[1]
        try:
            document = await get_json(self._http, tenant.issuer + _WELL_KNOWN)
        except NoAnswerError:
            raise LaunchError(Reason.UNREACHABLE, "SMART configuration not answered") from None
        found = checked_endpoints(tenant, document)
        self._known[tenant.issuer] = (now, found)
        return found


def checked_endpoints(tenant: Tenant, document: Mapping[str, Any]) -> Endpoints:
    """The addresses of a SMART configuration, or `LaunchError`: PKCE with S256 must be offered,
    `plain` must not (SMART App Launch 2.2), and every host must be the issuer's or a listed one.
    """
    methods = document.get("code_challenge_methods_supported")
    if not isinstance(methods, list) or "S256" not in methods:
        raise LaunchError(Reason.UNSAFE_EHR, "S256 is not offered")
    if "plain" in methods:
        raise LaunchError(Reason.UNSAFE_EHR, "plain challenges are offered")

    def address(field: str) -> str:
        found = document.get(field)
        if not may_ask(tenant, found):
            raise LaunchError(Reason.UNSAFE_EHR, f"{field} is missing, not https or elsewhere")
        return str(found)

    return Endpoints(
        issuer=address("issuer") if "issuer" in document else tenant.issuer,
        authorize=address("authorization_endpoint"),
        token=address("token_endpoint"),
        keys=address("jwks_uri"),
        revoke=address("revocation_endpoint") if "revocation_endpoint" in document else "",
    )


def may_ask(tenant: Tenant, address: object) -> bool:
    """Whether an address that the EHR named lies on the issuer's host or on a listed one. Plain
    http is for loopback issuers only: no https EHR may lead to a server on this machine.
    """
    parts, own = addresses.parts_of(address), addresses.parts_of(tenant.issuer)
    if parts is None or own is None or (parts.scheme == "http" and own.scheme != "http"):
        return False
    host = addresses.host_of(parts)
    return (host == addresses.host_of(own) and parts.scheme == own.scheme) or (
        host in tenant.endpoint_hosts
    )
