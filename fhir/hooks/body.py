"""The body of a call: bounded, JSON, one object, and nothing in it said twice."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from starlette.requests import Request

from fhir.fields import Json
from fhir.hooks.errors import RequestError
from fhir.json_text import JsonError, parse_json

LONGEST_BODY = 20_000_000
"""As large as the largest record that is read from a file."""
_LONGEST_TEXT = 500


async def read_body(request: Request, longest: int = LONGEST_BODY) -> bytes:
    """The bytes of a JSON body; RequestError 415 for another type and 413 for too many."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise RequestError("", "the body is not called application/json", "Send JSON", 415)
    received = bytearray()
    async for piece in request.stream():
        received += piece
        if len(received) > longest:
            raise RequestError(
                "",
                f"the body is larger than {longest // 1_000_000} MB",
                "Send what the prefetch templates ask for, or fhirAuthorization instead",
                413,
            )
    return bytes(received)


def parse_body(raw: bytes) -> Json:
    """The one object a body holds."""
    try:
        found = parse_json(raw)
    except JsonError as error:
        raise RequestError("", f"the body is {error.detail}", "Send one JSON object") from None
    if not isinstance(found, dict):
        raise RequestError("", "the body is not a JSON object", "Send one JSON object")
    return found


def required(parent: Json, key: str, field: str, kind: type, words: str) -> Any:
    """The value under `key`, which must be of that type and, for text, not empty."""
    value = parent.get(key)
    if value is None or value == "":
        raise RequestError(field, "it is missing", f"Send {words}")
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise RequestError(field, f"it is not {words}", f"Send {words}")
    if isinstance(value, str) and (len(value) > _LONGEST_TEXT or not value.isprintable()):
        raise RequestError(field, "it is too long, or not printable text", f"Send {words}")
    return value


def matching(parent: Json, key: str, field: str, pattern: re.Pattern[str], words: str) -> str:
    """The text under `key`, all of which must have that form."""
    value = str(required(parent, key, field, str, words))
    if not pattern.fullmatch(value):
        raise RequestError(field, f"it is not {words}", f"Send {words}")
    return value


def instant(parent: Json, key: str, field: str) -> datetime:
    """The zoned instant under `key`."""
    words = "an ISO 8601 time with its zone"
    try:
        found = datetime.fromisoformat(required(parent, key, field, str, words))
    except ValueError:
        raise RequestError(field, f"it is not {words}", f"Send {words}") from None
    if found.tzinfo is None:
        raise RequestError(field, f"it is not {words}", f"Send {words}")
    return found
