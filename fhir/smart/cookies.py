"""Cookies that a browser keeps inside another site's frame, and sends to nobody else.

`Partitioned` keeps them apart per embedding site, which is why browsers accept them in a frame at
all; the `__Host-` prefix makes the browser refuse them from any other host, path or plain http.
"""

from __future__ import annotations

from starlette.responses import Response

_KEPT = "Path=/; HttpOnly; Secure; SameSite=None; Partitioned"


def give(response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie. Starlette's own way cannot say `Partitioned` below Python 3.14."""
    _append(response, f"{name}={value}; Max-Age={seconds}; {_KEPT}")


def take_back(response: Response, name: str) -> None:
    """Have the browser forget a cookie: the same words, or it would mean another one."""
    _append(response, f"{name}=; Max-Age=0; {_KEPT}")


def _append(response: Response, cookie: str) -> None:
    response.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))
