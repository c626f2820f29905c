"""SMART scopes, version 2 (`patient/Observation.rs`) and version 1 (`patient/Observation.read`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

LETTERS = "cruds"
CONTEXT = ("launch", "launch/patient", "openid", "fhirUser", "online_access", "offline_access")
_V1 = {"read": "rs", "write": "cud", "*": LETTERS}
# The letters keep their order; `.sr` is no scope (SMART App Launch 2.2, "Scopes for requesting
# FHIR resources"). A scope with a query (`?category=`) is refused here, as a server may.
_SHAPE = re.compile(r"(patient|user)/([A-Z][A-Za-z]+|\*)\.(c?r?u?d?s?|read|write|\*)")


@dataclass(frozen=True, slots=True)
class DataScope:
    """What may be done with one resource type (`*` is every type)."""

    level: str
    kind: str
    letters: str


def parsed(scope: str) -> DataScope | None:
    """A data scope, or None for anything else, malformed ones included."""
    found = _SHAPE.fullmatch(scope)
    if found is None or not found[3]:
        return None
    return DataScope(found[1], found[2], _V1.get(found[3], found[3]))


def _letters(scopes: Iterable[str], level: str, kind: str) -> str:
    held = "".join(
        data.letters
        for data in map(parsed, scopes)
        if data and data.level == level and data.kind in (kind, "*")
    )
    return "".join(letter for letter in LETTERS if letter in held)


def granted(asked: str, registered: Iterable[str]) -> str:
    """The part of what was asked that the client is registered for, narrowed letter by letter."""
    registered = tuple(registered)
    given: list[str] = []
    for scope in dict.fromkeys(asked.split()):
        data = parsed(scope)
        if data is None:
            if scope in CONTEXT and scope in registered:
                given.append(scope)
            continue
        held = _letters(registered, data.level, data.kind)
        both = "".join(letter for letter in data.letters if letter in held)
        if both == data.letters:
            given.append(scope)
        elif both:
            given.append(f"{data.level}/{data.kind}.{both}")
    return " ".join(given)


def covers(held: str, asked: str) -> bool:
    """Whether a token with `held` may be renewed with `asked`: nothing that was not granted."""
    return granted(asked, held.split()).split() == list(dict.fromkeys(asked.split()))


def permits(held: str, kind: str, letter: str) -> bool:
    """Whether the granted scopes cover one interaction on one patient's resources."""
    return letter in _letters(held.split(), "patient", kind) + _letters(held.split(), "user", kind)
