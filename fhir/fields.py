"""Reading JSON of unknown quality: what has the wrong shape counts as not there, and never raises.

Only what is used is read through these; a vendor's extra elements stay untouched and unjudged.
"""

from __future__ import annotations

import math
import re
from typing import Any

Json = dict[str, Any]

# Lone surrogates cannot be written to a page or a file; zero-width characters hide in real displays
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ud800-\udfff]+")
_LONGEST = 500


def clean(value: object) -> str:
    """A string fit for a screen, trimmed; empty when the value is no string."""
    if not isinstance(value, str):
        return ""
    if not value.isprintable():
        value = _UNPRINTABLE.sub("", value)
    return value.strip()[:_LONGEST]


def text(parent: Json, key: str) -> str:
    """The cleaned string under `key`."""
    return clean(parent.get(key))


def child(parent: Json, key: str) -> Json:
    """The object under `key`, or an empty one."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def children(parent: Json, key: str) -> list[Json]:
    """The objects of the list under `key`; anything else in it is passed over."""
    value = parent.get(key)
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def number(parent: Json, key: str) -> float | None:
    """The finite number under `key`. A number in quotes is not one, and neither is true."""
    value = parent.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) >= 10**15:
        return None
    return float(value) if math.isfinite(value) else None
