"""Who is in: one entry per launch, found only by its handle together with its own cookie.

One cookie per launch and never one per browser: two charts open side by side stay two charts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_urlsafe
from threading import Lock
from typing import Protocol

from decision.clinical.clock import Clock
from fhir.rest.access import Access
from fhir.smart.cookies import digest, proves
from fhir.smart.tenant import Tenant

LAUNCH_COOKIE = "__Host-l-"
_HANDLE = re.compile(r"[\w-]{12}", re.ASCII)
_MOST_LAUNCHES = 2000
_MOST_PER_BROWSER = 40
"""A browser sends every launch's cookie with every request; proxies refuse headers over 8 kB."""


class LaunchRight(Access, Protocol):
    """The right to read one chart, which ends with its launch."""

    @property
    def ended(self) -> bool:
        """True once the EHR has taken the right back, or we gave it up."""
        ...

    def forget(self) -> None:
        """Drop the tokens; nothing is asked with them any more."""
        ...

    async def end(self) -> None:
        """Drop the tokens and ask the EHR to revoke them, where it offers that."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextItem:
    """Something the EHR had open beside the patient (`fhirContext`). `role` is never empty."""

    reference: str = field(default="", repr=False)
    canonical: str = ""
    role: str = "launch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One launch: who opened whose chart, from where, and what they may do."""

    key: str
    """Tells this launch from every other; opaque, no secret, never the handle."""
    tenant: Tenant
    patient_id: str = field(repr=False)
    access: LaunchRight = field(repr=False)
    opened: datetime
    expires: datetime
    encounter: str = field(default="", repr=False)
    """Id of the Encounter, where the chart was opened within one."""
    fhir_user: str = field(default="", repr=False)
    """Relative reference such as `Practitioner/123`; "" where the EHR did not say."""
    subject: str = field(default="", repr=False)
    """The login, as the EHR's identity token names it."""
    need_patient_banner: bool = True
    """False only where the EHR said that it shows the patient itself."""
    intent: str = ""
    app_context: str = field(default="", repr=False)
    """What the link on a card gave along."""
    page: str = ""
    """The page to open first; "" for the usual one."""
    fhir_context: tuple[ContextItem, ...] = field(default=(), repr=False)
    notices: tuple[str, ...] = ()
    """What the EHR did not permit, in a clinician's words."""
    beside: dict[type, object] = field(default_factory=dict, repr=False, compare=False)
    """What others keep for this launch, one thing of a kind: it is gone when the launch is."""

    @property
    def agent(self) -> str:
        """Who is looking, as the trail names them."""
        return f"{self.tenant.agent}: {self.fhir_user or 'login ' + self.subject}"

    def may(self, kind: str, interaction: str) -> bool:
        """Whether the EHR granted one interaction (`c r u d s`) on a resource type."""
        return self.access.may(kind, interaction)


@dataclass(slots=True)
class _Entry:
    launch: Launch
    secret: bytes
    used: datetime


class Launches:
    """Every open launch of this process. Bounded; in memory only, so a restart ends them all."""

    def __init__(self, clock: Clock, most: int = _MOST_LAUNCHES) -> None:
        self._clock = clock
        self._most = most
        self._entries: dict[str, _Entry] = {}
        self._lock = Lock()

    def open(self, launch: Launch) -> tuple[str, str]:
        """Let a launch in; returns its handle and its cookie's secret, which is not kept."""
        handle, secret = token_urlsafe(9), token_urlsafe(32)
        now = self._clock()
        with self._lock:
            self._sweep(now)
            while len(self._entries) >= self._most:
                self._drop(min(self._entries, key=lambda h: self._entries[h].used))
            self._entries[handle] = _Entry(launch, digest(secret), now)
        return handle, secret

    def find(self, handle: str, cookies: Mapping[str, str]) -> Launch | None:
        """The launch of this handle if its own cookie came along and it is still open."""
        if not _HANDLE.fullmatch(handle):
            return None
        now = self._clock()
        with self._lock:
            self._sweep(now)  # nothing of a launch that is over waits for somebody to ask for it
            entry = self._entries.get(handle)
            if entry is None or not self._proven(handle, cookies):
                return None
            entry.used = max(entry.used, now)
            return entry.launch

    def is_open(self, handle: str, cookies: Mapping[str, str]) -> bool:
        """Whether `find` would give the launch, without counting as use of it."""
        now = self._clock()
        with self._lock:
            entry = self._entries.get(handle)
            proven = entry is not None and self._proven(handle, cookies)
            return entry is not None and proven and not _over(entry, now)

    def tenant_of(self, handle: str) -> Tenant | None:
        """Whose launch a handle names: enough to say who may frame the page, and nothing more."""
        now = self._clock()
        with self._lock:
            entry = self._entries.get(handle)
            return entry.launch.tenant if entry is not None and not _over(entry, now) else None

    def end(self, handle: str, cookies: Mapping[str, str]) -> Launch | None:
        """Let nobody in by this launch any more; None where it was not open. Whoever gets it has to
        await `access.end()`, which forgets and revokes the tokens.
        """
        found = self.find(handle, cookies)
        if found is not None:
            with self._lock:
                self._entries.pop(handle, None)
        return found

    def spent(self, cookies: Mapping[str, str]) -> tuple[str, ...]:
        """Handles whose cookies this browser need not bring again: ended launches, and the longest
        unused ones where there are very many, which end here.
        """
        brought = [c.removeprefix(LAUNCH_COOKIE) for c in cookies if c.startswith(LAUNCH_COOKIE)]
        handles = [handle for handle in brought if _HANDLE.fullmatch(handle)]
        now = self._clock()
        with self._lock:
            self._sweep(now)
            proven = [h for h in handles if self._proven(h, cookies)]
            proven.sort(key=lambda h: self._entries[h].used, reverse=True)
            for handle in proven[_MOST_PER_BROWSER:]:
                self._drop(handle)
            return tuple(handle for handle in handles if handle not in self._entries)

    def _proven(self, handle: str, cookies: Mapping[str, str]) -> bool:
        """Whether the cookie of this launch came along, as it was given."""
        entry = self._entries.get(handle)
        secret = cookies.get(LAUNCH_COOKIE + handle, "")
        return entry is not None and proves(secret, entry.secret)

    def _sweep(self, now: datetime) -> None:
        for handle in [h for h, entry in self._entries.items() if _over(entry, now)]:
            self._drop(handle)

    def _drop(self, handle: str) -> None:
        self._entries.pop(handle).launch.access.forget()


def _over(entry: _Entry, now: datetime) -> bool:
    launch = entry.launch
    unused = now - entry.used
    return now >= launch.expires or unused >= launch.tenant.idle or launch.access.ended
