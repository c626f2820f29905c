"""One request and its answer: with the right header, within size and time, asked again if it may
help.
"""

from __future__ import annotations

import asyncio
import email.utils
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

import httpx2
import stamina

from fhir.errors import AccessEndedError, ServerError, UnreachedError
from fhir.json_text import JsonError, parse_json
from fhir.rest.access import Access
from fhir.rest.limits import Limits
from fhir.rest.outcomes import said

FHIR_JSON = "application/fhir+json"
_JSON = frozenset({FHIR_JSON, "application/json", "application/json+fhir"})
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_LATER = "Try again in a moment; if it stays so, tell whoever runs the chart's server."
_TELL = "Tell whoever runs the chart's server."
_LARGE = 200_000
_STATUS = {
    400: ("does not understand the request", _TELL),
    403: ("does not permit this", "Ask whoever runs the chart for the right to read it."),
    404: ("has no such resource", "Open this page again from the patient's chart."),
    408: ("took too long", _LATER),
    410: ("says that the resource was deleted", "Open this page again from the patient's chart."),
    412: ("holds another version meanwhile", "Read it again before changing it."),
    422: ("does not accept the resource", _TELL),
    429: ("is asked too often", _LATER),
    503: ("is not available now", _LATER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back: never shown, never logged."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0].strip().lower()

    async def json(self) -> object:
        """The parsed body; `ServerError` where it is not one JSON text that says all once."""
        if self.content_type not in _JSON:
            raise ServerError(
                "The chart's server answered with something other than FHIR JSON.",
                _TELL,
                self.status,
            )
        try:
            if len(self.body) > _LARGE:  # else the loop would stand still for every other launch
                return await asyncio.to_thread(parse_json, self.body)
            return parse_json(self.body)
        except JsonError as error:
            raise ServerError(
                f"The chart's server answered unreadably: {error.detail}.", _TELL, self.status
            ) from None


class Exchange:
    """Requests to one server with one launch's access; a few at a time."""

    def __init__(self, http: httpx2.AsyncClient, access: Access, limits: Limits) -> None:
        self._http = http
        self._access = access
        self._limits = limits
        self._room = asyncio.Semaphore(limits.at_once)

    async def get(
        self,
        url: str,
        until: float,
        more: Mapping[str, str] | None = None,
        *,
        open_to_all: bool = False,
        longest: int = 0,
    ) -> Answer:
        """Read, again where that may help: lost connections, 408, 429 and most of 5xx. `until` is
        on the loop's clock; `more` are header fields; `open_to_all` sends no access header.
        """
        headers = {"accept": FHIR_JSON, **(more or {})}
        limits = self._limits
        try:
            async with _deadline(until):
                async for attempt in stamina.retry_context(
                    on=_wait,
                    attempts=limits.attempts,
                    timeout=None,
                    wait_initial=limits.first_wait,
                    wait_max=limits.longest_wait,
                    wait_jitter=limits.first_wait,
                ):
                    with attempt:
                        return await self._read(url, headers, open_to_all, longest, until)
        except _AgainError as again:
            raise again.error from None
        raise AssertionError("a retry ends with an answer or an error")

    async def send(self, method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Write, once: what became of a lost request is for the caller to find out."""
        sent = {"accept": FHIR_JSON, "content-type": FHIR_JSON, **headers}
        now = asyncio.get_running_loop().time()
        async with _deadline(now + self._limits.search_seconds):
            try:
                answer = await self._with_access(method, url, sent, body, self._limits.answer_bytes)
            except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
                raise UnreachedError("The chart's server cannot be reached.", _LATER) from None
            except httpx2.RequestError:
                raise ServerError(
                    "The connection to the chart's server broke, so it is not known whether it"
                    " took the entry.",
                    "Look in the chart before sending it again.",
                ) from None
        return await _accepted(answer)

    async def _read(
        self, url: str, headers: Mapping[str, str], open_to_all: bool, longest: int, until: float
    ) -> Answer:
        most = longest or self._limits.answer_bytes
        try:
            if open_to_all:
                answer = await self._once("GET", url, headers, b"", most)
            else:
                answer = await self._with_access("GET", url, headers, b"", most)
        except httpx2.RequestError:
            lost = ServerError("The chart's server cannot be reached.", _LATER)
            raise _AgainError(lost, None) from None
        try:
            return await _accepted(answer)
        except ServerError as error:
            if answer.status not in _PASSING:
                raise
            wait = _retry_after(answer.headers)
            left = until - asyncio.get_running_loop().time()
            if wait is not None and wait > min(left, self._limits.longest_wait):
                raise ServerError(
                    f"{error.message} It asks to wait for {wait:.0f} seconds, which is too long"
                    " here.",
                    "Try again after that time.",
                    answer.status,
                ) from None
            raise _AgainError(error, wait) from None

    async def _with_access(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, most: int
    ) -> Answer:
        """With the header that proves the right to ask; one renewal, then the launch has ended."""
        proof = await self._access.authorization()
        answer = await self._once(method, url, _proved(headers, proof), body, most)
        if answer.status == 401:
            proof = await self._access.renewed(proof)
            answer = await self._once(method, url, _proved(headers, proof), body, most)
            if answer.status == 401:
                raise AccessEndedError
        return answer

    async def _once(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, most: int
    ) -> Answer:
        async with (
            self._room,
            self._http.stream(method, url, headers=dict(headers), content=body or None) as response,
        ):
            parts, size = [], 0
            async for part in response.aiter_bytes():
                size += len(part)
                if size > most:
                    raise ServerError(
                        f"The chart's server sent more than {most // 1_000_000} MB at once.",
                        _TELL,
                        response.status_code,
                    )
                parts.append(part)
            return Answer(
                status=response.status_code, headers=response.headers, body=b"".join(parts)
            )


class _AgainError(Exception):
    """An answer that another attempt may better, and how long to wait where the server says so."""

    def __init__(self, error: ServerError, wait: float | None) -> None:
        super().__init__()
        self.error = error
        self.wait = wait


def _wait(error: Exception) -> bool | float:
    if not isinstance(error, _AgainError):
        return False
    return True if error.wait is None else error.wait


def _proved(headers: Mapping[str, str], proof: str) -> dict[str, str]:
    return {**headers, "authorization": proof} if proof else dict(headers)


@asynccontextmanager
async def _deadline(until: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError:
        raise ServerError("The chart's server did not answer in time.", _LATER) from None


async def _accepted(answer: Answer) -> Answer:
    """The answer, unless it is a refusal or sends us elsewhere."""
    if answer.status < 300 or answer.status == 304:
        return answer
    if answer.status < 400:
        raise ServerError(
            "The chart's server sent us to another address, which is not followed.",
            "Correct the server's address in the configuration.",
            answer.status,
        )
    what, remedy = _STATUS.get(
        answer.status,
        ("has an error of its own", _LATER) if answer.status >= 500 else ("refuses", _TELL),
    )
    try:
        words = ", ".join(said(await answer.json()))
    except ServerError:
        words = ""
    told = f"status {answer.status}: {words}" if words else f"status {answer.status}"
    raise ServerError(f"The chart's server {what} ({told}).", remedy, answer.status)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait. A date counts from the server's own clock, so that ours need not agree."""
    written = headers.get("retry-after", "").strip()
    if written.isascii() and written.isdigit():
        return float(written[:9])
    then, now = _date(written), _date(headers.get("date", ""))
    return max((then - now).total_seconds(), 0.0) if then and now else None


def _date(written: str) -> datetime | None:
    try:
        found = email.utils.parsedate_to_datetime(written)
    except ValueError:
        return None
    return found if found.tzinfo else None
