"""Launches on their way through the EHR's login: known by `state`, and tied to one browser."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from threading import Lock

from decision.clinical.clock import Clock
from fhir.smart.cookies import digest, proves
from fhir.smart.discovery import Endpoints
from fhir.smart.refusals import LaunchError, Reason
from fhir.smart.tenant import Tenant

PENDING_COOKIE = "__Host-p-"
PENDING_TIME = timedelta(minutes=10)
_STATE = re.compile(r"[\w-]{43}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLaunch:
    """What must be remembered between leaving for the EHR's login and coming back."""

    tenant: Tenant
    endpoints: Endpoints = field(repr=False)
    standalone: bool
    scope: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    nonce: str = field(repr=False)
    cookie: str
    """Name of the cookie that ties it to the browser in which it began."""
    secret: bytes = field(repr=False)
    begun: datetime

    @property
    def challenge(self) -> str:
        """RFC 7636: the S256 challenge of the verifier."""
        hashed = sha256(self.verifier.encode("ascii")).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode("ascii")


class PendingLaunches:
    """One entry per `state` that was sent out: ten minutes, one use. Bounded; where somebody fills
    it, the oldest goes, so that whoever logs in now still can. The bound is far above what one
    address can begin in that time behind the proxy of `docs/deploy.md`.
    """

    def __init__(self, clock: Clock, most: int = 50_000) -> None:
        self._clock = clock
        self._most = most
        self._waiting: dict[bytes, PendingLaunch] = {}
        self._lock = Lock()

    def begin(
        self, tenant: Tenant, endpoints: Endpoints, scope: str, *, standalone: bool
    ) -> tuple[PendingLaunch, str]:
        """A new entry, and the value of its cookie, which is not kept."""
        secret = token_urlsafe(32)
        begun = PendingLaunch(
            tenant=tenant,
            endpoints=endpoints,
            standalone=standalone,
            scope=scope,
            state=token_urlsafe(32),
            verifier=token_urlsafe(48),
            nonce=token_urlsafe(32),
            cookie=PENDING_COOKIE + token_urlsafe(9),
            secret=digest(secret),
            begun=self._clock(),
        )
        with self._lock:
            while len(self._waiting) >= self._most:
                del self._waiting[next(iter(self._waiting))]  # in the order of their beginning
            self._waiting[digest(begun.state)] = begun
        return begun, secret

    def take(self, state: str) -> PendingLaunch:
        """The entry of this state, which is used up by asking. `LaunchError` where there is none,
        or it is too old.
        """
        if not _STATE.fullmatch(state):
            raise LaunchError(Reason.LAUNCH_UNKNOWN, "state is malformed")
        with self._lock:
            # By digest: how long the look-up takes says nothing about a state that is waiting.
            found = self._waiting.pop(digest(state), None)
        if found is None:
            raise LaunchError(Reason.LAUNCH_UNKNOWN, "state is unknown or used")
        if not timedelta(0) <= self._clock() - found.begun < PENDING_TIME:
            raise LaunchError(Reason.LAUNCH_EXPIRED, "state is too old")
        return found


def require_browser(pending: PendingLaunch, cookies: Mapping[str, str]) -> None:
    """Refuse unless the launch began in this browser: without this tie, somebody could have another
    finish a login that is not theirs.
    """
    if not proves(cookies.get(pending.cookie, ""), pending.secret):
        raise LaunchError(Reason.OTHER_BROWSER, "the pre-launch cookie is missing or another")
