"""Taking a bundle in, as a server does: local references, and, for the demonstration, fresh dates.

A bundle that was exported last month would show a chart in which everything has become too old.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from examples.demo_ehr.misbehaviour import Json

_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
_FIXED = frozenset({"birthDate"})
"""Who somebody is does not move; ages of a year in a demonstration may differ by that."""


def taken_in(bundle: Json, today: datetime | None) -> Iterator[Json]:
    """The resources of a bundle, referring to one another as this server's own. With `today`, every
    full date moves by as many whole days as the bundle is old, so that no time of day changes.
    """
    names = {
        entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle["entry"]
        if "fullUrl" in entry
    }
    moved = timedelta()
    if today is not None:
        moved = today.astimezone(UTC) - datetime.fromisoformat(bundle["timestamp"])
    days = timedelta(days=moved.days)
    for entry in bundle["entry"]:
        yield _changed(entry["resource"], lambda text: names.get(text, _later(text, days)))


def _changed(value: Json, change: Callable[[str], str]) -> Json:
    return {key: old if key in _FIXED else _inside(old, change) for key, old in value.items()}


def _inside(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, dict):
        return _changed(value, change)
    if isinstance(value, list):
        return [_inside(item, change) for item in value]
    return change(value) if isinstance(value, str) else value


def _later(text: str, days: timedelta) -> str:
    found = _DAY.fullmatch(text)
    if found is None:
        return text
    return f"{(date.fromisoformat(found[1]) + days).isoformat()}{found[2] or ''}"
