"""Whose requests are answered, and what a page may do: decided before any page code runs."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from decision.ui.components.frame import NO_ROLE, TO_TOP
from decision.ui.visiting import HANDLE

NOBODY = "'none'"
_HOST = re.compile(r"(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
_ANCESTORS = re.compile(r"[\x21-\x2b\x2d-\x3a\x3c-\x7e]+( [\x21-\x2b\x2d-\x3a\x3c-\x7e]+)*")
"""Words without a comma or a semicolon, which would begin another policy or directive."""
_CLOSED = ("/_stcore/metrics", "/_stcore/agent", "/media/")
"""Streamlit's own endpoints that no page needs: figures of the process, a way to drive it, and what
it keeps for downloading, at addresses that anybody may ask for. Records leave by a route of ours.
"""
_UPLOAD = "/_stcore/upload_file"
"""The one that keeps files in memory: open to nobody but those whom `lets` knows."""
_KEPT = re.compile(r"/static/|/favicon\.png")
"""The same for everybody, so browsers may keep it. All else may say something of somebody."""
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_POLICY_VIOLATION = 1008
_HTTPS_ONLY = f"max-age={365 * 24 * 3600}"


def script_hash(script: str) -> str:
    """The source expression that allows this one inline script, as it stands, and no other."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"


def own_scripts() -> tuple[str, ...]:
    """The inline scripts that are meant to run: those of Streamlit's own page, and ours."""
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    return (*_INLINE.findall(page.read_text(encoding="utf-8")), TO_TOP, NO_ROLE)


class Gate:
    """Middleware: answers only to its own names and its own pages.

    A page of another site may make this browser send requests here, under a name that it had point
    here (DNS rebinding) or from another port of this machine. The first shows in `Host`, the second
    in `Origin`; both are refused. `origin` is the one of our pages; without it, as on a laptop, it
    is the name that was asked for. Under the paths of `open_to` any `Origin` is answered: a route
    there judges it itself. `ancestors` gives, for a handle, who may show its page inside their own.
    A route that states its own policy keeps it. `lets` says of a method, a path and cookies whether
    they may send a file.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str],
        ancestors: Callable[[str], str],
        origin: str = "",
        open_to: tuple[str, ...] = (),
        lets: Callable[[str, str, Mapping[str, str]], bool] = lambda method, path, cookies: False,
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._ancestors = ancestors
        self._origin = origin
        self._open_to = open_to
        self._lets = lets
        self._scripts = " ".join(["'self'", *(script_hash(s) for s in own_scripts())])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = self._own_host(headers)
        if host is None or not self._own_origin(host, headers, scope["path"]):
            await _refuse(scope, receive, send)
            return
        if scope["type"] == "http" and self._shut(scope, headers):
            await PlainTextResponse("Not found", status_code=404)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tell(MutableHeaders(scope=message), host, scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _shut(self, scope: Scope, headers: Headers) -> bool:
        path: str = scope["path"]
        if _KEPT.match(path):  # its own fonts and scripts, some of them in a folder named media
            return False
        if any(closed in path for closed in _CLOSED):
            return True
        if _UPLOAD not in path:
            return False
        # a page of ours names itself: another site's, or none, sends no file with these cookies
        cookies = cookie_parser(headers.get("cookie", ""))
        return not (headers.get("origin") and self._lets(scope["method"], path, cookies))

    def _own_host(self, headers: Headers) -> str | None:
        """The request's one `Host` where it is ours."""
        given = headers.getlist("host")
        host = given[0].lower() if len(given) == 1 else ""
        found = _HOST.fullmatch(host)
        return host if found is not None and found[1] in self._hosts else None

    def _own_origin(self, host: str, headers: Headers, path: str) -> bool:
        """Whether the request comes from our own page, or from no page at all."""
        if any(path == part or path.startswith(f"{part}/") for part in self._open_to):
            return True
        own = {self._origin} if self._origin else {f"http://{host}", f"https://{host}"}
        return own.issuperset(headers.getlist("origin"))

    def _tell(self, headers: MutableHeaders, host: str, scope: Scope) -> None:
        """What the browser is told."""
        headers["Referrer-Policy"] = "no-referrer"  # the address holds the handle
        headers["X-Content-Type-Options"] = "nosniff"
        if self._origin.startswith("https://"):
            headers["Strict-Transport-Security"] = _HTTPS_ONLY
        if not _KEPT.match(scope["path"]):
            headers["Cache-Control"] = "no-store"
        if "content-security-policy" in headers:
            return
        ancestors = self._framed_by(scope["query_string"])
        headers["Content-Security-Policy"] = self._policy(host, ancestors)
        if ancestors == NOBODY:
            headers["X-Frame-Options"] = "DENY"  # it cannot name anybody

    def _framed_by(self, query: bytes) -> str:
        handles = parse_qs(query.decode("latin-1")).get(HANDLE, [])
        told = self._ancestors(handles[0]) if len(handles) == 1 else NOBODY
        return told if _ANCESTORS.fullmatch(told) else NOBODY

    def _policy(self, host: str, ancestors: str) -> str:
        """Older browsers do not count a socket as `'self'`. Styles are written by Streamlit into
        the page as it runs, so none of them has a hash that is known before.
        """
        name = self._origin.removeprefix("https://")
        sockets = f"wss://{name}" if self._origin else f"ws://{host} wss://{host}"
        rules = (
            "default-src 'self'",
            "base-uri 'self'",
            "object-src 'none'",
            "form-action 'self'",
            f"script-src {self._scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' {sockets}",
            "frame-src 'self' blob:",
            "worker-src 'self' blob:",
            f"frame-ancestors {ancestors}",
        )
        return "; ".join(rules)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    await PlainTextResponse("Forbidden", status_code=403)(scope, receive, send)
