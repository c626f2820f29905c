"""Things kept under an unguessable name, for a while: launches, codes, tokens, pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Generic, TypeVar

T = TypeVar("T")
Clock = Callable[[], datetime]


class Shelf(Generic[T]):
    """Bounded and expiring: when it is full the oldest goes, so no visitor fills the memory."""

    def __init__(self, clock: Clock, lifetime: timedelta, most: int = 5_000) -> None:
        self._clock = clock
        self._lifetime = lifetime
        self._most = most
        self._kept: dict[str, tuple[datetime, T]] = {}

    def put(self, thing: T, name: str = "") -> str:
        """Keep it, under a fresh unguessable name unless one is given; returns the name."""
        now = self._clock()
        for old, (ends, _) in list(self._kept.items()):
            if ends <= now:
                self._kept.pop(old, None)
        while len(self._kept) >= self._most:
            self._kept.pop(next(iter(self._kept)))
        name = name or token_urlsafe(32)
        self._kept[name] = (now + self._lifetime, thing)
        return name

    def get(self, name: str) -> T | None:
        found = self._kept.get(name)
        return found[1] if found and self._clock() < found[0] else None

    def take(self, name: str) -> T | None:
        """Like `get`, and it is gone afterwards."""
        found = self.get(name)
        self._kept.pop(name, None)
        return found
