"""A proxy on loopback between us and a real FHIR server: it can lose answers, refuse and dawdle."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

FORWARDED = ("content-type", "if-none-exist", "if-match", "prefer", "accept")


class Between(ThreadingHTTPServer):
    """Forwards to `behind` (a FHIR base). Each of `faults` meets one POST: a status refuses it,
    `lost` lets the server store it and then cuts the connection, `slow` answers after `released`.

    Its CapabilityStatement also lists RiskAssessment, which sekmet takes and does not list.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.behind = behind
        self.base = f"http://127.0.0.1:{self.server_address[1]}/fhir"
        self.faults: list[int | str] = []
        self.posted: list[str] = []
        self.released = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that stopped waiting is part of the play."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Between
    error_content_type: ClassVar[str] = "application/fhir+json"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name it has
        pass

    def do_GET(self) -> None:
        status, headers, body = self._forward(None)
        if self.path.endswith("/metadata"):
            body = _also(json.loads(body))
        self._answer(status, headers, body)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        server = self.server
        server.posted.append(self.path.rpartition("/")[2])
        fault = server.faults.pop(0) if server.faults else ""
        if isinstance(fault, int):
            self._answer(fault, {}, b'{"resourceType":"OperationOutcome","issue":[]}')
            return
        status, headers, body = self._forward(content)
        if fault == "lost":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        if fault == "slow":
            server.released.wait(30)
        self._answer(status, headers, body)

    def _forward(self, content: bytes | None) -> tuple[int, dict[str, str], bytes]:
        path = self.path.removeprefix("/fhir")
        sent = {name: self.headers[name] for name in FORWARDED if name in self.headers}
        request = urllib.request.Request(self.server.behind + path, content, sent)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return self._ours(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return self._ours(refused.code, dict(refused.headers), refused.read())

    def _ours(
        self, status: int, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """As if the server lived at our address."""
        here, there = self.server.base, self.server.behind
        kept = {k.lower(): v.replace(there, here) for k, v in headers.items()}
        named = {k: v for k, v in kept.items() if k in ("location", "etag", "content-type")}
        return status, named, body.replace(there.encode(), here.encode())

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"content-type": self.error_content_type} | headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _also(statement: dict[str, Any]) -> bytes:
    assessments = {"type": "RiskAssessment", "interaction": [{"code": "create"}]}
    statement["rest"][0]["resource"].append(assessments)
    return json.dumps(statement).encode()


@contextmanager
def between(behind: str) -> Iterator[Between]:
    """The proxy, served until the block ends."""
    with Between(behind) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.released.set()
            proxy.shutdown()
            thread.join()
