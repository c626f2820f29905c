"""Whose requests are answered, and what a page may do: decided before any page code runs."""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
_CLOSED = ("/_stcore/metrics", "/_stcore/agent")
"""Streamlit's own endpoints that no page needs: figures of the process, and a way to drive it."""
_POLICY_VIOLATION = 1008


class Gate:
    """Middleware: answers only to its own names and its own pages.

    A page of another site may make this browser send requests here, under a name that it had point
    here (DNS rebinding) or from another port of this machine. The first shows in `Host`, the second
    in `Origin`; both are refused. `frame_ancestors` names who may show a page inside their own.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], frame_ancestors: str = "'none'"
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._frame_ancestors = frame_ancestors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host = self._own_host(Headers(scope=scope))
        if host is None:
            await _refuse(scope, receive, send)
            return
        if scope["type"] == "http" and any(path in scope["path"] for path in _CLOSED):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers(host))
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _own_host(self, headers: Headers) -> str | None:
        """The request's one `Host` where it is ours and so is its `Origin`, if it has one."""
        given = headers.getlist("host")
        host = given[0].lower() if len(given) == 1 else ""
        found = _HOST.fullmatch(host)
        if found is None or found[1] not in self._hosts:
            return None
        ours = {f"http://{host}", f"https://{host}"}
        return host if ours.issuperset(headers.getlist("origin")) else None

    def _headers(self, host: str) -> dict[str, str]:
        """What the browser is told. Older browsers do not count a socket as `'self'`."""
        policy = (
            f"frame-ancestors {self._frame_ancestors}",
            "img-src 'self' data: blob:",
            f"connect-src 'self' ws://{host} wss://{host}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
        told = {
            "Content-Security-Policy": "; ".join(policy),
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        if self._frame_ancestors == "'none'":
            told["X-Frame-Options"] = "DENY"  # it cannot name anybody
        return told


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    await PlainTextResponse("Forbidden", status_code=403)(scope, receive, send)
