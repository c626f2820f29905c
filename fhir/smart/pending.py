"""Launches on their way through the EHR's login."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime


class PendingLaunches:
    """One entry per `state` that was sent out. Bounded, ten minutes, one use."""

    def __init__(self, clock: Callable[[], datetime], most: int = 5000) -> None:
        self._clock = clock
        self._most = most
