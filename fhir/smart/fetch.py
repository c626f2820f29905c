"""One bounded JSON answer over HTTP, for login servers and key sets."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from fhir.json_text import JsonError, parse_json

_LARGEST = 256_000
_SUCCESS = 200
_SECONDS = 15.0
_ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "identity"}


class NoAnswerError(Exception):
    """Nothing usable came back. `sent` tells whether the request may have reached the server,
    `status` what it said (0: nothing).
    """

    def __init__(self, *, sent: bool, status: int = 0) -> None:
        super().__init__("no usable answer")
        self.sent = sent
        self.status = status


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, and the JSON object that came with it; {} where there was none."""

    status: int
    body: Mapping[str, Any] = field(repr=False)


async def get_json(http: httpx2.AsyncClient, address: str) -> Mapping[str, Any]:
    """The JSON object at an address that the caller has found to be allowed."""
    request = http.build_request("GET", address, headers=_ACCEPTED)
    answer = await _ask(http, request)
    if answer.status != _SUCCESS or not answer.body:
        raise NoAnswerError(sent=True, status=answer.status)
    return answer.body


async def post_form(
    http: httpx2.AsyncClient, address: str, form: Mapping[str, str], headers: Mapping[str, str]
) -> Answer:
    """What a login server answers to a form, whatever its status."""
    request = http.build_request("POST", address, data=dict(form), headers={**_ACCEPTED, **headers})
    return await _ask(http, request)


async def _ask(http: httpx2.AsyncClient, request: httpx2.Request) -> Answer:
    """One answer within a deadline: a server that sends a byte a second never reads as slow."""
    try:
        async with asyncio.timeout(_SECONDS):
            return await _answer(http, request)
    except TimeoutError:
        raise NoAnswerError(sent=True) from None


async def _answer(http: httpx2.AsyncClient, request: httpx2.Request) -> Answer:
    try:
        response = await http.send(request, stream=True, follow_redirects=False)
    except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
        raise NoAnswerError(sent=False) from None
    except httpx2.HTTPError:
        raise NoAnswerError(sent=True) from None
    received = bytearray()
    try:
        async for piece in response.aiter_bytes():
            received += piece
            if len(received) > _LARGEST:
                raise NoAnswerError(sent=True, status=response.status_code)
    except httpx2.HTTPError:
        raise NoAnswerError(sent=True, status=response.status_code) from None
    finally:
        await response.aclose()
    return Answer(response.status_code, _object(bytes(received)))


def _object(raw: bytes) -> Mapping[str, Any]:
    """The JSON object that came, {} for anything else."""
    try:
        found = parse_json(raw)
    except JsonError:
        return {}
    return found if isinstance(found, dict) else {}
