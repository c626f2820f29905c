"""Registered apps, and the proof that a request to the token endpoint comes from one of them."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, KeySetSerialization

from examples.demo_ehr.errors import SetupError, TokenError
from examples.demo_ehr.shelf import Clock, Shelf

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
LONGEST_ASSERTION = timedelta(minutes=5)
_SKEW = 5


class Authentication(StrEnum):
    """How an app proves who it is."""

    PUBLIC = "none"
    SECRET = "client_secret_basic"  # noqa: S105  a method's name
    KEY = "private_key_jwt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One registered app."""

    id: str
    name: str
    authentication: Authentication
    redirect_uris: tuple[str, ...]
    launch_url: str
    scopes: tuple[str, ...]
    secret: str = field(default="", repr=False)
    jwks: KeySetSerialization | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if (self.authentication is Authentication.SECRET) != bool(self.secret):
            raise SetupError(f"client {self.id}: a secret belongs to client_secret_basic alone")
        if (self.authentication is Authentication.KEY) != (self.jwks is not None):
            raise SetupError(f"client {self.id}: a key set belongs to private_key_jwt alone")


def _refused(why: str) -> TokenError:
    return TokenError("invalid_client", why, 401)


class Desk:
    """Checks client authentication; an assertion's `jti` is good for one use."""

    def __init__(self, clients: Mapping[str, Client], audience: str, clock: Clock) -> None:
        self._clients = clients
        self._audience = audience
        self._clock = clock
        self._seen: Shelf[bool] = Shelf(clock, LONGEST_ASSERTION * 2)

    def client(self, form: Mapping[str, str], authorization: str) -> Client:
        """The app that sent this, by the one method it is registered for."""
        used = [bool(authorization), "client_secret" in form, "client_assertion" in form]
        if sum(used) > 1:
            raise TokenError("invalid_request", "more than one way of client authentication")
        if authorization:
            return self._by_secret(authorization, form)
        if "client_assertion" in form:
            return self._by_key(form)
        client = self._known(form.get("client_id", ""), Authentication.PUBLIC)
        if "client_secret" in form:
            raise _refused("a public client has no secret")
        return client

    def _known(self, name: str, method: Authentication) -> Client:
        client = self._clients.get(name)
        if client is None or client.authentication is not method:
            raise _refused("unknown client, or registered for another authentication")
        return client

    def _by_secret(self, authorization: str, form: Mapping[str, str]) -> Client:
        scheme, _, encoded = authorization.partition(" ")
        try:
            pair = base64.b64decode(encoded, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            raise _refused("not HTTP Basic") from None
        name, colon, secret = pair.partition(":")
        if scheme.lower() != "basic" or not colon:
            raise _refused("not HTTP Basic")
        # Both halves are form-encoded before they are joined (RFC 6749, 2.3.1).
        client = self._known(unquote_plus(name), Authentication.SECRET)
        if not hmac.compare_digest(unquote_plus(secret).encode(), client.secret.encode()):
            raise _refused("wrong secret")
        _same(client, form)
        return client

    def _by_key(self, form: Mapping[str, str]) -> Client:
        if form.get("client_assertion_type") != ASSERTION:
            raise _refused("client_assertion_type is not the JWT bearer one")
        name = ""
        try:
            # The name is read before the signature only to find the keys; `sub` is checked below.
            name = _unverified_subject(form["client_assertion"])
            client = self._known(name, Authentication.KEY)
            keys = KeySet.import_key_set(client.jwks or {"keys": []})
            token = jwt.decode(form["client_assertion"], keys, algorithms=["RS384", "ES384"])
        except (JoseError, ValueError):
            raise _refused("the assertion is not signed by a registered key") from None
        if not token.header.get("kid"):
            raise _refused("the assertion's header has no kid")
        self._judge(token.claims, client)
        _same(client, form)
        return client

    def _judge(self, claims: Mapping[str, Any], client: Client) -> None:
        now = self._clock().timestamp()
        ends, jti = claims.get("exp"), claims.get("jti")
        if claims.get("iss") != client.id or claims.get("sub") != client.id:
            raise _refused("iss and sub are not the client id")
        if claims.get("aud") not in (self._audience, [self._audience]):
            raise _refused("aud is not the token endpoint")
        if not isinstance(ends, int) or not now - _SKEW < ends:
            raise _refused("the assertion has expired")
        if ends > now + LONGEST_ASSERTION.total_seconds() + _SKEW:
            raise _refused("the assertion lives longer than five minutes")
        if not isinstance(jti, str) or not jti:
            raise _refused("the assertion has no jti")
        if self._seen.get(f"{client.id} {jti}"):
            raise _refused("the assertion was used before")
        self._seen.put(True, f"{client.id} {jti}")


def _same(client: Client, form: Mapping[str, str]) -> None:
    if form.get("client_id", client.id) != client.id:
        raise _refused("client_id is another client's")


def _unverified_subject(assertion: str) -> str:
    parts = assertion.split(".")
    if len(parts) != 3:
        raise ValueError("not a JWT")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) else ""
