"""Cookies that a browser keeps inside another site's frame, and sends to nobody else.

`Partitioned` keeps them apart per embedding site, which is why browsers accept them in a frame at
all; the `__Host-` prefix makes the browser refuse them from any other host, path or plain http.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from starlette.responses import Response

_KEPT = "Path=/; HttpOnly; Secure; SameSite=None; Partitioned"
_LONGEST = 128


def digest(secret: str) -> bytes:
    """What is kept of a secret that a browser holds: enough to know it again, not to repeat it."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()


def proves(value: str, kept: bytes) -> bool:
    """Whether a cookie's value is the secret with that digest."""
    return 0 < len(value) <= _LONGEST and compare_digest(digest(value), kept)


def give(response: Response, name: str, value: str, seconds: int) -> None:
    """Set a cookie. Starlette's own way cannot say `Partitioned` below Python 3.14."""
    _append(response, f"{name}={value}; Max-Age={seconds}; {_KEPT}")


def take_back(response: Response, name: str) -> None:
    """Have the browser forget a cookie: the same words, or it would mean another one."""
    _append(response, f"{name}=; Max-Age=0; {_KEPT}")


def _append(response: Response, cookie: str) -> None:
    response.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))
