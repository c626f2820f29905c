"""The token endpoint: proving ourselves, and reading what it answers."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

import httpx2
from joserfc import jwt

from decision.clinical.clock import Clock
from fhir.smart.client_files import FileError, signing_key, stored_secret
from fhir.smart.discovery import Endpoints
from fhir.smart.fetch import Answer, NoAnswerError, post_form
from fhir.smart.pending import PendingLaunch
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.tenant import Client, ClientMethod, Tenant

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFETIME = timedelta(minutes=4)
"""SMART App Launch 2.2 allows five; a minute is left for clocks that are apart."""
_TOKEN = re.compile(r"[!-~]{1,8000}")
_LONGEST_GRANT = 31 * 24 * 3600
_SUCCESS = 200
_REVOKING_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the token endpoint gave. Everything of it is secret."""

    access_token: str = field(repr=False)
    lifetime: timedelta | None
    """None where the server did not say: then it holds until it is refused."""
    scope: str | None = field(repr=False)
    refresh_token: str = field(repr=False)
    body: Mapping[str, Any] = field(repr=False)
    """The whole answer, for the launch context that came with it."""


class TokenEndpoint:
    """Asks one EHR's token endpoint on behalf of one registration."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        clock: Clock,
        tenant: Tenant,
        endpoints: Endpoints,
    ) -> None:
        self._http = http
        self._clock = clock
        self._client = tenant.client
        self._endpoints = endpoints

    async def exchange(self, pending: PendingLaunch, code: str, redirect_uri: str) -> Grant:
        """Trade the code in. Never repeated: a code that is seen twice may end the launch."""
        try:
            answer = await self._ask(
                {
                    "grant_type": "authorization_code",
                    "code": code,
                    "redirect_uri": redirect_uri,
                    "code_verifier": pending.verifier,
                }
            )
        except NoAnswerError:
            raise LaunchError(Reason.TOKEN_REFUSED, "token endpoint did not answer") from None
        if answer.status != _SUCCESS:
            raise LaunchError(Reason.TOKEN_REFUSED, f"token endpoint said {answer.status}")
        return read_grant(answer)

    async def refresh(self, refresh_token: str) -> Answer:
        """What the endpoint says to a refresh token; `NoAnswerError` where it says nothing."""
        return await self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token})

    async def revoke(self, refresh_token: str, access_token: str) -> None:
        """Give tokens back, where that is offered (RFC 7009). Best effort, within a few seconds:
        what the server makes of it changes nothing for us, who have forgotten them already.
        """
        if not self._endpoints.revoke:
            return
        given = (("refresh_token", refresh_token), ("access_token", access_token))
        try:
            async with asyncio.timeout(_REVOKING_SECONDS):
                for hint, token in given:
                    if token:
                        proof, headers = self._proof()
                        form = {"token": token, "token_type_hint": hint} | proof
                        await post_form(self._http, self._endpoints.revoke, form, headers)
        except (NoAnswerError, LaunchError, TimeoutError):
            return

    async def _ask(self, form: dict[str, str]) -> Answer:
        proof, headers = self._proof()
        return await post_form(self._http, self._endpoints.token, form | proof, headers)

    def _proof(self) -> tuple[dict[str, str], dict[str, str]]:
        try:
            return client_proof(self._client, self._endpoints.token, self._clock())
        except FileError as error:
            raise LaunchError(Reason.MISCONFIGURED, f"client file: {error.detail}") from None


def client_proof(
    client: Client, audience: str, now: datetime
) -> tuple[dict[str, str], dict[str, str]]:
    """Form fields and headers with which a client proves itself. `audience` is the token endpoint,
    also where a token is revoked: that is how the EHR names itself in an assertion (RFC 7523).
    """
    if client.method is ClientMethod.PUBLIC:
        return {"client_id": client.id}, {}
    if client.method is ClientMethod.SECRET:
        # RFC 6749, section 2.3.1: both are form-encoded before they are joined.
        joined = f"{quote_plus(client.id)}:{quote_plus(stored_secret(client))}"
        return {}, {"Authorization": "Basic " + base64.b64encode(joined.encode()).decode()}
    key, algorithm, kid = signing_key(client)
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": client.id,
        "sub": client.id,
        "aud": audience,
        "jti": str(uuid4()),
        "iat": issued,
        "exp": issued + int(_ASSERTION_LIFETIME.total_seconds()),
    }
    header = {"alg": algorithm, "kid": kid, "typ": "JWT"}
    assertion = jwt.encode(header, claims, key, algorithms=[algorithm])
    return {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}, {}


def read_grant(answer: Answer) -> Grant:
    """A successful answer's tokens, or `LaunchError` where they cannot be used."""
    body = answer.body

    def text(field: str) -> str:
        value = body.get(field, "")
        if not isinstance(value, str):
            raise LaunchError(Reason.ANSWER_UNUSABLE, f"{field} is no text")
        return value

    if text("token_type").lower() != "bearer":
        raise LaunchError(Reason.ANSWER_UNUSABLE, "token_type is not Bearer")
    if not _TOKEN.fullmatch(text("access_token")):
        raise LaunchError(Reason.ANSWER_UNUSABLE, "access_token is missing or malformed")
    refresh_token = text("refresh_token")
    if refresh_token and not _TOKEN.fullmatch(refresh_token):
        raise LaunchError(Reason.ANSWER_UNUSABLE, "refresh_token is malformed")
    return Grant(
        access_token=text("access_token"),
        lifetime=_lifetime(body.get("expires_in")),
        scope=text("scope") if "scope" in body else None,
        refresh_token=refresh_token,
        body=body,
    )


def _lifetime(seconds: object) -> timedelta | None:
    """`expires_in`. Some servers write the number as text."""
    if seconds is None:
        return None
    if isinstance(seconds, str) and re.fullmatch(r"[0-9]{1,9}", seconds, re.ASCII):
        seconds = int(seconds)
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise LaunchError(Reason.ANSWER_UNUSABLE, "expires_in is no time")
    return timedelta(seconds=min(seconds, _LONGEST_GRANT))
