"""Reading JSON of unknown quality: what has the wrong shape counts as not there, and never raises.

Only what is used is read through these; a vendor's extra elements stay untouched and unjudged.
"""

from __future__ import annotations

import math
import unicodedata
from typing import Any

Json = dict[str, Any]

# Controls, invisible marks that turn or hide text, lone surrogates that no file takes, line breaks
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST = 500


def clean(value: object) -> str:
    """A string fit for a screen, trimmed; empty when the value is no string."""
    if not isinstance(value, str):
        return ""
    if not value.isprintable():
        value = "".join(c for c in value if unicodedata.category(c) not in _UNPRINTABLE)
    return value.strip()[:_LONGEST]


def text(parent: Json, key: str) -> str:
    """The cleaned string under `key`."""
    value = parent.get(key)
    return "" if value is None else clean(value)


def exact(parent: Json, key: str) -> str:
    """The string under `key` if it needs no cleaning, else "": for what is compared, not shown.

    Two addresses must not become the same by what cleaning takes away.
    """
    value = parent.get(key)
    if not value or not isinstance(value, str):
        return ""
    if value.isprintable():
        return value if len(value) <= _LONGEST and value.strip() == value else ""
    return value if clean(value) == value else ""


def whole(parent: Json, key: str) -> str:
    """The string under `key` as it is, however long: for content and addresses checked elsewhere,
    never for a screen.
    """
    value = parent.get(key)
    return value if isinstance(value, str) else ""


def child(parent: Json, key: str) -> Json:
    """The object under `key`, or an empty one."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def children(parent: Json, key: str) -> list[Json]:
    """The objects of the list under `key`; anything else in it is passed over."""
    value = parent.get(key)
    if value is None:
        return []
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def number(parent: Json, key: str) -> float | None:
    """The finite number under `key`. A number in quotes is not one, and neither is true."""
    value = parent.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) >= 10**15:
        return None
    return float(value) if math.isfinite(value) else None
