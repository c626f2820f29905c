"""What has been granted: launches, codes, tokens, and the families that end together."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from examples.demo_ehr.shelf import Clock, Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long things are good for; tests shorten them."""

    launch: timedelta = timedelta(minutes=5)
    consent: timedelta = timedelta(minutes=10)
    code: timedelta = timedelta(seconds=60)
    token: timedelta = timedelta(minutes=5)
    refresh: timedelta = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the app is told of where it was opened: the launch context of SMART App Launch."""

    patient: str = field(default="", repr=False)
    encounter: str = field(default="", repr=False)
    intent: str = ""
    app_context: str = ""
    fhir_context: tuple[dict[str, Any], ...] = ()
    need_patient_banner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """An opened chart page, waiting for its app."""

    client: str
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one person allowed one app. `family` ends with the first replayed code or token."""

    client: str
    scope: str
    context: Context
    nonce: str = field(repr=False)
    redirect_uri: str = ""
    challenge: str = field(default="", repr=False)
    family: str = field(default_factory=token_urlsafe, repr=False)


class Grants:
    """Codes and tokens with the rules for using them once (RFC 6749, RFC 7636, RFC 9700)."""

    def __init__(self, clock: Clock, lifetimes: Lifetimes) -> None:
        self.lifetimes = lifetimes
        self.launches: Shelf[Launch] = Shelf(clock, lifetimes.launch)
        self._codes: Shelf[Grant] = Shelf(clock, lifetimes.code)
        self._access: Shelf[Grant] = Shelf(clock, lifetimes.token)
        self._refresh: Shelf[Grant] = Shelf(clock, lifetimes.refresh)
        # Kept longer than what they name, so that a late replay is still known as one.
        self._spent: Shelf[str] = Shelf(clock, lifetimes.refresh)
        self._ended: Shelf[bool] = Shelf(clock, lifetimes.refresh)

    def code(self, grant: Grant) -> str:
        return self._codes.put(grant)

    def redeem(self, code: str) -> Grant | None:
        """The grant of a code, once; a second use ends everything that came of the first."""
        return self._once(self._codes, code)

    def tokens(self, grant: Grant, *, scope: str = "") -> tuple[str, str]:
        """An access token and, where the grant allows to stay, a refresh token ("" otherwise)."""
        stays = {"online_access", "offline_access"} & set(grant.scope.split())
        access = self._access.put(replace(grant, scope=scope or grant.scope))
        return access, self._refresh.put(grant) if stays else ""

    def refreshed(self, token: str) -> Grant | None:
        """The grant of a refresh token, once; a second use ends the whole family."""
        return self._once(self._refresh, token)

    def access(self, token: str) -> Grant | None:
        """The living grant behind an access token."""
        found = self._access.get(token)
        return None if found is None or self._ended.get(found.family) else found

    def revoke(self, token: str, client: str) -> None:
        """End the family of any token of that client; unknown tokens are passed over (RFC 7009)."""
        found = self._access.get(token) or self._refresh.get(token)
        if found is not None and found.client == client:
            self._ended.put(True, found.family)

    def _once(self, shelf: Shelf[Grant], name: str) -> Grant | None:
        before = self._spent.get(name)
        if before:
            self._ended.put(True, before)
            return None
        found = shelf.take(name)
        if found is None or self._ended.get(found.family):
            return None
        self._spent.put(found.family, name)
        return found


def challenge_of(verifier: str) -> str:
    """The S256 code challenge (RFC 7636, 4.2).

    >>> challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()
