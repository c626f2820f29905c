"""How far reading a record has come, for a page to show while data arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """`done` of `total` searches are answered; `label` is the last one, in a clinician's words, and
    empty before there is one.
    """

    done: int
    total: int
    label: str


Watch = Callable[[Progress], None]
"""Called in the thread that asked for the record, never in another."""


def unwatched(_: Progress) -> None:
    """Nobody is looking."""
