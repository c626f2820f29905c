"""Bytes from anywhere to JSON, by one rule: what could be read in two ways is not read at all."""

from __future__ import annotations

import json
from typing import Final, NoReturn

import msgspec

from fhir.fields import Json


class JsonError(ValueError):
    """Not JSON that can be used. `detail` and `remedy` are clauses and repeat nothing of it."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


def parse_json(raw: bytes) -> object:
    """The parsed content.

    Raises
    ------
    JsonError
        Not UTF-8, not complete JSON, or JSON that says something twice. The cause is not chained:
        it would carry the patient's data into a log.
    """
    parsed = _quickly(raw)
    return _carefully(raw) if parsed is _UNSURE else parsed


_UNSURE: Final = object()
_QUOTE = b'"'
_QUOTE_AS_NUMBER = b"\\u0022"


def _quickly(raw: bytes) -> object:
    """The content by a parser in C that keeps one of two equal properties, or `_UNSURE`.

    Written out again, what was parsed has as many quotes as before exactly when no property was
    dropped: a name brings two, and what stands inside strings comes back as it was, unless a quote
    there was written as its number. Everything that is wrong is left to the careful way to name.
    """
    if _QUOTE_AS_NUMBER in raw:
        return _UNSURE
    try:
        parsed = msgspec.json.decode(raw)
        kept = msgspec.json.encode(parsed).count(_QUOTE)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return _UNSURE
    return parsed if kept == raw.count(_QUOTE) else _UNSURE


def _carefully(raw: bytes) -> object:
    """The content by a parser that shows every property of every object."""
    try:
        written = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonError(
            f"not UTF-8 from byte {error.start + 1}", "save the file as UTF-8"
        ) from None
    try:
        return json.loads(written, parse_constant=_no_constant, object_pairs_hook=_each_once)
    except _TwiceError:
        raise JsonError(
            "the same property stands twice in one JSON object, so either may count",
            "export the file again",
        ) from None
    except json.JSONDecodeError as error:
        raise JsonError(
            f"not complete JSON: it breaks at line {error.lineno}, column {error.colno}",
            "export or copy the file again",
        ) from None
    except (ValueError, RecursionError):
        raise JsonError("not JSON that can be read", "export the file again") from None


class _TwiceError(ValueError):
    """An object with the same property twice."""


def _each_once(pairs: list[tuple[str, object]]) -> Json:
    """Readers keep the last of two, other readers the first: a subject could be either."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _no_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")
