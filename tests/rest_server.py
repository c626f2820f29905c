"""A server on loopback that answers exactly what a test says, and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from fhir.rest.access import Access, OpenAccess
from fhir.rest.client import FhirClient
from fhir.rest.http import open_http
from fhir.rest.limits import Limits

Json = dict[str, Any]
T = TypeVar("T")

QUICK = Limits(first_wait=0.001, longest_wait=0.05, search_seconds=3.0, whole_seconds=5.0)
"""Limits that wait for nothing longer than a test may."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    method: str
    path: str
    target: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back, byte for byte."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def fhir(resource: object, status: int = 200, **headers: str) -> Reply:
    """A resource as FHIR JSON; underscores in header names become hyphens."""
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Reply(
        status,
        json.dumps(resource).encode(),
        {"Content-Type": "application/fhir+json; charset=utf-8", **named},
    )


def outcome(code: str, severity: str = "error", **more: Any) -> Json:
    issue = {"severity": severity, "code": code, **more}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def searchset(*resources: Json, **links: str) -> Json:
    """A page; `next=` and `self=` (as `self_`) are its links."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": [{"relation": k.strip("_"), "url": v} for k, v in links.items()],
        "entry": [{"resource": r} for r in resources],
    }


def capabilities(*kinds: str, also: str = "code") -> Json:
    return {
        "resourceType": "CapabilityStatement",
        "fhirVersion": "4.0.1",
        "rest": [
            {
                "mode": "server",
                "resource": [
                    {
                        "type": kind,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [{"name": also}],
                    }
                    for kind in kinds
                ],
            }
        ],
    }


@dataclass(slots=True)
class Scripted:
    """The running server: `asked` grows with every request."""

    base: str
    asked: list[Asked] = field(default_factory=list)

    def of(self, path: str) -> list[Asked]:
        return [a for a in self.asked if a.path == path]


class _Quiet(ThreadingHTTPServer):
    """Clients that leave early are what is tested here, and no error."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        pass


@contextmanager
def scripted(answer: Callable[[Asked], Reply]) -> Iterator[Scripted]:
    """Serve until the block ends. A negative status closes the connection without an answer."""
    found = Scripted("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length", 0))
            asked = Asked(
                self.command,
                parts.path.removeprefix("/fhir/"),
                self.path,
                dict(parse_qsl(parts.query)),
                {k.lower(): v for k, v in self.headers.items()},
                self.rfile.read(length),
            )
            found.asked.append(asked)
            reply = answer(asked)
            if reply.status < 0:
                self.close_connection = True
                return
            self.send_response_only(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.status != 304:
                self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815  the names http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = _Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    found.base = f"http://127.0.0.1:{server.server_port}/fhir"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def silence() -> Iterator[Callable[[], object]]:
    """For a server that does not answer while the block lasts: whoever calls it waits that long."""
    over = threading.Event()
    try:
        yield lambda: over.wait(60)
    finally:
        over.set()


def run(
    base: str,
    ask: Callable[[FhirClient], Awaitable[T]],
    *,
    access: Access | None = None,
    limits: Limits = QUICK,
) -> T:
    """What `ask` makes of a client of that server, on a loop and with connections of its own."""

    async def whole() -> T:
        async with open_http(verify=False) as http:
            return await ask(FhirClient(http, access or OpenAccess(base), limits))

    return asyncio.run(whole())


class Granted(OpenAccess):
    """Access with a token; `renewals` are what the next ones are, and then it has ended. Of the
    kinds in `parts`, only some resources may be read.
    """

    def __init__(
        self,
        base: str,
        *renewals: str,
        scopes: Mapping[str, str] | None = None,
        parts: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(base)
        self._parts = parts
        self._token = "first"
        self._renewals = list(renewals)
        self._scopes = scopes

    def may(self, kind: str, interaction: str) -> bool:
        return self._scopes is None or interaction in self._scopes.get(kind, "")

    def partly(self, kind: str) -> bool:
        return kind in self._parts

    async def authorization(self) -> str:
        return f"Bearer {self._token}"

    async def renewed(self, refused: str) -> str:
        assert refused == f"Bearer {self._token}"
        if not self._renewals:
            return await super().renewed(refused)
        self._token = self._renewals.pop(0)
        return f"Bearer {self._token}"
