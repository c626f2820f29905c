"""How much and how long one server may be asked before it counts as having failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on what a server can make us wait for, hold or ask. Times are in seconds.

    A lifetime of results of one patient stays far below each of them; what reaches one is cut off
    and said to be, never taken for the whole.
    """

    at_once: int = 6
    """Requests in flight for one launch: as many as browsers open to one host."""
    answer_bytes: int = 20_000_000
    pages: int = 60
    entries: int = 20_000
    search_seconds: float = 15.0
    whole_seconds: float = 30.0
    attempts: int = 3
    first_wait: float = 0.2
    longest_wait: float = 5.0
    """Longer than this nobody waits in front of a page, whatever `Retry-After` asks for."""
