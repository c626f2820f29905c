"""The right to fetch that comes with a call: one token, one server, one patient, for one answer."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from decision.clinical.clock import Clock
from fhir.errors import AccessEndedError
from fhir.fields import Json
from fhir.hooks.body import required
from fhir.hooks.errors import RequestError
from fhir.smart.scopes import Scopes, parse_scopes

_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{1,8000}=*")
_LONGEST = timedelta(hours=24)


class HookAccess:
    """The token of one call, as the right to ask the tenant's server. Nothing renews it."""

    def __init__(
        self,
        base: str,
        token: str,
        scopes: Scopes,
        expires: datetime,
        clock: Clock,
    ) -> None:
        self._base = base
        self._token = token
        self._scopes = scopes
        self._expires = expires
        self._clock = clock

    @property
    def base(self) -> str:
        return self._base

    def may(self, kind: str, interaction: str) -> bool:
        return self._scopes.may(kind, interaction)

    def partly(self, kind: str) -> bool:
        return self._scopes.partly(kind)

    async def authorization(self) -> str:
        if self._clock() >= self._expires:
            raise AccessEndedError
        return f"Bearer {self._token}"

    async def renewed(self, refused: str) -> str:
        raise AccessEndedError


class NoAccess:
    """A call without `fhirAuthorization`: what did not come along is not permitted to be had."""

    def __init__(self, base: str) -> None:
        self._base = base

    @property
    def base(self) -> str:
        return self._base

    def may(self, kind: str, interaction: str) -> bool:
        return False

    def partly(self, kind: str) -> bool:
        return False

    async def authorization(self) -> str:
        raise AccessEndedError

    async def renewed(self, refused: str) -> str:
        raise AccessEndedError


def read_authorization(
    given: Json | None, server: str, patient_id: str, clock: Clock
) -> HookAccess | NoAccess:
    """The access a call gives; RequestError where it is incomplete or for another patient."""
    if given is None:
        return NoAccess(server)
    field = "fhirAuthorization"
    token = given.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RequestError(f"{field}.access_token", "it is no bearer token", "Send the token")
    kind = required(given, "token_type", f"{field}.token_type", str, "Bearer")
    if kind.lower() != "bearer":
        raise RequestError(f"{field}.token_type", "it is not Bearer", "Send a bearer token")
    seconds = required(given, "expires_in", f"{field}.expires_in", int, "seconds, as an integer")
    if not 0 < seconds <= _LONGEST.total_seconds():
        raise RequestError(
            f"{field}.expires_in", "it is not within a day", "Send a token that is short-lived"
        )
    scope = given.get("scope")
    if not isinstance(scope, str) or not scope.strip():
        raise RequestError(f"{field}.scope", "it is missing", "Send the scopes granted")
    required(given, "subject", f"{field}.subject", str, "our client id")
    if given.get("patient") is not None and given["patient"] != patient_id:
        raise RequestError(
            f"{field}.patient",
            "the token is for another patient than context.patientId",
            "Send a token for the patient in context",
        )
    return HookAccess(server, token, _scopes(scope), clock() + timedelta(seconds=seconds), clock)


def _scopes(words: str) -> Scopes:
    """What was granted. A hook's token acts for the user who is looking, so `user/` scopes cover
    this patient too; in a launch they would not.
    """
    return parse_scopes(
        " ".join(
            f"patient/{word.removeprefix('user/')}" if word.startswith("user/") else word
            for word in words.split()
        )
    )
